/** The beginning of a run: its slot, its session and its first claim, and when they are stored. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { startAll } from '../../shared/engine/start-all.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import { driveTaken } from '../../shared/engine/taken.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { runItem } from '../../shared/store/run-item.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const plan = planOf([{ name: '10_stage.sql' }, { name: '20_commit.sql', kind: 'durable' }]);

let world: World;
/** Every state that was stored, in order. */
let stored: string[];
/** The indexes that the sweep and the drivers read, in which the run was then. */
let indexed: string[];

beforeEach(() => {
  world = new World();
  stored = [];
  indexed = [];
  world.store.stored = (run) => {
    const { life, session } = run;
    const item = runItem(run);
    indexed.push(['due', 'queue'].filter((name) => name in item).join());
    const phase = 'work' in life ? life.work.phase : '';
    stored.push(`${life.state} ${phase} ${session.state}`);
  };
});

/** As `start-run` does it; with so much time left, in ms. */
async function arrive(today: Plan = plan, remaining = 60_000): Promise<StoredRun | undefined> {
  const file = fileOf('orders/1.csv');
  world.put(file);
  const driver = { ...world.driver(), remainingMs: () => remaining };
  const engine = { ...world.engine([today]), driver, taken: [] };
  const time = new Date(world.time).toISOString();
  const [outcome] = await startAll([(into) => admit({ file, time }, into)], engine);
  await driveTaken(engine);
  return outcome?.status === 'fulfilled' ? world.run(outcome.value[0]?.run.id ?? '') : undefined;
}

const woken = (): number => world.published.filter(({ type }) => type === 'Run Woken').length;

describe('a file that comes alone', () => {
  it('is submitted by the function that takes it, with one write of its run before the submission', async () => {
    expect(await arrive()).toMatchObject({ state: 'RUNNING', phase: 'SUBMITTED', sessionId: 'session-1' });
    expect(stored).toEqual(['QUEUED  none', 'RUNNING CLAIMED open', 'RUNNING SUBMITTED open']);
    expect(indexed).toEqual(['due', 'due', 'due']);
    expect(woken()).toBe(0);
  });

  it('is woken where the function has too little time left', async () => {
    expect(await arrive(plan, 20_000)).toMatchObject({ state: 'QUEUED' });
    expect(woken()).toBe(1);
    expect(Object.keys(world.store.pools.get('orders')?.holders ?? {})).toHaveLength(1);
  });
});

describe('a file that comes while another one runs', () => {
  it('is put into the queue, and the next one goes there directly', async () => {
    await arrive();
    stored = [];
    indexed = [];
    const engine = { ...world.engine([plan]), taken: [] };
    for (const key of ['orders/2.csv', 'orders/3.csv']) {
      const file = fileOf(key);
      world.put(file);
      world.time += 1_000;
      const time = new Date(world.time).toISOString();
      await startAll([(into) => admit({ file, time }, into)], engine);
    }
    expect(stored).toEqual(['QUEUED  none', 'QUEUED  none', 'QUEUED  none']);
    expect(indexed).toEqual(['due', 'queue', 'queue']);
    for (let i = 0; i < 2; i += 1) await world.finish();
    expect(world.published.filter(({ type }) => type === 'Run Woken')).toHaveLength(1);
  });

  it('gets the slot that became free while it was put into the queue', async () => {
    await arrive();
    const take = world.store.takeSlot.bind(world.store);
    world.store.takeSlot = async (...slot) => {
      world.store.takeSlot = take;
      const answer = await take(...slot);
      // The first run ends now, and sees no other.
      for (let i = 0; i < 2; i += 1) await world.finish();
      return answer;
    };
    const file = fileOf('orders/2.csv');
    world.put(file);
    const time = new Date(world.time).toISOString();
    await startAll([(into) => admit({ file, time }, into)], { ...world.engine([plan]), taken: [] });
    expect(stored.at(-1)).toBe('RUNNING SUBMITTED open');
  });

  it('begins by the sweep if its driver dies between its creation and its slot', async () => {
    world.store.takeSlot = () => Promise.reject(new Error('killed'));
    const run = await arrive();
    expect(run).toMatchObject({ state: 'QUEUED' });
    Reflect.deleteProperty(world.store, 'takeSlot');
    world.time += 100_000;
    await sweep(world.engine([plan]));
    expect(world.run(run?.id ?? '')).toMatchObject({ phase: 'SUBMITTED' });
  });
});

describe('a run that is cancelled while its slot is taken', () => {
  it('gives the slot back', async () => {
    const take = world.store.takeSlot.bind(world.store);
    world.store.takeSlot = async (pipeline, runId, ...more) => {
      await operate({ verb: 'cancel', requestId: 'c', runId, actor: 'me' }, world.engine([plan]));
      return take(pipeline, runId, ...more);
    };
    expect(await arrive()).toMatchObject({ state: 'CANCELLED' });
    expect(world.store.pools.get('orders')).toEqual({ holders: {}, epoch: 1 });
  });
});

describe('a session that takes long to open', () => {
  it('does not leave its run QUEUED: a warehouse that starts must show a run that has begun', async () => {
    world.warehouse.opensSlowly = () => true;
    expect(await arrive()).toMatchObject({ phase: 'SUBMITTED', sessionId: 'session-1' });
    expect(stored).toEqual([
      'QUEUED  none',
      'RUNNING READY none',
      'RUNNING CLAIMED open',
      'RUNNING SUBMITTED open',
    ]);
    expect(world.warehouse.sessions.size).toBe(1);
  });

  it('is left to a function with more time, which is woken', async () => {
    world.warehouse.opensSlowly = () => true;
    const run = await arrive(plan, 28_000);
    expect(run).toMatchObject({ state: 'RUNNING', phase: 'READY' });
    expect(woken()).toBe(1);
    await world.drive(run?.id ?? '');
    expect(world.run(run?.id ?? '')).toMatchObject({ phase: 'SUBMITTED', sessionId: 'session-2' });
  });
});

describe('the event Run Started', () => {
  it('is published for pipelines that ask for it, once for each session', async () => {
    world.warehouse.opensSlowly = () => true;
    await arrive({ ...plan, startedEvent: true });
    expect(world.types()).toEqual(['Run Started']);
  });

  it('is not published for others', async () => {
    await arrive();
    expect(world.types()).toEqual([]);
  });
});
