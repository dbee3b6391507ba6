/**
 * The pool of a pipeline: how many of its runs are active at once. A driver that frees or finds places gives them to the oldest
 * waiting runs and wakes those: each of them has its place already, so no wake-up is wasted.
 */
import { defined } from '../run/defined.ts';
import type { Run } from '../run/run.ts';
import { queueOrder } from '../run/run.ts';
import type { RunEvent } from '../run/run-event.ts';
import type { Pool } from '../store/run-store.ts';
import { planToStart } from './plan-to-start.ts';
import type { Engine } from './ports.ts';
import { wake } from './wake.ts';

/** Lost races for the pool after which the places are left to those who won them. */
const RACES = 10;

/** So many waiting runs are looked at; those that the index still has, though they have begun, count. */
const LOOKED_AT = 100;

/** Takes a place for the run if one is free and no older run waits for it; those get theirs, too. */
export async function takeSlot(run: Run, engine: Engine): Promise<RunEvent> {
  const { holders } = await engine.store.loadPool(run.pipeline);
  const epoch = holders[run.id] ?? (await fillPool(run.pipeline, engine, run)).get(run.id);
  if (epoch === undefined) return { kind: 'SlotBusy' };
  const plan = await planToStart(run, engine);
  return { kind: 'SlotTaken', epoch, ...defined({ plan }) };
}

/**
 * Gives the pool's free places to waiting runs, oldest first, and wakes them. `me` waits, too, though the index may not have it
 * yet; it is not woken. Answers who got a place, and its epoch.
 */
export async function fillPool(
  pipeline: string,
  engine: Engine,
  me?: Run,
): Promise<ReadonlyMap<string, number>> {
  const given = new Map<string, number>();
  const queue = new Queue(pipeline, engine, me);
  for (let races = 0; races < RACES;) {
    const pool = await engine.store.loadPool(pipeline);
    const taken = Object.keys(pool.holders).length;
    // Most often it is full: then no query is needed.
    if (me !== undefined && taken >= (await placesFor(me, engine))) break;
    const next = await queue.oldest(pool, given);
    if (next === undefined) break;
    const places = await placesFor(next, engine);
    if (taken >= places) break;
    const epoch = await engine.store.takeSlot(pipeline, next.id, pool, places);
    if (epoch === 'conflict') {
      races += 1;
      continue;
    }
    given.set(next.id, epoch);
    if (next.id !== me?.id) await wake(next.id, engine);
  }
  return given;
}

/** How many runs of its pipeline may go on at once. One whose plan is gone gets a place, too: its drive says what is wrong. */
async function placesFor(run: Run, { plans }: Engine): Promise<number> {
  const plan = plans.today(run.pipeline) ?? (await plans.find(run.planHash));
  return plan?.concurrency ?? 1;
}

/** The waiting runs of a pipeline, oldest first. The index lags: only the item itself says whether a run still waits. */
class Queue {
  readonly #pipeline: string;
  readonly #engine: Engine;
  readonly #me: Run | undefined;
  #ids: string[] | undefined;

  constructor(pipeline: string, engine: Engine, me: Run | undefined) {
    this.#pipeline = pipeline;
    this.#engine = engine;
    this.#me = me;
  }

  /** The oldest that has no place in the pool. One that got its place before has given it back since, not lost it. */
  async oldest({ holders }: Pool, given: ReadonlyMap<string, number>): Promise<Run | undefined> {
    const isServed = (id: string): boolean => holders[id] !== undefined || given.has(id);
    const me = this.#me !== undefined && !isServed(this.#me.id) ? this.#me : undefined;
    this.#ids ??= await this.#engine.store.findQueued(this.#pipeline, LOOKED_AT);
    for (let id = this.#ids[0]; id !== undefined; id = this.#ids[0]) {
      if (id === me?.id) return me;
      const other = isServed(id) ? undefined : await this.#engine.store.load(id);
      if (other?.life.state === 'QUEUED')
        return me !== undefined && queueOrder(me) < queueOrder(other) ? me : other;
      this.#ids.shift();
    }
    return me;
  }
}

/**
 * The pool of a pipeline with waiting runs, as the sweep keeps it: places of runs that are gone or gave theirs back are freed, and
 * all free ones filled. Answers the runs that have a place and do not know it yet: they were to be woken, and may not have been.
 */
export async function tendPool(
  pipeline: string,
  engine: Engine,
): Promise<{ unaware: readonly string[]; isHeldBack: boolean }> {
  const { store } = engine;
  const { holders } = await store.loadPool(pipeline);
  const unaware: string[] = [];
  let isHeldBack = false;
  for (const [runId, epoch] of Object.entries(holders)) {
    const holder = await store.load(runId);
    if (holder?.life.state === 'QUEUED') unaware.push(runId);
    else if (holder?.slot?.held !== true) {
      await store.releaseSlot(pipeline, runId, epoch);
      engine.log('warn', 'freed the slot of a run that has ended', { pipeline, run: runId, epoch });
    } else if (holder.life.state === 'FAILED' || holder.life.state === 'NEEDS_DECISION') isHeldBack = true;
  }
  const given = await fillPool(pipeline, engine);
  return { unaware: [...unaware, ...given.keys()], isHeldBack };
}
