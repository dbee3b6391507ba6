/**
 * A run: one execution of a pipeline for one trigger. Everything `decide` needs to go on is in here, and nothing
 * else; what only people read (history, plans) lives in other items.
 */
import { fileOf } from './trigger.ts';
import type { RunTrigger } from './trigger.ts';

export type RunState =
  /** Waits for a slot. */
  | 'QUEUED'
  | 'RUNNING'
  /** Backs off before the next attempt, or until the warehouse answers. */
  | 'WAITING'
  | 'CANCELLING'
  | 'NEEDS_DECISION'
  | 'FAILED'
  | 'SUCCEEDED'
  | 'CANCELLED'
  /** A newer upload of the same key was admitted first. */
  | 'SUPERSEDED';

/** Within RUNNING: nothing claimed; intent stored, outcome of the submission not recorded; statement id recorded. */
export type Phase = 'READY' | 'CLAIMED' | 'SUBMITTED';

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
  /** The warehouse's or service's own words, never masked; cut to 1,000 bytes on the run. */
  readonly message: string;
  /** Step in which it happened; absent where no step was under way. */
  readonly step?: string;
  readonly statementId?: string;
  /** `40_commit.sql line 14, column 3 (statement 2 of 3)`: absent where it is not known. */
  readonly place?: string;
  /** The step's transaction was rolled back: its marker was read as absent. */
  readonly rolledBack?: true;
}

/** A step that ended, kept on the run until its history row is written. */
export interface FinishedStep {
  readonly index: number;
  readonly name: string;
  readonly generation: number;
  readonly attempt: number;
  readonly status: StepStatus;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly statementId?: string;
  /** Rows returned or affected; absent when nobody has asked the warehouse yet, or it did not say. */
  readonly rows?: number;
  readonly error?: string;
  readonly errorClass?: FailureClass;
  /** As in `Failure`. */
  readonly place?: string;
  readonly rolledBack?: true;
}

export type StepStatus = 'FINISHED' | 'FAILED' | 'ABORTED';

/** What a run that reached an end, or stopped, still has to do; performed in this order, each idempotent. */
export type Duty = 'history' | 'release' | 'wake' | 'publish' | 'close';

export interface LastRequest {
  readonly requestId: string;
  readonly verb: 'resume' | 'cancel' | 'resolve' | 'start';
  readonly actor: string;
  readonly at: string;
  readonly answer: string;
}

export interface Run {
  readonly id: string;
  readonly pipeline: string;
  readonly planHash: string;
  /** How many steps the plan has. */
  readonly steps: number;
  /** 16 random bytes (hex) made with the run: an item made again by hand never meets its own past. */
  readonly birth: string;
  readonly trigger: RunTrigger;
  /** Parameters given at start, as text. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly state: RunState;
  readonly phase: Phase;
  /** Index of the current step, from 0; equal to `steps` when all are done. */
  readonly cursor: number;
  /** Name of the current step; absent when all are done. */
  readonly step?: string;
  /** From 1. */
  readonly attempt: number;
  /** From 1; a rebuilt session is generation + 1. */
  readonly generation: number;
  /** Attempt number with which the present retry budget began: a resume gives a new one. */
  readonly firstAttempt: number;
  /** Random, made with each claim; never used for a second execution. */
  readonly token?: string;
  readonly claimedAt?: string;
  /** Which token of the attempt this is, from 1 (absent: 1): one that is past use is replaced, never used again. */
  readonly nonce?: number;
  /** Since when the token is refused although the session is idle: the refusal may have used it up. ISO 8601. */
  readonly refusedSince?: string;
  /** Drives in a row that ended with an error of our own (absent: none). */
  readonly troubles?: number;
  /** The run's file as it was before the claim of a step that loads it: it must be the same after the load. */
  readonly inputSeen?: { readonly modified?: string; readonly versionId?: string };
  readonly statementId?: string;
  readonly submittedAt?: string;
  readonly sessionId?: string;
  readonly pid?: number;
  /** A resume must prove the session usable (ROLLBACK) before the next claim. */
  readonly proveSession?: true;
  /** Of the slot held or last held. */
  readonly epoch?: number;
  /** True while a slot of the pool is held. */
  readonly slot?: true;
  readonly last?: FinishedStep;
  readonly owed?: readonly Duty[];
  readonly error?: Failure;
  /** What to paste to go on: a command, and an event for the EventBridge console. */
  readonly resumeWith?: { readonly command: string; readonly event: string };
  readonly lastRequest?: LastRequest;
  readonly createdAt: string;
  readonly startedAt?: string;
  /** From when the run's time counts: the slot it took, or its last resume. ISO 8601. */
  readonly countsFrom?: string;
  readonly endedAt?: string;
  /** Epoch seconds: when the sweep must look at the run at the latest. Absent only at an end that owes nothing, and while QUEUED. */
  readonly next?: number;
  /** Why a WAITING run waits, for people; `next` says when it is retried. At most 500 bytes. */
  readonly waitingFor?: string;
  /** The statement was cancelled because its time was up; its end is a `timeout`. */
  readonly timedOut?: true;
  /** A lost session is being rebuilt: steps before `resumeAt` run again in the new one. */
  readonly rebuild?: Rebuilding;
  /** How often in a row the session was rebuilt without that the step behind it ended (absent: never). */
  readonly rebuilds?: number;
  /** A person wants the run to go on from this step (index) in a new session; rebuilt there first. */
  readonly rebuildFrom?: number;
  /**
   * Index of a step that a person lets run again: if it is durable, its marker is read before it is claimed, since what is
   * believed of its last attempt may be wrong.
   */
  readonly checkMarkerOf?: number;
  /** EventBridge replays that have resumed this run: each does so once. The latest ten. */
  readonly replays?: readonly string[];
  /** Since when the outcome of the current submission is in doubt: its session is gone and its marker absent. ISO 8601. */
  readonly doubtSince?: string;
  readonly version: number;
  /** The writer of this version: one invocation's id. */
  readonly by: string;
}

/** Where a rebuild stands. Small: only what is left of it. */
export interface Rebuilding {
  /** Index of the step that the run goes on from when all is rebuilt. */
  readonly resumeAt: number;
  /** That step's attempt, and the first of its retry budget. */
  readonly attempt: number;
  readonly firstAttempt: number;
  /** What is still to run again, in order; the first is the current step. */
  readonly todo: readonly RebuildItem[];
}

export interface RebuildItem {
  readonly index: number;
  /** The rows of the first time must come again; an unknown count never equals anything. */
  readonly compare: boolean;
  readonly rows?: number;
}

export const endStates: readonly RunState[] = ['SUCCEEDED', 'CANCELLED', 'SUPERSEDED'];

/** Ends are final: nothing changes such a run but its owed duties. */
export function isAtEnd(run: Run): boolean {
  return endStates.includes(run.state);
}

/** Ended or stopped until a person acts. */
export function isAtRest(run: Run): boolean {
  return isAtEnd(run) || run.state === 'FAILED' || run.state === 'NEEDS_DECISION';
}

/** Of the waiting runs of a pipeline the one with the least goes first: oldest event, then sequencer, then id. */
export function queueOrder(run: Run): string {
  return `${run.trigger.time}#${(fileOf(run.trigger)?.sequencer ?? '').padStart(24, '0')}#${run.id}`;
}
