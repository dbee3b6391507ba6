/** Runs one test, and says what was not as expected. */
import type { Plan } from '../../shared/pipeline/plan.ts';
import { isAtRest, type Run } from '../../shared/run/run.ts';
import { waitingOf, waitingText } from '../runs/describe-run.ts';
import { errorOf, stepNameOf } from '../runs/run-parts.ts';
import { errorText } from '../runs/step-line.ts';
import { actionName } from './actions.ts';
import { filesMismatch, stepMismatches, tableMismatch } from './check-data.ts';
import { orSaid, Said, type Mismatch } from './mismatch.ts';
import { startedBy } from './started-by.ts';
import type { ExpectedRun, TestCase } from './test-case.ts';
import type { TestStage } from './test-stage.ts';

export interface TestResult {
  readonly test: TestCase;
  readonly ms: number;
  /** Ids of the runs, in the order they were made. */
  readonly runs: readonly string[];
  /** None: the test passed. */
  readonly mismatches: readonly Mismatch[];
}

/** @throws CommandError when the stage cannot be prepared: then no test can run */
export async function runTest(stage: TestStage, test: TestCase, plans: readonly Plan[]): Promise<TestResult> {
  await stage.begin();
  const startedAt = Date.now();
  const deadline = startedAt + test.timeoutSeconds * 1000;
  const runs: Run[] = [];
  const mismatches: Mismatch[] = [];
  try {
    // UNLOAD makes none.
    for (const { bucket } of test.files) await stage.ensureBucket(bucket);
    await orSaid('setup', stage.execute(test.setup), ' ');
    for (const table of test.given) await orSaid(`given ${table.table}`, stage.insert(table));
    const own = test.when.map((action) => startedBy(action, plans).includes(test.pipeline));
    const last = own.lastIndexOf(true);
    let ownRun: Run | undefined;
    for (const [i, action] of test.when.entries()) {
      const made = await orSaid(actionName(action), stage.act(action, deadline));
      runs.push(...made.filter(({ id }) => runs.every((run) => run.id !== id)));
      const newest = made.findLast((run) => run.pipeline === test.pipeline);
      ownRun = newest ?? ownRun;
      // A run that is resumed must have failed.
      const isResumed = test.when.slice(i + 1).find((_, j) => own[i + 1 + j] === true)?.kind === 'resume';
      const expected = i === last ? test.run : isResumed ? FAILS : SUCCEEDS;
      for (const run of made)
        mismatches.push(...runMismatch(run, run === newest ? expected : SUCCEEDS, test));
      if (i === last && newest === undefined && mismatches.length === 0)
        mismatches.push({ kind: 'error', text: `${actionName(action)} started no run of ${test.pipeline}` });
      // Its slot is held, or its work is missing: what follows would say nothing.
      if (mismatches.length > 0) break;
    }
    // Without its runs a table can only be wrong.
    if (mismatches.length === 0) {
      if (ownRun !== undefined) mismatches.push(...(await stepMismatches(stage, ownRun, test)));
      for (const table of test.tables) mismatches.push(...(await tableMismatch(stage, table)));
      for (const files of test.files) mismatches.push(...(await filesMismatch(stage, files)));
    }
  } catch (error) {
    if (!(error instanceof Said)) throw error;
    mismatches.push({ kind: 'error', text: error.message });
  }
  return { test, ms: Date.now() - startedAt, runs: runs.map(({ id }) => id), mismatches };
}

const SUCCEEDS: ExpectedRun = { state: 'SUCCEEDED' };
const FAILS: ExpectedRun = { state: 'FAILED' };

function runMismatch(run: Run, expected: ExpectedRun, test: TestCase): Mismatch[] {
  const { state } = run.life;
  if (!isAtRest(run)) {
    const waiting = waitingOf(run);
    const why = waiting === undefined ? '' : `; it ${waitingText(waiting)}`;
    const at = run.step === '' ? '' : ` at ${run.step}`;
    const text = `run ${run.id} is still ${state}${at} at the end of the test's timeout (${test.timeoutSeconds} s)${why}`;
    return [{ kind: 'run', runId: run.id, text }];
  }
  const failure = errorOf(run)?.class;
  const step = stepNameOf(run) || undefined;
  const isAsExpected =
    state === expected.state &&
    (expected.class === undefined || expected.class === failure) &&
    (expected.step === undefined || expected.step === step);
  if (isAsExpected) return [];
  const found = stateText({ state, ...(state !== 'SUCCEEDED' && { class: failure, step }) });
  const error = errorOf(run);
  return [
    {
      kind: 'run',
      runId: run.id,
      text: `run ${run.id}: expected ${stateText(expected)}, found ${found}`,
      ...(error !== undefined && { error: errorText(error) }),
    },
  ];
}

/** `FAILED (check) at 30_check.sql` */
function stateText({
  state,
  class: failure,
  step,
}: {
  state: string;
  class?: string | undefined;
  step?: string | undefined;
}): string {
  const of = failure === undefined ? '' : ` (${failure})`;
  return `${state}${of}${step === undefined ? '' : ` at ${step}`}`;
}
