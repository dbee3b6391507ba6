/** A batch of the arrivals queue: its runs are created a few at a time, and each pipeline's slots are filled once. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import type { Start } from '../../shared/engine/start-all.ts';
import { startAll } from '../../shared/engine/start-all.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const MOST_AT_A_TIME = 5;

const orders = planOf([{ name: '10_stage.sql' }], { concurrency: 2 });
const stores = planOf([{ name: '10_stage.sql' }], {
  pipeline: 'stores',
  hash: 'stores',
  triggers: [{ kind: 's3', prefix: 'stores/', suffix: '.csv' }],
});

let world: World;
/** Names of the calls of the table, in order. */
let calls: string[];

beforeEach(() => {
  world = new World();
  calls = [];
});

function engine(): Engine {
  const made = world.engine([orders, stores]);
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
  return { ...made, store };
}

function arrivalOf(key: string, second: number): Start {
  const file = fileOf(key);
  world.put(file);
  const time = new Date(world.time + second * 1_000).toISOString();
  return (into) => admit({ file, time }, into);
}

async function start(keys: readonly string[]): Promise<string[]> {
  const outcomes = await startAll(keys.map(arrivalOf), engine());
  return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? (outcome.value[0]?.run.id ?? '') : ''));
}

const woken = (): unknown[] =>
  world.published.filter(({ type }) => type === 'Run Woken').map(({ detail }) => detail['runId']);

const countOf = (name: string): number => calls.filter((call) => call === name).length;

const files = (folder: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `${folder}/${from + i}.csv`);

describe('a batch of files', () => {
  it('wakes only the runs that got a slot, the oldest of each pipeline', async () => {
    const ids = await start([...files('orders', 0, 4), ...files('stores', 0, 2)]);
    expect(woken()).toEqual([ids[0], ids[1], ids[4]]);
    expect(countOf('create')).toBe(6);
  });

  it('reads the pool once and nothing else while no slot is free, whatever the number of files', async () => {
    await start(files('orders', 0, 2));
    calls = [];
    const before = woken().length;
    await start(files('orders', 2, 12));
    expect(woken()).toHaveLength(before);
    expect(countOf('create')).toBe(10);
    expect(countOf('loadPool')).toBe(1);
    expect(countOf('findQueued') + countOf('load') + countOf('takeSlot')).toBe(0);
  });

  it('reads the pool once and wakes none while the pipeline is paused', async () => {
    await world.store.pausePool('orders', { by: 'ann', at: new Date(world.time).toISOString() }, 'p');
    await start(files('orders', 0, 10));
    expect(woken()).toEqual([]);
    expect(countOf('loadPool')).toBe(1);
    expect(countOf('findQueued') + countOf('load') + countOf('takeSlot')).toBe(0);
  });

  it('of one file takes the slot without a look at the pool, and drives it at once', async () => {
    const ours: Engine = { ...engine(), taken: [] };
    const [outcome] = await startAll([arrivalOf('orders/1.csv', 1)], ours);
    expect(countOf('loadPool')).toBe(0);
    expect([countOf('findQueued'), countOf('takeSlot')]).toEqual([1, 1]);
    expect(woken()).toEqual([]);
    const run = outcome?.status === 'fulfilled' ? outcome.value[0]?.run : undefined;
    expect(ours.taken).toEqual([{ run, epoch: 1 }]);
  });

  it('of several wakes each run that got a slot: a session that opens would delay the messages after them', async () => {
    const ours: Engine = { ...engine(), taken: [] };
    await startAll([arrivalOf('orders/1.csv', 1), arrivalOf('stores/1.csv', 2)], ours);
    expect(woken()).toHaveLength(2);
    expect(ours.taken).toEqual([]);
  });

  it('of one file gives the slot to an older file that waits, and wakes that', async () => {
    await world.store.pausePool('orders', { by: 'ann', at: new Date(world.time).toISOString() }, 'p');
    const [older] = await start(['orders/a.csv']);
    await world.store.unpausePool('orders', 'u');
    world.time += 60_000;
    const ours: Engine = { ...engine(), taken: [] };
    await startAll([arrivalOf('orders/b.csv', 1)], ours);
    // It is driven here, too: the second slot goes to the file that came now, and is woken.
    expect([...woken(), ...(ours.taken ?? []).map(({ run }) => run.id)]).toContain(older);
    expect(Object.keys(world.store.pools.get('orders')?.holders ?? {})).toHaveLength(2);
  });

  it('gives slots to runs that the index does not have yet', async () => {
    world.store.findQueued = async () => [];
    const ids = await start(files('orders', 0, 3));
    expect(woken()).toEqual(ids.slice(0, 2));
  });

  it('gives the slot to an older file that waits already', async () => {
    await world.store.pausePool('orders', { by: 'ann', at: new Date(world.time).toISOString() }, 'p');
    const older = await start(['orders/a.csv', 'orders/b.csv']);
    await world.store.unpausePool('orders', 'u');
    world.time += 60_000;
    await start(['orders/c.csv']);
    expect(woken()).toEqual(older);
  });

  it('fills the slots again when the batch is delivered again, and wakes no run that has one', async () => {
    const keys = files('orders', 0, 3);
    const ids = await start(keys);
    expect(await start(keys)).toEqual(ids);
    expect(woken()).toEqual(ids.slice(0, 2));
  });

  it('reports the one that fails, and starts the others', async () => {
    const good = arrivalOf('orders/1.csv', 1);
    const bad: Start = async () => {
      throw new Error('no network');
    };
    const outcomes = await startAll([good, bad, arrivalOf('orders/2.csv', 2)], engine());
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(woken()).toHaveLength(2);
  });

  it('is stored, though its slots could not be filled: the sweep fills them', async () => {
    world.store.loadPool = async () => {
      throw new Error('throttled');
    };
    const outcomes = await startAll([arrivalOf('orders/1.csv', 1)], engine());
    expect(outcomes).toMatchObject([{ status: 'fulfilled' }]);
    expect(world.logs.at(-1)).toContain('could not fill the slots of a pipeline; the sweep does');
  });

  it('is handled a few files at a time', async () => {
    let [now, most] = [0, 0];
    const slow: Start = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise<void>((done) => setImmediate(done));
      now -= 1;
      return [];
    };
    await startAll(Array<Start>(20).fill(slow), engine());
    expect(most).toBe(MOST_AT_A_TIME);
  });
});
