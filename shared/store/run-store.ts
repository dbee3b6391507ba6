/** The port to Baton's table. Every write is conditional and changes one item. */
import type { Plan } from '../pipeline/plan.ts';
import type { Durations, FinishedStep, Run, StepStatus } from '../run/run.ts';
import type { KeyItem, KeyName, Upload } from './key-item.ts';

/** A step's history row, as people read it. */
export interface HistoryRow extends Omit<FinishedStep, 'status' | 'fused'> {
  /** `ROLLED_BACK`: its statements ran, in one transaction with those of a later step that failed. */
  readonly status: StepStatus | 'ROLLED_BACK';
  readonly kind: string;
  readonly statementHash: string;
  /** Of each statement of a transaction, in order. */
  readonly rowsByStatement?: readonly (number | null)[];
  readonly queryId?: number;
  readonly durationMs?: number;
}

/** The run of a file, at a version. */
export interface Member {
  readonly run: string;
  readonly version: number;
  readonly incarnation: string;
}

export interface RunStore {
  /** Consistent. */
  load(runId: string): Promise<Run | undefined>;
  /** `exists` comes with the stored run. */
  create(run: Run): Promise<{ outcome: 'created' } | { outcome: 'exists'; run: Run }>;
  /**
   * Stores `run` if the stored version is still `version`, and the item was not recreated meanwhile. A write of our own that lost its reply and was sent again
   * by the SDK is recognized: the item is exactly what it wrote.
   */
  save(run: Run, version: number, by: string): Promise<Run | 'conflict'>;
  /** Records a submission if the claim still carries its token, even if other drivers have written since. */
  record(run: Run, by: string): Promise<Run | 'conflict'>;
  /**
   * Absorbs a waiting run into a batch, if it is as the batch's list names it: at most once ever, so a refusal is final.
   * Idempotent.
   */
  absorb(member: Member, into: string, at: string, by: string): Promise<'absorbed' | 'refused'>;
  /** In no order; runs that do not exist or cannot be read are left out. Consistent. */
  loadAll(runIds: readonly string[]): Promise<Run[]>;
  /** Idempotent. If it fails, some of several rows may be written. */
  putHistory(runId: string, ...rows: readonly HistoryRow[]): Promise<void>;
  history(runId: string): Promise<HistoryRow[]>;
  /** Idempotent: a plan is immutable. */
  putPlan(plan: Plan): Promise<void>;
  loadPlan(hash: string): Promise<Plan | undefined>;
  /** Runs that are due, soonest first; at most `limit`. From an index, so only candidates. */
  findDue(now: number, limit: number): Promise<string[]>;
  /**
   * Pipelines that have waiting runs, also such as were removed. Looks at a part of the index, as large as its first 1,000
   * entries; the next call looks at the part after it, and after the last one again at the first.
   */
  findWaitingPipelines(): Promise<string[]>;
  /** How many runs of a pipeline wait, up to 1,000; from an index. */
  countQueued(pipeline: string): Promise<number>;
  /** The waiting runs of a pipeline, oldest first, at most `limit`; from an index. */
  findQueued(pipeline: string, limit: number): Promise<string[]>;
  /** Consistent. */
  loadPool(pipeline: string): Promise<Pool>;
  /**
   * When the first run of a pipeline took a slot. ISO 8601; empty: not known, because an earlier version or a pause made the pool;
   * undefined: no run has taken one.
   */
  firstRunAt(pipeline: string): Promise<string | undefined>;
  /**
   * Adds `runId` with epoch + 1 if the pool is not full and not paused, and the run is not in it. `epoch`: only if that is still
   * the pool's epoch. Returns the pool after it, or as it is if it was refused; a write whose reply was lost looks refused,
   * and the run is in the pool.
   */
  takeSlot(
    pipeline: string,
    runId: string,
    limit: number,
    epoch?: number,
  ): Promise<{ readonly taken: boolean; readonly pool: Pool }>;
  /**
   * Removes `runId` only if its epoch is the one given, and returns the pool after it; otherwise does nothing. `took`: replaces
   * what the pool has; absent: that stays.
   */
  releaseSlot(pipeline: string, runId: string, epoch: number, took?: Durations): Promise<Pool | undefined>;
  /**
   * Removes one run, as `releaseSlot` does, and adds another with epoch + 1, if the pool is not overfull and not paused, and the
   * other is not in it. Returns the pool after it, or as it is if it was refused.
   */
  handSlot(pipeline: string, from: HeldSlot, to: string, limit: number): Promise<Pool>;
  /**
   * From now on no run takes a slot of the pipeline; runs that hold one keep it. Returns the pause in force: an earlier one stays.
   * Undefined: this request paused the pipeline before, and the pause has ended since.
   */
  pausePool(pipeline: string, paused: Paused, requestId: string): Promise<Paused | undefined>;
  /** Ends a pause; returns the one that ended. Undefined: the pipeline is not paused, or this request ended an earlier pause. */
  unpausePool(pipeline: string, requestId: string): Promise<Paused | undefined>;
  /** In their order. Consistent. */
  loadKeys(
    pipeline: string,
    keys: readonly { readonly bucket: string; readonly key: string }[],
  ): Promise<(KeyItem | undefined)[]>;
  /**
   * Stores the upload of an event, unless one with a higher sequencer was admitted, or a backfill listed the key at about its
   * time or later. Returns the item that it is not stored over; undefined: it is stored.
   */
  admitKey(name: KeyName, sequencer: string, upload: Upload): Promise<KeyItem | undefined>;
  /** Consistent. */
  loadKey(name: KeyName): Promise<KeyItem | undefined>;
  /** Stores `next` if the item is as it was read; undefined: there was none. */
  changeKey(name: KeyName, next: KeyItem, read: KeyItem | undefined): Promise<boolean>;
}

/** The slot of a run, and the durations that the pool gets with its release (as `releaseSlot`). */
export interface HeldSlot {
  readonly run: string;
  readonly epoch: number;
  readonly took?: Durations;
}

/** The holders of the pipeline's slots: run id -> epoch. */
export interface Pool {
  readonly holders: Readonly<Record<string, number>>;
  /** Of the latest holder; 0 before the first. */
  readonly epoch: number;
  /** While it is set, no run takes a slot. */
  readonly paused?: Paused;
  /** How long the pipeline's steps take (shared/run/handoff.ts). */
  readonly took?: Durations;
}

export interface Paused {
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  readonly reason?: string;
}
