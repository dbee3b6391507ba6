/** Files that wait are loaded together: from the queue to the end, over fakes of all ports. */
import '../fakes/lazy-modules.ts';

import { defined } from '../../shared/run/defined.ts';
import { expect, test } from 'vitest';

import type { Report } from '../fakes/fake-warehouse.ts';
import { admit } from '../../shared/engine/admit.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import { readArrival } from '../../shared/engine/arrivals.ts';
import { formBatch } from '../../shared/engine/batch/form.ts';
import { startAll } from '../../shared/engine/start-all.ts';
import type { Started } from '../../shared/engine/start-run.ts';
import { newRun, runIdOf } from '../../shared/engine/start-run.ts';
import type { Run } from '../../shared/run/run.ts';
import { operate } from '../../shared/engine/operate.ts';
import { pauseOrUnpause } from '../../shared/engine/pause.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { Plan, Step } from '../../shared/pipeline/plan.ts';
import { fileOf, lineageOf, planOf, World } from '../fakes/world.ts';

const LOAD: Partial<Step> = {
  name: '10_load.sql',
  statements: [{ parts: ['COPY t FROM ', { param: 'manifest' }, ' MANIFEST'] }],
  usesFile: true,
  usesManifest: true,
  lineage: lineageOf({ createsTemp: ['t'] }),
};

const COMMIT: Partial<Step> = { name: '20_commit.sql', kind: 'durable' };

function planWith(more: Partial<Plan> = {}, steps: readonly Partial<Step>[] = [LOAD, COMMIT]): Plan {
  const batch = { files: 500, bytes: 1_000_000, waitSeconds: 0 };
  return planOf(steps, { triggers: [{ kind: 's3', prefix: 'orders/', suffix: '.csv', batch }], ...more });
}

/** A pipeline whose slot is held by the run of the first file, and files that wait behind it. */
class Scene {
  readonly world = new World();
  readonly plan: Plan;
  #admitted = 0;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  async drop(
    name: string,
    sequencer = '0001',
    more: { readonly size?: number; readonly etag?: string } = {},
    replayName?: string,
  ): Promise<string> {
    const file = fileOf(`orders/${name}.csv`, { sequencer, ...more });
    this.world.put(file);
    this.#admitted += 1;
    const time = new Date(this.world.time + this.#admitted).toISOString();
    const started: Started[] = [];
    const arrival = async (engine: Engine): Promise<Started[]> => {
      started.push(...(await admit({ file, time, ...defined({ replayName }) }, engine)));
      return started;
    };
    await startAll([arrival], this.world.engine([this.plan]));
    return started[0]?.run.id ?? '';
  }

  async drive(runId: string): Promise<void> {
    const { drive } = await import('../../shared/engine/drive.ts');
    await drive(runId, { kind: 'Woken' }, this.world.engine([this.plan]));
  }

  /** Drives what was woken, until nothing is. */
  async settle(): Promise<void> {
    for (;;) {
      const woken = this.world.published.filter(({ type }) => type === 'Run Woken');
      if (woken.length === 0) return;
      this.world.published.splice(
        0,
        this.world.published.length,
        ...this.world.published.filter(({ type }) => type !== 'Run Woken'),
      );
      for (const { detail } of woken) await this.drive(String(detail['runId']));
    }
  }

  async sweep(): Promise<void> {
    this.world.time += 61_000;
    await sweep(this.world.engine([this.plan]));
    await this.settle();
  }

  /** Ends the statement that is running, and everything that follows at once. */
  async finish(status: 'FINISHED' | 'FAILED' = 'FINISHED', detail: Report = {}): Promise<void> {
    const { drive } = await import('../../shared/engine/drive.ts');
    const { runId, event } = this.world.end(status, detail);
    await drive(runId, event, this.world.engine([this.plan]));
    await this.settle();
  }

  state(runId: string): string | undefined {
    return this.world.run(runId)?.state;
  }

  batches(): string[] {
    return [...this.world.store.runs.values()].filter(({ batch }) => batch !== undefined).map(({ id }) => id);
  }

  manifests(): string[][] {
    const bodies = [...this.world.artifacts].filter(([key]) =>
      /^manifests\/[^/]+\/[0-9a-f]{64}\.json$/.test(key),
    );
    return bodies.map(([, body]) =>
      (JSON.parse(body) as { entries: { url: string }[] }).entries.map(({ url }) => url.replace(/^.*\//, '')),
    );
  }
}

async function scene(plan: Plan = planWith()): Promise<{ scene: Scene; first: string }> {
  const made = new Scene(plan);
  const first = await made.drop('first');
  await made.settle();
  return { scene: made, first };
}

test('files that wait are loaded by one run, with one manifest', async () => {
  const { scene: world, first } = await scene();
  const files = [await world.drop('a'), await world.drop('b'), await world.drop('c')];
  await world.settle();
  expect(files.map((id) => world.state(id))).toEqual(['QUEUED', 'QUEUED', 'QUEUED']);

  await world.finish();
  await world.finish();

  expect(world.state(first)).toBe('SUCCEEDED');
  const [batch = ''] = world.batches();
  expect(files.map((id) => world.world.run(id)?.into)).toEqual([batch, batch, batch]);
  expect(world.manifests()).toEqual([['a.csv', 'b.csv', 'c.csv']]);
  expect(world.world.run(batch)?.batch).toMatchObject({ phase: 'SEALED', files: 3, bytes: 30, seal: 1 });

  await world.finish();
  await world.finish();
  expect(world.state(batch)).toBe('SUCCEEDED');
  expect(world.batches()).toHaveLength(1);
});

test('a lone file goes alone', async () => {
  const { scene: world } = await scene();
  const lone = await world.drop('a');
  await world.finish();
  await world.finish();
  expect(world.state(lone)).toBe('RUNNING');
  expect(world.batches()).toEqual([]);
  expect(JSON.parse(world.world.artifacts.get(`manifests/${lone}.json`) ?? '')).toMatchObject({
    entries: [{ url: 's3://landing/orders/a.csv' }],
  });
});

test('a file of a batch has no manifest of its own', async () => {
  const { scene: world, first } = await scene();
  for (const name of ['a', 'b']) await world.drop(name);
  await world.finish();
  await world.finish();
  const [batch = ''] = world.batches();
  const owners = [...world.world.artifacts.keys()].map((key) => /^manifests\/([^/.]+)/.exec(key)?.[1]);
  expect(new Set(owners)).toEqual(new Set([first, batch]));
});

test('the limits of the batch are kept; the rest goes with the next one', async () => {
  const batch = { files: 2, bytes: 25, waitSeconds: 0 };
  const { scene: world } = await scene(
    planWith({ triggers: [{ kind: 's3', prefix: 'orders/', suffix: '.csv', batch }] }),
  );
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await world.drop(name, '0001', name === 'c' ? { size: 20 } : {});
  for (let steps = 0; steps < 8; steps += 1) await world.finish();
  expect(world.manifests()).toEqual([['a.csv', 'b.csv'], ['c.csv'], ['d.csv', 'e.csv']]);
  expect(world.manifests().flat()).toHaveLength(5);
});

test('an older upload of a key is superseded; a manifest names no key twice', async () => {
  const { scene: world } = await scene();
  const old = await world.drop('a', '0001');
  const files = [await world.drop('b'), await world.drop('a', '0002', { etag: 'newer' })];
  await world.finish();
  await world.finish();
  expect(world.state(old)).toBe('SUPERSEDED');
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'ABSORBED']);
  expect(world.manifests()).toEqual([['b.csv', 'a.csv']]);
});

test('a file that is cancelled after it was listed is not in the batch', async () => {
  const { scene: world } = await scene();
  const [a, b, c] = [await world.drop('a'), await world.drop('b'), await world.drop('c')];
  const { store } = world.world;
  const absorb = store.absorb.bind(store);
  store.absorb = async (member, into, at, by) => {
    if (member.run === b && world.state(b) === 'QUEUED')
      await operate(
        { verb: 'cancel', requestId: 'stop', actor: 'me', runId: b },
        world.world.engine([world.plan]),
      );
    return absorb(member, into, at, by);
  };
  await world.finish();
  await world.finish();
  expect([a, b, c].map((id) => world.state(id))).toEqual(['ABSORBED', 'CANCELLED', 'ABSORBED']);
  const [batch = ''] = world.batches();
  expect(world.world.run(batch)?.batch).toMatchObject({ phase: 'SEALED', files: 2, seal: 2 });
  expect(world.manifests().at(-1)).toEqual(['a.csv', 'c.csv']);
});

test('the file that a batch was made for, if older ones fill it, gets a free slot as soon as those have answered', async () => {
  const batch = { files: 2, bytes: 1_000_000, waitSeconds: 0 };
  const triggers = [{ kind: 's3' as const, prefix: 'orders/', suffix: '.csv', batch }];
  const world = new Scene(planWith({ concurrency: 2, triggers }));
  const { store } = world.world;
  const request = { requestId: 'r', actor: 'me', pipeline: 'orders' };
  const engine = (): Engine => world.world.engine([world.plan]);
  await pauseOrUnpause({ verb: 'pause', ...request }, engine());
  const files = [await world.drop('a'), await world.drop('b'), await world.drop('c'), await world.drop('d')];
  const findQueued = store.findQueued.bind(store);
  // The index does not have them yet.
  store.findQueued = async (...words) =>
    (await findQueued(...words)).filter(
      (id) => world.batches().length > 0 || !files.slice(0, 2).includes(id),
    );
  await pauseOrUnpause({ verb: 'unpause', ...request }, engine());
  await world.settle();
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'ABSORBED', 'RUNNING', 'QUEUED']);
});

test('a file of a batch is not cancelled alone', async () => {
  const { scene: world } = await scene();
  const files = [await world.drop('a'), await world.drop('b')];
  await world.finish();
  await world.finish();
  const [batch = ''] = world.batches();
  const request = { verb: 'cancel' as const, requestId: 'stop', actor: 'me', runId: files[0] ?? '' };
  expect(await operate(request, world.world.engine([world.plan]))).toMatchObject({
    ok: false,
    message: expect.stringContaining(`loaded by batch run ${batch}`),
  });
});

test('a batch that is cancelled before it has its list takes no file', async () => {
  const { scene: world } = await scene();
  const files = [await world.drop('a'), await world.drop('b')];
  const { store } = world.world;
  const findQueued = store.findQueued.bind(store);
  store.findQueued = async (pipeline, limit) => {
    const [batch] = world.batches();
    if (batch !== undefined && limit > 500 && world.state(batch) === 'RUNNING')
      await operate(
        { verb: 'cancel', requestId: 'stop', actor: 'me', runId: batch },
        world.world.engine([world.plan]),
      );
    return findQueued(pipeline, limit);
  };
  await world.finish();
  await world.finish();
  const [batch = ''] = world.batches();
  expect(world.state(batch)).toBe('CANCELLED');
  expect(files.map((id) => world.state(id))).toEqual(['RUNNING', 'QUEUED']);
});

test('a batch that is cancelled while it absorbs its files takes all of them', async () => {
  const { scene: world } = await scene();
  const files = [await world.drop('a'), await world.drop('b'), await world.drop('c')];
  const { store } = world.world;
  const absorb = store.absorb.bind(store);
  let isCancelled = false;
  store.absorb = async (member, into, at, by) => {
    if (!isCancelled) {
      isCancelled = true;
      await operate(
        { verb: 'cancel', requestId: 'stop', actor: 'me', runId: into },
        world.world.engine([world.plan]),
      );
    }
    return absorb(member, into, at, by);
  };
  await world.finish();
  await world.finish();
  await world.sweep();
  const [batch = ''] = world.batches();
  expect(world.state(batch)).toBe('CANCELLED');
  expect(files.map((id) => world.world.run(id)?.into)).toEqual([batch, batch, batch]);
});

test('a batch that is cancelled with too little time to absorb all its files absorbs them later', async () => {
  const { scene: world } = await scene();
  const files = [await world.drop('a'), await world.drop('b'), await world.drop('c')];
  const { store } = world.world;
  const absorb = store.absorb.bind(store);
  let answer: unknown;
  store.absorb = async (member, into, at, by) => {
    if (answer !== undefined) return absorb(member, into, at, by);
    const engine = world.world.engine([world.plan]);
    const driver = { ...engine.driver, remainingMs: () => 5_000 };
    const request = { verb: 'cancel' as const, requestId: 'stop', actor: 'me', runId: into };
    answer = await operate(request, { ...engine, driver });
    throw new Error('the driver that absorbed the files ends');
  };
  await world.finish();
  await expect(world.finish()).rejects.toThrow('the driver that absorbed the files ends');
  expect(answer).toMatchObject({ ok: true, state: 'CANCELLED' });
  await world.sweep();
  const [batch = ''] = world.batches();
  expect(files.map((id) => world.world.run(id)?.into)).toEqual([batch, batch, batch]);
  expect(world.world.run(batch)?.pendingActions).toBeUndefined();
});

test('a file that was overwritten and put back during the load leaves the batch: the load may have read the other', async () => {
  const { scene: world } = await scene();
  const files = [await world.drop('a'), await world.drop('b')];
  await world.finish();
  await world.finish();
  const file = fileOf('orders/b.csv');
  world.world.put(file, new Date(world.world.time + 5_000).toISOString());
  await world.finish();
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'FAILED']);
  expect(world.manifests().at(-1)).toEqual(['a.csv']);
});

const BAD_ROW = ['s3://landing/orders/b.csv', '3', 'id', 'int4', 'Invalid digit'];

async function withBadFile(plan: Plan): Promise<{ scene: Scene; files: string[]; batch: string }> {
  const { scene: world } = await scene(plan);
  const files = [await world.drop('a'), await world.drop('b'), await world.drop('c')];
  await world.finish();
  await world.finish();
  world.world.warehouse.results.push({ match: 'sys_load_error_detail', columns: [], rows: [BAD_ROW] });
  await world.finish('FAILED', { error: 'ERROR: Load into table t failed. Check stl_load_errors' });
  const [batch = ''] = world.batches();
  return { scene: world, files, batch };
}

test('the one bad file is set aside, and the others are loaded', async () => {
  const { scene: world, files, batch } = await withBadFile(planWith({ isolateFiles: 10 }));
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'FAILED', 'ABSORBED']);
  expect(world.world.run(files[1] ?? '')?.error).toMatchObject({
    class: 'data',
    message: expect.stringContaining('b.csv line 3'),
  });
  expect(world.manifests().at(-1)).toEqual(['a.csv', 'c.csv']);
  await world.finish();
  await world.finish();
  expect(world.state(batch)).toBe('SUCCEEDED');
});

/** A batch with a bad file whose load errors cannot be read: the first `call` fails. */
async function withFailingCall(call: string): Promise<{ scene: Scene; files: string[]; error: string }> {
  const { scene: world } = await scene(planWith({ isolateFiles: 10 }));
  const files = [await world.drop('a'), await world.drop('b'), await world.drop('c')];
  await world.finish();
  await world.finish();
  const { warehouse } = world.world;
  warehouse.results.push({ match: 'sys_load_error_detail', columns: [], rows: [BAD_ROW] });
  let fails = true;
  warehouse.before = (made) => {
    if (made !== call || !fails) return;
    fails = false;
    const error = new Error('Session is not available');
    error.name = 'ValidationException';
    throw error;
  };
  return { scene: world, files, error: 'ERROR: Load into table t failed. Check stl_load_errors' };
}

test('the load errors of a batch are read in another session if its own is gone', async () => {
  const { scene: world, files, error } = await withFailingCall('runSmall');
  await world.finish('FAILED', { error });
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'FAILED', 'ABSORBED']);
});

test('a bad file is set aside by the next drive if its load errors could not be read', async () => {
  const { scene: world, files, error } = await withFailingCall('result');
  await expect(world.finish('FAILED', { error })).rejects.toThrow('Session is not available');
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'ABSORBED', 'ABSORBED']);
  world.world.time += 100_000;
  await world.sweep();
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'FAILED', 'ABSORBED']);
});

test('without onBadFile: isolate the batch fails, and a person takes the file out', async () => {
  const { scene: world, files, batch } = await withBadFile(planWith());
  expect(world.state(batch)).toBe('FAILED');
  expect(world.world.run(batch)?.error?.message).toContain(`resume ${batch} --without KEY`);
  const request = {
    verb: 'resume' as const,
    requestId: 'go',
    actor: 'me',
    runId: batch,
    without: ['orders/b.csv'],
  };
  expect(await operate(request, world.world.engine([world.plan]))).toMatchObject({ ok: true });
  await world.settle();
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'FAILED', 'ABSORBED']);
  await world.finish();
  await world.finish();
  expect(world.state(batch)).toBe('SUCCEEDED');
});

test('with `wait` the first file waits for others, and the queue is looked at in time', async () => {
  const batch = { files: 3, bytes: 1_000, waitSeconds: 60 };
  const world = new Scene(planWith({ triggers: [{ kind: 's3', prefix: 'orders/', suffix: '.csv', batch }] }));
  const files = [await world.drop('a'), await world.drop('b')];
  expect(world.world.laters).toEqual([{ pipeline: 'orders', seconds: 60 }]);
  await world.settle();
  expect(files.map((id) => world.state(id))).toEqual(['QUEUED', 'QUEUED']);
  world.world.time += 60_000;
  await startAll(
    [readArrival(JSON.stringify({ source: 'baton.queue', pipeline: 'orders' }), 'test')],
    world.world.engine([world.plan]),
  );
  await world.settle();
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'ABSORBED']);
});

test('with `wait` a batch that is full does not wait, and a lone file goes alone when its time is over', async () => {
  const batch = { files: 2, bytes: 1_000, waitSeconds: 60 };
  const world = new Scene(planWith({ triggers: [{ kind: 's3', prefix: 'orders/', suffix: '.csv', batch }] }));
  const lone = await world.drop('a');
  await world.settle();
  expect(world.state(lone)).toBe('QUEUED');
  await world.sweep();
  expect(world.state(lone)).toBe('RUNNING');
  await world.finish();
  await world.finish();
  const files = [await world.drop('b'), await world.drop('c')];
  await world.settle();
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'ABSORBED']);
});

const FOLDER = planWith({ triggers: [{ kind: 's3', prefix: 'out/', suffix: '', marker: '_SUCCESS' }] });

/** The marker of `out/day/` arrives in a folder with these objects, the seconds from the marker beside their keys. */
async function folderOf(
  objects: Readonly<Record<string, number>>,
  marker = '_SUCCESS',
  text?: string,
): Promise<{ scene: Scene; run: string }> {
  const plan =
    marker === '_SUCCESS'
      ? FOLDER
      : planWith({ triggers: [{ kind: 's3', prefix: 'out/', suffix: '', marker }] });
  const made = new Scene(plan);
  const { world } = made;
  for (const [key, seconds] of Object.entries(objects))
    world.put(fileOf(key), new Date(world.time + seconds * 1000).toISOString());
  const file = fileOf(`out/day/${marker}`, { size: text === undefined ? 0 : text.length });
  world.put(file);
  if (text !== undefined) world.texts.set(`landing/out/day/${marker}`, text);
  const started: Started[] = [];
  const time = `${new Date(world.time).toISOString().slice(0, 19)}Z`;
  const arrival = async (engine: Engine): Promise<Started[]> => {
    started.push(...(await admit({ file, time }, engine)));
    return started;
  };
  await startAll([arrival], world.engine([plan]));
  await made.settle();
  return { scene: made, run: started[0]?.run.id ?? '' };
}

test('a marker file loads the folder beside and below it, and nothing newer or hidden', async () => {
  const { scene: world, run } = await folderOf({
    'out/day/part-1.csv': -60,
    'out/day/hour=3/part-2.csv': -5,
    'out/day/late.csv': 5,
    'out/day/_temporary/part-3.csv': -60,
    'out/day/.part-1.crc': -60,
    'out/day/': -90,
    'out/other/part-4.csv': -60,
  });
  expect(world.manifests()).toEqual([['part-2.csv', 'part-1.csv']]);
  expect(world.world.run(run)?.batch).toMatchObject({ phase: 'SEALED', files: 2 });
  const part = { pipeline: 'orders', bucket: 'landing', key: 'out/day/part-1.csv' };
  expect(await world.world.store.loadKey(part)).toMatchObject({ upload: { run } });
  await world.finish();
  await world.finish();
  expect(world.state(run)).toBe('SUCCEEDED');
});

test('a part that was written in the second of the marker is loaded: the times of events have whole seconds', async () => {
  const { scene: world } = await folderOf({ 'out/day/part-1.csv': 0.4, 'out/day/part-2.csv': 1.4 });
  expect(world.manifests()).toEqual([['part-1.csv']]);
});

test('an empty folder is an error, not a run over nothing', async () => {
  const { scene: world, run } = await folderOf({ 'out/day/late.csv': 5 });
  expect(world.world.run(run)).toMatchObject({ state: 'FAILED', error: { class: 'input' } });
});

test('a manifest of UNLOAD loads exactly what it names', async () => {
  const entries = [
    { url: 's3://landing/out/day/0000_part_00' },
    { url: 's3://landing/elsewhere/0001_part_00' },
  ];
  const objects = { 'out/day/0000_part_00': -60, 'out/day/stale_part': -60, 'elsewhere/0001_part_00': 7 };
  const { scene: world } = await folderOf(objects, 'manifest', JSON.stringify({ entries }));
  expect(world.manifests()).toEqual([['0000_part_00', '0001_part_00']]);
});

test.each([
  ['{', 'is not a manifest of UNLOAD'],
  [JSON.stringify({ entries: [{ url: 'out/day/x' }] }), 'is not a manifest of UNLOAD'],
  [JSON.stringify({ entries: [{ url: 's3://landing/out/gone' }] }), 'there is no such object'],
])('a manifest that cannot be followed is an error of the input: %s', async (text, message) => {
  const { scene: world, run } = await folderOf({}, 'manifest', text);
  expect(world.world.run(run)).toMatchObject({
    state: 'FAILED',
    error: { class: 'input', message: expect.stringContaining(message) },
  });
});

test('a part that is overwritten while the folder is loaded fails its run: a folder is loaded as a whole', async () => {
  const { scene: world, run } = await folderOf({ 'out/day/part-1.csv': -60, 'out/day/part-2.csv': -60 });
  world.world.put(fileOf('out/day/part-2.csv', { etag: 'other' }));
  await world.finish();
  expect(world.world.run(run)).toMatchObject({
    state: 'FAILED',
    error: { class: 'input', message: expect.stringContaining('together or not at all') },
  });
});

/** Three files in a batch whose load is under way. */
async function loading(plan: Plan = planWith()): Promise<{ scene: Scene; files: string[]; batch: string }> {
  const { scene: world } = await scene(plan);
  const files = [await world.drop('a'), await world.drop('b'), await world.drop('c')];
  await world.finish();
  await world.finish();
  return { scene: world, files, batch: world.batches()[0] ?? '' };
}

test('a file that is overwritten while its batch is loaded leaves it, and the others are loaded in a new session', async () => {
  const { scene: world, files, batch } = await loading();
  world.world.put(fileOf('orders/b.csv', { etag: 'other' }));
  await world.finish();
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'FAILED', 'ABSORBED']);
  expect(world.world.run(batch)).toMatchObject({
    state: 'RUNNING',
    generation: 2,
    batch: { files: 2, seal: 2 },
  });
  await world.finish();
  await world.finish();
  expect(world.state(batch)).toBe('SUCCEEDED');
});

test('an overwritten file whose newer upload has arrived is superseded, and the newer one is loaded later', async () => {
  const { scene: world, files, batch } = await loading();
  const newer = await world.drop('b', '0002', { etag: 'other' });
  await world.finish();
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'SUPERSEDED', 'ABSORBED']);
  for (let steps = 0; steps < 4; steps += 1) await world.finish();
  expect([world.state(batch), world.state(newer)]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
});

test('a file that is overwritten while it is loaded into a permanent table needs a decision', async () => {
  const plan = planWith({}, [{ ...LOAD, kind: 'durable' }, COMMIT]);
  const { scene: world, batch } = await loading(plan);
  world.world.put(fileOf('orders/b.csv', { etag: 'other' }));
  await world.finish();
  expect(world.state(batch)).toBe('NEEDS_DECISION');
});

test('a replay of the files of a failed batch resumes it once', async () => {
  const { scene: world, files, batch } = await loading();
  await world.finish('FAILED', { error: 'ERROR: relation "x" does not exist' });
  expect(world.state(batch)).toBe('FAILED');
  for (const name of ['a', 'b']) await world.drop(name, '0001', {}, 'again');
  await world.settle();
  expect(world.world.run(batch)).toMatchObject({ state: 'RUNNING', attempt: 2, replays: ['again'] });
  expect(files.map((id) => world.state(id))).toEqual(['ABSORBED', 'ABSORBED', 'ABSORBED']);
});

test('a batch that was resumed holds nobody back while it is queued with its slot: it has its files', async () => {
  const scene = new Scene(planWith({ concurrency: 2 }));
  const { world, plan } = scene;
  for (const name of ['a', 'b', 'c', 'd']) await scene.drop(name);
  const [head, other] = [...world.store.runs.values()].filter(({ life }) => life.state === 'QUEUED');
  if (head === undefined || other === undefined) throw new Error('no two files wait');
  const engine = world.engine([plan]);
  const trigger = {
    kind: 'batch' as const,
    time: head.trigger.time,
    head: { runId: head.id, version: head.version },
  };
  const id = runIdOf(plan, trigger, engine.settings);
  const formed = async (batch: Run['batch']): Promise<unknown> => {
    const run = { ...newRun(id, plan, trigger, {}, engine), ...defined({ batch }) };
    world.store.runs.set(id, run);
    return formBatch(head, [other.id], plan, { holders: { [id]: 7 }, epoch: 7 }, undefined, engine);
  };
  expect(await formed({ phase: 'GATHER' })).toBe('later');
  expect(
    await formed({ phase: 'SEALED', list: 'hash', files: 1, bytes: 10, seal: 1, leaving: [], isolated: 0 }),
  ).toBeUndefined();
});
