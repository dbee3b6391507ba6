/** The resources of a stage: do they exist, are they enabled, and do they match what this checkout would deploy? */
import { nameAndMessageOf } from '../../shared/errors.ts';
import type { CheckAnswer } from '../../shared/events/requests.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { StageNames } from '../aws/connection.ts';
import type { Inspector } from '../aws/inspector.ts';
import { duration, countOf } from '../runs/units.ts';
import { finding, ok, unchecked, type Check } from './check.ts';
import { refused } from '../refused.ts';
import { coverageOf } from './rule-coverage.ts';

export interface Stage {
  readonly name: string;
  readonly names: StageNames;
  readonly region: string;
  /** Of the functions, as it was deployed; absent: not known. */
  readonly role?: string;
}

export function roleOf({ role, names }: Stage): string {
  return role ?? `${names.table}-functions`;
}

/** AWS rejects requests whose clock is five minutes off; one minute already makes reports hard to read. */
const CLOCK_LIMIT_MS = 60_000;

/** The attribute of the table's time to live. */
const EXPIRES = 'expiresAt';

const INDEXES = ['due', 'queue', 'by-pipeline', 'by-file', 'not-succeeded'];

function redeploy({ name }: Stage): string {
  return name === 'local' ? 'restart npm start' : `npx baton deploy --stage ${name}`;
}

/**
 * `look` makes the call and turns its result into a check. A missing resource is a finding, a denied call is not.
 * @throws the error if no call can be made at all
 */
async function looked(name: string, look: () => Promise<Check>, whenMissing: () => Check): Promise<Check> {
  try {
    return await look();
  } catch (error) {
    const why = refused(error);
    if (why === undefined) throw error;
    if (why === 'not-found') return whenMissing();
    if (why === 'denied') return unchecked(name, `access denied (${nameAndMessageOf(error)})`);
    return unchecked(name, nameAndMessageOf(error));
  }
}

export function clock(aheadMs: number | undefined): Check {
  if (aheadMs === undefined) return unchecked('clock', 'the response had no Date header');
  const apart = duration(Math.abs(aheadMs));
  if (Math.abs(aheadMs) <= CLOCK_LIMIT_MS) return ok('clock', "this machine's clock agrees with AWS");
  const how = aheadMs > 0 ? 'ahead of' : 'behind';
  return finding(
    'clock',
    `this machine's clock is ${apart} ${how} AWS`,
    'synchronize the clock, for example with NTP',
  );
}

export function functionCheck(stage: Stage, inspector: Inspector, name: string): Promise<Check> {
  return looked(
    'function',
    async () => {
      const { state, lastUpdate, reason } = await inspector.function(name);
      if (state === 'Active' && lastUpdate === 'Successful') return ok('function', name);
      const why = reason === undefined ? '' : `: ${reason}`;
      return finding(
        'function',
        `${name} is ${state}, its last update is ${lastUpdate}${why}`,
        redeploy(stage),
      );
    },
    () => finding('function', `${name} is missing`, redeploy(stage)),
  );
}

export function table(stage: Stage, inspector: Inspector): Promise<Check> {
  const { table: name } = stage.names;
  return looked(
    'table',
    async () => {
      const { status, indexes, expires = EXPIRES } = await inspector.table(name);
      const missing = INDEXES.filter((index) => !indexes.includes(index));
      if (missing.length > 0)
        return finding(
          'table',
          `${name} lacks the index ${missing.join(', ')}`,
          `${redeploy(stage)}; the stack of a stage with takeOver=true does not change its table: docs/deployment.md, "Deploy it again"`,
        );
      if (expires !== EXPIRES)
        return finding(
          'table',
          `items of ${name} never expire: its time to live is not on the attribute ${EXPIRES}`,
          `aws dynamodb update-time-to-live --table-name ${name} --time-to-live-specification Enabled=true,AttributeName=${EXPIRES}`,
        );
      if (status === 'ACTIVE' || status === 'UPDATING') return ok('table', name);
      return finding('table', `${name} is ${status}`, 'wait until it is ACTIVE');
    },
    () => finding('table', `${name} is missing`, redeploy(stage)),
  );
}

/** `today`: of this checkout. */
export function pipelines(stage: Stage, deployed: CheckAnswer['pipelines'], today: readonly Plan[]): Check {
  const there = new Map(deployed.map(({ pipeline, hash }) => [pipeline, hash]));
  const here = new Map(today.map(({ pipeline, hash }) => [pipeline, hash]));
  const named = (words: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${words}: ${names.join(', ')}`];
  const both = [...here.keys()].filter((name) => there.has(name));
  const differences = [
    ...named(
      'different SQL',
      both.filter((name) => there.get(name) !== here.get(name)),
    ),
    ...named(
      'not deployed',
      [...here.keys()].filter((name) => !there.has(name)),
    ),
    ...named(
      'deployed, but not in this folder',
      [...there.keys()].filter((name) => !here.has(name)),
    ),
  ];
  if (differences.length === 0) {
    return ok('pipelines', `${countOf(deployed.length, 'pipeline')}, the same as in this folder`);
  }
  return finding(
    'pipelines',
    `the deployed pipelines differ from this folder (${differences.join('; ')})`,
    `${redeploy(stage)}, or pass the folder that was deployed (--sql)`,
  );
}

/** Only reported where calls that wait for statements could use up what is reserved. */
export function concurrency(stage: Stage, { reserved, needed }: NonNullable<CheckAnswer['tooFew']>): Check {
  return finding(
    'concurrency',
    `run-step has a reserved concurrency of ${reserved}: handoff: auto waits for no step, because ${needed} calls may be needed (one for each slot of the pipelines that may wait, and five)`,
    `npx baton deploy --stage ${stage.name} --param runStepConcurrency=${needed}, or without that parameter; or set handoff: event in the pipelines`,
  );
}

/** `landing`: the bucket of triggers that name none; undefined where it is not known. */
export function rules(
  stage: Stage,
  inspector: Inspector,
  plans: readonly Plan[],
  landing: string | undefined,
): Promise<Check> {
  const prefix = `${stage.names.table}-`;
  return looked(
    'rules',
    async () => {
      const found = await inspector.rules(prefix);
      const wanted = ['sweep', 'statement-ended', 'run-woken', 'request'];
      const missing = wanted.filter((name) => !found.some((rule) => rule.name === prefix + name));
      if (missing.length > 0) {
        const names = missing.map((name) => prefix + name).join(', ');
        return finding('rules', `missing: ${names}`, redeploy(stage));
      }
      const off = found.filter((rule) => !rule.enabled).map((rule) => rule.name);
      if (off.length > 0) {
        const commands = off.map((name) => `aws events enable-rule --name ${name}`);
        return finding('rules', `disabled: ${off.join(', ')}`, commands.join('; '));
      }
      const patterns = found.flatMap(({ pattern }) =>
        pattern === undefined ? [] : [JSON.parse(pattern) as unknown],
      );
      const coverage = coverageOf(patterns, plans, landing);
      if (coverage.missing.length > 0) {
        return finding('rules', `no rule delivers ${coverage.missing.join('; ')}`, redeploy(stage));
      }
      if (coverage.leftOver.length > 0) {
        return finding(
          'rules',
          `rules deliver events that no pipeline in this folder uses: ${coverage.leftOver.join('; ')}`,
          `${redeploy(stage)}, or pass the folder that was deployed (--sql)`,
        );
      }
      return ok(
        'rules',
        `${countOf(found.length, 'rule')}, all enabled, and one for each trigger of this folder`,
      );
    },
    () => finding('rules', `no rules named ${prefix}* found`, redeploy(stage)),
  );
}

/** File events wait in a queue that feeds start-run. */
export function arrivals(stage: Stage, inspector: Inspector): Promise<Check> {
  const queue = `${stage.names.table}-arrivals`;
  const target = `${stage.names.table}-start-run`;
  const missing = (): Check => finding('arrivals', `${queue} does not feed ${target}`, redeploy(stage));
  return looked(
    'arrivals',
    async () => {
      const source = (await inspector.sources(target)).find(({ arn }) => arn.endsWith(`:${queue}`));
      if (source === undefined) return missing();
      if (source.enabled) return ok('arrivals', `${queue} feeds ${target}`);
      return finding(
        'arrivals',
        `${queue} does not feed ${target}: the event source mapping is disabled, so file events wait`,
        `aws lambda update-event-source-mapping --uuid ${source.id} --enabled`,
      );
    },
    missing,
  );
}

export function archive(stage: Stage, inspector: Inspector): Promise<Check> {
  const name = stage.names.archive;
  return looked(
    'archive',
    async () => {
      const { state, reason } = await inspector.archive(name);
      if (state === 'ENABLED' || state === 'UPDATING') return ok('archive', `${name} archives file events`);
      const why = reason === undefined ? '' : `: ${reason}`;
      return finding(
        'archive',
        `${name} is ${state}${why}`,
        `${redeploy(stage)}; until then baton replay has no events to replay`,
      );
    },
    () => finding('archive', `${name} is missing`, `${redeploy(stage)}; events are archived from then on`),
  );
}

export function deadLetters(stage: Stage, inspector: Inspector): Promise<Check> {
  const name = `${stage.names.table}-dead-letters`;
  return looked(
    'dead letters',
    async () => {
      const waiting = await inspector.waiting(name);
      if (waiting === 0) return ok('dead letters', 'none');
      return finding(
        'dead letters',
        `about ${countOf(waiting, 'message')} in ${name}: events that could not be delivered or processed`,
        'process them before they expire after 14 days: docs/operations.md, "Dead letters"',
      );
    },
    () => finding('dead letters', `the queue ${name} is missing`, redeploy(stage)),
  );
}

/** A bucket whose files start runs. */
export function bucket(stage: Stage, inspector: Inspector, name: string): Promise<Check> {
  return looked(
    'bucket',
    async () => {
      const { region } = await inspector.bucket(name);
      if (region !== undefined && region !== stage.region) {
        return finding(
          'bucket',
          `${name} is in ${region}, the stage in ${stage.region}: its events do not reach the stage`,
          `use a bucket in ${stage.region}`,
        );
      }
      if (await inspector.sendsEvents(name)) return ok('bucket', `${name} sends its events to EventBridge`);
      return finding(
        'bucket',
        `${name} does not send its events to EventBridge, so its files start no runs`,
        `aws s3api put-bucket-notification-configuration --bucket ${name} --notification-configuration '{"EventBridgeConfiguration":{}}'` +
          ' (this replaces the whole configuration: include what get-bucket-notification-configuration shows)',
      );
    },
    () => finding('bucket', `bucket ${name} not found`, `create it, or ${redeploy(stage)}`),
  );
}

/** The bucket of manifests. */
export function artifacts(stage: Stage, inspector: Inspector, name: string): Promise<Check> {
  return looked(
    'bucket',
    async () => {
      await inspector.bucket(name);
      return ok('bucket', `${name} holds manifests`);
    },
    () => finding('bucket', `bucket ${name} not found`, redeploy(stage)),
  );
}
