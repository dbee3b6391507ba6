/** Everything that `baton doctor` looks at, in order: what stands below comes first. */
import { nameAndMessageOf } from '../../shared/errors.ts';
import type { CheckAnswer } from '../../shared/events/requests.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Inspector } from '../aws/inspector.ts';
import { CommandError } from '../exit.ts';
import type { StageReader } from '../runs/run-reader.ts';
import { finding, ok, unchecked, type Check } from './check.ts';
import { probeChecks } from './probe-checks.ts';
import { isNotTaken, refused } from '../refused.ts';
import { stoppedRuns, sweepCheck } from './run-checks.ts';
import * as checks from './stage-checks.ts';
import type { Stage } from './stage-checks.ts';

export interface Patient {
  readonly stage: Stage;
  readonly inspector: Inspector;
  readonly reader: StageReader;
  /** Asks `operate` to look as the functions' own role. Undefined: what is deployed does not know the question. */
  readonly ask: () => Promise<CheckAnswer | undefined>;
  /** Of this checkout. */
  readonly plans: readonly Plan[];
  /** The landing bucket of what is deployed; undefined: its name may not be looked at. */
  readonly landing: () => Promise<string | undefined>;
  /** The stage's own now, in ms. */
  readonly now: number;
}

export const FUNCTIONS = ['start-run', 'run-step', 'sweep', 'operate'] as const;

/**
 * Calls `told` with each check as it is done.
 * @throws the error of the first call, where nothing can be asked there: no connection, no credentials
 */
export async function examine(patient: Patient, told: (check: Check) => void): Promise<void> {
  const { stage, inspector } = patient;
  if (!(await isThere(patient, told))) return;
  told(checks.clock(inspector.clockAheadMs()));
  for (const name of FUNCTIONS) {
    told(await checks.functionCheck(stage, inspector, `${stage.names.table}-${name}`));
  }
  const table = await checks.table(stage, inspector);
  told(table);
  const answer = await askOperate(patient, told);
  if (answer !== undefined) told(checks.pipelines(stage, answer.pipelines, patient.plans));
  told(await checks.rules(stage, inspector, patient.plans, await patient.landing()));
  told(await checks.arrivals(stage, inspector));
  told(await checks.archive(stage, inspector));
  told(await checks.deadLetters(stage, inspector));
  for (const bucket of answer?.buckets.files ?? []) told(await checks.bucket(stage, inspector, bucket));
  if (answer !== undefined) {
    told(await checks.artifacts(stage, inspector, answer.buckets.artifacts));
    for (const check of probeChecks(answer.probes, stage)) told(check);
  }
  if (table.status === 'ok') {
    for (const check of await runs(patient, answer)) told(check);
  }
}

/** The first call: whether there is anything at all to look at. */
async function isThere({ stage, inspector }: Patient, told: (check: Check) => void): Promise<boolean> {
  const place = `stage ${stage.name} in ${stage.region}`;
  try {
    await inspector.function(stage.names.operate);
    told(ok('credentials', 'AWS takes them'));
    told(ok('stage', place));
    return true;
  } catch (error) {
    const why = refused(error);
    if (why === undefined && isNotTaken(error)) {
      const hint = 'log in again; the profile and its account must be those of the stage';
      throw new CommandError(3, `AWS does not take the credentials: ${nameAndMessageOf(error)}`, {
        hint,
        cause: error,
      });
    }
    if (why === undefined) throw error;
    told(ok('credentials', 'AWS takes them'));
    if (why === 'not-found') {
      const deploy = stage.name === 'local' ? 'npm start' : `npm run deploy -- --stage ${stage.name}`;
      told(
        finding(
          'stage',
          `there is no ${place}: no function ${stage.names.operate}`,
          `are --stage, AWS_REGION and the account right? Else ${deploy}`,
        ),
      );
      return false;
    }
    told(
      unchecked(
        'stage',
        `${place} (${nameAndMessageOf(error)})`,
        'docs/deployment.md, "Policies for people"',
      ),
    );
    return true;
  }
}

async function askOperate(
  { stage, ask }: Patient,
  told: (check: Check) => void,
): Promise<CheckAnswer | undefined> {
  try {
    const answer = await ask();
    if (answer === undefined) {
      told(
        finding(
          'version',
          'what is deployed is older than this command: its warehouse cannot be asked about',
          `npm run deploy -- --stage ${stage.name}`,
        ),
      );
    }
    return answer;
  } catch (error) {
    if (error instanceof CommandError) {
      const log = `read the log of ${stage.names.operate}; a warehouse that was asleep may need a second try`;
      told(finding('operate', error.message, log));
      return undefined;
    }
    if (refused(error) === undefined) throw error;
    told(
      unchecked(
        'warehouse',
        `you may not ask ${stage.names.operate} (${nameAndMessageOf(error)})`,
        'docs/deployment.md, "Policies for people"',
      ),
    );
    return undefined;
  }
}

async function runs(
  { stage, reader, plans, now }: Patient,
  answer: CheckAnswer | undefined,
): Promise<Check[]> {
  const names = [...new Set([...plans, ...(answer?.pipelines ?? [])].map(({ pipeline }) => pipeline))].sort();
  try {
    return [await sweepCheck(reader, now, stage), ...(await stoppedRuns(reader, names, stage))];
  } catch (error) {
    if (refused(error) === undefined) throw error;
    return [unchecked('runs', `you may not read the table (${nameAndMessageOf(error)})`)];
  }
}
