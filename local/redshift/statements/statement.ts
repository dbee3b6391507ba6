/** A statement as the Data API knows it, kept for 24 hours. Plain data: it is written to the log as it is. */
import type { StatementFault } from '../../statement-fault.ts';
import type { Caller } from '../protocol/caller.ts';
import type { ExecutionMode, ResultFormat, SqlParameter } from '../protocol/requests.ts';

export type StatementState = 'SUBMITTED' | 'PICKED' | 'STARTED' | 'FINISHED' | 'FAILED' | 'ABORTED';

/** What a statement, or one of a batch, has come to. Times are ms since the epoch, on the local clock. */
export interface Progress {
  status: StatementState;
  error?: string;
  createdAt: number;
  updatedAt: number;
  startedAt?: number;
  /** Nanoseconds; -1 before the end. */
  duration: number;
  /** Rows returned or affected; -1: unknown. */
  rows: number;
  /** Bytes of the result; -1: unknown. */
  size: number;
  hasResultSet: boolean;
  /** -1: none (leader-only statements); 0: the parent of a batch. */
  queryId: number;
}

export interface SubStatement extends Progress {
  readonly sql: string;
}

/** Where a statement runs. */
export interface Target {
  readonly clusterIdentifier?: string;
  readonly workgroupName?: string;
  readonly database: string;
  readonly dbUser: string;
  readonly secretArn?: string;
}

export interface Statement extends Progress {
  readonly id: string;
  readonly caller: Caller;
  readonly target: Target;
  readonly batch: boolean;
  readonly executionMode: ExecutionMode;
  readonly resultFormat: ResultFormat;
  /** One for each SQL text; of an ExecuteStatement one that mirrors the statement. */
  readonly parts: readonly SubStatement[];
  readonly parameters?: readonly SqlParameter[];
  readonly name?: string;
  readonly clientToken?: string;
  readonly withEvent: boolean;
  /** The session it runs in; named to the caller only if `sessionShown`. */
  readonly sessionId: string;
  readonly sessionShown: boolean;
  pid: number;
  /** The completion event was handed over. */
  eventSent: boolean;
  /** Injected. */
  readonly fault?: StatementFault;
}

export function isTerminal(status: StatementState): boolean {
  return status === 'FINISHED' || status === 'FAILED' || status === 'ABORTED';
}

/** An id with its part: `<uuid>:<n>` names the nth statement of a batch, from 1. */
export function splitId(id: string): { readonly id: string; readonly part?: number } {
  const [base = id, part] = id.split(':');
  return part === undefined || part === '' ? { id: base } : { id: base, part: Number(part) };
}
