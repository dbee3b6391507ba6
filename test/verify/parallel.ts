/**
 * Much work in small chunks over worker threads, one a core; what is done is kept in a state file, so that a run that
 * was broken off goes on. A worker is the same program again: it calls `serve`.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parse } from 'node:path';
import process from 'node:process';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { codeHash } from './state-file.ts';

export interface Failure {
  readonly message: string;
  /** The command that repeats it. */
  readonly repeat: string;
}

export interface ChunkResult {
  readonly counts: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
}

export interface Summary {
  readonly counts: Record<string, number>;
  readonly failures: Failure[];
  /** Of all runs that share the state file together. */
  seconds: number;
}

export interface Work {
  readonly part: string;
  /** What this is, with all its settings: a state file of other work is not taken up. */
  readonly job: string;
  readonly chunks: number;
  readonly stateFile: string | undefined;
}

interface State extends Summary {
  /** A hash of the code under test. */
  readonly code: string;
  readonly job: string;
  readonly done: number[];
}

/** After so many failures nothing more is tried. */
const ENOUGH_FAILURES = 10;

/** The engine, the fakes and the simulator: figures of other code do not count. */
const CODE = ['shared', 'local/redshift', 'test/engine', 'test/fakes', 'test/sim', 'test/verify'];

const SAVE_EVERY_MS = 2_000;

/** Is this file the program that was started, in the main thread or as a worker? */
export function isProgram(name: string): boolean {
  return parse(process.argv[1] ?? '').name === name;
}

/** Works through all chunks that the state file does not have yet. */
export async function inParallel(work: Work): Promise<Summary> {
  const state = restored(work);
  const done = new Set(state.done);
  const left = Array.from({ length: work.chunks }, (_, i) => i).filter((i) => !done.has(i));
  if (done.size > 0) say(`${done.size} of ${work.chunks} chunks were done before`);
  const before = state.seconds;
  const started = performance.now();
  let saved = started;
  const keep = (): void => {
    state.seconds = before + (performance.now() - started) / 1000;
    saved = performance.now();
    if (work.stateFile === undefined) return;
    writeFileSync(`${work.stateFile}.new`, JSON.stringify(state));
    renameSync(`${work.stateFile}.new`, work.stateFile);
  };
  const add = (chunk: number, result: ChunkResult): void => {
    state.done.push(chunk);
    for (const [kind, count] of Object.entries(result.counts))
      state.counts[kind] = (state.counts[kind] ?? 0) + count;
    state.failures.push(...result.failures);
    if (performance.now() - saved > SAVE_EVERY_MS) keep();
  };
  const next = (): number | undefined =>
    state.failures.length >= ENOUGH_FAILURES ? undefined : left.shift();
  const lanes = Math.min(availableParallelism(), left.length);
  await Promise.all(Array.from({ length: lanes }, () => lane(work.part, next, add)));
  keep();
  return state;
}

/** One worker, given one chunk after the other. */
function lane(
  part: string,
  next: () => number | undefined,
  add: (chunk: number, result: ChunkResult) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(process.argv[1] ?? '', { workerData: { part }, argv: process.argv.slice(2) });
    let chunk = next();
    const give = (): void => {
      if (chunk === undefined) void worker.terminate().then(() => resolve());
      else {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(chunk);
      }
    };
    worker.on('message', (result: ChunkResult) => {
      if (chunk !== undefined) add(chunk, result);
      chunk = next();
      give();
    });
    worker.on('error', reject);
    give();
  });
}

/** In a worker: does the chunks of `part` that it is given. In the main thread, or for another part, nothing. */
export function serve(part: string, work: (chunk: number) => Promise<ChunkResult>): void {
  const port = parentPort;
  if (isMainThread || port === null || (workerData as { part: string }).part !== part) return;
  // Drivers are killed by errors, ten thousands of them.
  Error.stackTraceLimit = 0;
  const answer = async (chunk: number): Promise<void> => {
    port.postMessage(await work(chunk));
  };
  port.on('message', (chunk: number) => void answer(chunk));
}

function restored(work: Work): State {
  const fresh: State = {
    code: codeHash(CODE),
    job: work.job,
    done: [],
    counts: {},
    failures: [],
    seconds: 0,
  };
  if (work.stateFile === undefined || !existsSync(work.stateFile)) return fresh;
  const state = JSON.parse(readFileSync(work.stateFile, 'utf8')) as State;
  if (state.code === fresh.code && state.job === fresh.job) return state;
  say(`${work.stateFile} is of other code or other work: begun anew`);
  return fresh;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints the failures; 1 if there is one, else 0. */
export function tellFailures(failures: readonly Failure[]): 0 | 1 {
  for (const { message, repeat } of failures) say(`FAILED ${message}\n  repeat it with: ${repeat}`);
  return failures.length > 0 ? 1 : 0;
}
