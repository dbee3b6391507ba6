/**
 * A run: one execution of a pipeline for one trigger. It contains everything that `decide` needs to continue, and nothing
 * else; what only people read (history, plans) is in other items. The types allow no invalid combination.
 */
import type { RunTrigger } from './trigger.ts';
import { fileOf } from './trigger.ts';

export interface Run {
  readonly id: string;
  readonly pipeline: string;
  readonly planHash: string;
  /** How many steps the plan has. */
  readonly steps: number;
  /** 16 random bytes (hex) made with the run: distinguishes an item that was deleted and created again from the old one. */
  readonly incarnationId: string;
  readonly trigger: RunTrigger;
  /** The files of a run that loads many of them; absent: it has one file or none. */
  readonly batch?: Batch;
  /** Parameters given at start, as text. */
  readonly parameters: Readonly<Record<string, string>>;
  /** `trigger` and `parameters` are stored in an item of their own, because they are large. Fixed when the run is created. */
  readonly triggerApart?: true;
  readonly life: Life;
  readonly session: Session;
  /** The slot in the pipeline's pool that the run holds or last held; absent: it never held one. */
  readonly slot?: Slot;
  /** Index of the current step, from 0; equal to `steps` when all are done. */
  readonly cursor: number;
  /** Name of the current step; empty when all are done. */
  readonly step: string;
  /** From 1. */
  readonly attempt: number;
  /** Attempt number with which the current retry budget began: a resume starts a new one. */
  readonly firstAttempt: number;
  /** Of the session, from 1; a rebuilt session is generation + 1. */
  readonly generation: number;
  /** A lost session is being rebuilt: steps before `resumeAt` run again in the new one. */
  readonly rebuild?: Rebuilding;
  /** How many times in a row the session was rebuilt with no step completed in between. */
  readonly rebuilds: number;
  /**
   * Index of a step that a person lets run again: if it is durable, its marker is read before it is claimed, because the
   * reported outcome of its last attempt may be wrong.
   */
  readonly checkMarkerOf?: number;
  /** One letter for each step, fixed when the run took its slot (handoff.ts). Absent: each goes on by its completion event. */
  readonly handoff?: string;
  /** Average durations by the steps' index, this run included, for the pool (handoff.ts); 0: not known. */
  readonly took?: readonly number[];
  /** Name of the step after which the run pauses, as a person asked. It is kept while the run is PAUSED. */
  readonly until?: string;
  /** A finished step, kept here until its history row is written. */
  readonly lastStep?: FinishedStep;
  /** Drives in a row that ended with an internal error. */
  readonly failedDrives: number;
  /** How often the run has stopped: FAILED or NEEDS_DECISION. */
  readonly failures: number;
  readonly lastRequest?: LastRequest;
  /** EventBridge replays that have resumed this run, each at most once. The latest ten. */
  readonly replays: readonly string[];
  /** ISO 8601, as all times below. */
  readonly createdAt: string;
  readonly startedAt?: string;
  /** Start of the pipeline's `timeout:`: when the run took its slot, or its last resume. */
  readonly timeoutFrom?: string;
  readonly version: number;
  /** The writer of this version: one invocation's id. */
  readonly writerId: string;
}

/** The run's position in its lifecycle. */
export type Life = Queued | Running | Waiting | Cancelling | Stopped | Paused | Absorbed | Ended;

export type RunState = Life['state'];

/** Waits for a slot. */
export interface Queued {
  readonly state: 'QUEUED';
  /**
   * Epoch seconds: when the sweep checks it at the latest. Present: the driver that created the run takes a slot for it at once, and
   * only if none is free it is put into the queue.
   */
  readonly nextCheckAt?: number;
}

export interface Running<W extends Work = Work> {
  readonly state: 'RUNNING';
  readonly work: W;
  /** Epoch seconds: when the sweep must check the run at the latest. */
  readonly nextCheckAt: number;
}

/** Backs off before the next attempt, or until the warehouse is available. */
export interface Waiting<W extends Work = Work> {
  readonly state: 'WAITING';
  readonly work: W;
  /** Epoch seconds: when it is retried. */
  readonly nextCheckAt: number;
  /** The reason, for people. At most 500 bytes. */
  readonly waitingFor: string;
}

/** A person cancelled the run; it waits for the end of its statement in the warehouse. */
interface Cancelling<W extends Underway = Underway> {
  readonly state: 'CANCELLING';
  readonly work: W;
  readonly nextCheckAt: number;
}

/** Stopped until a person acts. */
export interface Stopped {
  readonly state: 'FAILED' | 'NEEDS_DECISION';
  readonly error: Failure;
  /** What to paste to continue: a command, and an event for the EventBridge console. Schema 1 did not always store it. */
  readonly resumeWith?: { readonly command: string; readonly event: string };
  /** Made before the run is published, and the same in every message about this stop. */
  readonly card?: FailureCard;
  readonly endedAt: string;
  readonly pendingActions: readonly PendingAction[];
  readonly nextCheckAt?: number;
}

/** The step after which it was to pause is done: it rests with its slot and its session until a person resumes it. No failure. */
export interface Paused {
  readonly state: 'PAUSED';
  readonly endedAt: string;
  readonly pendingActions: readonly PendingAction[];
  readonly nextCheckAt?: number;
}

/** What people are told of a stop, as it was known then. */
export interface FailureCard {
  /** The text (shared/engine/failure-card.ts), at most 8,000 bytes. */
  readonly text: string;
  /** How many files waited for the run; absent: it held no slot. */
  readonly waiting?: number;
}

/** Its file is loaded by a batch run, whose fate it shares. Not final: a file that leaves its batch continues alone. */
interface Absorbed {
  readonly state: 'ABSORBED';
  /** Id of the batch run. */
  readonly into: string;
  readonly absorbedAt: string;
  readonly pendingActions: readonly [];
}

/** Final: only the remaining follow-ups change such a run. */
export type Ended =
  | {
      readonly state: 'SUCCEEDED';
      readonly endedAt: string;
      readonly pendingActions: readonly PendingAction[];
      /** Epoch seconds, where actions are pending; absent: when it ended. */
      readonly nextCheckAt?: number;
    }
  | {
      readonly state: 'CANCELLED';
      readonly error: Failure;
      readonly endedAt: string;
      readonly pendingActions: readonly PendingAction[];
      readonly nextCheckAt?: number;
    }
  /** A newer upload of the same key was admitted first. */
  | { readonly state: 'SUPERSEDED'; readonly endedAt: string; readonly pendingActions: readonly [] };

/** Follow-ups of a run that ended or stopped; performed in this order, each idempotent. */
export type PendingAction = 'members' | 'history' | 'release' | 'wake' | 'publish' | 'close';

/** The phase of the current step. */
export type Work = Ready | Underway;

export type Underway = Claimed | Submitted;

/** The step was not submitted. */
export interface Ready {
  readonly phase: 'READY';
}

/** The intent is stored; it is not recorded whether the submission arrived. */
export interface Claimed extends Claim {
  readonly phase: 'CLAIMED';
}

/** The warehouse's id of the statement is recorded. */
export interface Submitted extends Claim {
  readonly phase: 'SUBMITTED';
  readonly statementId: string;
  readonly submittedAt: string;
  /** The statement was cancelled because it exceeded its timeout; its end is a `timeout`. */
  readonly timedOut?: true;
}

export interface Claim {
  /** Random, made with each claim; never used for a second execution. */
  readonly token: string;
  readonly claimedAt: string;
  /** The number of this token in the attempt, from 1: a token that can no longer be relied on is replaced, never used again. */
  readonly nonce: number;
  /** Since when the token has been refused although the session is idle: the refusal may have used it up. */
  readonly refusedSince?: string;
  /** The run's file before the claim of a step that loads it: it must be the same after the load. */
  readonly fileAtClaim?: FileAtClaim;
  /** Since when the outcome of the submission has been unknown: its session is gone and its marker absent. */
  readonly outcomeUnknownSince?: string;
  /** How many steps it sends as one transaction, from the current one; every driver of its token sends the same. Absent: one. */
  readonly group?: number;
}

export interface FileAtClaim {
  readonly modified?: string;
  readonly versionId?: string;
  /** Of a batch: content hash of the object that lists its files as they were (artifacts bucket). */
  readonly snapshot?: string;
}

/** The files of a batch: collected, then reserved one by one, then fixed. Nothing is submitted before the last phase. */
export type Batch = Gathering | Listed;

/** No list is stored: no file belongs to the batch. */
interface Gathering {
  readonly phase: 'GATHER';
}

export interface Listed extends FileList {
  /** `MARK`: the runs of the listed files are being absorbed. `SEALED`: each of them was, or is not in the list. */
  readonly phase: 'MARK' | 'SEALED';
  /** The number of the list, from 1: each later list has fewer files. */
  readonly seal: number;
  /** Files that this list no longer has, and whose own runs may not know it. At most 25. */
  readonly leaving: readonly Leaving[];
  /** How many files were set aside so far because they could not be loaded. */
  readonly isolated: number;
}

/** A list of files in the artifacts bucket: immutable, stored under the hash of its content. */
export interface FileList {
  /** SHA-256, hex. */
  readonly list: string;
  /** How many, at least 1. */
  readonly files: number;
  /** Their total size. */
  readonly bytes: number;
}

/** A file that leaves its batch. */
export interface Leaving {
  /** The run of the file. */
  readonly runId: string;
  /** Absent: a newer upload of its key was admitted. */
  readonly error?: Failure;
}

/** The session that the steps share. */
export type Session = NoSession | OpenSession | LostSession;

interface NoSession {
  readonly state: 'none';
}

export interface OpenSession {
  readonly state: 'open';
  readonly id: string;
  /** Process id in the warehouse; absent if it could not be read. */
  readonly pid?: number;
  /** The run was idle for some time: a ROLLBACK must show that the session is usable before the next claim. */
  readonly mustVerify?: true;
}

/** A new one must be opened, and the tables that step `rebuildFrom` (index) needs recreated in it. */
interface LostSession {
  readonly state: 'lost';
  readonly rebuildFrom: number;
  /** Of the lost session: its open transactions are found by its process. */
  readonly id?: string;
  readonly pid?: number;
}

export interface Slot {
  readonly held: boolean;
  readonly epoch: number;
}

/** What the pool knows of a pipeline: how long its steps take, by name (handoff.ts). */
export type Durations = Readonly<Record<string, number>>;

export type FailureClass =
  | 'transient'
  | 'conflict'
  | 'session-lost'
  | 'sql'
  | 'data'
  | 'check'
  | 'permission'
  | 'timeout'
  | 'cancelled'
  | 'input'
  | 'unknown';

export interface Failure {
  readonly class: FailureClass;
  /** The warehouse's or service's own error text, never masked; cut to 1,000 bytes on the run. */
  readonly message: string;
  /** Step in which it happened; absent if no step was under way. */
  readonly step?: string;
  readonly statementId?: string;
  /** `40_commit.sql line 14, column 3 (statement 2 of 3)`: absent if not known. */
  readonly place?: string;
  /** The step's transaction was rolled back: its marker was read as absent. */
  readonly rolledBack?: true;
  /** So many steps, from the run's current one, were sent as one transaction with this one, and none of them took effect. */
  readonly group?: number;
  /** Whether the step took effect, if it may have; absent: it did not, or its kind has no lasting effects. */
  readonly outcome?: KnownOutcome;
}

interface KnownOutcome {
  readonly is: 'applied' | 'unknown';
  /** How that is known, or why it is not: a clause, at most 256 bytes. */
  readonly because: string;
}

/** One attempt of a step that has ended. */
export interface FinishedStep {
  readonly index: number;
  readonly name: string;
  readonly generation: number;
  readonly attempt: number;
  readonly status: StepStatus;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly statementId?: string;
  /** Rows returned or affected; absent if not read from the warehouse yet, or not reported. */
  readonly rows?: number;
  /** The steps before it that were sent with it; their history rows are derived from this. */
  readonly fused?: Fused;
  readonly error?: string;
  readonly errorClass?: FailureClass;
  /** The number of the batch's list that was loaded: rows of different lists are not comparable. */
  readonly seal?: number;
  /** As in `Failure`. */
  readonly place?: string;
  readonly rolledBack?: true;
}

/** Steps that were sent as one transaction with the one after them. */
export interface Fused {
  /** Index of the first of them. */
  readonly first: number;
  readonly status: 'FINISHED' | 'ROLLED_BACK';
  /** Of each of them, and of the step itself; absent: not read from the warehouse yet. */
  readonly counts?: readonly MemberCounts[];
}

/** What the warehouse counted for one step; absent: it did not. */
export interface MemberCounts {
  /** Rows returned or affected. */
  readonly rows?: number;
  /** How long it ran, in ms. */
  readonly ms?: number;
}

export type StepStatus = 'FINISHED' | 'FAILED' | 'ABORTED';

export interface LastRequest {
  readonly requestId: string;
  readonly verb: 'resume' | 'cancel' | 'resolve' | 'start';
  readonly actor: string;
  readonly at: string;
  readonly answer: string;
}

/** The progress of a rebuild: only the steps that are left. */
export interface Rebuilding {
  /** Index of the step with which the run continues when all is rebuilt. */
  readonly resumeAt: number;
  /** That step's attempt, and the first of its retry budget. */
  readonly attempt: number;
  readonly firstAttempt: number;
  /** The steps still to re-run, in order; the first is the current step. */
  readonly todo: readonly RebuildItem[];
}

export interface RebuildItem {
  readonly index: number;
  /** The step must return as many rows as the first time; an unknown count never equals another. */
  readonly compare: boolean;
  readonly rows?: number;
}

/** A run in one of these lifecycle states. */
export type RunIn<L extends Life> = Run & { readonly life: L };

export type CancellingRun<W extends Underway = Underway> = RunIn<Cancelling<W>>;

/** A run with a slot that executes its steps. */
export type ActiveRun<W extends Work = Work> = RunIn<Running<W> | Waiting<W>>;

export type RestingRun = RunIn<Stopped | Paused | Absorbed | Ended>;

/** The run has ended: final. */
export function isAtEnd(run: Run): run is RunIn<Ended> {
  const { state } = run.life;
  return state === 'SUCCEEDED' || state === 'CANCELLED' || state === 'SUPERSEDED';
}

/** The run has ended, is stopped or paused until a person acts, or shares the fate of a batch run. */
export function isAtRest(run: Run): run is RestingRun {
  return 'pendingActions' in run.life;
}

/** The run is FAILED or NEEDS_DECISION: stopped until a person acts. */
export function isStopped(run: Run): run is RunIn<Stopped> {
  return run.life.state === 'FAILED' || run.life.state === 'NEEDS_DECISION';
}

export function isQueued(run: Run): run is RunIn<Queued> {
  return run.life.state === 'QUEUED';
}

/** It waits for a slot, and is not in the queue. */
export function isBesideQueue({ life }: Run): boolean {
  return life.state === 'QUEUED' && life.nextCheckAt !== undefined;
}

export function isCancelling(run: Run): run is CancellingRun {
  return run.life.state === 'CANCELLING';
}

/** The run has a slot and is neither being cancelled nor at rest. */
export function isActive(run: Run): run is ActiveRun {
  return run.life.state === 'RUNNING' || run.life.state === 'WAITING';
}

export function isReady(run: ActiveRun): run is ActiveRun<Ready> {
  return run.life.work.phase === 'READY';
}

export function isClaimed(run: ActiveRun): run is ActiveRun<Claimed> {
  return run.life.work.phase === 'CLAIMED';
}

export function isSubmitted(run: ActiveRun): run is ActiveRun<Submitted> {
  return run.life.work.phase === 'SUBMITTED';
}

export function isUnderway(run: ActiveRun): run is ActiveRun<Underway> {
  return run.life.work.phase !== 'READY';
}

/** The run was idle for some time: its session is verified before it is used. */
export function isToVerify<R extends Run>(run: R): run is R & { readonly session: OpenSession } {
  return 'mustVerify' in run.session;
}

/** The claim with its statement recorded. */
export function submitted(work: Claimed, statementId: string): Submitted {
  return { ...work, phase: 'SUBMITTED', statementId, submittedAt: work.claimedAt };
}

/** The claim or submission under way; undefined if nothing was claimed. */
export function underwayOf({ life }: Run): Underway | undefined {
  return 'work' in life && life.work.phase !== 'READY' ? life.work : undefined;
}

/** The id of the session that is open, or was lost. */
export function sessionIdOf({ session }: Run): string | undefined {
  return { id: undefined, ...session }.id;
}

/** The statement id of the recorded submission. */
export function statementIdOf(run: Run): string | undefined {
  return { statementId: undefined, ...underwayOf(run) }.statementId;
}

/** Index of the step with which the run continues when its session has been rebuilt. */
export function rebuildTarget({ session, rebuild, cursor }: Run): number {
  return session.state === 'lost' ? session.rebuildFrom : (rebuild?.resumeAt ?? cursor);
}

/** Sort key of the waiting runs of a pipeline: oldest event first, then sequencer, then id. A batch is just before its first file. */
export function queueOrder(run: Run): string {
  if (run.trigger.kind === 'batch') return `${run.trigger.time}##${run.id}`;
  return `${run.trigger.time}#${(fileOf(run.trigger)?.sequencer ?? '').padStart(24, '0')}#${run.id}`;
}
