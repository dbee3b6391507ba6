/**
 * Carries a statement from SUBMITTED to its end: on its session's backend, its parts in order, as one transaction
 * or each for itself; then frees the session, writes the end down, wakes who waits and hands the event over.
 */
import process from 'node:process';

import type { Pool } from 'pg';

import type { Clock } from '../../clock.ts';
import type { ConnectOptions } from '../postgres/start-postgres.ts';
import type { Switches } from '../protocol/switches.ts';
import type { Session } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { isTerminal } from '../statements/statement.ts';
import type { Statement, StatementState, SubStatement } from '../statements/statement.ts';
import type { Statements } from '../statements/statements.ts';
import { CONNECTION_LOST, errorText, isConnectionError, withErrorId } from './redshift-error.ts';
import { commit, preparePart, runPart } from './run-part.ts';
import type { PartRunner, Prepared } from './run-part.ts';

interface Run {
  ended?: Promise<void>;
  readonly statement: Statement;
  readonly session: Session;
  readonly abort: AbortController;
  cancelled: boolean;
  /** The cancellation under way; the session is not freed before it is through. */
  cancelling?: Promise<void>;
}

export interface RunnerOptions extends PartRunner {
  readonly clock: Clock;
  readonly admin: Pool;
  readonly connect: ConnectOptions;
  readonly switches: Switches;
  readonly statements: Statements;
  readonly sessions: Sessions;
  /** A statement ended that was submitted with WithEvent. */
  readonly onEnd: (statement: Statement) => void;
}

const CANCEL_AGAIN_MS = 50;
/** After comments. */
const CALL = /^(?:\s|--[^\n]*\n|\/\*.*?\*\/)*CALL\b/is;

export class Runner {
  readonly #options: RunnerOptions;
  readonly #runs = new Map<string, Run>();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Starts it; never rejects. Resolves at the end of the statement. */
  async run(statement: Statement, session: Session): Promise<void> {
    const run: Run = { statement, session, abort: new AbortController(), cancelled: false };
    this.#runs.set(statement.id, run);
    session.currentStatementId = statement.id;
    run.ended = this.#carry(run);
    await run.ended;
  }

  /** Once nothing runs any more. */
  async allEnded(): Promise<void> {
    for (const run of this.#runs.values()) await run.ended;
  }

  async #carry(run: Run): Promise<void> {
    const status = await this.#runToEnd(run);
    await run.cancelling;
    this.#runs.delete(run.statement.id);
    this.#end(run, status);
  }

  /** Breaks a running statement off; its end is ABORTED, unless it is quicker. */
  cancel(id: string): void {
    const run = this.#runs.get(id);
    if (run === undefined || run.cancelled) return;
    run.cancelled = true;
    if (this.#commitsAllTheSame(run)) return;
    run.abort.abort();
    run.cancelling = this.#cancelBackend(run);
  }

  /** The backend of a session goes away, with what runs in it. */
  async terminate(session: Session): Promise<void> {
    if (session.pid === 0) return;
    if (session.currentStatementId === undefined && !this.#isRunning(session)) session.disconnect();
    else
      await this.#options.admin
        .query('SELECT pg_terminate_backend($1)', [session.pid])
        .catch(() => undefined);
  }

  #isRunning(session: Session): boolean {
    return [...this.#runs.values()].some((run) => run.session === session);
  }

  async #runToEnd(run: Run): Promise<StatementState> {
    const { statement } = run;
    const began = process.hrtime.bigint();
    try {
      await this.#connect(run);
      if (run.cancelled) return this.#abortAll(run);
      this.#progress(statement, 'STARTED');
      return await this.#faulty(run);
    } catch (error) {
      // The connection failed: no part ran, and there is no session.
      this.#options.sessions.close(run.session);
      statement.error = errorText(error, -1);
      for (const part of statement.parts) if (!isTerminal(part.status)) this.#endPart(part, 'ABORTED');
      return 'FAILED';
    } finally {
      statement.duration = Number(process.hrtime.bigint() - began);
    }
  }

  async #connect({ statement, session }: Run): Promise<void> {
    if (session.pid === 0) {
      await session.connect(this.#options.connect, () => {
        this.#options.sessions.close(session);
      });
      if (session.state === 'CLOSED') {
        session.disconnect();
        throw new Error('Connection terminated');
      }
    }
    statement.pid = session.pid;
    this.#progress(statement, 'PICKED');
  }

  /** Its parts, with the fault that was injected into it. */
  async #faulty(run: Run): Promise<StatementState> {
    const { statement, session } = run;
    const { fault } = statement;
    if (fault === undefined) return this.#runParts(run);
    if (fault.kind === 'statement-fails') {
      statement.error = fault.message;
      for (const [index, part] of statement.parts.entries()) {
        if (index === 0) part.error = fault.message;
        this.#endPart(part, index === 0 ? 'FAILED' : 'ABORTED');
      }
      return 'FAILED';
    }
    if (fault.kind === 'session-ends-during' && !isTransaction(statement)) {
      // Of a procedure that commits inside, the backend goes away with its first COMMIT; else before it does anything.
      if (CALL.test(statement.parts[0]?.sql ?? ''))
        await session.client.query("SELECT set_config('redshift.ends_at_commit', 'on', false)");
      else await this.#loseBackend(session);
    }
    const status = await this.#runParts(run);
    if (status !== 'FINISHED' || fault.kind === 'session-ends-before') return status;
    this.#options.sessions.close(session);
    if (fault.kind === 'session-ends-after') return status;
    statement.error = CONNECTION_LOST;
    const last = statement.parts.at(-1);
    if (last !== undefined) {
      last.error = CONNECTION_LOST;
      this.#endPart(last, 'FAILED');
    }
    return 'FAILED';
  }

  /** As if the connection broke; resolves when that was noticed here. */
  async #loseBackend(session: Session): Promise<void> {
    await this.#options.admin.query('SELECT pg_terminate_backend($1)', [session.pid]);
    await session.client.query('SELECT 1').catch(() => undefined);
    this.#options.sessions.close(session);
  }

  async #runParts(run: Run): Promise<StatementState> {
    const { statement, session } = run;
    await session.followClock(this.#options.clock.now());
    if (!statement.batch) return this.#runOne(run, 0);
    if (statement.executionMode === 'TRANSACTION') return this.#runTransaction(run);
    let failed: SubStatement | undefined;
    for (const [index, part] of statement.parts.entries()) {
      if (run.cancelled) return this.#abortAll(run);
      const status = await this.#runOne(run, index);
      if (status === 'ABORTED') return this.#abortAll(run);
      if (status === 'FAILED') failed ??= part;
    }
    if (failed?.error !== undefined) statement.error = failed.error;
    return failed === undefined ? 'FINISHED' : 'FAILED';
  }

  /** One transaction; at the first failure all is rolled back and the parts after it never run (ABORTED). */
  async #runTransaction(run: Run): Promise<StatementState> {
    const { statement, session } = run;
    let status: StatementState = 'FINISHED';
    try {
      await session.client.query('BEGIN');
      for (const index of statement.parts.keys()) {
        status = run.cancelled && !this.#commitsAllTheSame(run) ? 'ABORTED' : await this.#runOne(run, index);
        if (status !== 'FINISHED') break;
      }
      if (status === 'FINISHED') {
        if (statement.fault?.kind === 'session-ends-during') await this.#loseBackend(session);
        await commit(session);
        if (run.cancelled && this.#commitsAllTheSame(run)) status = 'ABORTED';
      } else await session.client.query('ROLLBACK');
    } catch (error) {
      statement.error ??= this.#text(run, error, 0);
      status = run.cancelled ? 'ABORTED' : 'FAILED';
      await session.client.query('ROLLBACK').catch(() => undefined);
    }
    if (status === 'FINISHED') return status;
    for (const part of statement.parts) {
      if (part.error !== undefined) statement.error ??= part.error;
      if (!isTerminal(part.status)) this.#endPart(part, 'ABORTED');
    }
    this.#options.results.remove(statement.id);
    for (const part of statement.parts) part.hasResultSet = false;
    return status;
  }

  async #runOne(run: Run, index: number): Promise<StatementState> {
    const { statement, session } = run;
    const part = statement.parts[index];
    if (part === undefined) throw new Error(`the statement has no part ${String(index)}`);
    const began = process.hrtime.bigint();
    part.status = 'STARTED';
    part.startedAt = this.#options.clock.now();
    let prepared: Prepared | undefined;
    let status: StatementState = 'FINISHED';
    const { statements } = this.#options;
    try {
      const it = {
        statementId: statement.id,
        number: index + 1,
        sql: part.sql,
        parameters: statement.parameters,
        format: statement.resultFormat,
      };
      prepared = preparePart(it);
      if (prepared.hasQueryId) part.queryId = statements.nextQueryId();
      const outcome = await runPart(this.#options, session, it, prepared, part.queryId, run.abort.signal);
      // TRUNCATE committed what was open; the rest of the batch is a new transaction.
      if (isTransaction(statement) && !session.inTransaction) await session.client.query('BEGIN');
      Object.assign(
        part,
        outcome,
        this.#options.switches.resultsCounted || !outcome.hasResultSet ? {} : { rows: -1 },
      );
    } catch (error) {
      part.error = this.#text(run, error, part.queryId, isOwnText(prepared) ? part.sql : undefined);
      status = run.cancelled && !isConnectionError(error) ? 'ABORTED' : 'FAILED';
      await failTransaction(session);
    }
    part.duration = Number(process.hrtime.bigint() - began);
    this.#endPart(part, status);
    statements.wake(statement.id);
    return status;
  }

  #commitsAllTheSame({ statement }: Run): boolean {
    return this.#options.switches.abortedAfterCommit && isTransaction(statement);
  }

  #abortAll({ statement }: Run): StatementState {
    for (const part of statement.parts) if (!isTerminal(part.status)) this.#endPart(part, 'ABORTED');
    return 'ABORTED';
  }

  #text(run: Run, error: unknown, queryId: number, sql?: string): string {
    const lost = run.session.state === 'CLOSED' && !run.cancelled;
    const text = lost ? CONNECTION_LOST : errorText(error, queryId, sql);
    const serverless = run.statement.target.workgroupName !== undefined;
    return this.#options.switches.errorIds && serverless ? withErrorId(text) : text;
  }

  #progress(statement: Statement, status: StatementState): void {
    statement.status = status;
    statement.updatedAt = this.#options.clock.now();
    if (status === 'STARTED') statement.startedAt = statement.updatedAt;
  }

  #endPart(part: SubStatement, status: StatementState): void {
    part.status = status;
    part.updatedAt = this.#options.clock.now();
  }

  #end({ statement, session }: Run, status: StatementState): void {
    const { parts } = statement;
    const [only] = parts;
    statement.hasResultSet = parts.some((part) => part.hasResultSet);
    statement.rows = sum(parts.map((part) => part.rows));
    statement.size = sum(parts.map((part) => part.size));
    statement.queryId = statement.batch ? 0 : (only?.queryId ?? -1);
    if (!statement.batch && only?.error !== undefined) statement.error = only.error;
    this.#progress(statement, status);
    if (status === 'FAILED' && this.#options.switches.sessionEndsAfterError)
      this.#options.sessions.close(session);
    this.#options.sessions.release(session);
    this.#options.statements.save(statement);
    if (statement.withEvent) this.#options.onEnd(statement);
  }

  /** Again and again until the run has ended: a signal that meets the gap between two commands is lost. */
  async #cancelBackend(run: Run): Promise<void> {
    const { admin } = this.#options;
    while (!run.statement.parts.every((part) => isTerminal(part.status)) && run.session.state !== 'CLOSED') {
      if (run.session.pid !== 0) {
        await admin.query('SELECT pg_cancel_backend($1)', [run.session.pid]).catch(() => undefined);
      }
      await new Promise<void>((resolve) => {
        setTimeout(resolve, CANCEL_AGAIN_MS);
      });
    }
    // A signal may still be on its way: it meets this query, not the session's next one.
    if (run.session.state !== 'CLOSED' && run.session.pid !== 0) {
      await run.session.client.query('SELECT 1').catch(() => undefined);
    }
  }
}

function isTransaction({ batch, executionMode }: Statement): boolean {
  return batch && executionMode === 'TRANSACTION';
}

/** What COPY and UNLOAD run is not the user's statement. */
function isOwnText(prepared: Prepared | undefined): boolean {
  return prepared === undefined || prepared.translated.kind === 'sql';
}

/** An error that PostgreSQL did not see (a refused text, a missing file) fails an open transaction all the same. */
async function failTransaction({ client, state }: Session): Promise<void> {
  if (state === 'CLOSED' || client.getTransactionStatus() !== 'T') return;
  await client.query("DO $$ BEGIN RAISE EXCEPTION 'failed before'; END $$").catch(() => undefined);
}

/** -1 stands for unknown. */
function sum(values: readonly number[]): number {
  const known = values.filter((value) => value >= 0);
  return known.length === 0 ? -1 : known.reduce((total, value) => total + value, 0);
}
