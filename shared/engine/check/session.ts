/** Statements of a check, in a session of its own. They wait while the session is still busy with the one before. */
import { nameAndMessageOf } from '../../errors.ts';
import type { Result, Submission } from '../../warehouse/warehouse.ts';
import type { Engine } from '../ports.ts';

/** Keep-alive of the sessions that checks open, in seconds. */
const CHECK_KEEP_ALIVE_SECONDS = 60;
const MOST_TRIES = 8;

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
    return status === 'FINISHED'
      ? { statementId }
      : { statementId, failure: error ?? `the statement is ${status}` };
  } catch (error) {
    return { failure: nameAndMessageOf(error) };
  }
}

type Given = Pick<Submission, 'sqls' | 'name'> & Partial<Submission>;

/** A submission as a run makes it: with a token, and its event requested. */
function submissionOf(sessionId: string, given: Given, engine: Engine): Submission {
  return {
    sessionId,
    token: engine.randomToken(),
    transaction: given.sqls.length > 1,
    keepAliveSeconds: CHECK_KEEP_ALIVE_SECONDS,
    ...given,
  };
}

/** Sends it once the session is free, always with the same token. */
export async function submitTo(
  sessionId: string,
  given: Given,
  engine: Engine,
): Promise<Result<{ statementId: string }>> {
  const submission = submissionOf(sessionId, given, engine);
  return whenFree(() => engine.warehouse.submit(submission), engine);
}

/** For a moment after a statement's end the session rejects the next one. */
async function whenFree<T>(call: () => Promise<Result<T>>, engine: Engine): Promise<Result<T>> {
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
