/** Everything that `baton doctor` looks at, in order: what stands below comes first. */
import { nameAndMessageOf } from '../../shared/errors.ts';
import { defined } from '../../shared/run/defined.ts';
import type { CheckAnswer } from '../../shared/events/requests.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Inspector } from '../aws/inspector.ts';
import { CommandError } from '../exit.ts';
import type { StageReader } from '../runs/run-reader.ts';
import { finding, ok, unchecked, type Check } from './check.ts';
import { probeChecks } from './probe-checks.ts';
import { isNotTaken, refused } from '../refused.ts';
import { pausedCheck, stoppedRuns, sweepCheck } from './run-checks.ts';
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
  /** The functions' role of what is deployed; undefined: its name may not be looked at. */
  readonly role?: () => Promise<string | undefined>;
  /** The stage's own now, in ms. */
  readonly now: number;
}

export const FUNCTIONS = ['start-run', 'run-step', 'sweep', 'operate'] as const;

/**
 * Calls `report` with each check as it completes.
 * @throws the error of the first call if no check can run at all: no connection, no credentials
 */
export async function examine(patient: Patient, report: (check: Check) => void): Promise<void> {
  const { stage, inspector } = patient;
  if (!(await isThere(patient, report))) return;
  report(checks.clock(inspector.clockAheadMs()));
  for (const name of FUNCTIONS) {
    report(await checks.functionCheck(stage, inspector, `${stage.names.table}-${name}`));
  }
  const table = await checks.table(stage, inspector);
  report(table);
  const answer = await askOperate(patient, report);
  if (answer !== undefined) report(checks.pipelines(stage, answer.pipelines, patient.plans));
  if (answer?.tooFew !== undefined) report(checks.concurrency(stage, answer.tooFew));
  report(await checks.rules(stage, inspector, patient.plans, await patient.landing()));
  report(await checks.arrivals(stage, inspector));
  report(await checks.archive(stage, inspector));
  report(await checks.deadLetters(stage, inspector));
  for (const bucket of answer?.buckets.files ?? []) report(await checks.bucket(stage, inspector, bucket));
  if (answer !== undefined) {
    report(await checks.artifacts(stage, inspector, answer.buckets.artifacts));
    const known = { ...stage, ...defined({ role: await patient.role?.() }) };
    for (const check of probeChecks(answer.probes, known)) report(check);
  }
  if (table.status === 'ok') {
    for (const check of await runs(patient, answer)) report(check);
  }
}

/** The first call: whether the stage exists. */
async function isThere({ stage, inspector }: Patient, report: (check: Check) => void): Promise<boolean> {
  const place = `stage ${stage.name} in ${stage.region}`;
  try {
    await inspector.function(stage.names.operate);
    report(ok('credentials', 'credentials are valid'));
    report(ok('stage', place));
    return true;
  } catch (error) {
    const why = refused(error);
    if (why === undefined && isNotTaken(error)) {
      const hint = 'log in again, and check that the profile and its account are those of the stage';
      throw new CommandError(3, `AWS rejected the credentials: ${nameAndMessageOf(error)}`, {
        hint,
        cause: error,
      });
    }
    if (why === undefined) throw error;
    report(ok('credentials', 'credentials are valid'));
    if (why === 'not-found') {
      const deploy = stage.name === 'local' ? 'npm start' : `npx baton deploy --stage ${stage.name}`;
      report(
        finding(
          'stage',
          `${place} not found: there is no function ${stage.names.operate}`,
          `check --stage, AWS_REGION and the account; if they are right, run: ${deploy}`,
        ),
      );
      return false;
    }
    report(
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
  report: (check: Check) => void,
): Promise<CheckAnswer | undefined> {
  try {
    const answer = await ask();
    if (answer === undefined) {
      report(
        finding(
          'version',
          'the deployed version is older than this command and cannot check its warehouse',
          `npx baton deploy --stage ${stage.name}`,
        ),
      );
    }
    return answer;
  } catch (error) {
    if (error instanceof CommandError) {
      const log = `read the log of ${stage.names.operate}; if the warehouse was paused or idle, try again`;
      report(finding('operate', error.message, log));
      return undefined;
    }
    if (refused(error) === undefined) throw error;
    report(
      unchecked(
        'warehouse',
        `access denied: you may not invoke ${stage.names.operate} (${nameAndMessageOf(error)})`,
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
    return [
      await sweepCheck(reader, now, stage),
      ...(await stoppedRuns(reader, names, stage)),
      ...(await pausedCheck(reader, names, stage)),
    ];
  } catch (error) {
    if (refused(error) === undefined) throw error;
    return [unchecked('runs', `access denied: you may not read the table (${nameAndMessageOf(error)})`)];
  }
}
