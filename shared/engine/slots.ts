/**
 * The pool of a pipeline limits how many of its runs are active at once. A driver that frees or finds slots gives them to the
 * oldest waiting runs: each of them has its slot before it is woken, so no wake-up is wasted. One of them may be driven by the
 * same invocation (taken.ts).
 */
import { defined } from '../run/defined.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { Run } from '../run/run.ts';
import { isAtEnd, isAtRest, isBesideQueue, queueOrder } from '../run/run.ts';
import type { RunEvent, SlotTaken } from '../run/run-event.ts';
import type { HeldSlot, Pool } from '../store/run-store.ts';
import { MalformedItemError } from '../store/shape.ts';
import { formBatch } from './batch/form.ts';
import { planToStart } from './plan-to-start.ts';
import type { Engine } from './ports.ts';
import { wake } from './wake.ts';

/** Lost races for the pool after which the slots are left to the drivers that won. */
const RACES = 10;

/** Waiting runs that are looked at first, and at most; those that have begun but are still in the index count. */
const LOOKED_AT = [25, 100] as const;

/** Takes a slot for the run if one is free and no older run waits; older runs get theirs first. */
export async function takeSlot(run: Run, engine: Engine): Promise<RunEvent> {
  // Usually another driver took it for the run, and woke it.
  const pool = await engine.store.loadPool(run.pipeline);
  const epoch =
    pool.holders[run.id] ??
    (await fillPool(run.pipeline, engine, { waiting: [run], driven: run.id, pool })).get(run.id);
  return epoch === undefined ? { kind: 'SlotBusy' } : slotTaken(run, { ...pool, epoch }, engine);
}

/** A run that has not begun adopts today's plan. */
export async function slotTaken(
  run: Run,
  { epoch, took }: Pick<Pool, 'epoch' | 'took'>,
  engine: Engine,
): Promise<SlotTaken> {
  const plan = await planToStart(run, engine);
  return { kind: 'SlotTaken', epoch, ...defined({ plan, took }) };
}

/**
 * Gives the pool's free slots to waiting runs, oldest first, and wakes them. `waiting`: some that wait, though the index may not
 * have them yet; `driven`: its driver is the caller; `answered`: a batch whose files have all answered, though it is not stored
 * as sealed yet; `pool`: as it was just read; `drives`: one of them may be driven by this invocation. Returns the runs that got
 * a slot, with its epoch (fencing token).
 */
export async function fillPool(
  pipeline: string,
  engine: Engine,
  { waiting = [], driven, answered, pool: read, drives = false }: FillOptions = {},
): Promise<ReadonlyMap<string, number>> {
  const given = new Map<string, number>();
  const queue = new Queue(pipeline, engine, waiting);
  const [known] = waiting;
  let pool = read;
  // Of several the first ones fill the pool: then a read costs less than a refused write.
  if (
    known === undefined ||
    waiting.length > 1 ||
    !drives ||
    !mayDrive(known, engine) ||
    hasBatches(await planFor(known, engine))
  )
    pool ??= await engine.store.loadPool(pipeline);
  for (let races = 0; races < RACES;) {
    if (pool?.paused !== undefined) break;
    const taken = Object.keys(pool?.holders ?? {}).length;
    // Usually the pool is full: then no query is needed.
    if (known !== undefined && taken >= ((await planFor(known, engine))?.concurrency ?? 1)) break;
    const oldest = await queue.oldest(pool?.holders ?? {}, given);
    if (oldest === undefined) break;
    if (pool === undefined && oldest.id !== known?.id) {
      pool = await engine.store.loadPool(pipeline);
      continue;
    }
    const plan = await planFor(oldest, engine);
    const places = plan?.concurrency ?? 1;
    if (taken >= places) break;
    const batch =
      plan && pool && (await formBatch(oldest, queue.beside(oldest, pool), plan, pool, answered, engine));
    if (batch === 'later') break;
    if (batch !== undefined && 'waitMs' in batch) {
      // Once for each file that begins to wait; the sweep looks, too.
      if (waiting.some(({ id }) => id === oldest.id)) await engine.later(pipeline, batch.waitMs / 1000);
      break;
    }
    const next = batch ?? oldest;
    // With the pool as it was read before the run: it was given no slot, and released none, since. Without: its driver sees to that.
    const answer = await engine.store.takeSlot(pipeline, next.id, places, pool?.epoch);
    const isBlind = pool === undefined;
    pool = answer.pool;
    const epoch = pool.holders[next.id];
    if (!answer.taken) races += 1;
    // In the pool, though refused: by another driver, or by a write whose reply was lost.
    if (epoch === undefined || !(answer.taken || isBlind || next.id === driven)) continue;
    given.set(next.id, epoch);
    if (next.id !== driven)
      await begin(next, { ...pool, epoch }, isBlind || (drives && mayDrive(next, engine)), engine);
  }
  if (known !== undefined && given.size === 0) engine.plans.crowded.add(pipeline);
  else engine.plans.crowded.delete(pipeline);
  return given;
}

interface FillOptions {
  readonly waiting?: readonly Run[];
  readonly driven?: string;
  readonly answered?: string;
  readonly pool?: Pool;
  readonly drives?: boolean;
}

/** What is left of an invocation that begins to drive one more run, in ms. */
const TIME_TO_DRIVE = 25_000;

/** May this invocation drive the run when it has done its own work? One that has begun may take long: a function of its own drives it. */
function mayDrive(run: Run, { taken, driver }: Engine): boolean {
  return (
    run.startedAt === undefined &&
    run.batch === undefined &&
    taken?.length === 0 &&
    driver.remainingMs() > TIME_TO_DRIVE
  );
}

/** The run has its slot. */
async function begin(
  run: Run,
  { epoch, took }: Pick<Pool, 'epoch' | 'took'>,
  isDriven: boolean,
  engine: Engine,
): Promise<void> {
  if (isDriven) engine.taken?.push({ run, epoch, ...defined({ took }) });
  else await wake(run.id, engine);
}

function hasBatches(plan: Plan | undefined): boolean {
  return plan?.triggers.some((trigger) => trigger.kind === 's3' && trigger.batch !== undefined) === true;
}

/** A run that waited longer for its slot, in ms, was one of many: most likely another one waits now. */
const WAITED = 2_000;

/** The run has ended, or stopped: its slot goes to the oldest waiting run, with no gap where one is known to wait. */
export async function handOn(run: Run, held: HeldSlot, engine: Engine): Promise<void> {
  const waitedMs = Date.parse(run.startedAt ?? run.createdAt) - Date.parse(run.createdAt);
  if (waitedMs > WAITED && (await handToNext(run.pipeline, held, engine))) return;
  const pool = await engine.store.releaseSlot(run.pipeline, held.run, held.epoch, held.took);
  await fillPool(run.pipeline, engine, { drives: true, ...defined({ pool }) });
}

/** Release and take in one write. False: no run is known to wait, or the write was refused. */
async function handToNext(pipeline: string, held: HeldSlot, engine: Engine): Promise<boolean> {
  const queue = new Queue(pipeline, engine, []);
  let holders: Pool['holders'] = {};
  for (let races = 0; races < RACES; races += 1) {
    const next = await queue.oldest(holders, new Map());
    const plan = next && (await planFor(next, engine));
    if (next === undefined || hasBatches(plan)) return false;
    const places = plan?.concurrency ?? 1;
    const pool = await engine.store.handSlot(pipeline, held, next.id, places);
    const given = pool.holders[next.id];
    if (given !== undefined && pool.holders[held.run] === undefined) {
      await beginNext(next, { ...pool, epoch: given }, engine);
      if (Object.keys(pool.holders).length < places) await fillPool(pipeline, engine, { pool });
      return true;
    }
    // Another run may have handed its slot to the same one a moment ago.
    if (given === undefined || pool.holders[held.run] !== held.epoch) return false;
    ({ holders } = pool);
  }
  return false;
}

/** It may have had another slot, and ended, since it was read: if it is driven here, its drive sees to that. */
async function beginNext(next: Run, slot: Pool, engine: Engine): Promise<void> {
  const isDriven = mayDrive(next, engine);
  await begin(next, slot, isDriven, engine);
  if (!isDriven) await giveBackUnused(next, slot.epoch, await engine.store.load(next.id), engine);
}

/**
 * Frees a slot that was taken for a run that cannot use it any more. `now`: the run as it is stored; undefined: it was deleted, and
 * may be created again at this moment, with the slot that the pool lists: the sweep looks once more.
 */
export async function giveBackUnused(
  { id, pipeline }: Pick<Run, 'id' | 'pipeline'>,
  epoch: number,
  now: Run | undefined,
  engine: Engine,
): Promise<void> {
  if (now === undefined || now.life.state === 'QUEUED' || now.slot?.epoch === epoch) return;
  engine.log('info', 'gave the slot back: another driver has ended the run', { run: id, pipeline, epoch });
  const pool = await engine.store.releaseSlot(pipeline, id, epoch);
  await fillPool(pipeline, engine, defined({ pool }));
}

/** Today's plan says how many runs may be active at once. A run whose plan is gone gets a slot, too: its drive reports the problem. */
async function planFor(run: Run, { plans }: Engine): Promise<Plan | undefined> {
  return plans.today(run.pipeline) ?? plans.find(run.planHash);
}
/** An item that cannot be read must not block the other runs of its pipeline: it is reported each time. */
async function readable(runId: string, engine: Engine): Promise<Run | 'malformed' | undefined> {
  try {
    return await engine.store.load(runId);
  } catch (error) {
    if (!(error instanceof MalformedItemError)) throw error;
    const fields = { run: runId, error };
    engine.log('error', 'a run cannot be read: correct its item in the table', fields);
    return 'malformed';
  }
}

/** The waiting runs of a pipeline, oldest first. The index lags: only the item itself says whether a run still waits. */
class Queue {
  readonly #pipeline: string;
  readonly #engine: Engine;
  /** Oldest first. */
  readonly #known: readonly Run[];
  #ids: string[] | undefined;
  #gone = 0;

  constructor(pipeline: string, engine: Engine, known: readonly Run[]) {
    this.#pipeline = pipeline;
    this.#engine = engine;
    this.#known = known.toSorted((a, b) => (queueOrder(a) < queueOrder(b) ? -1 : 1));
    // It was looked at a moment ago.
    if (known.some(isBesideQueue)) this.#ids = [];
  }

  /** The oldest run without a slot. A run that was given a slot in this round has released it since, not lost it. */
  async oldest(holders: Pool['holders'], given: ReadonlyMap<string, number>): Promise<Run | undefined> {
    const isServed = (id: string): boolean => holders[id] !== undefined || given.has(id);
    const known = this.#known.find(({ id }) => !isServed(id));
    for (;;) {
      const ids = await this.#next();
      const [id] = ids;
      if (id === undefined || id === known?.id) return known;
      const other = isServed(id) ? undefined : await readable(id, this.#engine);
      if (other !== 'malformed' && other?.life.state === 'QUEUED')
        return known !== undefined && queueOrder(known) < queueOrder(other) ? known : other;
      ids.shift();
      this.#gone += 1;
    }
  }

  /** The ids that are left; more are read where all of the first ones are gone. */
  async #next(): Promise<string[]> {
    const [first, most] = LOOKED_AT;
    this.#ids ??= await this.#engine.store.findQueued(this.#pipeline, first);
    if (this.#ids.length === 0 && this.#gone === first)
      this.#ids = (await this.#engine.store.findQueued(this.#pipeline, most)).slice(first);
    return this.#ids;
  }

  /** The other runs that wait without a slot, oldest first. Call after `oldest`. */
  beside(run: Run, { holders }: Pool): readonly string[] {
    const ids = [...new Set([...(this.#ids ?? []), ...this.#known.map(({ id }) => id)])];
    return ids.filter((id) => id !== run.id && holders[id] === undefined);
  }
}

/**
 * Maintenance of the pool of a pipeline with waiting runs, by the sweep: frees the slots of runs that are gone or released theirs,
 * and fills all free ones. Returns the runs whose slot is not recorded on them yet: their wake-up may have been lost.
 */
export async function tendPool(
  pipeline: string,
  engine: Engine,
): Promise<{ unaware: readonly string[]; isHeldBack: boolean }> {
  const { store } = engine;
  const { holders, paused } = await store.loadPool(pipeline);
  const unaware: string[] = [];
  let isHeldBack = paused !== undefined;
  for (const [runId, epoch] of Object.entries(holders)) {
    const holder = await readable(runId, engine);
    // Its statement may be running: it keeps its slot until the item is corrected or deleted.
    if (holder === 'malformed') isHeldBack = true;
    else if (holder?.life.state === 'QUEUED') unaware.push(runId);
    else if (holder?.slot?.held !== true) {
      await store.releaseSlot(pipeline, runId, epoch);
      engine.log('warn', 'freed the slot of a run that has ended', { pipeline, run: runId, epoch });
    } else if (isAtRest(holder) && !isAtEnd(holder)) isHeldBack = true;
  }
  const given = await fillPool(pipeline, engine);
  return { unaware: [...unaware, ...given.keys()], isHeldBack };
}
