/** Runs a test with one fault in it, as far as it comes, and says how it ended. */
import type { Run } from '../../../shared/run/run.ts';
import type { HistoryRow } from '../../runs/run-reader.ts';
import { errorOf, stepNameOf } from '../../runs/run-parts.ts';
import { CommandError, EXIT } from '../../exit.ts';
import type { Fault } from '../library.ts';
import { NotAtRest } from '../local-baton.ts';
import type { Action, FileAction, TestCase } from '../test-case.ts';
import type { TestStage } from '../test-stage.ts';
import { INJECTED, isStepFault, runFaults, stepFaults, type FaultKind } from './kinds.ts';
import { groupsOf, type Mode } from './modes.ts';
import type { Marks } from './same.ts';
import { snapshotOf, type Snapshot } from './snapshot.ts';

/** One fault at one place of a test. */
export interface CrashCase {
  readonly kind: FaultKind;
  /** Index of the group of actions of the test before which it is injected. */
  readonly action: number;
  /** Index of the step; of `killed` how many calls of functions come first; else 0. */
  readonly place: number;
}

/** How a run ended: `SUCCEEDED`, `FAILED (sql) at 10_stage.sql`. */
export interface End {
  readonly pipeline: string;
  readonly state: string;
}

export interface Outcome {
  /** Of the runs that the test began, in their order; a run of a batch stands for its files. */
  readonly ends: readonly End[];
  /** Stopped because a person must decide. */
  readonly asked?: Run;
  /** Not at rest in time: what was left. */
  readonly stuck?: string;
  /** Before which groups of actions a fault was injected that struck. */
  readonly struck: ReadonlySet<number>;
  /** Names of the steps that were tried more than once by one run, and of those that finished more than once. */
  readonly repeated: readonly string[];
  readonly again: readonly string[];
  /** In each action: the calls of functions that change something, by their place among all calls of functions. */
  readonly calls: readonly (readonly number[])[];
  readonly tables: Snapshot;
  /** What of the runs may stand in the tables: ids, and times in ms since the epoch. */
  readonly marks: Marks;
}

/** Where a function is killed after one of these, nothing is other than after the call before. */
const READS = /^(Get|Head|Describe|List|Query|Scan|BatchGet)/;
const LIMIT_MS = 60_000;
const CLOCK_MS = 6 * 3_600_000;
const MOST_RESUMES = 3;

/** Midday: no case comes to the next day. */
const NOON = new Date().setUTCHours(12, 0, 0, 0);
const LATER_MS = 3_661_000;

interface CaseOptions {
  readonly mode: Mode;
  /** An hour, a minute and a second later than other cases. */
  readonly later?: boolean;
  /** Absent: nothing is injected at a place. */
  readonly crashes?: readonly CrashCase[];
  /** Injected all the time. */
  readonly faults?: readonly Fault[];
  /** The ends of the undisturbed run, by action. */
  readonly expected?: readonly (readonly End[])[];
}

export async function runCase(
  stage: TestStage,
  test: TestCase,
  { mode, later = false, crashes = [], faults = [], expected }: CaseOptions,
): Promise<Outcome & { readonly byAction: readonly (readonly End[])[] }> {
  const { local } = stage;
  // The same time in every case: what the date decides is decided alike.
  await stage.begin(NOON + (later ? LATER_MS : 0));
  for (const { bucket } of test.files) await stage.ensureBucket(bucket);
  await stage.execute(test.setup);
  for (const table of test.given) await stage.insert(table);
  const put = new Set<string>();
  const calls: number[][] = [];
  let startedAt = await local.now();
  const byAction: End[][] = [];
  const struck = new Set<number>();
  let asked: Run | undefined;
  let stuck: string | undefined;
  for (const [i, actions] of groupsOf(test, mode).entries()) {
    const here = crashes.find(({ action }) => action === i);
    // The test may have set the clock back.
    startedAt = Math.min(startedAt, await local.now());
    const known = new Set((await local.allRuns()).map(({ id }) => id));
    const { last } = await local.calls(Number.MAX_SAFE_INTEGER);
    for (const fault of faults) await local.fault(fault);
    if (here !== undefined) await arm(stage, test.pipeline, here, actions, put);
    for (const { bucket, key } of actions.flatMap(filesOf)) put.add(`${bucket}/${key}`);
    try {
      for (const action of actions) await begin(stage, action, known);
      await drive(stage, expected?.[i]);
      if (here?.kind === 'file-replayed') {
        await local.replay(startedAt);
        await drive(stage, expected?.[i]);
        struck.add(i);
      }
    } catch (error) {
      if (!(error instanceof NotAtRest || error instanceof CommandError)) throw error;
      stuck = error.message;
    }
    if (here !== undefined && (await hasStruck(stage))) struck.add(i);
    await local.clearFaults();
    const runs = (await local.allRuns()).filter((run) => run.life.state !== 'ABSORBED');
    byAction.push(runs.filter(({ id }) => !known.has(id)).map(endOf));
    const made = await local.calls(last);
    const ofFunctions = made.calls.filter(({ caller }) => caller.startsWith('baton-local-'));
    calls.push(
      [...ofFunctions.entries()].flatMap(([at, { operation }]) => (READS.test(operation) ? [] : [at])),
    );
    asked = runs.find((run) => run.life.state === 'NEEDS_DECISION');
    if (stuck !== undefined || asked !== undefined) break;
  }
  const runs = (await local.allRuns()).filter((run) => run.life.state !== 'ABSORBED');
  return {
    ends: runs.map(endOf),
    byAction,
    ...(asked !== undefined && { asked }),
    ...(stuck !== undefined && { stuck }),
    struck,
    ...(await repetitions(stage, runs)),
    calls,
    tables: await snapshotOf(local, put),
    marks: marksOf(runs),
  };
}

function filesOf(action: Action): readonly FileAction[] {
  if (action.kind === 'drop-all') return action.files;
  return action.kind === 'drop' || action.kind === 'put' ? [action] : [];
}

/** A person whose request met a function that was killed looks what came of it, and repeats it. */
async function begin(stage: TestStage, action: Action, known: ReadonlySet<string>): Promise<void> {
  if (await isDone(stage, action, known)) return;
  try {
    await stage.begins(action);
  } catch (error) {
    unlessUnreachable(error);
    if (!(await isDone(stage, action, known))) await stage.begins(action);
  }
}

function unlessUnreachable(error: unknown): void {
  if (!(error instanceof CommandError) || error.code !== EXIT.unreachable) throw error;
}

/** A run that the test resumes may have been resumed before (`drive`); `known`: the runs that were there before. */
async function isDone({ local }: TestStage, action: Action, known: ReadonlySet<string>): Promise<boolean> {
  if (action.kind !== 'resume' && action.kind !== 'start') return false;
  const runs = (await local.allRuns()).filter(({ pipeline }) => pipeline === action.pipeline);
  if (action.kind === 'start') return runs.some(({ id }) => !known.has(id));
  const newest = runs.at(-1);
  return newest !== undefined && newest.life.state !== 'FAILED';
}

async function arm(
  stage: TestStage,
  pipeline: string,
  crash: CrashCase,
  [action]: readonly Action[],
  put: Set<string>,
): Promise<void> {
  const { local } = stage;
  const { kind, place } = crash;
  const faults = isStepFault(kind) ? stepFaults(kind, pipeline, place) : runFaults(kind, place);
  for (const fault of faults) await local.fault(fault);
  if (kind !== 'file-beside' || action === undefined || !('key' in action)) return;
  // A file like the first one, whose event is lost.
  const key = besideOf(action.key);
  put.add(`${action.bucket}/${key}`);
  await local.put(key, action.bytes, action.bucket);
}

/** `a/b.csv` has `a/b.beside.csv` beside it. */
function besideOf(key: string): string {
  return key.replace(/(\.[^./]*(?:\.gz)?)?$/, '.beside$1');
}

/** To rest, where a person resumes what failed otherwise than undisturbed. */
async function drive(stage: TestStage, expected: readonly End[] = []): Promise<void> {
  const { local } = stage;
  const meant = new Set(expected.map(({ pipeline, state }) => `${pipeline} ${state}`));
  for (let resumes = 0; ; resumes += 1) {
    const runs = await local.untilAtRest({ limitMs: LIMIT_MS, clockMs: CLOCK_MS });
    const failed = runs.filter(
      (run) =>
        run.life.state === 'FAILED' &&
        (errorOf(run)?.message.includes(INJECTED) === true ||
          !meant.has(`${run.pipeline} ${endOf(run).state}`)),
    );
    if (failed.length === 0 || resumes === MOST_RESUMES) return;
    // Where the request met a function that was killed, the run is looked at again.
    for (const run of failed) await local.resume(run.id).catch(unlessUnreachable);
  }
}

function endOf(run: Run): End {
  const { state } = run.life;
  const error = errorOf(run);
  const where = error === undefined ? '' : ` (${error.class}) at ${stepNameOf(run)}`;
  return { pipeline: run.pipeline, state: `${state}${where}` };
}

function marksOf(runs: readonly Run[]): Marks {
  return {
    ids: runs.flatMap(({ id, incarnationId, planHash }) => [id, incarnationId, planHash]),
    times: runs
      .flatMap(({ createdAt, startedAt, trigger }) => [createdAt, startedAt, trigger.time])
      .map((time) => Date.parse(time ?? ''))
      .filter((time) => !Number.isNaN(time)),
  };
}

async function hasStruck(stage: TestStage): Promise<boolean> {
  // A fault of an event that has struck for the last time is gone.
  const faults = await stage.local.faults();
  return faults.every((fault) => (fault['target'] === 'event' ? false : Number(fault['hits']) > 0));
}

/** `again`: they finished more than once; `repeated`: they were tried more than once. */
async function repetitions(
  stage: TestStage,
  runs: readonly Run[],
): Promise<{ readonly repeated: readonly string[]; readonly again: readonly string[] }> {
  const repeated = new Set<string>();
  const again = new Set<string>();
  for (const run of runs) {
    const tried = new Map<string, HistoryRow[]>();
    for (const row of await stage.history(run)) tried.set(row.name, [...(tried.get(row.name) ?? []), row]);
    for (const [name, rows] of tried) {
      if (rows.length > 1) repeated.add(name);
      if (rows.filter(({ status }) => status === 'FINISHED').length > 1) again.add(name);
    }
  }
  return { repeated: [...repeated], again: [...again] };
}
