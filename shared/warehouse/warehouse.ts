/** What Baton needs of the Redshift Data API, in Baton's words. One adapter (data-api.ts), one fake in the tests. */
import type { Refusal } from '../run/run-event.ts';
import type { StepStatus } from '../run/run.ts';

/** How long a session may idle, in seconds. */

/** After its opener: longer than it takes to claim a first step again whose token was used up (shared/run/old-claim.ts). */
export const OPENER_KEEP_ALIVE_SECONDS = 300;
/** To be ended: there is no CloseSession (Redshift management guide: Data API sessions). */
export const CLOSING_KEEP_ALIVE_SECONDS = 1;

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

export interface Opening {
  /** Session settings: name -> value as SQL text. */
  readonly set: Readonly<Record<string, string>>;
  /** Of the first statement. */
  readonly name: string;
  /** Workgroup or cluster, if it is not the stage's own. */
  readonly warehouse?: string;
  /** That first statement, if it was sent before. */
  readonly pending?: { readonly sessionId: string; readonly statementId: string };
}

/** `statementId`: the first statement, if it has not ended within 2 s; the process is not known then. */
export interface Opened {
  readonly sessionId: string;
  readonly pid?: number;
  readonly statementId?: string;
}

export interface Submission {
  readonly sessionId: string;
  /** Unique in the account; a look-up by it finds exactly this submission. */
  readonly name: string;
  /** 1 to 64 characters; AWS remembers it for 8 hours. */
  readonly token: string;
  /** 1 to 40 statements. */
  readonly sqls: readonly string[];
  /** True: one BatchExecuteStatement, ExecutionMode TRANSACTION; else `sqls` has one statement. */
  readonly transaction: boolean;
  /** Idle time after the statement until the session ends. Seconds, 0 to 86,400. */
  readonly keepAliveSeconds: number;
}

export interface StatementStatus {
  readonly statementId: string;
  /** RUNNING: submitted, picked or started. */
  readonly status: 'RUNNING' | StepStatus;
  readonly error?: string;
  /** Index of the statement of a transaction that failed or was cancelled, from 0, where that is known. */
  readonly failed?: number;
  /** Of each statement, in order; -1 and null are left out as undefined. */
  readonly rows: readonly (number | undefined)[];
  /** Of each statement, in order: how long it ran, and the rows of its result, if it has one and they were counted. */
  readonly parts?: readonly { readonly ms?: number; readonly returned?: number }[];
  readonly updatedAt?: Date;
  readonly durationMs?: number;
  readonly queryId?: number;
  readonly pid?: number;
}

/** Rows as text; NULL is null. `total`: with those that were not asked for. */
interface ResultRows {
  readonly columns: readonly string[];
  /** Of each column, as the warehouse names it. */
  readonly types: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly total: number;
}

/** The outcome of an internal statement. */
export interface SmallEnd {
  readonly statementId: string;
  readonly status: StatementStatus['status'];
  readonly error?: string;
}

export interface Warehouse {
  /**
   * Opens a session with an effect-free first statement, waiting up to 2 s for its end; or waits up to 45 s for one that was sent before
   * (`pending`). Keep-alive `OPENER_KEEP_ALIVE_SECONDS`.
   */
  open(opening: Opening): Promise<Result<Opened>>;
  submit(submission: Submission): Promise<Result<{ statementId: string; sessionId?: string }>>;
  /**
   * `waitSeconds` (1 to 30): answers as soon as the statement has ended, or after so long. It is tried once; a wait that is refused,
   * or whose answer does not come, is RUNNING.
   */
  describe(statementId: string, waitSeconds?: number): Promise<StatementStatus | 'NOT_FOUND'>;
  /**
   * The first rows of a result, from as many pages as it takes; fewer where those have more than `mostBytes` as JSON. It is kept for
   * 24 hours. `statementId:n`: of the nth statement of a transaction, from 1.
   */
  result(statementId: string, limit: number, mostBytes?: number): Promise<ResultRows | 'NOT_FOUND'>;
  /** The statement of exactly this name, in any state. A complete look-up: every page. */
  findByName(name: string): Promise<string | undefined>;
  session(sessionId: string): Promise<'AVAILABLE' | 'BUSY' | 'CLOSED' | 'UNKNOWN'>;
  /** Cancels a statement. Has no effect on one that has ended or is no longer known. */
  cancel(statementId: string): Promise<void>;
  /** One query in a session of its own, waiting up to 45 s; its rows as text, at most 1,000. */
  ask(sql: string, warehouse?: string): Promise<Result<readonly (readonly (string | null)[])[]>>;
  /** Runs one internal statement in the session, waiting up to 30 s for its end; without an event. */
  runSmall(sessionId: string, sql: string, keepAliveSeconds: number): Promise<Result<SmallEnd>>;
}
