/** Runs one test, and says what was not as expected. */
import { isAtRest, type Run } from '../../shared/run/run.ts';
import { waitingOf, waitingText } from '../runs/describe-run.ts';
import { errorOf, stepNameOf } from '../runs/run-parts.ts';
import { errorText } from '../runs/step-line.ts';
import { CommandError } from '../exit.ts';
import { actionName } from './actions.ts';
import { comparedColumns, compareRows, type Difference, type UpdatedRow } from './compare.ts';
import { suits } from './tolerance.ts';
import { startedBy } from './started-by.ts';
import type { ExpectedRun, ExpectedTable, TestCase } from './test-case.ts';
import { TestTimeout, type TestStage } from './test-stage.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';

/** What was not as expected. */
export type Mismatch =
  /** Something could not be done, or did not come. */
  | { readonly kind: 'error'; readonly text: string }
  /** A run ended in another way; `error`: why it failed. */
  | { readonly kind: 'run'; readonly runId: string; readonly text: string; readonly error?: string }
  /** A step of the run returned or changed another number of rows; `found` is undefined where the step did not run. */
  | {
      readonly kind: 'step';
      readonly runId: string;
      readonly step: string;
      readonly expectedRows: number;
      readonly foundRows: number | undefined;
    }
  | {
      readonly kind: 'table';
      readonly table: string;
      readonly columns: readonly string[];
      readonly expectedRows: number;
      readonly foundRows: number;
      readonly difference: Difference;
      /** What would be right, for `--update`. */
      readonly updated: readonly UpdatedRow[];
    };

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
    }
  } catch (error) {
    if (!(error instanceof Said)) throw error;
    mismatches.push({ kind: 'error', text: error.message });
  }
  return { test, ms: Date.now() - startedAt, runs: runs.map(({ id }) => id), mismatches };
}

/** A mismatch that ends the test. */
class Said extends Error {}

async function orSaid<T>(what: string, work: Promise<T>, between = ': '): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CommandError || error instanceof TestTimeout)
      throw new Said(`${what}${between}${error.message}`, { cause: error });
    throw error;
  }
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

async function stepMismatches(stage: TestStage, run: Run, { steps }: TestCase): Promise<Mismatch[]> {
  if (steps.length === 0) return [];
  const history = await stage.history(run);
  return steps.flatMap(({ name, rows: expectedRows }): Mismatch[] => {
    // Of the last session in which it ended.
    const ended = history.filter((row) => row.name === name && row.status === 'FINISHED');
    const foundRows = ended
      .toSorted((a, b) => a.generation - b.generation || a.attempt - b.attempt)
      .at(-1)?.rows;
    return foundRows === expectedRows
      ? []
      : [{ kind: 'step', runId: run.id, step: name, expectedRows, foundRows }];
  });
}

async function tableMismatch(stage: TestStage, expected: ExpectedTable): Promise<Mismatch[]> {
  const { table, within } = expected;
  const names = comparedColumns(expected);
  const { columns, ...found } = await orSaid(table, stage.read(table, names));
  for (const [i, column] of columns.entries()) {
    const [tolerance, type = ''] = [within.get(column), found.types[i]];
    if (tolerance !== undefined && !suits(tolerance, type)) {
      const kind = tolerance.kind === 'time' ? 'a time' : 'a number';
      return [
        { kind: 'error', text: `${table}: within of ${column} is for ${kind}, and the column is a ${type}` },
      ];
    }
  }
  const comparison = compareRows(names.length === 0 ? { ...expected, columns } : expected, found);
  if (comparison === undefined) return [];
  const [expectedRows, foundRows] = [expected.rows.length, found.rows.length];
  return [{ kind: 'table', table, columns, expectedRows, foundRows, ...comparison }];
}
