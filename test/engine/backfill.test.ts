import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { backfill } from '../../shared/engine/backfill/backfill.ts';
import { listingsOf } from '../../shared/engine/backfill/listings.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import type { BackfillAnswer, BackfillRequest } from '../../shared/events/requests.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { fileOf as fileOfTrigger, type RunFile } from '../../shared/run/trigger.ts';
import { paddedSequencer } from '../../shared/store/key-item.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { changed } from '../fakes/run-of.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const HOUR = 3_600_000;

const plan = planOf([{ usesManifest: true }]);

const key = (i: number): string => `orders/${String(i).padStart(5, '0')}.csv`;

let world: World;

beforeEach(() => {
  world = new World();
});

async function ask(more: Partial<BackfillRequest> = {}, engine = world.engine([plan])) {
  return backfill(
    { verb: 'backfill', requestId: 'r', actor: 'me', pipeline: plan.pipeline, ...more },
    engine,
  );
}

async function counts(more: Partial<BackfillRequest> = {}, today: Plan = plan) {
  const answer = await ask(more, world.engine([today]));
  if (!answer.ok) throw new Error(answer.message);
  return answer.counts;
}

/** Page after page. */
async function all(more: Partial<BackfillRequest> = {}): Promise<BackfillAnswer[]> {
  const answers: BackfillAnswer[] = [];
  for (let after: string | undefined; ;) {
    const answer = await ask({ ...more, ...(after === undefined ? {} : { after }) });
    if (!answer.ok) throw new Error(answer.message);
    answers.push(answer);
    after = answer.next;
    if (after === undefined) return answers;
  }
}

function upload(name: string, more: Partial<RunFile> = {}): RunFile {
  const file = fileOf(name, more);
  world.put(file);
  return file;
}

async function deliver(file: RunFile, time = world.time, replayName?: string): Promise<void> {
  const at = new Date(time).toISOString();
  await admit(
    { file, time: at, ...(replayName === undefined ? {} : { replayName }) },
    world.engine([replayName?.startsWith('rerun') === true ? { ...plan, onReplay: 'rerun' } : plan]),
  );
}

const runs = () => [...world.store.runs.values()].map(storedRun);

describe('a backfill', () => {
  it('admits exactly the files that no event admitted, once, over several pages', async () => {
    for (let i = 0; i < 1_200; i += 1) {
      const file = upload(key(i));
      if (i % 4 === 0) await deliver(file);
    }
    world.time += HOUR;
    const answers = await all();
    const sum = (name: keyof BackfillAnswer['counts']) =>
      answers.reduce((total, answer) => total + answer.counts[name], 0);
    expect(answers.map((answer) => answer.counts.listed)).toEqual([250, 250, 250, 250, 200]);
    expect([sum('new'), sum('loadedBefore')]).toEqual([900, 300]);
    expect(runs()).toHaveLength(1_200);
    expect(world.artifacts.size).toBe(1_200);
    expect((await all()).map(({ counts: again }) => [again.new, again.loadedBefore])).toEqual([
      [0, 250],
      [0, 250],
      [0, 250],
      [0, 250],
      [0, 200],
    ]);
    expect(runs()).toHaveLength(1_200);
  });

  it('creates runs that have the file and its LastModified, and say where they come from', async () => {
    upload(key(1));
    world.time += HOUR;
    await counts();
    expect(runs()).toMatchObject([
      {
        state: 'QUEUED',
        trigger: {
          kind: 's3',
          time: '2026-11-24T08:00:00.000Z',
          file: { bucket: 'landing', key: key(1), size: 10, etag: `etag-of-${key(1)}` },
          backfill: true,
        },
      },
    ]);
    expect(runs()[0]?.trigger).not.toHaveProperty('file.versionId');
  });

  it('gives free slots once, to the oldest, and wakes no other run', async () => {
    for (let i = 0; i < 20; i += 1) upload(key(i));
    await counts();
    expect(world.published.map(({ type }) => type)).toEqual(['Run Woken']);
    expect(Object.keys((await world.store.loadPool(plan.pipeline)).holders)).toHaveLength(1);
  });

  it('creates at most 200 runs a second', async () => {
    for (let i = 0; i < 200; i += 1) upload(key(i));
    const began = world.time;
    await counts();
    expect(world.time - began).toBe(1_000);
    await counts();
    expect(world.time - began).toBe(1_000);
  });

  it('ends its page when its time is up, and says where to go on', async () => {
    for (let i = 0; i < 100; i += 1) upload(key(i));
    const engine = world.engine([plan]);
    const began = world.time;
    const short: Engine = {
      ...engine,
      driver: { ...engine.driver, remainingMs: () => 10_200 - (world.time - began) },
    };
    const answer = await ask({}, short);
    expect(answer).toMatchObject({ counts: { listed: 50, new: 50 }, next: `s3://landing/${key(49)}` });
    expect(await counts({ after: `s3://landing/${key(49)}` })).toMatchObject({ listed: 50, new: 50 });
  });

  it('ignores what is no file of the pipeline, and what is outside of the time asked for', async () => {
    upload('orders/', { size: 0 });
    upload('orders/readme.txt');
    upload('other/1.csv');
    upload(key(1));
    world.time += HOUR;
    const since = new Date(world.time).toISOString();
    upload(key(2));
    world.time += HOUR;
    const until = new Date(world.time).toISOString();
    upload(key(3));
    expect(await counts({ since, until })).toMatchObject({ listed: 5, new: 1, ignored: 4 });
    expect(runs().map(({ trigger }) => 'file' in trigger && trigger.file?.key)).toEqual([key(2)]);
    expect(await counts()).toMatchObject({ listed: 5, new: 2, loadedBefore: 1, ignored: 2 });
  });

  it('lists only what is below the prefix', async () => {
    upload('orders/eu/1.csv');
    upload('orders/us/1.csv');
    expect(await counts({ prefix: 'orders/eu/' })).toMatchObject({ listed: 1, new: 1 });
    expect(await counts({ prefix: 'ord' })).toMatchObject({ listed: 2, new: 1, loadedBefore: 1 });
  });

  it('writes nothing in a dry run, and counts the same', async () => {
    for (let i = 0; i < 10; i += 1) upload(key(i));
    await deliver(upload(key(10)));
    const before = [world.store.keys.size, world.store.runs.size, world.artifacts.size];
    world.published.length = 0;
    expect(await counts({ dryRun: true })).toMatchObject({ listed: 11, new: 10, loadedBefore: 1 });
    expect([world.store.keys.size, world.store.runs.size, world.artifacts.size]).toEqual(before);
    expect(world.published).toEqual([]);
    expect(await counts()).toMatchObject({ new: 10, loadedBefore: 1 });
    expect(await counts({ dryRun: true })).toMatchObject({ new: 0, loadedBefore: 11 });
  });

  it('creates a run of the same bytes put there again where it was interrupted before it had created the first one', async () => {
    upload(key(1));
    const create = world.store.create.bind(world.store);
    world.store.create = () => Promise.reject(new Error('the driver is dead'));
    await expect(counts()).rejects.toThrow('the driver is dead');
    world.store.create = create;
    world.time += HOUR;
    upload(key(1));
    expect(await counts({ dryRun: true })).toMatchObject({ new: 1 });
    expect(await counts()).toMatchObject({ new: 1, loadedBefore: 0 });
    world.time += HOUR;
    upload(key(1));
    expect(await counts()).toMatchObject({ new: 0, loadedBefore: 1 });
    expect(runs()).toHaveLength(1);
  });

  it('recognizes a version by its id, and takes the id null for none', async () => {
    await deliver(upload(key(1), { versionId: 'v1' }));
    upload(key(2), { versionId: 'v2' });
    upload(key(3), { versionId: 'null' });
    expect(await counts({ dryRun: true })).toMatchObject({ new: 2, loadedBefore: 1 });
    expect(await counts()).toMatchObject({ new: 2, loadedBefore: 1 });
    await deliver(fileOf(key(2), { versionId: 'v2' }));
    await deliver(fileOf(key(3)));
    expect(runs()).toHaveLength(3);
    expect(await counts()).toMatchObject({ new: 0, loadedBefore: 3 });
  });

  it('admits a file with an item of an earlier version only on request, or if its run says that it is known', async () => {
    for (const i of [1, 2]) {
      const file = upload(key(i), i === 2 ? { versionId: 'v' } : {});
      await deliver(file);
      const name = { pipeline: plan.pipeline, bucket: 'landing', key: key(i) };
      await world.store.changeKey(name, { highest: paddedSequencer('01') }, await world.store.loadKey(name));
    }
    expect(await counts()).toMatchObject({ new: 0, unclear: 1, loadedBefore: 1 });
    expect(await counts({ again: true })).toMatchObject({ new: 1, unclear: 0, loadedBefore: 1 });
    expect(await counts({ again: true })).toMatchObject({ new: 0, loadedBefore: 2 });
  });

  describe('when the record of a key has expired', () => {
    const DAY = 24 * HOUR;

    /** As time to live does: the items of all keys, and all runs, which have ended meanwhile. */
    function forget(days: number): void {
      world.time += days * DAY;
      world.store.keys.clear();
      world.store.runs.clear();
    }

    /** A run of the pipeline has had a slot. */
    async function begin(): Promise<void> {
      await world.store.takeSlot(plan.pipeline, 'first', 1);
    }

    it.each([
      ['without versions', {}],
      ['with versions', { versionId: 'v1' }],
    ])('does not load an old file a second time in a bucket %s, but on request', async (_, version) => {
      await begin();
      await deliver(upload(key(1), version));
      forget(801);
      expect(await counts({ dryRun: true })).toMatchObject({ new: 0, unclear: 1 });
      expect(await counts()).toMatchObject({ new: 0, unclear: 1 });
      expect(runs()).toEqual([]);
      expect(await counts({ again: true })).toMatchObject({ new: 1, unclear: 0 });
      expect(await counts()).toMatchObject({ new: 0, loadedBefore: 1 });
    });

    it('knows an old file of a bucket with versions while its run is stored', async () => {
      await begin();
      await deliver(upload(key(1), { versionId: 'v1' }));
      world.time += 801 * DAY;
      world.store.keys.clear();
      for (const again of [false, true])
        expect(await counts({ again })).toMatchObject({ new: 0, unclear: 0, loadedBefore: 1 });
      expect(runs()).toHaveLength(1);
    });

    it('does not load a file a second time that a backfill admitted', async () => {
      upload(key(1));
      await begin();
      expect(await counts()).toMatchObject({ new: 1 });
      forget(801);
      expect(await counts()).toMatchObject({ new: 0, unclear: 1 });
    });

    it('admits files that came since, whose record would still be there', async () => {
      await begin();
      forget(801);
      upload(key(1));
      world.time += 790 * DAY;
      upload(key(2));
      expect(await counts()).toMatchObject({ new: 2, unclear: 0 });
    });

    it('admits files of any age before the first run of the pipeline, and while nothing can have expired since, page after page', async () => {
      for (let i = 0; i < 300; i += 1)
        world.put(fileOf(key(i)), new Date(world.time - 3_000 * DAY).toISOString());
      const answers = await all();
      expect(answers.map((answer) => answer.counts.new)).toEqual([250, 50]);
      world.time += 700 * DAY;
      const late = (name: string) =>
        world.put(fileOf(name), new Date(world.time - 3_000 * DAY).toISOString());
      late('orders/late/1.csv');
      expect(await counts({ prefix: 'orders/late/' })).toMatchObject({ new: 1, unclear: 0 });
      world.time += 200 * DAY;
      late('orders/late/2.csv');
      expect(await counts({ prefix: 'orders/late/' })).toMatchObject({ new: 0, loadedBefore: 1, unclear: 1 });
    });

    it('takes the pipeline for an old one if it is not known when it had its first run', async () => {
      world.store.pools.set(plan.pipeline, { holders: {}, epoch: 7 });
      world.put(fileOf(key(1)), new Date(world.time - 3_000 * DAY).toISOString());
      expect(await counts()).toMatchObject({ new: 0, unclear: 1 });
    });

    it('admits a new upload of the key by its event, and no upload twice', async () => {
      await begin();
      await deliver(upload(key(1)));
      forget(801);
      const again = upload(key(1), { etag: 'newer', sequencer: '02' });
      await deliver(again);
      await deliver(again);
      expect(await counts()).toMatchObject({ new: 0, loadedBefore: 1 });
      expect(runs()).toHaveLength(1);
    });
  });

  it('leaves an upload to its event if another one was admitted at about the time of the listing', async () => {
    upload(key(1));
    const admitted = fileOf(key(1), { etag: 'newer', sequencer: '02' });
    await deliver(admitted, world.time + 1_000);
    expect(await counts()).toMatchObject({ new: 0, superseded: 1 });
    world.time += 2 * HOUR;
    expect(await counts()).toMatchObject({ new: 1, superseded: 0 });
  });

  it('does not load a file again whose run has expired', async () => {
    upload(key(1));
    expect(await counts()).toMatchObject({ new: 1 });
    world.store.runs.clear();
    expect(await counts()).toMatchObject({ new: 1 });
    world.store.runs.clear();
    world.time += 401 * 24 * HOUR;
    expect(await counts()).toMatchObject({ new: 0, loadedBefore: 1 });
  });

  it.each([
    ['there is no pipeline "x"', { pipeline: 'x' }],
    ['no s3 trigger of pipeline orders matches a file below the prefix "other/"', { prefix: 'other/' }],
    ['s3://landing/other/1.csv is outside of what is listed', { after: 's3://landing/other/1.csv' }],
  ])('is refused: %s', async (message, more) => {
    expect(await ask(more)).toMatchObject({ ok: false, message: expect.stringContaining(message) as string });
  });

  it('is refused for a pipeline without an s3 trigger', async () => {
    const timed = planOf([{}], {
      triggers: [{ kind: 'schedule', expression: 'rate(1 hour)', timezone: 'UTC' }],
    });
    expect(await ask({}, world.engine([timed]))).toMatchObject({
      ok: false,
      message: 'pipeline orders has no s3 trigger: there are no files to backfill',
    });
  });

  it('lists what several triggers match once, bucket after bucket', async () => {
    const several = planOf([{}], {
      triggers: [
        { kind: 's3', prefix: 'b/', suffix: '' },
        { kind: 's3', prefix: 'a/', suffix: '.csv' },
        { kind: 's3', prefix: 'a/b/', suffix: '.json' },
        { kind: 's3', prefix: 'a/', suffix: '.tsv' },
        { kind: 's3', bucket: 'another', prefix: 'a/', suffix: '' },
        { kind: 's3', bucket: 'artifacts', prefix: 'a/', suffix: '' },
      ],
    });
    expect(listingsOf(several, '', world.ports.settings)).toEqual([
      { bucket: 'another', prefix: 'a/' },
      { bucket: 'landing', prefix: 'a/' },
      { bucket: 'landing', prefix: 'b/' },
    ]);
    for (const name of ['a/1.csv', 'a/b/2.json', 'a/3.tsv', 'a/4.json', 'b/5']) upload(name);
    expect(await counts({}, several)).toMatchObject({ listed: 5, new: 4, ignored: 1 });
  });
});

describe('a listing that is older than the newest upload', () => {
  /** The second upload and its event come while the backfill looks at its listing. */
  async function overtaken(clockMs: number): Promise<void> {
    upload(key(1), { etag: 'first', sequencer: '01' });
    world.time += HOUR;
    const engine = world.engine([plan]);
    const list: typeof engine.files.list = async (...words) => {
      const page = await engine.files.list(...words);
      world.time += 10_000;
      await deliver(upload(key(1), { etag: 'second', sequencer: '02' }));
      return page;
    };
    const answer = await ask(
      {},
      { ...engine, now: () => world.time + clockMs, files: { ...engine.files, list } },
    );
    expect(answer).toMatchObject({ ok: true, counts: { listed: 1, new: 0, superseded: 1 } });
  }

  it.each([-240_000, 0, 240_000])(
    'admits nothing, whatever the clock of the function says: %i ms',
    async (clockMs) => {
      await overtaken(clockMs);
      expect(runs().map(({ trigger }) => fileOfTrigger(trigger)?.etag)).toEqual(['second']);
      world.time += HOUR;
      expect(await counts()).toMatchObject({ listed: 1, new: 0, loadedBefore: 1 });
    },
  );
});

describe('the event of a file that a backfill admitted', () => {
  it('starts no second run, wakes the one that waits, and creates it if the backfill was interrupted', async () => {
    const file = upload(key(1));
    await counts();
    const [{ id } = { id: '' }] = runs();
    await deliver(file, world.time + 59_000);
    expect(runs()).toHaveLength(1);
    world.store.runs.clear();
    await deliver(file);
    expect(runs().map((run) => run.id)).toEqual([id]);
  });

  it('starts a run if it came later than a minute after the listing: it is another upload', async () => {
    const file = upload(key(1));
    await counts();
    await deliver(file, world.time + 61_000);
    expect(runs()).toHaveLength(2);
  });

  it('supersedes an older upload whose event arrives later still', async () => {
    const older = fileOf(key(1), { etag: 'older', sequencer: '01' });
    const file = upload(key(1), { sequencer: '02' });
    await counts();
    await deliver(file);
    await deliver(older);
    expect(runs().map(({ state }) => state)).toEqual(['QUEUED', 'SUPERSEDED']);
  });

  it('resumes its failed run in a replay, and runs it anew with onReplay: rerun', async () => {
    const file = upload(key(1));
    await counts();
    const [run] = world.store.runs.values();
    if (run === undefined) throw new Error('no run');
    await world.store.save(
      changed(run, { state: 'FAILED', error: { class: 'unknown', message: 'x' } }),
      1,
      'a',
    );
    await deliver(file, world.time, 'first');
    expect(runs()).toMatchObject([{ replays: ['first'] }]);
    await deliver(file, world.time, 'rerun');
    expect(runs()).toHaveLength(2);
  });
});
