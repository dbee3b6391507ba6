/**
 * `baton/testing`: the pipelines of a folder on a local AWS, for tests in vitest, jest or node:test.
 *
 * What it starts is the AWS of `baton up`: real sessions of the Data API over PostgreSQL, the real functions, on a free port, with a
 * clock that stands where the test puts it. Nothing leaves this machine.
 */
import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Run } from '../../shared/run/run.ts';
import { errorOf, stepNameOf } from '../runs/run-parts.ts';
import type { HistoryRow } from '../runs/run-reader.ts';
import { CommandError, EXIT } from '../exit.ts';
import { isError, problemLines } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { LocalBaton } from './local-baton.ts';

export interface StartOptions {
  /** Folder of the pipelines, with `setup/` in it. Default: `sql` here, else that of the project. */
  readonly sql?: string;
  /** Folder of its state, which stays after `stop`. Default: a temporary one, which `stop` removes. */
  readonly home?: string;
  /** True: schedules start runs as the clock passes their times. Default: false. */
  readonly schedules?: boolean;
  /** Lines for people: what starts, messages that a stage would send. Default: none. */
  readonly log?: (line: string) => void;
}

/** How long to wait. */
export interface Limits {
  /** Real time, in milliseconds. Default: 60,000. */
  readonly limitMs?: number;
  /** By how much the local clock may be moved on meanwhile, in milliseconds. Default: six hours. */
  readonly clockMs?: number;
}

/** A value of a row. Numbers beyond 2^53 lose digits: cast such columns to VARCHAR. Times and DECIMAL are text. */
export type Value = string | number | boolean | null;

export type Row = Readonly<Record<string, Value>>;

/** A run, when it was looked at. */
export interface RunResult {
  readonly id: string;
  readonly pipeline: string;
  /** As in `baton runs`: `SUCCEEDED`, `FAILED`, `NEEDS_DECISION`, `CANCELLED`, `SUPERSEDED`, `ABSORBED` (its file is in a batch), … */
  readonly state: string;
  /** File name of the step that failed or is next; absent where all are done. */
  readonly step?: string;
  /** Of a run that stopped. `class`: `sql`, `check`, `data`, `session-lost`, …: docs/operations.md. */
  readonly error?: { readonly class: string; readonly message: string };
  readonly parameters: Readonly<Record<string, string>>;
  /** Sessions that it had, from 1: more than one after a session was lost. */
  readonly generation: number;
}

/** One attempt of a step. */
export interface StepResult {
  readonly name: string;
  /** `FINISHED`, `FAILED`, `ABORTED`, … */
  readonly status: string;
  readonly attempt: number;
  readonly generation: number;
  /** Rows that it returned or changed, where the warehouse says. */
  readonly rows?: number;
}

/**
 * A fault, as `POST /_local/faults` takes it (docs/local.md). Of calls: `{ target: 'call', how: 'session-ends-during', statement:
 * 'baton:local:*:*:3:*' }`, `{ target: 'call', how: 'kill', caller: 'baton-local-run-step', when: 'after', skip: 4 }`. Of events:
 * `{ target: 'event', match: { source: 'aws.redshift-data' }, effect: { kind: 'drop' }, count: 1 }`.
 */
export type Fault = Readonly<Record<string, unknown>> & { readonly target: 'call' | 'event' };

export interface Local {
  /** `http://127.0.0.1:PORT`: for AWS clients of the test, with any credentials. */
  readonly endpoint: string;
  readonly region: string;
  /** The bucket in which files start runs. */
  readonly landingBucket: string;

  /** Uploads an object; a bucket that does not exist is made. Does not wait for what it starts. */
  put(key: string, body: string | Uint8Array, bucket?: string): Promise<void>;
  /** The content of an object. Rejects where there is none. */
  get(key: string, bucket?: string): Promise<Uint8Array>;
  /** Keys that begin with `prefix`. */
  keys(prefix?: string, bucket?: string): Promise<readonly string[]>;

  /** Starts a run by request. Resolves with its id. Rejects with the reason of a refusal. */
  startRun(
    pipeline: string,
    options?: { readonly parameters?: Readonly<Record<string, string>>; readonly file?: string },
  ): Promise<string>;
  /** Resumes a run that failed, at the failed step or at an earlier one. Rejects with the reason of a refusal. */
  resume(runId: string, fromStep?: string): Promise<void>;
  cancel(runId: string): Promise<void>;

  /**
   * Waits until every run has ended, or stopped until a person acts, and nothing waits for a later time: where only time is missing
   * (a retry, the sweep, a delayed event), the local clock is moved on to it.
   * Resolves with all runs, the oldest first. Rejects where some are not at rest at the limit.
   */
  untilAtRest(limits?: Limits): Promise<readonly RunResult[]>;
  /** All runs as they are now, or those of a pipeline; the oldest first. */
  runs(pipeline?: string): Promise<readonly RunResult[]>;
  /** The attempts of a run's steps, in their order. */
  steps(runId: string): Promise<readonly StepResult[]>;

  /** Runs one statement in a session of its own. Rejects with the warehouse's error. Column names are in lower case. */
  query(sql: string): Promise<readonly Row[]>;
  /** Runs statements in one session, in order. Rejects with the error of the first that fails. */
  execute(statements: readonly string[]): Promise<void>;

  /** Injects a fault; it strikes once unless it says otherwise. Rejects where it is not understood. */
  fault(fault: Fault): Promise<void>;
  clearFaults(): Promise<void>;
  /** Ends a session of the warehouse as if its connection broke; without an id all of them. */
  killSession(sessionId?: string): Promise<void>;

  /** Moves the local clock on: milliseconds, or a duration like `90s`, `10m`, `2h`, `1d`. */
  advance(by: number | string): Promise<void>;
  /** The local clock. */
  now(): Promise<Date>;

  /** As at the start: no runs, files, faults or sessions, and an empty warehouse with `setup/` applied. The clock stays. */
  reset(): Promise<void>;
  /** Ends it. Call it in `afterAll`. */
  stop(): Promise<void>;
}

/**
 * Compiles the pipelines, starts a local AWS with them, and applies `setup/`: some seconds, so once for a file of tests.
 * Rejects with every mistake of the pipelines, or with the files of `setup/` that could not be applied.
 */
export async function startLocal(options: StartOptions = {}): Promise<Local> {
  const folder = sqlFolder(options.sql);
  const errors = loadPipelines(folder).problems.filter(isError);
  if (errors.length > 0) throw new CommandError(EXIT.usage, problemLines(errors, folder).join('\n'));
  const local = await LocalBaton.start({ ...options, sql: folder });
  return {
    endpoint: local.endpoint,
    region: local.region,
    landingBucket: local.landingBucket,
    put: (key, body, bucket) => local.put(key, body, bucket),
    get: (key, bucket) => local.get(key, bucket),
    keys: (prefix, bucket) => local.keys(prefix, bucket),
    startRun: (pipeline, request) => local.startRun(pipeline, request),
    resume: (runId, fromStep) => local.resume(runId, fromStep),
    cancel: (runId) => local.cancel(runId),
    untilAtRest: async (limits) => (await local.untilAtRest(limits)).map(resultOf),
    runs: async (pipeline) =>
      (await local.allRuns())
        .filter((run) => pipeline === undefined || run.pipeline === pipeline)
        .map(resultOf),
    steps: async (runId) =>
      [...(await local.history(runId))]
        .sort((a, b) => a.startedAt.localeCompare(b.startedAt) || a.index - b.index)
        .map(stepOf),
    query: (sql) => local.query(sql),
    execute: async (statements) => void (await local.execute(statements)),
    fault: (fault) => local.fault(fault),
    clearFaults: () => local.clearFaults(),
    killSession: (sessionId) => local.killSession(sessionId),
    advance: (by) => local.advance(by),
    now: async () => new Date(await local.now()),
    reset: () => local.reset(),
    stop: () => local.stop(),
  };
}

function stepOf({ name, status, attempt, generation, rows }: HistoryRow): StepResult {
  return { name, status, attempt, generation, ...(rows !== undefined && { rows }) };
}

function resultOf(run: Run): RunResult {
  const error = errorOf(run);
  const step = stepNameOf(run);
  return {
    id: run.id,
    pipeline: run.pipeline,
    state: run.life.state,
    ...(step !== '' && { step }),
    ...(error !== undefined && { error: { class: error.class, message: error.message } }),
    parameters: run.parameters,
    generation: run.generation,
  };
}
