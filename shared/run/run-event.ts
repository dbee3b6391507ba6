/**
 * Everything that can happen to a run: events from outside, and the answers to its own effects. Events from outside are
 * wake-ups, not facts: they are trusted only as far as `decide` can check them.
 */
import type { Failed, Finished, LookUpReason, PendingOpener, Problem, StatementEnd } from './decision.ts';
import type { PlanView } from './plan-view.ts';
import type {
  Durations,
  FailureCard,
  FailureClass,
  FileList,
  Leaving,
  PendingAction,
  RebuildItem,
  StepStatus,
} from './run.ts';

export type RunEvent =
  /** The run should be looked at: its start, the sweep, a duplicate. */
  | { readonly kind: 'Woken' }
  /** The driver that recorded this statement may not wait for it. */
  | { readonly kind: 'PassedOn'; readonly statementId: string }
  | StatementEnded
  /** A drive ended with an internal error. */
  | { readonly kind: 'DriveFailed'; readonly message: string }
  | SlotTaken
  | { readonly kind: 'SlotBusy' }
  | { readonly kind: 'SessionOpened'; readonly sessionId: string; readonly pid?: number }
  | SessionOpening
  | { readonly kind: 'SessionVerified'; readonly sessionId: string }
  | CallRefused
  | SessionSeen
  | InputChecked
  | FilesGathered
  | FilesMarked
  | FilesListed
  | FilesChecked
  | { readonly kind: 'LeavingTold'; readonly list: string }
  | Submitted
  | NameLookedUp
  | StatementSeen
  | VerdictRead
  | LoadErrorsRead
  | { readonly kind: 'CancelSent' }
  | RebuildPlanned
  | MarkerProbed
  | VerifyQueryRead
  /** The run is to be published: this is what people are told. */
  | { readonly kind: 'CardMade'; readonly card: FailureCard }
  | { readonly kind: 'ActionsDone'; readonly actions: readonly PendingAction[] };

/** The completion event. */
export interface StatementEnded {
  readonly kind: 'StatementEnded';
  /** The first ten characters of the token in the statement's name. */
  readonly tokenStart: string;
  readonly statementId: string;
  readonly status: StepStatus;
  readonly at: string;
  readonly rows?: number;
  /** False when the event names a principal that is not our role. */
  readonly trusted: boolean;
}

export interface SlotTaken {
  readonly kind: 'SlotTaken';
  readonly epoch: number;
  /** Today's plan if it is a different one: a run that has not begun adopts it. */
  readonly plan?: PlanView;
  /** How long the pipeline's steps took in earlier runs (handoff.ts). */
  readonly took?: Durations;
}

/** The opener takes long: the warehouse may be starting. */
export interface SessionOpening {
  readonly kind: 'SessionOpening';
  readonly pending: PendingOpener;
  readonly tries: number;
}

/** Opening, verifying or submitting was refused or failed. */
export interface CallRefused {
  readonly kind: 'CallRefused';
  readonly call: 'open' | 'verify' | 'submit';
  readonly refusal: Refusal;
  readonly tries: number;
}

export interface SessionSeen {
  readonly kind: 'SessionSeen';
  readonly status: SessionStatus;
  readonly why: LookUpReason;
}

type SessionStatus = 'AVAILABLE' | 'BUSY' | 'CLOSED' | 'UNKNOWN';

export interface InputChecked {
  readonly kind: 'InputChecked';
  /** Absent if there is no object with the file's key. */
  readonly seen?: SeenFile;
  readonly about?: Finished;
}

/** The files that wait were listed. */
export interface FilesGathered {
  readonly kind: 'FilesGathered';
  /** Absent: there is none. */
  readonly list?: FileList;
  /** Why the files cannot be listed. */
  readonly problem?: string;
}

/** The runs of the listed files were absorbed, or belong elsewhere. */
export interface FilesMarked {
  readonly kind: 'FilesMarked';
  /** The list whose files were marked. */
  readonly from: string;
  /** Without those that belong elsewhere; absent: no file is left. `unfinished`: the invocation has no time for the rest. */
  readonly list?: FileList | 'unfinished';
}

/** A list without some files was made. */
export interface FilesListed {
  readonly kind: 'FilesListed';
  readonly from: string;
  /** Absent: no file is left. */
  readonly list?: FileList;
  readonly leaving: readonly Leaving[];
  readonly about?: Failed;
}

/** The files of a batch were compared with those of their events. */
export interface FilesChecked {
  readonly kind: 'FilesChecked';
  readonly from: string;
  /** The first that are not the same, at most 25. */
  readonly wrong: readonly Leaving[];
  /** Before the load: content hash of the object that lists them as they are. */
  readonly snapshot?: string;
  readonly about?: Finished;
}

/** The rows that could not be loaded, one line each; empty: not known. */
export interface LoadErrorsRead {
  readonly kind: 'LoadErrorsRead';
  readonly message: string;
  /** The files of the batch that they name; absent: none, or not known exactly. */
  readonly badFiles?: readonly Leaving[];
  readonly about: Failed;
}

export interface Submitted {
  readonly kind: 'Submitted';
  readonly token: string;
  readonly statementId: string;
  readonly sessionId?: string;
  /** The pending history row was written in parallel with the submission. */
  readonly historyWritten: boolean;
}

export interface NameLookedUp {
  readonly kind: 'NameLookedUp';
  readonly token: string;
  readonly statementId?: string;
  readonly why: LookUpReason;
}

export type StatementSeen =
  | {
      readonly kind: 'StatementSeen';
      readonly statementId: string;
      readonly status: 'RUNNING' | 'NOT_FOUND';
      /** The driver waited in vain, or could not: nothing is concluded from it. */
      readonly waited?: true;
    }
  | {
      readonly kind: 'StatementSeen';
      readonly statementId: string;
      readonly status: StepStatus;
      readonly end: StatementEnd;
    };

export interface VerdictRead {
  readonly kind: 'VerdictRead';
  readonly passed: boolean;
  readonly message: string;
  /** The rows that the check returned; absent: the checks of a group passed. */
  readonly rows?: number;
  /** Index of the check of a group that failed: the first. */
  readonly at?: number;
  readonly about: Finished;
}

/** The current object with a file's key, which a COPY would read. */
export interface SeenFile {
  readonly etag: string;
  /** Absent in a bucket without versioning. */
  readonly versionId?: string;
  /** S3's LastModified, which has whole seconds; not the time of the event. ISO 8601. */
  readonly modified?: string;
}

/** Why a call had no effect, or may have had one. */
export interface Refusal {
  readonly reason:
    /** `Session is not available`: busy or gone, the message is the same. */
    | 'session-unavailable'
    /** `Session with Id … is invalid`: it never existed. */
    | 'session-unknown'
    /** Throttled, too many sessions or statements, paused, resizing: had no effect, uses no attempt. */
    | 'throttled'
    /** Timeout, lost connection, 5xx: the call may have taken effect. */
    | 'outcome-unknown'
    /** Definitely refused: invalid request, missing permission, missing warehouse. */
    | 'rejected';
  readonly class: FailureClass;
  readonly message: string;
}

/** How the session can be rebuilt, from lineage and history. */
export interface RebuildPlanned {
  readonly kind: 'RebuildPlanned';
  readonly verdict: 'always' | 'proved' | 'refused';
  readonly todo: readonly RebuildItem[];
  /** Why it cannot be rebuilt; one sentence each. */
  readonly reasons: readonly string[];
  readonly about: Problem;
}

/** The marker of the current step, read from a new session; and the state of the statement's session. */
export interface MarkerProbed {
  readonly kind: 'MarkerProbed';
  /** `later`: it could not be read now. `unreadable`: the warehouse rejects the query. */
  readonly marker: 'present' | 'absent' | 'unreadable' | 'later';
  /** Of the session in which the statement ran. */
  readonly session: SessionStatus;
  /** Open transactions of that session's process, from the system views. */
  readonly open: 'none' | 'some' | 'unreadable';
  readonly about: Problem;
}

export interface VerifyQueryRead {
  readonly kind: 'VerifyQueryRead';
  /** `later`: it could not be read now. `unreadable`: the warehouse rejects the query, or it returned no boolean. */
  readonly applied: boolean | 'unreadable' | 'later';
  readonly about: Problem;
}
