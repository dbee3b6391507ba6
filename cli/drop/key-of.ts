/** Where in the landing bucket a file goes, and which pipelines that starts. */
import { matches } from '../../shared/engine/triggers/s3.ts';
import type { Plan, S3Trigger } from '../../shared/pipeline/plan.ts';
import { defined } from '../../shared/run/defined.ts';
import { usageError } from '../exit.ts';

export interface Destination {
  readonly key: string;
  readonly pipelines: readonly string[];
  /** The file is one of a folder: only a file of this name starts a run. */
  readonly marker?: string;
}

type Triggered = Pick<Plan, 'pipeline' | 'triggers'>;

/** Pipelines that an object starts, by default of the landing bucket: exact prefix and suffix, as `start-run` matches them. */
export function pipelinesFor(
  key: string,
  plans: readonly Triggered[],
  landing: string,
  bucket = landing,
): string[] {
  return plans
    .filter((plan) => plan.triggers.some((trigger) => matches(trigger, { bucket, key }, landing)))
    .map((plan) => plan.pipeline);
}

function fileTriggers(plan: Triggered): S3Trigger[] {
  return plan.triggers.filter((trigger) => trigger.kind === 's3');
}

/** The marker file that a file of a folder waits for; undefined for one that no pipeline loads so. */
export function markerFor(
  key: string,
  plans: readonly Triggered[],
  landing: string,
  bucket = landing,
): string | undefined {
  return plans
    .flatMap(fileTriggers)
    .find(({ marker, ...rest }) => marker !== undefined && matches(rest, { bucket, key }, landing))?.marker;
}

/** One text for each trigger of the bucket: prefix, suffix, pipeline. */
export function prefixesOf(plans: readonly Triggered[], landing: string): string[] {
  return plans.flatMap((plan) =>
    fileTriggers(plan)
      .filter((trigger) => (trigger.bucket ?? landing) === landing)
      .map(
        (trigger) =>
          `${trigger.prefix === '' ? '(any)' : trigger.prefix}  *${trigger.marker ?? trigger.suffix}  ${plan.pipeline}`,
      ),
  );
}

/**
 * The key of a dropped file: `prefix` and its name. Without a prefix, the only place where it would start a run.
 * @throws CommandError (exit 2) that lists the prefixes when no pipeline would start, or several could be meant
 */
export function destinationOf(
  fileName: string,
  prefix: string | undefined,
  plans: readonly Triggered[],
  landing: string,
): Destination {
  const list = prefixesOf(plans, landing);
  const there =
    list.length === 0
      ? 'no pipeline has a trigger for this bucket'
      : `prefixes that start a pipeline:\n         ${list.join('\n         ')}`;
  if (prefix !== undefined) {
    const clean = prefix.replace(/^\/+/, '');
    const key = clean === '' || clean.endsWith('/') ? clean + fileName : `${clean}/${fileName}`;
    const pipelines = pipelinesFor(key, plans, landing);
    const marker = pipelines.length > 0 ? undefined : markerFor(key, plans, landing);
    if (pipelines.length === 0 && marker === undefined)
      throw usageError(`no pipeline starts for ${key}`, there);
    return { key, pipelines, ...defined({ marker }) };
  }
  const prefixes = new Set(plans.flatMap((plan) => fileTriggers(plan).map((trigger) => trigger.prefix)));
  const keys = [...prefixes]
    .map((one) => one + fileName)
    .filter((key) => pipelinesFor(key, plans, landing).length > 0);
  const [key, ...more] = keys;
  if (key === undefined) throw usageError(`no pipeline starts for ${fileName}`, there);
  if (more.length > 0)
    throw usageError(`${fileName} matches several prefixes: choose one with --to PREFIX`, there);
  return { key, pipelines: pipelinesFor(key, plans, landing) };
}
