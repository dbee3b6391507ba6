/** The input and output of `decide`, effects included, and the small functions that its parts share. */
import type { PlanView, StepView } from './plan-view.ts';
import { asOne } from './plan-view.ts';
import type {
  ActiveRun,
  Failure,
  FailureClass,
  Leaving,
  MemberCounts,
  Run,
  RunIn,
  Running,
  Waiting,
  Work,
} from './run.ts';
import { underwayOf } from './run.ts';
import { shortened } from './text.ts';

export interface Decision {
  readonly run: Run;
  /**
   * `version`: store the run if it is as it was read. `record`: store it if the claim still carries the token,
   * whatever was written since. `none`: nothing to store.
   */
  readonly save: 'none' | 'version' | 'record';
  readonly effect?: Effect;
  /** Milliseconds to wait inside the invocation before the effect, if there is time; else the sweep continues. */
  readonly pauseMs?: number;
  /** Answer to a request. */
  readonly answer?: Answer;
  /** For the log: why nothing happened, or what is notable. */
  readonly note?: string;
}

export type Answer =
  | { readonly ok: true; readonly message: string }
  | { readonly ok: false; readonly code: 'refused'; readonly message: string };

/** What the core cannot know by itself: the plan, the time, random values, the stage's name. */
export interface Context {
  readonly plan: PlanView;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly chance: {
    /** A fresh token: 52 random characters of a-z2-7. */
    readonly token: string;
    /** 0 <= fraction < 1. */
    readonly fraction: number;
  };
  readonly stage: string;
  /** A step whose average duration is at most so long is waited for, in ms, if nothing else is set. Absent: none is. */
  readonly autoWaitMs?: number;
  /** This driver may wait for the end of the statement that it submits, for two seconds and more. */
  readonly mayWait?: boolean;
}

/** Everything that a run may request from outside. The engine performs it; the answer is a RunEvent with what it is `about`. */
export type Effect =
  /** Answer: SlotTaken or SlotBusy. */
  | { readonly kind: 'TakeSlot' }
  /** The effect-free opener; `pending`: waits on for one that was sent. Answer: SessionOpened, SessionOpening or CallRefused. */
  | { readonly kind: 'OpenSession'; readonly tries: number; readonly pending?: PendingOpener }
  /** ROLLBACK in the run's session: shows that it is usable. Answer: SessionVerified or CallRefused. */
  | { readonly kind: 'VerifySession'; readonly tries: number }
  /** Calls ListSessions. Answer: SessionSeen. */
  | { readonly kind: 'LookUpSession'; readonly why: LookUpReason }
  /** Lists the files that wait. Answer: FilesGathered. */
  | { readonly kind: 'GatherFiles' }
  /** Absorbs the runs of the listed files. `fresh`: no driver can have begun. Answer: FilesMarked. */
  | { readonly kind: 'MarkFiles'; readonly fresh: boolean }
  /** Makes a list without some files. `about`: the end of the load that showed it. Answer: FilesListed. */
  | { readonly kind: 'ListAgain'; readonly without: readonly Leaving[]; readonly about?: Failed }
  /** Tells the runs of the files that left. Answer: LeavingTold. */
  | { readonly kind: 'TellLeaving' }
  /** HeadObject of the run's file or files: before their load is claimed, and after the load (`about`). Answer: InputChecked or FilesChecked. */
  | { readonly kind: 'CheckInput'; readonly about?: Finished }
  /** Submits the current step with the stored token; writes the pending history row in parallel. Answer: Submitted or CallRefused. */
  | { readonly kind: 'Submit'; readonly tries: number }
  /** Waits up to five seconds for the end of the statement that was just submitted, which need not be recorded yet. Answer: StatementSeen, `waited`. */
  | { readonly kind: 'Await'; readonly statementId: string; readonly seconds: number }
  /** Wakes a driver that may wait for the statement: PassedOn. No answer: this driver is done. */
  | { readonly kind: 'PassOn'; readonly statementId: string }
  /** Calls ListStatements for the claim's exact name. Answer: NameLookedUp. */
  | { readonly kind: 'LookUpName'; readonly why: LookUpReason }
  /** Answer: StatementSeen. */
  | { readonly kind: 'Describe'; readonly statementId: string }
  /** Reads a check's result. Answer: VerdictRead. */
  | { readonly kind: 'ReadVerdict'; readonly about: Finished }
  /** Reads SYS_LOAD_ERROR_DETAIL in the same session. Answer: LoadErrorsRead. */
  | { readonly kind: 'ReadLoadErrors'; readonly about: Failed }
  /** Writes the pending history row. Answer: the same event again, to the run without that row. */
  | { readonly kind: 'WriteHistory' }
  /** Derives from lineage and history what must run again in a new session. Answer: RebuildPlanned. */
  | { readonly kind: 'PlanRebuild'; readonly about: Problem }
  /** Reads the current step's marker from a new session. Answer: MarkerProbed. */
  | { readonly kind: 'ProbeMarker'; readonly about: Problem }
  /** Runs the step's `verify:` query. Answer: VerifyQueryRead. */
  | { readonly kind: 'RunVerifyQuery'; readonly about: Problem }
  /** Answer: CancelSent. */
  | { readonly kind: 'CancelStatement'; readonly statementId: string }
  /** Performs the pending actions. Answer: ActionsDone, or CardMade. */
  | { readonly kind: 'PerformActions' }
  /** Answer: Woken. */
  | { readonly kind: 'Wake' };

/** The first statement of a session that is taking long. */
export interface PendingOpener {
  readonly sessionId: string;
  readonly statementId: string;
}

export type LookUpReason =
  /** A claim got old without a record: does its statement exist, and if not, is its session idle? */
  | 'old-claim'
  /** The session stays unavailable. */
  | 'unavailable'
  /** The session is gone: the last look-up before a conclusion. */
  | 'session-gone'
  /** The run is being cancelled: is there a statement to cancel? */
  | 'cancel';

/** The outcome of a submitted step, as far as known: what requests to the warehouse are about. */
export type Outcome = Finished | Problem;

export type Problem = Failed | Unknown;

export type StatementEnd = Finished | Failed;

/** What the description of a statement says of one step. */
export interface Described extends MemberCounts {
  /** Rows of the result of its only statement; absent: it has no result, or they were not counted. */
  readonly returned?: number;
}

/** `rows`: of the user's statements. */
interface Seen extends Described {
  readonly statementId: string;
  /** ISO 8601. */
  readonly endedAt: string;
  /** Of each step of a group, in order. */
  readonly members?: readonly Described[];
}

export interface Finished extends Seen {
  readonly status: 'FINISHED';
  /** The warehouse reported this failure, though the step was applied. */
  readonly error?: Failure;
}

/** Reported as failed or cancelled; the error text may leave open whether it was applied all the same. */
export interface Failed extends Seen {
  readonly status: 'FAILED' | 'ABORTED';
  readonly error: Failure;
  /** Index of the step of the group whose statement failed; absent: not known, or it was sent alone. */
  readonly at?: number;
  /** The transaction of its group is committed: the steps before it took effect. */
  readonly isKept?: true;
  /** The files of the batch that the warehouse names as the cause: they are to be set aside. */
  readonly badFiles?: readonly Leaving[];
}

/** No end was seen; `error` says why none is expected now. */
export interface Unknown {
  readonly status: 'UNKNOWN';
  readonly error: Failure;
}

/** Bytes of `waitingFor`. */
const LONGEST_REASON = 500;

/** A claim younger than this belongs to the driver that made it: other drivers leave it alone. */
export const CLAIM_IS_YOUNG_MS = 90_000;

/** Beyond this age a token is no longer relied on (AWS keeps it for 8 hours). */
export const TOKEN_WINDOW_MS = 30 * 60_000;

/** No driver lives longer: the functions end after 60 s (serverless.yml); the rest allows for clock skew. */
export const DRIVER_LIFE_MS = 90_000;

/** The letter in `handoff` of a step that is sent with the one before it. */
export const FUSED = '+';

export const READY = { phase: 'READY' } as const;

export function nothing(run: Run, note?: string): Decision {
  return note === undefined ? { run, save: 'none' } : { run, save: 'none', note };
}

export function ask(run: Run, effect: Effect, pauseMs?: number): Decision {
  return pauseMs === undefined ? { run, save: 'none', effect } : { run, save: 'none', effect, pauseMs };
}

export function store(run: Run, effect?: Effect): Decision {
  return effect === undefined ? { run, save: 'version' } : { run, save: 'version', effect };
}

/** The run with a slot, in this phase of its step; `nextCheckAt` as in `Running`. */
export function running<W extends Work>(run: Run, work: W, nextCheckAt: number): RunIn<Running<W>> {
  return { ...run, life: { state: 'RUNNING', work, nextCheckAt } };
}

/** The same run in another phase of its step. */
export function working<W extends Work>(run: ActiveRun, work: W): ActiveRun<W> {
  return { ...run, life: { ...run.life, work } };
}

/** The run, backing off: it is retried after `ms` without a request. `why`: for people. */
export function waiting<W extends Work>(
  run: ActiveRun<W>,
  context: Context,
  ms: number,
  why: string,
): RunIn<Waiting<W>> {
  const nextCheckAt = epochSeconds(context.now + ms);
  const waitingFor = shortened(why, LONGEST_REASON);
  return { ...run, life: { state: 'WAITING', work: run.life.work, nextCheckAt, waitingFor } };
}

/** What went wrong in the current step. */
export function failureOf(
  run: Run,
  failureClass: FailureClass,
  message: string,
  statementId?: string,
): Failure {
  const failure = { class: failureClass, message, step: run.step };
  return statementId === undefined ? failure : { ...failure, statementId };
}

/** A copy of a run, or of a part of one, without these attributes. */
export function without<T extends object, K extends keyof T>(whole: T, ...names: readonly K[]): Omit<T, K> {
  const copy: Partial<T> = { ...whole };
  for (const name of names) delete copy[name];
  return copy as Omit<T, K>;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function epochSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/**
 * How many steps the run's claim sends as one transaction, from the current one; without a claim, how many the next one will.
 * A group begins with a session step: a check that follows a failed one is sent alone.
 */
export function groupOf(run: Run, { steps }: PlanView): number {
  const claim = underwayOf(run);
  if (claim !== undefined) return claim.group ?? 1;
  if (run.rebuild !== undefined || steps[run.cursor]?.kind !== 'session') return 1;
  let count = 1;
  // No further than the step after which the run pauses.
  while (
    run.handoff?.[run.cursor + count] === FUSED &&
    steps[run.cursor + count]?.fusible === true &&
    steps[run.cursor + count - 1]?.name !== run.until
  )
    count += 1;
  return count;
}

/** The steps of the current claim, or of the next one. */
export function membersOf(run: Run, plan: PlanView): readonly StepView[] {
  return plan.steps.slice(run.cursor, run.cursor + groupOf(run, plan));
}

/** The current step, or its group as one. The engine only decides with the plan that the run names, so the cursor is within it. */
export function currentStep(run: Run, plan: PlanView): StepView {
  const step = asOne(membersOf(run, plan));
  if (step === undefined) throw new Error(`run ${run.id}: step ${run.cursor} is not in plan ${plan.hash}`);
  return step;
}

/** The position of a run whose current step is this one (index). */
export function stepAt(cursor: number, { plan }: Pick<Context, 'plan'>): { cursor: number; step: string } {
  return { cursor, step: plan.steps[cursor]?.name ?? '' };
}
