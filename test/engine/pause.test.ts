/** A paused pipeline: what runs ends, what waits keeps waiting in order, and all slots are filled when the pause ends. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { pauseOrUnpause } from '../../shared/engine/pause.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { PauseAnswer, PauseRequest } from '../../shared/events/requests.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const MINUTE = 60_000;
const plan = planOf([{ name: '10_stage.sql' }]);

let world: World;

beforeEach(() => {
  world = new World();
});

async function arrive(key: string): Promise<string> {
  world.time += 1_000;
  const file = fileOf(key);
  world.put(file);
  const [started] = await admit({ file, time: new Date(world.time).toISOString() }, world.engine([plan]));
  const id = started?.run.id ?? '';
  await world.drive(id);
  return id;
}

function ask(request: Partial<PauseRequest>, deployed = [plan]): Promise<PauseAnswer> {
  const whole = { verb: 'pause', requestId: 'q', pipeline: 'orders', actor: 'ann', ...request };
  return pauseOrUnpause(whole as PauseRequest, world.engine(deployed));
}

const stateOf = (id: string): string | undefined => world.run(id)?.state;

/** The runs woken since `from`. */
const wokenSince = (from: number): unknown[] =>
  world.published
    .slice(from)
    .filter(({ type }) => type === 'Run Woken')
    .map(({ detail }) => detail['runId']);

describe('a paused pipeline', () => {
  it('lets its active run end and starts no other, neither by an event nor by the sweep', async () => {
    const first = await arrive('orders/1.csv');
    expect(await ask({ verb: 'pause', reason: 'schema change' })).toMatchObject({
      ok: true,
      paused: true,
      waiting: 0,
      message: 'paused orders: its active runs continue, later ones wait; 0 waiting',
    });
    const second = await arrive('orders/2.csv');
    await world.finish();
    expect(stateOf(first)).toBe('SUCCEEDED');
    const third = await arrive('orders/3.csv');
    world.time += 2 * MINUTE;
    await sweep(world.engine([plan]));
    expect([second, third].map(stateOf)).toEqual(['QUEUED', 'QUEUED']);
    expect((await world.store.loadPool('orders')).holders).toEqual({});
  });

  it('counts its waiting files as held back, so that the alarm reports them', async () => {
    await ask({ verb: 'pause' });
    await arrive('orders/1.csv');
    world.metered.clear();
    await sweep(world.engine([plan]));
    expect(world.metered.get('FilesHeldBack')).toBe(1);
    await ask({ verb: 'unpause' });
    world.metered.clear();
    await sweep(world.engine([plan]));
    expect(world.metered.get('FilesHeldBack')).toBe(0);
  });

  it('can be paused before its first run', async () => {
    await ask({ verb: 'pause' });
    const id = await arrive('orders/1.csv');
    expect(stateOf(id)).toBe('QUEUED');
    await ask({ verb: 'unpause' });
    await world.drive(id);
    expect(stateOf(id)).toBe('RUNNING');
  });

  it('lets a failed run that holds its slot be resumed; a run without a slot waits', async () => {
    const held = await arrive('orders/1.csv');
    await world.finish('FAILED', { error: 'ERROR: relation "x" does not exist' });
    expect(stateOf(held)).toBe('FAILED');
    await ask({ verb: 'pause' });
    const resume = { verb: 'resume' as const, requestId: 'r', runId: held, actor: 'ann' };
    expect(await operate(resume, world.engine([plan]))).toMatchObject({ ok: true });
    await world.drive(held);
    expect(world.run(held)).toMatchObject({ state: 'RUNNING', phase: 'SUBMITTED' });

    const giving = planOf([{ name: '10_stage.sql' }], {
      onFailure: 'continue',
      pipeline: 'lenient',
      hash: 'lenient',
    });
    const started = await operate(
      { verb: 'start', requestId: 's', pipeline: 'lenient', actor: 'ann' },
      world.engine([giving]),
    );
    const id = started.ok ? started.runId : '';
    await world.finish();
    await world.drive(id);
    await world.finish('FAILED', { error: 'ERROR: relation "x" does not exist' });
    expect(stateOf(id)).toBe('FAILED');
    await ask({ verb: 'pause', pipeline: 'lenient' }, [giving]);
    const again = { verb: 'resume' as const, requestId: 'r', runId: id, actor: 'ann' };
    expect(await operate(again, world.engine([giving]))).toMatchObject({ ok: true, state: 'QUEUED' });
    await world.drive(id);
    expect(stateOf(id)).toBe('QUEUED');
  });
});

describe('the end of a pause', () => {
  it('gives all slots to the oldest waiting runs and wakes exactly those', async () => {
    const wide = planOf([{ name: '10_stage.sql' }], { concurrency: 2 });
    await ask({ verb: 'pause' }, [wide]);
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) ids.push(await arrive(`orders/${i}.csv`));
    const before = world.published.length;
    expect(await ask({ verb: 'unpause', requestId: 'u' }, [wide])).toMatchObject({
      paused: false,
      message: 'unpaused orders (it was paused by ann since 2026-11-24T08:00:00.000Z); 2 started; 3 waiting',
    });
    expect(wokenSince(before)).toEqual(ids.slice(0, 2));
    expect(Object.keys((await world.store.loadPool('orders')).holders)).toEqual(ids.slice(0, 2));
  });

  it('is finished by the second delivery of a request that was cut off', async () => {
    await ask({ verb: 'pause' });
    const id = await arrive('orders/1.csv');
    await world.store.unpausePool('orders', 'u');
    const before = world.published.length;
    expect(await ask({ verb: 'unpause', requestId: 'u' })).toMatchObject({
      ok: true,
      paused: false,
      message: 'orders is not paused; 1 started; 1 waiting',
    });
    expect(wokenSince(before)).toEqual([id]);
  });
});

describe('a request', () => {
  it('to pause a paused pipeline reports by whom and since when, and leaves the pause as it is', async () => {
    await ask({ verb: 'pause', actor: 'ann', reason: 'schema change' });
    world.time += MINUTE;
    expect(await ask({ verb: 'pause', actor: 'bob', requestId: 'q2' })).toMatchObject({
      ok: true,
      paused: true,
      message: 'orders is already paused by ann since 2026-11-24T08:00:00.000Z: schema change; 0 waiting',
    });
    expect((await world.store.loadPool('orders')).paused).toMatchObject({ by: 'ann' });
  });

  it('that is delivered again after the pause ended does not pause again', async () => {
    await ask({ verb: 'pause', requestId: 'p' });
    await ask({ verb: 'unpause', requestId: 'u' });
    expect(await ask({ verb: 'pause', requestId: 'p' })).toMatchObject({
      ok: true,
      paused: false,
      message: 'request p paused orders before, and the pause has ended since; 0 waiting',
    });
    await ask({ verb: 'pause', requestId: 'p2' });
    expect(await ask({ verb: 'unpause', requestId: 'u' })).toMatchObject({ ok: true, paused: true });
    expect((await world.store.loadPool('orders')).paused).toBeDefined();
  });

  it('to unpause a pipeline that is not paused says so', async () => {
    expect(await ask({ verb: 'unpause' })).toMatchObject({
      ok: true,
      paused: false,
      message: 'orders is not paused; 0 started; 0 waiting',
    });
  });

  it('for an unknown pipeline is refused, but for a removed one that is paused it ends the pause', async () => {
    expect(await ask({ pipeline: 'oders' })).toMatchObject({
      ok: false,
      code: 'not-found',
      message: 'there is no pipeline "oders"; known pipelines: orders',
    });
    await ask({ verb: 'pause' });
    expect(await ask({ verb: 'unpause' }, [])).toMatchObject({ ok: true, paused: false });
  });
});
