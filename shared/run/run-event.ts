/**
 * Everything that can happen to a run: news from outside, and the answers to its own effects. News are wake-ups,
 * never facts: they are believed only as far as `decide` can check them.
 */
import type { Duty, Failure, FailureClass, FinishedStep, RebuildItem } from './run.ts';
import type { PlanView } from './plan-view.ts';

export type TerminalStatus = 'FINISHED' | 'FAILED' | 'ABORTED';

/** How a statement ended, as far as known. */
export interface StatementEnd {
  readonly statementId: string;
  readonly status: TerminalStatus;
  /** ISO 8601. */
  readonly endedAt: string;
  /** Rows returned or affected by the user's statements; absent when not known. */
  readonly rows?: number;
  readonly error?: Failure;
}

/** What a person or program asks of a run. */
export type PersonRequest = ResumeRequested | CancelRequested | ResolveRequested;

export type RunEvent =
  /** Somebody thinks the run should be looked at: its start, the sweep, a duplicate. */
  | { readonly kind: 'Woken' }
  /** The completion event. `tokenStart`: the first ten characters of the token in the statement's name. */
  | {
      readonly kind: 'StatementEnded';
      readonly tokenStart: string;
      readonly statementId: string;
      readonly status: TerminalStatus;
      readonly at: string;
      readonly rows?: number;
      /** False when the event names a principal that is not our role. */
      readonly trusted: boolean;
    }
  /** A drive ended with an error of our own. */
  | { readonly kind: 'DriveFailed'; readonly message: string }
  /** `plan`: today's, where it is another: a run that has done nothing yet takes it. */
  | { readonly kind: 'SlotTaken'; readonly epoch: number; readonly plan?: PlanView }
  | { readonly kind: 'SlotBusy' }
  | { readonly kind: 'SessionOpened'; readonly sessionId: string; readonly pid?: number }
  | { readonly kind: 'SessionProved'; readonly sessionId: string }
  /** Opening, or proving, or submitting was refused or failed. */
  | {
      readonly kind: 'CallRefused';
      readonly call: 'open' | 'prove' | 'submit';
      readonly refusal: Refusal;
      readonly tries: number;
    }
  | {
      readonly kind: 'SessionSeen';
      readonly status: 'AVAILABLE' | 'BUSY' | 'CLOSED' | 'UNKNOWN';
      readonly why: LookUpReason;
    }
  /** `seen`: absent where nothing lies under the file's key. */
  | { readonly kind: 'InputChecked'; readonly seen?: SeenFile; readonly end?: StatementEnd }
  | {
      readonly kind: 'Submitted';
      readonly token: string;
      readonly statementId: string;
      readonly sessionId?: string;
      /** The row of `last` was written beside the submission. */
      readonly historyWritten: boolean;
    }
  | {
      readonly kind: 'NameLookedUp';
      readonly token: string;
      readonly statementId?: string;
      readonly why: LookUpReason;
    }
  | { readonly kind: 'StatementSeen'; readonly statementId: string; readonly status: 'RUNNING' | 'NOT_FOUND' }
  | {
      readonly kind: 'StatementSeen';
      readonly statementId: string;
      readonly status: TerminalStatus;
      readonly end: StatementEnd;
    }
  | {
      readonly kind: 'VerdictRead';
      readonly passed: boolean;
      readonly message: string;
      readonly end: StatementEnd;
    }
  | { readonly kind: 'LoadErrorsRead'; readonly message: string; readonly end: StatementEnd }
  | { readonly kind: 'HistoryWritten'; readonly row: FinishedStep; readonly afterwards: RunEvent }
  | { readonly kind: 'CancelSent' }
  | RebuildPlanned
  | MarkerProbed
  /** `later`: it could not be asked just now. `unreadable`: the warehouse refuses the question, or its answer is none. */
  | {
      readonly kind: 'VerifyAsked';
      readonly applied: boolean | 'unreadable' | 'later';
      readonly failure: Failure;
    }
  | { readonly kind: 'DutyDone'; readonly duty: Duty };

/** What lies under a file's key now, and a COPY would read. */
export interface SeenFile {
  readonly etag: string;
  /** Absent in a bucket that never had versions. */
  readonly versionId?: string;
  /** S3's LastModified, which has whole seconds; not the time of the event. ISO 8601. */
  readonly modified?: string;
}

export type LookUpReason =
  /** A claim grew old without a record: is its statement there, and if not, is its session idle? */
  | 'old-claim'
  /** The session stays unavailable. */
  | 'unavailable'
  /** The session is gone: the last look before concluding anything. */
  | 'session-gone'
  /** The run is being cancelled: is there something to stop? */
  | 'cancel';

export interface ResumeRequested {
  readonly kind: 'ResumeRequested';
  readonly requestId: string;
  readonly actor: string;
  readonly from?: string;
  /** The EventBridge replay that asks. */
  readonly replayName?: string;
  /** Today's plan of the pipeline: resume takes it. */
  readonly plan: PlanView;
}

/** Why a call had no effect, or may have had one. */
export interface Refusal {
  readonly reason:
    /** `Session is not available`: busy or gone, one message for both. */
    | 'session-unavailable'
    /** `Session with Id … is invalid`: it never existed. */
    | 'session-unknown'
    /** Throttled, too many sessions or statements, paused, resizing: has no effect, burns no attempt. */
    | 'throttled'
    /** Timeout, lost connection, 5xx: the call may have had its effect. */
    | 'outcome-unknown'
    /** Definitely refused: wrong request, missing permission, missing warehouse. */
    | 'rejected';
  readonly class: FailureClass;
  readonly message: string;
}

export interface CancelRequested {
  readonly kind: 'CancelRequested';
  readonly requestId: string;
  readonly actor: string;
  readonly reason?: string;
}

/** What lineage and history say about rebuilding the session. */
export interface RebuildPlanned {
  readonly kind: 'RebuildPlanned';
  /** Index of the step to go on from. */
  readonly target: number;
  readonly verdict: 'always' | 'proved' | 'refused';
  readonly todo: readonly RebuildItem[];
  /** Why it is refused; one sentence each. */
  readonly reasons: readonly string[];
  readonly failure: Failure;
}

/** The marker of the current step, read from a fresh session; and what is known of the statement's end. */
export interface MarkerProbed {
  readonly kind: 'MarkerProbed';
  /** `later`: it could not be asked just now. `unreadable`: the warehouse refuses the question. */
  readonly marker: 'present' | 'absent' | 'unreadable' | 'later';
  /** Of the session in which the statement ran. */
  readonly session: 'AVAILABLE' | 'BUSY' | 'CLOSED' | 'UNKNOWN';
  /** Transactions of that session's process that are still open, by the system views. */
  readonly open: 'none' | 'some' | 'unreadable';
  readonly failure: Failure;
  /** The statement was seen to end (FAILED, ABORTED): it is dead. */
  readonly end?: StatementEnd;
}

export interface ResolveRequested {
  readonly kind: 'ResolveRequested';
  readonly requestId: string;
  readonly actor: string;
  readonly reason?: string;
  readonly verdict: 'applied' | 'not-applied' | 'abandon';
}
