/**
 * Requests to the `operate` function: by invocation (it returns the response), or by an event with source
 * `baton.request` (the response is stored on the run as `lastRequest`; that of a pause is logged).
 */
import type { CancelRequest, ResolveRequest, ResumeRequest } from '../run/request.ts';

export type OperateRequest =
  | {
      readonly verb: 'start';
      readonly requestId: string;
      readonly pipeline: string;
      /** `s3://bucket/key`; it must exist. */
      readonly file?: string;
      readonly parameters?: Readonly<Record<string, string>>;
      /** Name of the step after which the run pauses. */
      readonly until?: string;
      readonly actor: string;
      readonly reason?: string;
    }
  | (OfRun &
      Omit<ResumeRequest, 'plan' | 'replayName' | 'without'> & {
        /** Keys of files that are taken out of a batch. */
        readonly without?: readonly string[];
      })
  | (OfRun & CancelRequest)
  | (OfRun & ResolveRequest);

interface OfRun {
  readonly runId: string;
}

export interface Refusal {
  readonly ok: false;
  /** `invalid`: the request itself is wrong; `not-found`: no such run or pipeline; `refused`: not in this state. */
  readonly code: 'invalid' | 'not-found' | 'refused';
  readonly message: string;
}

export type OperateAnswer =
  | { readonly ok: true; readonly runId: string; readonly state: string; readonly message: string }
  | Refusal;

/** While a pipeline is paused, none of its waiting runs starts. */
export type PauseRequest =
  | (OfPipeline & { readonly verb: 'pause' })
  | (OfPipeline & { readonly verb: 'unpause' });

interface OfPipeline {
  readonly requestId: string;
  readonly pipeline: string;
  readonly actor: string;
  readonly reason?: string;
}

export type PauseAnswer =
  | {
      readonly ok: true;
      readonly pipeline: string;
      /** Now, after the request. */
      readonly paused: boolean;
      /** Runs that wait for a slot. */
      readonly waiting: number;
      readonly message: string;
    }
  | Refusal;

/** One page of the files that were there before. By invocation only. */
export interface BackfillRequest {
  readonly verb: 'backfill';
  readonly requestId: string;
  readonly actor: string;
  readonly pipeline: string;
  /** Of the keys. */
  readonly prefix?: string;
  /** LastModified from this time on. ISO 8601, UTC, with milliseconds. */
  readonly since?: string;
  /** LastModified before this time. */
  readonly until?: string;
  /** Admit files of which it is not known whether they were loaded. */
  readonly again?: boolean;
  /** Count, and change nothing. */
  readonly dryRun?: boolean;
  /** `s3://bucket/key`: go on after this object. */
  readonly after?: string;
}

export interface BackfillCounts {
  readonly listed: number;
  /** A run was created; in a dry run: would be. */
  readonly new: number;
  readonly loadedBefore: number;
  /** A newer upload of the key was admitted. */
  readonly superseded: number;
  /** An upload of the key was admitted by a version of Baton that did not keep which one. */
  readonly unclear: number;
  /** Not a file of the pipeline, or outside of the time asked for. */
  readonly ignored: number;
}

export interface BackfillAnswer {
  readonly ok: true;
  readonly message: string;
  readonly counts: BackfillCounts;
  /** Where the next page begins; absent: there is none. */
  readonly next?: string;
}

/** Starts the due times of a pipeline's schedules that have no run, oldest first. By invocation only. */
export interface StartDueRequest {
  readonly verb: 'start-due';
  readonly requestId: string;
  readonly actor: string;
  readonly pipeline: string;
  /** From this time on. ISO 8601, UTC, with milliseconds. */
  readonly from: string;
  /** Before this time, and never after now. */
  readonly to: string;
  readonly dryRun?: boolean;
}

/** One statement that reads, in the session of a run that is stopped. By invocation only. */
export interface QueryRequest {
  readonly verb: 'query';
  readonly requestId: string;
  readonly actor: string;
  readonly runId: string;
  readonly sql: string;
  /** The first rows of the result, 1 to 1,000; absent: 100. */
  readonly rows?: number;
}

export interface QueryResult {
  readonly ok: true;
  readonly runId: string;
  readonly message: string;
  /** `type`: as the warehouse names it. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The first rows, as text; NULL is null. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows of the whole result. */
  readonly total: number;
}

export type QueryAnswer =
  | QueryResult
  | Refusal
  /** The warehouse rejected the SQL: its own words. */
  | { readonly ok: false; readonly code: 'failed'; readonly message: string };

export interface StartDueAnswer {
  readonly ok: true;
  readonly message: string;
  /** Due times without a run, oldest first: started now; in a dry run: would be. */
  readonly started: readonly string[];
  /** Due times that had a run. */
  readonly before: number;
  /** Where the next request begins; absent: all are done. */
  readonly next?: string;
}

/** By invocation only. */
export interface CheckRequest {
  readonly verb: 'check';
  readonly requestId: string;
  readonly actor: string;
}

/** One check, made with the functions' own role. */
export interface Probe {
  readonly what:
    | 'sign-in'
    | 'marker'
    | 'transactions'
    | 'load-errors'
    | 'temporary-tables'
    /** Permissions on a table that pipelines name. */
    | 'table'
    /** HeadObject where files come from. */
    | 'files'
    /** PutObject of a manifest. */
    | 'artifacts'
    /** The warehouse's own role reads. */
    | 'copy'
    /** A statement with its event, and a transaction, in a session. */
    | 'statement'
    | 'transaction'
    /** What follows a lost reply, a lost session, a request to cancel. */
    | 'list-statements'
    | 'list-sessions'
    | 'cancel'
    /** Waking a run. */
    | 'put-events'
    /** Their arrival at run-step; `ms`: since the call that caused them. */
    | 'completion-event'
    | 'wake-up-event';
  /** `unsure`: the check was inconclusive. */
  readonly status: 'ok' | 'failed' | 'unsure';
  /** Table, bucket and prefix, or what an event is of. */
  readonly about?: string;
  /** Present if it is not the stage's own warehouse. */
  readonly warehouse?: string;
  /** The service's error message. */
  readonly said?: string;
  readonly ms: number;
}

export interface CheckAnswer {
  readonly ok: true;
  readonly message: string;
  /** As they were deployed. */
  readonly pipelines: readonly { readonly pipeline: string; readonly hash: string }[];
  /** The reserved concurrency of run-step is too small for calls that wait for statements. */
  readonly tooFew?: { readonly reserved: number; readonly needed: number };
  readonly buckets: { readonly artifacts: string; readonly files: readonly string[] };
  readonly probes: readonly Probe[];
}

/** Tries what AWS does not document: one part of the assumptions at a time. By invocation only. */
export interface ProbeRequest {
  readonly verb: 'probe';
  readonly requestId: string;
  readonly actor: string;
  readonly part: ProbePart;
}

export type ProbePart = 'hand-over' | 'busy' | 'failures' | 'sessions';

/** What was seen of one assumption about the warehouse. */
export interface Observation {
  readonly assumption: Assumption;
  /** `not-seen`: nothing was seen that speaks for it or against it. */
  readonly status: 'holds' | 'differs' | 'not-seen';
  /** What was seen, with figures. */
  readonly found: string;
  /** The switch of the local AWS that makes it behave so (local/redshift/protocol/switches.ts): name and value. */
  readonly observed?: readonly [string, string];
}

export type Assumption =
  | 'event'
  | 'batch-event'
  | 'failure-event'
  | 'event-principal'
  | 'event-delay'
  | 'event-time'
  | 'describe-at-event'
  | 'busy-after-end'
  | 'name-look-up'
  | 'row-counts'
  | 'busy-words'
  | 'busy-state'
  | 'refused-token'
  | 'repeated-token'
  | 'open-transaction'
  | 'error-words'
  | 'error-ids'
  | 'session-after-error'
  | 'session-after-cancel'
  | 'failed-transaction'
  | 'true-reports'
  | 'unknown-session'
  | 'unknown-statement'
  | 'closing'
  | 'closed-words'
  | 'keep-alive-zero'
  | 'session-id'
  | 'idle-session';

export interface ProbeAnswer {
  readonly ok: true;
  readonly message: string;
  readonly observations: readonly Observation[];
  /** Why the rest of the part was not tried. */
  readonly stopped?: string;
}

export type AnyRequest =
  | OperateRequest
  | PauseRequest
  | CheckRequest
  | ProbeRequest
  | BackfillRequest
  | StartDueRequest
  | QueryRequest;
