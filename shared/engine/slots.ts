/**
 * The pool of a pipeline limits how many of its runs are active at once. A driver that frees or finds slots gives them to the
 * oldest waiting runs and wakes those: each of them has its slot already, so no wake-up is wasted.
 */
import { defined } from '../run/defined.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { Run } from '../run/run.ts';
import { queueOrder } from '../run/run.ts';
import type { RunEvent } from '../run/run-event.ts';
import type { Pool } from '../store/run-store.ts';
import { MalformedItemError } from '../store/shape.ts';
import { formBatch } from './batch/form.ts';
import { planToStart } from './plan-to-start.ts';
import type { Engine } from './ports.ts';
import { wake } from './wake.ts';

/** Lost races for the pool after which the slots are left to the drivers that won. */
const RACES = 10;

/** Waiting runs that are read at most; those that have begun but are still in the index count. */
const LOOKED_AT = 100;

/** Takes a slot for the run if one is free and no older run waits; older runs get theirs first. */
export async function takeSlot(run: Run, engine: Engine): Promise<RunEvent> {
  const { holders } = await engine.store.loadPool(run.pipeline);
  const epoch =
    holders[run.id] ?? (await fillPool(run.pipeline, engine, { waiting: [run], driven: run.id })).get(run.id);
  if (epoch === undefined) return { kind: 'SlotBusy' };
  const plan = await planToStart(run, engine);
  return { kind: 'SlotTaken', epoch, ...defined({ plan }) };
}

/**
 * Gives the pool's free slots to waiting runs, oldest first, and wakes them. `waiting`: some that wait, though the index may not
 * have them yet; `driven` is not woken; `answered`: a batch whose files have all answered, though it is not stored as sealed yet. Returns the runs that got a slot, with its epoch (fencing token).
 */
export async function fillPool(
  pipeline: string,
  engine: Engine,
  {
    waiting = [],
    driven,
    answered,
  }: { readonly waiting?: readonly Run[]; readonly driven?: string; readonly answered?: string } = {},
): Promise<ReadonlyMap<string, number>> {
  const given = new Map<string, number>();
  const queue = new Queue(pipeline, engine, waiting);
  const [known] = waiting;
  for (let races = 0; races < RACES;) {
    const pool = await engine.store.loadPool(pipeline);
    const taken = Object.keys(pool.holders).length;
    if (pool.paused !== undefined) break;
    // Usually the pool is full: then no query is needed.
    if (known !== undefined && taken >= ((await planFor(known, engine))?.concurrency ?? 1)) break;
    const oldest = await queue.oldest(pool, given);
    if (oldest === undefined) break;
    const plan = await planFor(oldest, engine);
    const places = plan?.concurrency ?? 1;
    if (taken >= places) break;
    const batch = plan && (await formBatch(oldest, queue.beside(oldest, pool), plan, pool, answered, engine));
    if (batch === 'later') break;
    if (batch !== undefined && 'waitMs' in batch) {
      // Once for each file that begins to wait; the sweep looks, too.
      if (waiting.some(({ id }) => id === oldest.id)) await engine.later(pipeline, batch.waitMs / 1000);
      break;
    }
    const next = batch ?? oldest;
    const epoch = await engine.store.takeSlot(pipeline, next.id, pool, places);
    if (epoch === 'conflict') {
      races += 1;
      continue;
    }
    given.set(next.id, epoch);
    if (next.id !== driven) await wake(next.id, engine);
  }
  return given;
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

  constructor(pipeline: string, engine: Engine, known: readonly Run[]) {
    this.#pipeline = pipeline;
    this.#engine = engine;
    this.#known = known.toSorted((a, b) => (queueOrder(a) < queueOrder(b) ? -1 : 1));
  }

  /** The oldest run without a slot. A run that was given a slot in this round has released it since, not lost it. */
  async oldest({ holders }: Pool, given: ReadonlyMap<string, number>): Promise<Run | undefined> {
    const isServed = (id: string): boolean => holders[id] !== undefined || given.has(id);
    const known = this.#known.find(({ id }) => !isServed(id));
    this.#ids ??= await this.#engine.store.findQueued(this.#pipeline, LOOKED_AT);
    for (let id = this.#ids[0]; id !== undefined; id = this.#ids[0]) {
      if (id === known?.id) return known;
      const other = isServed(id) ? undefined : await readable(id, this.#engine);
      if (other !== 'malformed' && other?.life.state === 'QUEUED')
        return known !== undefined && queueOrder(known) < queueOrder(other) ? known : other;
      this.#ids.shift();
    }
    return known;
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
    } else if (holder.life.state === 'FAILED' || holder.life.state === 'NEEDS_DECISION') isHeldBack = true;
  }
  const given = await fillPool(pipeline, engine);
  return { unaware: [...unaware, ...given.keys()], isHeldBack };
}
