/** What the sweep tells besides driving: what it recovered, what waits, what it could not drive. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const MINUTE = 60_000;
const plan = planOf([{ name: '10_stage.sql' }, { name: '20_load.sql' }]);

let world: World;

beforeEach(() => {
  world = new World();
});

async function arrive(key: string): Promise<string> {
  const file = fileOf(key);
  world.put(file);
  const created = { file, time: new Date(world.time).toISOString() };
  const [started] = await admit(created, world.engine([plan]));
  return started?.run.id ?? '';
}

function run(id: string): StoredRun {
  const there = world.run(id);
  if (there === undefined) throw new Error('no run');
  return there;
}

async function sweepAfter(ms: number): Promise<void> {
  world.time += ms;
  world.metered.clear();
  await sweep(world.engine());
}

describe('the sweep counts as recovered', () => {
  it('a step whose completion event never came', async () => {
    const id = await arrive('orders/1.csv');
    await world.drive(id);
    world.end();
    await sweepAfter(2 * MINUTE);
    expect(world.metered.get('SweepRecovered')).toBe(1);
  });

  it('a file that waits though a slot is free', async () => {
    await arrive('orders/1.csv');
    await sweepAfter(2 * MINUTE);
    expect(world.metered.get('SweepRecovered')).toBe(1);
  });

  it('no run that was checked and still runs', async () => {
    const id = await arrive('orders/1.csv');
    await world.drive(id);
    await sweepAfter(2 * MINUTE);
    expect(world.metered.has('SweepRecovered')).toBe(false);
    expect(world.metered.get('OldestUnfinishedRun')).toBe(120);
  });

  it('no run that backed off', async () => {
    world.warehouse.before = () => {
      throw Object.assign(new Error('too many'), { name: 'ThrottlingException' });
    };
    const id = await arrive('orders/1.csv');
    await world.drive(id);
    expect(world.metered.get('Throttles')).toBeGreaterThan(0);
    world.warehouse.before = () => undefined;
    await sweepAfter(5 * MINUTE);
    expect(run(id)).toMatchObject({ phase: 'SUBMITTED' });
    expect(world.metered.has('SweepRecovered')).toBe(false);
  });
});

describe('a run whose slot is not recorded on it yet', () => {
  it('is driven by the sweep, even if an older file waits and no wake-up arrives', async () => {
    world.time += 10 * MINUTE;
    const unaware = await arrive('orders/2.csv');
    // Its driver was cut off between the pool and the run.
    await world.store.takeSlot('orders', unaware, 1);
    world.time -= 5 * MINUTE;
    const older = await arrive('orders/1.csv');
    expect(await world.store.findQueued('orders', 1)).toEqual([older]);
    await sweepAfter(10 * MINUTE);
    expect(run(unaware)).toMatchObject({ state: 'RUNNING', phase: 'SUBMITTED' });
    expect(run(older)).toMatchObject({ state: 'QUEUED' });
  });
});

describe('files that wait for a run', () => {
  it('are counted as waiting while it runs, and as held back when it has stopped; the alert has their number', async () => {
    const id = await arrive('orders/1.csv');
    await world.drive(id);
    world.time += 1_000;
    await arrive('orders/2.csv');
    await arrive('orders/3.csv');
    await sweepAfter(MINUTE);
    expect(world.metered.get('FilesWaiting')).toBe(2);
    expect(world.metered.get('FilesHeldBack')).toBe(0);
    await world.finish('FAILED', { error: 'ERROR: relation "x" does not exist' });
    expect(world.published.at(-1)).toMatchObject({ type: 'Run Failed', detail: { runId: id, waiting: 2 } });
    await sweepAfter(MINUTE);
    expect(world.metered.get('FilesHeldBack')).toBe(2);
  });
});

describe('runs that wait for a slot', () => {
  it('of a pipeline that was removed are started by the sweep', async () => {
    const id = await arrive('orders/1.csv');
    world.time += 2 * MINUTE;
    await sweep(world.engine([planOf([{ name: '10_stage.sql' }], { pipeline: 'another', hash: 'another' })]));
    expect(run(id)).toMatchObject({ state: 'RUNNING', phase: 'SUBMITTED' });
  });

  it('cost the sweep the same whatever their number while their pool is full', async () => {
    const sweepCalls = async (): Promise<string[]> => {
      const calls: string[] = [];
      const store = new Proxy(world.store, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== 'function') return method;
          return (...parameters: unknown[]): unknown => {
            calls.push(String(name));
            return method.apply(target, parameters) as unknown;
          };
        },
      });
      await sweep({ ...world.engine([plan]), store });
      return calls;
    };
    const first = await arrive('orders/first.csv');
    await world.drive(first);
    await arrive('orders/0.csv');
    const few = await sweepCalls();
    for (let i = 1; i < 60; i += 1) await arrive(`orders/${i}.csv`);
    expect(await sweepCalls()).toEqual(few);
    expect(few.filter((call) => call === 'countQueued')).toHaveLength(1);
  });
});

describe('a run that cannot be driven', () => {
  it('because its plan was deleted is reported to people after four hours', async () => {
    const id = await arrive('orders/1.csv');
    await world.drive(id);
    const kept = [...world.store.plans.values()];
    world.store.plans.clear();
    const sweepCold = async (): Promise<void> => {
      world.time += MINUTE;
      await sweep({ ...world.engine(), plans: new PlanCache(world.store) });
    };
    for (let i = 0; i < 240; i += 1) await sweepCold();
    expect(run(id)).toMatchObject({ state: 'RUNNING', failedDrives: 239 });
    await sweepCold();
    const stopped = run(id);
    expect(stopped).toMatchObject({ state: 'NEEDS_DECISION', error: { class: 'unknown' } });
    expect(stopped.error?.message).toContain(plan.hash);
    expect(stopped.nextCheckAt).toBeUndefined();
    expect(world.types().at(-1)).toBe('Run Needs Decision');
    for (const one of kept) world.store.plans.set(one.hash, one);
    const answer = await operate(
      { verb: 'resolve', verdict: 'abandon', requestId: 'r', runId: id, actor: 'ann' },
      world.engine([plan]),
    );
    expect(answer).toMatchObject({ ok: true, state: 'CANCELLED' });
  });

  it('for a while continues normally afterwards', async () => {
    const id = await arrive('orders/1.csv');
    await world.drive(id);
    const ask = world.warehouse.describe.bind(world.warehouse);
    world.end();
    world.warehouse.describe = async () => {
      throw new Error('no network');
    };
    await sweepAfter(2 * MINUTE);
    expect(world.metered.get('RunTroubles')).toBe(1);
    expect(run(id)).toMatchObject({ state: 'RUNNING', failedDrives: 1 });
    world.warehouse.describe = ask;
    await sweepAfter(2 * MINUTE);
    expect(run(id)).toMatchObject({ phase: 'SUBMITTED', cursor: 1 });
    expect(run(id).failedDrives).toBeUndefined();
  });
});

describe('a driver that crashes', () => {
  it('in the step after a long one is replaced by a sweep 90 seconds later', async () => {
    const id = await arrive('orders/1.csv');
    await world.drive(id);
    // The step runs for twenty minutes: it is looked at every five.
    for (let minute = 0; minute < 20; minute += 1) await sweepAfter(MINUTE);
    const { nextCheckAt: next = 0 } = run(id);
    expect(next * 1000 - world.time).toBeGreaterThan(100_000);
    world.warehouse.before = (call) => {
      if (call === 'submit') throw new Error('the driver dies');
    };
    const { runId, event } = world.end();
    await world.drive(runId, event).catch(() => undefined);
    world.warehouse.before = () => undefined;
    expect(run(id)).toMatchObject({ phase: 'CLAIMED', cursor: 1 });
    await sweepAfter(89_000);
    expect(run(id)).toMatchObject({ phase: 'CLAIMED', cursor: 1 });
    await sweepAfter(1_000);
    expect(run(id)).toMatchObject({ phase: 'SUBMITTED', cursor: 1 });
  });
});
