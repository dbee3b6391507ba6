/** Statements of a check, in a session of its own. They wait while the session is still busy with the one before. */
import { nameAndMessageOf } from '../../errors.ts';
import type { Result, StatementStatus, Submission } from '../../warehouse/warehouse.ts';
import type { Engine } from '../ports.ts';

/** Keep-alive of the sessions that checks open, in seconds. */
const CHECK_KEEP_ALIVE_SECONDS = 60;
const MOST_TRIES = 8;
const LAG_MS = 3_000;

export interface Outcome {
  readonly failure?: string;
  readonly statementId?: string;
}

/** Runs one statement to its end, without an event. Never rejects. */
export async function runIn(
  sessionId: string,
  sql: string,
  engine: Engine,
  keepAliveSeconds = CHECK_KEEP_ALIVE_SECONDS,
): Promise<Outcome> {
  try {
    const result = await whenFree(() => engine.warehouse.runSmall(sessionId, sql, keepAliveSeconds), engine);
    if (!result.ok) return { failure: result.refusal.message };
    const { statementId, status, error } = result.value;
    if (status === 'FINISHED') return { statementId };
    // DescribeStatement may lag behind the answer, which has no error text.
    const text = error ?? (await endOf(statementId, LAG_MS, engine))?.error;
    return { statementId, failure: text ?? `the statement is ${status}` };
  } catch (error) {
    return { failure: nameAndMessageOf(error) };
  }
}

type Given = Pick<Submission, 'sqls' | 'name'> & Partial<Submission>;

/** A submission as a run makes it: with a token, and its event requested. */
export function submissionOf(sessionId: string, given: Given, engine: Engine): Submission {
  return {
    sessionId,
    token: engine.randomToken(),
    transaction: given.sqls.length > 1,
    keepAliveSeconds: CHECK_KEEP_ALIVE_SECONDS,
    ...given,
  };
}

export interface Accepted {
  readonly submission: Submission;
  readonly statementId: string;
  /** How often the session was busy, and for how long. */
  readonly refusals: number;
  readonly refusedMs: number;
}

const BUSY_WAIT_MS = 5_000;

/** Sends it until the session is free, each time with a fresh token: a refusal may use one up. */
export async function submitTo(
  sessionId: string,
  given: Given,
  engine: Engine,
  pollMs = 100,
): Promise<Result<Accepted>> {
  const began = engine.now();
  for (let refusals = 0; ; refusals += 1) {
    const submission = submissionOf(sessionId, given, engine);
    const result = await engine.warehouse.submit(submission);
    const refusedMs = refusals === 0 ? 0 : engine.now() - began;
    if (result.ok) {
      const { statementId } = result.value;
      return { ok: true, value: { submission, statementId, refusals, refusedMs } };
    }
    if (!isBusy(result) || refusedMs > BUSY_WAIT_MS) return result;
    await engine.pause(pollMs);
  }
}

/** Calls until the session is free: for a moment after a statement's end it rejects the next one. */
export async function whenFree<T>(call: () => Promise<Result<T>>, engine: Engine): Promise<Result<T>> {
  let result = await call();
  for (let tries = 1; isBusy(result) && tries < MOST_TRIES; tries += 1) {
    await engine.pause(100 * tries);
    result = await call();
  }
  return result;
}

function isBusy(result: Result<unknown>): boolean {
  return !result.ok && result.refusal.reason === 'session-unavailable';
}

/** Its final status; undefined: it was still running after `waitMs`, or is not known. */
export async function endOf(
  statementId: string,
  waitMs: number,
  engine: Engine,
  pollMs = 100,
): Promise<StatementStatus | undefined> {
  for (let waited = 0; ; waited += pollMs) {
    const seen = await engine.warehouse.describe(statementId);
    if (seen !== 'NOT_FOUND' && seen.status !== 'RUNNING') return seen;
    if (waited >= waitMs) return undefined;
    await engine.pause(pollMs);
  }
}
