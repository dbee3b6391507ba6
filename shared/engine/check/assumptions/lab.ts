/** What the experiments about undocumented behavior share: sessions, statements that take a while, and notes. */
import type { Assumption, Observation } from '../../../events/requests.ts';
import type { Engine } from '../../ports.ts';
import { CLOSING_KEEP_ALIVE_SECONDS } from '../../../warehouse/warehouse.ts';
import { runIn, submitTo, type Accepted } from '../session.ts';

export interface Lab {
  readonly engine: Engine;
  /** The functions' role, by name. */
  readonly roleName: string;
  /** Does a submission outside of a session, without keep-alive, name a session in its answer? */
  readonly answersSessionId: () => Promise<boolean>;
  readonly note: (observation: Observation) => void;
}

export function holds(assumption: Assumption, found: string): Observation {
  return { assumption, status: 'holds', found };
}

export function differs(
  assumption: Assumption,
  found: string,
  observed?: readonly [string, string],
): Observation {
  return { assumption, status: 'differs', found, ...(observed === undefined ? {} : { observed }) };
}

export function notSeen(assumption: Assumption, found: string): Observation {
  return { assumption, status: 'not-seen', found };
}

/** @throws Error with the warehouse's words if none can be opened */
export async function openSession(engine: Engine): Promise<{ sessionId: string; pid?: number }> {
  const opened = await engine.warehouse.open({ set: {}, name: 'baton-check' });
  if (!opened.ok) throw new Error(opened.refusal.message);
  return opened.value;
}

/** @throws Error with the statement and the warehouse's words if it fails */
export async function mustRun(sessionId: string, sql: string, engine: Engine): Promise<string> {
  const { failure, statementId } = await runIn(sessionId, sql, engine);
  if (failure !== undefined || statementId === undefined) throw new Error(`${sql}: ${failure ?? ''}`);
  return statementId;
}

/** Unless it has ended. */
export async function close(sessionId: string, engine: Engine): Promise<void> {
  if ((await untilFree(sessionId, FREE_MS, engine)) !== 'AVAILABLE') return;
  await runIn(sessionId, 'SELECT 1', engine, CLOSING_KEEP_ALIVE_SECONDS);
}

/** @throws Error with the warehouse's words if it is not accepted */
export async function mustSubmit(
  sessionId: string,
  sqls: readonly string[],
  engine: Engine,
  name = 'baton-check',
  pollMs?: number,
): Promise<Accepted> {
  const result = await submitTo(sessionId, { sqls, name }, engine, pollMs);
  if (!result.ok) throw new Error(result.refusal.message);
  return result.value;
}

const NUMBERS = 50;
/** After the end of its statement. */
const FREE_MS = 4_000;

/** A temporary table for `slow`. */
export async function makeNumbers(sessionId: string, engine: Engine): Promise<void> {
  await mustRun(sessionId, 'CREATE TEMP TABLE baton_numbers (n INT)', engine);
  const rows = Array.from({ length: NUMBERS }, (_, index) => `(${index + 1})`);
  await mustRun(sessionId, `INSERT INTO baton_numbers VALUES ${rows.join(', ')}`, engine);
}

/** A query over 50 to the power of 4 rows: half a second, more or less; it takes no lock and returns one number. */
export function slow(): string {
  const names = ['a', 'b', 'c', 'd'];
  const tables = names.map((name) => `baton_numbers ${name}`).join(' CROSS JOIN ');
  return `SELECT COUNT(*) FROM ${tables} WHERE (${names.map((name) => `${name}.n`).join(' * 3 + ')}) % 7 = 3`;
}

/** Waits at most `waitMs` until the session is free; its last state. */
export async function untilFree(sessionId: string, waitMs: number, engine: Engine): Promise<string> {
  // ListSessions allows a few calls a second in the whole account.
  const poll = 400;
  for (let waited = 0; ; waited += poll) {
    const state = await engine.warehouse.session(sessionId);
    if (state !== 'BUSY' || waited >= waitMs) return state;
    await engine.pause(poll);
  }
}

/** The value of a query of one number in the session; undefined: it failed. */
export async function numberIn(sessionId: string, sql: string, engine: Engine): Promise<number | undefined> {
  const { failure, statementId } = await runIn(sessionId, sql, engine);
  if (failure !== undefined || statementId === undefined) return undefined;
  const result = await engine.warehouse.result(statementId, 1);
  return result === 'NOT_FOUND' ? undefined : Number(result.rows[0]?.[0]);
}

/** `120 ms`, `80 to 340 ms`. */
export function range(values: readonly number[]): string {
  const [least, most] = [Math.round(Math.min(...values)), Math.round(Math.max(...values))];
  return least === most ? `${least} ms` : `${least} to ${most} ms`;
}
