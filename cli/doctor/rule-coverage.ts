/** Whether the rules of a stage deliver what starts its pipelines: files below a prefix, and successes of other pipelines. */
import { isObject } from '../../local/template/json.ts';
import type { PipelineTrigger, Plan, S3Trigger } from '../../shared/pipeline/plan.ts';

export interface Coverage {
  /** What starts a pipeline here, and no rule delivers. */
  readonly missing: readonly string[];
  /** What rules deliver, and starts no pipeline here. */
  readonly leftOver: readonly string[];
}

interface Delivered {
  /** Absent in a trigger: the landing bucket, whose name may be unknown. */
  readonly files: readonly { readonly bucket: string; readonly prefix: string }[];
  /** Pipelines whose success is delivered. */
  readonly successes: readonly string[];
}

/**
 * @param patterns event patterns of the enabled rules, parsed
 * @param landing the bucket of triggers that name none; undefined: unknown, so that any bucket will do
 */
export function coverageOf(
  patterns: readonly unknown[],
  plans: readonly Plan[],
  landing: string | undefined,
): Coverage {
  const delivered = deliveredBy(patterns);
  const triggers = plans.flatMap(({ pipeline, triggers: all }) =>
    all.map((trigger) => ({ pipeline, trigger })),
  );
  const files = triggers.flatMap(({ pipeline, trigger }) =>
    trigger.kind === 's3' ? [{ pipeline, trigger }] : [],
  );
  const followers = triggers.flatMap(({ pipeline, trigger }) =>
    trigger.kind === 'pipeline' ? [{ pipeline, trigger }] : [],
  );
  const isSame = ({ bucket = landing }: S3Trigger, other: string): boolean =>
    bucket === undefined || bucket === other;
  return {
    missing: [
      ...files
        .filter(
          ({ trigger }) =>
            !delivered.files.some(
              ({ bucket, prefix }) => isSame(trigger, bucket) && trigger.prefix.startsWith(prefix),
            ),
        )
        .map(({ pipeline, trigger }) => `files of ${pipeline} (${address(trigger, landing)})`),
      ...followers
        .filter(({ trigger }) => !delivered.successes.includes(trigger.pipeline))
        .map(({ pipeline, trigger }) => successOf(trigger, pipeline)),
    ],
    leftOver: [
      ...delivered.files
        .filter(
          ({ bucket, prefix }) =>
            !files.some(({ trigger }) => isSame(trigger, bucket) && trigger.prefix.startsWith(prefix)),
        )
        .map(({ bucket, prefix }) => `s3://${bucket}/${prefix}`),
      ...delivered.successes
        .filter((name) => !followers.some(({ trigger }) => trigger.pipeline === name))
        .map((name) => `the success of ${name}`),
    ],
  };
}

function address({ bucket, prefix }: S3Trigger, landing: string | undefined): string {
  return `s3://${bucket ?? landing ?? 'LANDING_BUCKET'}/${prefix}`;
}

function successOf({ pipeline }: PipelineTrigger, follower: string): string {
  return `the success of ${pipeline}, which starts ${follower}`;
}

/** Reads the patterns as build/serverless/arrivals.cjs and followers.cjs write them. */
function deliveredBy(patterns: readonly unknown[]): Delivered {
  const files: { bucket: string; prefix: string }[] = [];
  const successes: string[] = [];
  for (const pattern of patterns) {
    const detail = member(pattern, 'detail');
    for (const bucket of texts(member(member(detail, 'bucket'), 'name'))) {
      const keys = member(member(detail, 'object'), 'key');
      const prefixes = keys === undefined ? [''] : texts(list(keys).map((key) => member(key, 'prefix')));
      files.push(...prefixes.map((prefix) => ({ bucket, prefix })));
    }
    if (texts(member(pattern, 'detail-type')).includes('Run Succeeded'))
      successes.push(...texts(member(detail, 'pipeline')));
  }
  return { files, successes };
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((each) => typeof each === 'string');
}
