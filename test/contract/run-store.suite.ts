/** What every RunStore must do, and the lists of the command over it; run over the real one and the one in memory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ByState, EveryRun, FileReader, RunReader } from '../../cli/runs/run-reader.ts';
import type { Run } from '../../shared/run/run.ts';
import type { Upload } from '../../shared/store/key-item.ts';
import { paddedSequencer } from '../../shared/store/key-item.ts';
import type { RunStore } from '../../shared/store/run-store.ts';
import { storedRun, type StoredRun } from '../../shared/store/stored-run.ts';
import { changed, runOf } from '../fakes/run-of.ts';
import { fileOf, planOf } from '../fakes/world.ts';

let made = 0;

function newRun(more: Partial<StoredRun> = {}): Run {
  made += 1;
  return runOf({
    id: `orders-${String(made).padStart(4, '0')}`,
    pipeline: `orders${made}`,
    parameters: { region: 'eu' },
    ...more,
  });
}

/** What a write answered, or a look found, in its flat form. */
function flat(run: Run | 'conflict' | undefined): StoredRun | undefined {
  return run === undefined || run === 'conflict' ? undefined : storedRun(run);
}

type Store = RunStore & RunReader & EveryRun & ByState & FileReader;

export function runStoreSuite(
  name: string,
  open: () => Promise<{ store: Store; close: () => Promise<void> }>,
): void {
  describe(`the run store: ${name}`, () => {
    let store: Store;
    let close: () => Promise<void>;

    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(async () => {
      await close();
    });

    it('loads a created run, and nothing for an unknown id', async () => {
      const run = newRun();
      expect(await store.create(run)).toEqual({ outcome: 'created' });
      expect(await store.load(run.id)).toEqual(run);
      expect(await store.load('nobody')).toBeUndefined();
    });

    it('creates a run once, and returns the existing one after that', async () => {
      const run = newRun();
      await store.create(run);
      expect(await store.create({ ...run, incarnationId: 'other' })).toEqual({ outcome: 'exists', run });
    });

    it('lets exactly one of many concurrent creators win', async () => {
      const run = newRun();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.create({ ...run, writerId: `maker-${i}` })),
      );
      expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    });

    it('saves over the version that was read, and refuses any other', async () => {
      const run = newRun();
      await store.create(run);
      const saved = await store.save(changed(run, { state: 'RUNNING' }), 1, 'a');
      expect(flat(saved)).toMatchObject({ state: 'RUNNING', version: 2, writerId: 'a' });
      expect(await store.save(changed(run, { state: 'FAILED' }), 1, 'b')).toBe('conflict');
      expect(await store.load(run.id)).toEqual(saved);
    });

    it('saves only over exactly the version that was read: not over an older or a newer one, nor over none', async () => {
      const run = newRun();
      expect(await store.save(run, 1, 'a')).toBe('conflict');
      expect(await store.load(run.id)).toBeUndefined();
      await store.create(run);
      expect(await store.save(changed(run, { state: 'FAILED' }), 2, 'a')).toBe('conflict');
      await store.save(changed(run, { state: 'RUNNING' }), 1, 'a');
      await store.save(changed(run, { state: 'WAITING' }), 2, 'a');
      // Its own write, but not this one.
      expect(await store.save(changed(run, { state: 'FAILED' }), 1, 'a')).toBe('conflict');
      expect(flat(await store.load(run.id))).toMatchObject({ state: 'WAITING', version: 3, writerId: 'a' });
    });

    it('recognizes its own write when it is sent again, and no other of the same invocation', async () => {
      const run = newRun();
      await store.create(run);
      const running = changed(run, { state: 'RUNNING' });
      const saved = await store.save(running, 1, 'a');
      expect(await store.save(running, 1, 'a')).toEqual(saved);
      expect(await store.save(changed(run, { state: 'FAILED' }), 1, 'a')).toBe('conflict');
      const absorbed = { ...newRun(), id: `${run.id}-absorbed` };
      await store.create(absorbed);
      const member = { run: absorbed.id, version: 1, incarnation: absorbed.incarnationId };
      await store.absorb(member, 'batch', '2026-11-24T08:00:00.000Z', 'a');
      expect(await store.save(changed(absorbed, { state: 'RUNNING' }), 1, 'a')).toBe('conflict');
    });

    it('does not mistake the write to an item of another incarnation for its own', async () => {
      const run = newRun();
      await store.create({ ...run, incarnationId: 'cd' });
      await store.save(changed(run, { incarnationId: 'cd', state: 'RUNNING' }), 1, 'a');
      expect(await store.save(changed(run, { state: 'FAILED' }), 1, 'a')).toBe('conflict');
      expect(flat(await store.load(run.id))).toMatchObject({ state: 'RUNNING', incarnationId: 'cd' });
    });

    it('does not save over an item that was deleted and created again', async () => {
      const run = newRun();
      await store.create({ ...run, incarnationId: 'cd' });
      expect(await store.save(changed(run, { state: 'RUNNING' }), 1, 'a')).toBe('conflict');
      expect(flat(await store.load(run.id))).toMatchObject({ state: 'QUEUED', incarnationId: 'cd' });
    });

    it('recognizes its own write when it was sent twice', async () => {
      const run = newRun();
      await store.create(run);
      const saved = await store.save(changed(run, { state: 'RUNNING' }), 1, 'a');
      expect(await store.save(changed(run, { state: 'RUNNING' }), 1, 'a')).toEqual(saved);
      expect(await store.save(changed(run, { state: 'RUNNING' }), 1, 'b')).toBe('conflict');
    });

    it('records a submission by its token once, even after other writes', async () => {
      const run = newRun({
        state: 'RUNNING',
        phase: 'CLAIMED',
        token: 'tok',
        claimedAt: '2026-11-24T08:00:00.000Z',
      });
      await store.create(run);
      await store.save(changed(run, { nextCheckAt: 5 }), 1, 'somebody');
      const submitted = changed(run, {
        phase: 'SUBMITTED',
        statementId: 's-1',
        submittedAt: '2026-11-24T08:00:01.000Z',
      });
      expect(flat(await store.record(submitted, 'me'))).toMatchObject({
        phase: 'SUBMITTED',
        statementId: 's-1',
        version: 3,
        nextCheckAt: 5,
        writerId: 'me',
      });
      expect(await store.record(submitted, 'me')).toBe('conflict');
      expect(await store.record(changed(submitted, { token: 'other' }), 'me')).toBe('conflict');
    });

    it('records nothing while the step is claimed with another token, or is not claimed', async () => {
      const claimed = newRun({
        state: 'RUNNING',
        phase: 'CLAIMED',
        token: 'tok',
        claimedAt: '2026-11-24T08:00:00.000Z',
      });
      await store.create(claimed);
      const record = {
        phase: 'SUBMITTED',
        token: 'tok',
        statementId: 's',
        submittedAt: '2026-11-24T08:00:01.000Z',
      } as const;
      const late = changed(claimed, { ...record, token: 'old' });
      expect(await store.record(late, 'me')).toBe('conflict');
      expect(await store.load(claimed.id)).toEqual(claimed);
      const ready = newRun({ state: 'RUNNING', phase: 'READY' });
      await store.create(ready);
      expect(await store.record(changed(ready, record), 'me')).toBe('conflict');
      expect(await store.load(ready.id)).toEqual(ready);
      const never = newRun({ state: 'RUNNING', ...record });
      expect(await store.record(never, 'me')).toBe('conflict');
      expect(await store.load(never.id)).toBeUndefined();
    });

    it('clears `lastStep` with the record if its history row is written, and keeps it otherwise', async () => {
      const lastStep = {
        index: 0,
        name: 'a',
        generation: 1,
        attempt: 1,
        status: 'FINISHED' as const,
        startedAt: '2026-11-24T08:00:00.000Z',
        endedAt: '2026-11-24T08:00:00.000Z',
      };
      const claimed = newRun({ state: 'RUNNING', phase: 'CLAIMED', token: 'tok', lastStep });
      await store.create(claimed);
      const { lastStep: _, ...rest } = claimed;
      const submitted = {
        phase: 'SUBMITTED',
        statementId: 's',
        submittedAt: '2026-11-24T08:00:01.000Z',
      } as const;
      const recorded = flat(await store.record(changed(rest, submitted), 'me'));
      expect(recorded).toMatchObject(submitted);
      expect(recorded).not.toHaveProperty('lastStep');
      const other = newRun({ state: 'RUNNING', phase: 'CLAIMED', token: 'tok', lastStep });
      await store.create(other);
      expect(flat(await store.record(changed(other, submitted), 'me'))).toMatchObject({ lastStep });
    });

    it('absorbs a waiting run at exactly the version and incarnation that the list names, and takes it from the queue', async () => {
      const run = newRun();
      await store.create(run);
      const member = { run: run.id, version: 1, incarnation: run.incarnationId };
      const at = '2026-11-24T08:30:00.000Z';
      for (const wrong of [{ version: 0 }, { version: 2 }, { incarnation: 'other' }, { run: 'nobody' }])
        expect(await store.absorb({ ...member, ...wrong }, 'batch', at, 'a')).toBe('refused');
      expect(await store.absorb(member, 'batch', at, 'a')).toBe('absorbed');
      expect(flat(await store.load(run.id))).toMatchObject({
        state: 'ABSORBED',
        into: 'batch',
        absorbedAt: at,
        version: 2,
      });
      expect(await store.findQueued(run.pipeline, 10)).toEqual([]);
      expect(await store.countQueued(run.pipeline)).toBe(0);
    });

    it('says of a run that it was absorbed before only to its own batch, and while nothing changed it since', async () => {
      const run = newRun();
      await store.create(run);
      const member = { run: run.id, version: 1, incarnation: run.incarnationId };
      const at = '2026-11-24T08:30:00.000Z';
      await store.absorb(member, 'batch', at, 'a');
      const absorbed = await store.load(run.id);
      expect(await store.absorb(member, 'batch', '2026-11-24T08:40:00.000Z', 'b')).toBe('absorbed');
      expect(await store.absorb(member, 'other', at, 'b')).toBe('refused');
      expect(await store.load(run.id)).toEqual(absorbed);
      // It left the batch, and waits again: a late driver of the batch must not take it.
      await store.save({ ...run, version: 2 }, 2, 'c');
      expect(await store.absorb(member, 'batch', at, 'a')).toBe('refused');
      expect(flat(await store.load(run.id))?.state).toBe('QUEUED');
    });

    it('does not absorb a run that no longer waits', async () => {
      const run = newRun({ state: 'SUPERSEDED', endedAt: '2026-11-24T08:30:00.000Z' });
      await store.create(run);
      const member = { run: run.id, version: 1, incarnation: run.incarnationId };
      expect(await store.absorb(member, 'batch', '2026-11-24T08:30:00.000Z', 'a')).toBe('refused');
      expect(await store.load(run.id)).toEqual(run);
    });

    it('loads many runs at once, and leaves out those that are gone', async () => {
      const runs = Array.from({ length: 120 }, () =>
        newRun({ state: 'SUPERSEDED', endedAt: '2026-11-24T08:30:00.000Z' }),
      );
      await Promise.all(runs.map((run) => store.create(run)));
      const found = await store.loadAll([...runs.map(({ id }) => id), 'nobody']);
      expect(new Set(found.map(({ id }) => id))).toEqual(new Set(runs.map(({ id }) => id)));
      expect(await store.loadAll([])).toEqual([]);
    });

    it('keeps one history row per step, generation and attempt, in order', async () => {
      const row = {
        name: 'a',
        generation: 1,
        status: 'FINISHED' as const,
        endedAt: 'z',
        kind: 'session',
        statementHash: 'h',
      };
      await store.putHistory('h1', { ...row, index: 1, attempt: 1, startedAt: '2' });
      await store.putHistory('h1', { ...row, index: 0, attempt: 1, startedAt: '1' });
      await store.putHistory('h1', { ...row, index: 1, attempt: 1, startedAt: '2', rows: 7 });
      await store.putHistory('h1', { ...row, index: 1, attempt: 2, startedAt: '3' });
      expect((await store.history('h1')).map((r) => [r.index, r.attempt, r.rows])).toEqual([
        [0, 1, undefined],
        [1, 1, 7],
        [1, 2, undefined],
      ]);
    });

    it('writes the rows of a group at once, also more than one call takes, and again', async () => {
      const row = {
        generation: 1,
        attempt: 1,
        endedAt: 'z',
        kind: 'session',
        statementHash: 'h',
        startedAt: '1',
      };
      const rows = Array.from({ length: 40 }, (_, index) => ({
        ...row,
        index,
        name: `step ${index}`,
        status: index === 39 ? ('FAILED' as const) : ('ROLLED_BACK' as const),
      }));
      await store.putHistory('group', ...rows);
      await store.putHistory('group', ...rows);
      expect(await store.history('group')).toEqual(rows);
    });

    it('returns the history of one run only, without the run itself', async () => {
      const run = newRun();
      await store.create(run);
      const times = { startedAt: '1', endedAt: '2', kind: 'session', statementHash: 'h' };
      const row = { ...times, index: 0, name: 'a', generation: 1, attempt: 1, status: 'FINISHED' as const };
      await store.putHistory(run.id, row);
      await store.putHistory(`${run.id}-other`, row);
      await store.putHistory(run.id, { ...row, generation: 2 });
      expect((await store.history(run.id)).map((r) => r.generation)).toEqual([1, 2]);
    });

    it('does not overwrite a plan', async () => {
      const plan = planOf([{ name: '10_a.sql', hash: 'kept' }]);
      await store.putPlan(plan);
      await store.putPlan({ ...plan, description: 'another' });
      expect(await store.loadPlan(plan.hash)).toEqual(plan);
    });

    it('stores and loads plans by their hash', async () => {
      const plan = planOf([{ name: '10_a.sql' }]);
      await store.putPlan(plan);
      await store.putPlan(plan);
      expect(await store.loadPlan(plan.hash)).toEqual(plan);
      expect(await store.loadPlan('unknown')).toBeUndefined();
    });

    it('finds due runs, soonest first, and no ended run without pending actions', async () => {
      const late = newRun({ state: 'RUNNING', nextCheckAt: 2_000_000_020 });
      const soon = newRun({ state: 'RUNNING', nextCheckAt: 2_000_000_010 });
      const ended = newRun({ state: 'SUCCEEDED' });
      const future = newRun({ state: 'RUNNING', nextCheckAt: 2_000_000_099 });
      for (const run of [late, soon, ended, future]) await store.create(run);
      const due = (await store.findDue(2_000_000_050, 100)).filter((id) =>
        [late.id, soon.id, ended.id, future.id].includes(id),
      );
      expect(due).toEqual([soon.id, late.id]);
      expect(await store.findDue(2_000_000_050, 1)).toHaveLength(1);
      expect(await store.findDue(2_000_000_010, 100)).toContain(soon.id);
      expect(await store.findDue(2_000_000_009, 100)).not.toContain(soon.id);
    });

    it('finds the oldest waiting run of each pipeline', async () => {
      const pipeline = `waiting${made}`;
      const at = (time: string, sequencer: string) => ({
        pipeline,
        trigger: { kind: 's3' as const, time, file: fileOf('orders/1.csv', { sequencer }) },
      });
      const second = newRun(at('2026-11-24T08:00:01.000Z', '0b'));
      const first = newRun(at('2026-11-24T08:00:01.000Z', '0a'));
      const running = newRun({ ...at('2026-11-24T07:00:00.000Z', '01'), state: 'RUNNING' });
      for (const run of [second, first, running]) await store.create(run);
      expect(await store.findQueued(pipeline, 1)).toEqual([first.id]);
      expect(await store.countQueued(pipeline)).toBe(2);
      expect(await store.countQueued('nobody')).toBe(0);
      expect(await store.findQueued('nobody', 10)).toEqual([]);
    });

    it('finds every pipeline that has waiting runs, part by part, and counts its runs', async () => {
      const pipelines = [`many${made}a`, `many${made}b`, `many${made}c`];
      for (const pipeline of pipelines)
        for (let i = 0; i < 4; i += 1) {
          const time = `2026-11-24T08:00:0${4 - i}.000Z`;
          await store.create(
            newRun({ pipeline, trigger: { kind: 'schedule', time, schedule: 'rate(1 hour)' } }),
          );
        }
      const running = newRun({ pipeline: `running${made}`, state: 'RUNNING' });
      await store.create(running);
      // Twice: after the last part comes the first again.
      for (let round = 0; round < 2; round += 1) {
        const found = new Set<string>();
        for (let part = 0; part < 50; part += 1)
          for (const pipeline of await store.findWaitingPipelines()) found.add(pipeline);
        expect([...found]).toEqual(expect.arrayContaining(pipelines));
        expect([...found]).not.toContain(running.pipeline);
      }
      for (const pipeline of pipelines) {
        const [oldest = '', ...later] = await store.findQueued(pipeline, 10);
        expect(later).toHaveLength(3);
        expect((await store.load(oldest))?.trigger.time).toBe('2026-11-24T08:00:01.000Z');
        expect(await store.countQueued(pipeline)).toBe(4);
      }
    });

    it('lists the runs of a pipeline, newest first', async () => {
      const pipeline = `listed${made}`;
      const old = newRun({ pipeline, createdAt: '2026-01-01T00:00:00.000Z' });
      const young = newRun({ pipeline, createdAt: '2026-01-02T00:00:00.000Z' });
      const oldest = newRun({ pipeline, createdAt: '2025-01-02T00:00:00.000Z' });
      const first = newRun({ pipeline, createdAt: '2024-01-02T00:00:00.000Z' });
      for (const run of [old, first, young, oldest, newRun()]) await store.create(run);
      const ids = async (limit: number) => (await store.listRuns(pipeline, limit)).map((run) => run.id);
      expect(await ids(10)).toEqual([young.id, old.id, oldest.id, first.id]);
      expect(await ids(3)).toEqual([young.id, old.id, oldest.id]);
      expect(await ids(2)).toEqual([young.id, old.id]);
      expect(await ids(1)).toEqual([young.id]);
      for (const size of [1, 3, 100]) {
        const paged: string[] = [];
        const lengths: number[] = [];
        for await (const page of store.newestRuns(pipeline, size)) {
          lengths.push(page.length);
          paged.push(...page.map(({ id }) => id));
        }
        expect(lengths[0]).toBeLessThanOrEqual(size);
        expect(paged).toEqual([young.id, old.id, oldest.id, first.id]);
      }
    });

    /** In the order of the pages. */
    async function idsIn(pages: AsyncIterable<readonly Run[]>): Promise<string[]> {
      const ids: string[] = [];
      for await (const page of pages) ids.push(...page.map(({ id }) => id));
      return ids;
    }

    it('lists stopped runs of a pipeline by their state, newest first, until they are resumed or cancelled', async () => {
      const pipeline = `stopped${made}`;
      const failed = (year: number): Run =>
        newRun({ pipeline, state: 'FAILED', createdAt: `${year}-01-01T00:00:00.000Z` });
      const [old, older, young] = [failed(2025), failed(2024), failed(2026)] as const;
      const undecided = newRun({ pipeline, state: 'NEEDS_DECISION' });
      const others = (['QUEUED', 'RUNNING', 'SUCCEEDED', 'CANCELLED', 'SUPERSEDED'] as const).map((state) =>
        newRun({ pipeline, state }),
      );
      const elsewhere = newRun({ pipeline: `${pipeline}-other`, state: 'FAILED' });
      for (const run of [old, older, young, undecided, ...others, elsewhere]) await store.create(run);
      for (const size of [1, 2, 100])
        expect(await idsIn(store.runsIn(pipeline, 'FAILED', size))).toEqual([young.id, old.id, older.id]);
      expect(await idsIn(store.runsIn(pipeline, 'NEEDS_DECISION', 10))).toEqual([undecided.id]);
      await store.save(changed(old, { state: 'RUNNING' }), 1, 'x');
      await store.save(changed(young, { state: 'CANCELLED' }), 1, 'x');
      await store.save(changed(undecided, { state: 'FAILED' }), 1, 'x');
      expect(new Set(await idsIn(store.runsIn(pipeline, 'FAILED', 10)))).toEqual(
        new Set([undecided.id, older.id]),
      );
      expect(await idsIn(store.runsIn(pipeline, 'NEEDS_DECISION', 10))).toEqual([]);
    });

    it('lists the waiting runs of a pipeline, and the active ones of all', async () => {
      const pipeline = `active${made}`;
      const at = (second: number) => ({
        trigger: {
          kind: 'request',
          time: `2026-01-01T00:00:0${second}Z`,
          requestId: 'r',
          actor: 'a',
        } as const,
      });
      const first = newRun({ pipeline, ...at(1) });
      const second = newRun({ pipeline, ...at(2) });
      const running = newRun({ pipeline, state: 'RUNNING' });
      const waiting = newRun({ pipeline: `${pipeline}-other`, state: 'WAITING' });
      const ended = newRun({ pipeline, state: 'SUCCEEDED' });
      for (const run of [first, running, second, waiting, ended]) await store.create(run);
      expect(await idsIn(store.runsIn(pipeline, 'QUEUED', 10))).toEqual([second.id, first.id]);
      const active = await idsIn(store.activeRuns());
      expect(active).toEqual(expect.arrayContaining([running.id, waiting.id]));
      for (const { id } of [first, second, ended]) expect(active).not.toContain(id);
    });

    /** Key, time and run of each file. */
    async function filesOf(pipeline: string, prefix = ''): Promise<string[]> {
      const found: string[] = [];
      for await (const page of store.files(pipeline, prefix))
        found.push(
          ...page.map(({ file, arrivedAt, runId }) => `${file.key} ${arrivedAt.slice(0, 4)} ${runId}`),
        );
      return found;
    }

    const withFile = (pipeline: string, key: string, year = '2026', more: Partial<StoredRun> = {}): Run =>
      newRun({
        pipeline,
        trigger: { kind: 's3', time: `${year}-01-01T00:00:00.000Z`, file: fileOf(key) },
        ...more,
      });

    it('lists the files of a pipeline by the prefix of their key: the last key first, then the newest upload', async () => {
      const pipeline = `files${made}`;
      const runs = [
        withFile(pipeline, 'in/a.csv', '2025'),
        withFile(pipeline, 'in/a.csv', '2026'),
        withFile(pipeline, 'in/a.csv.gz'),
        withFile(pipeline, 'in/ä.csv'),
        withFile(pipeline, 'in/𝄞.csv'),
        withFile(pipeline, 'in/\uFFFD.csv'),
        withFile(pipeline, 'out/b c.csv'),
      ];
      for (const run of runs) await store.create(run);
      await store.create(withFile(`${pipeline}-other`, 'in/a.csv'));
      await store.create(
        newRun({
          pipeline,
          trigger: { kind: 'schedule', time: '2026-01-01T00:00:00Z', schedule: 'rate(1 day)' },
        }),
      );
      const [older, newer, zipped, umlaut, clef, replacement, out] = runs.map(({ id }) => id);
      expect(await filesOf(pipeline, 'in/a.csv')).toEqual([
        `in/a.csv.gz 2026 ${zipped}`,
        `in/a.csv 2026 ${newer}`,
        `in/a.csv 2025 ${older}`,
      ]);
      // In the order of their bytes of UTF-8, which is not the order of UTF-16.
      expect((await filesOf(pipeline)).map((line) => line.split(' ').at(-1))).toEqual([
        out,
        clef,
        replacement,
        umlaut,
        zipped,
        newer,
        older,
      ]);
      expect(await filesOf(pipeline, 'in/a.csv ')).toEqual([]);
      expect(await filesOf(pipeline, 'no')).toEqual([]);
      expect(await filesOf('nobody')).toEqual([]);
    });

    it('finds files whose key is as long as S3 allows, and compares the rest of the key that is not in the index', async () => {
      const pipeline = `long${made}`;
      const start = 'ü'.repeat(510);
      const one = withFile(pipeline, `${start}1.csv`);
      const two = withFile(pipeline, `${start}2.csv`);
      const wide = withFile(pipeline, '𝄞'.repeat(256));
      for (const run of [one, two, wide]) expect(await store.create(run)).toEqual({ outcome: 'created' });
      const ids = async (prefix: string) =>
        (await filesOf(pipeline, prefix))
          .map((line) => line.split(' ').at(-1) ?? '')
          .toSorted((a, b) => a.localeCompare(b));
      expect(await ids(`${start}1`)).toEqual([one.id]);
      expect(await ids(start)).toEqual([one.id, two.id]);
      expect(await ids('𝄞'.repeat(255))).toEqual([wide.id]);
      expect(await ids('𝄞'.repeat(257))).toEqual([]);
    });

    it('keeps a file in the list through every later write of its run', async () => {
      const pipeline = `kept${made}`;
      const run = withFile(pipeline, 'a.csv');
      await store.create(run);
      await store.save(
        changed(run, {
          state: 'RUNNING',
          phase: 'CLAIMED',
          token: 'tok',
          claimedAt: '2026-11-24T08:00:00.000Z',
        }),
        1,
        'a',
      );
      const submission = {
        phase: 'SUBMITTED',
        token: 'tok',
        statementId: 's',
        submittedAt: '2026-11-24T08:00:01.000Z',
      } as const;
      await store.record(changed(run, { state: 'RUNNING', ...submission }), 'a');
      await store.save(changed(run, { state: 'SUCCEEDED' }), 3, 'a');
      expect(await filesOf(pipeline)).toEqual([`a.csv 2026 ${run.id}`]);
      const states: unknown[] = [];
      for await (const page of store.files(pipeline, ''))
        states.push(...page.map(({ run: read }) => flat(read)?.state));
      expect(states).toEqual(['SUCCEEDED']);
    });

    it('never lets more runs into a pool of one slot than its limit, however they race', async () => {
      const pipeline = `pool${made}`;
      const race = Array.from({ length: 10 }, (_, i) => store.takeSlot(pipeline, `run-${i}`, 1));
      expect((await Promise.all(race)).filter(({ taken }) => taken)).toHaveLength(1);
      const pool = await store.loadPool(pipeline);
      expect(Object.keys(pool.holders)).toHaveLength(1);
      expect(await store.takeSlot(pipeline, 'late', 1)).toEqual({ taken: false, pool });
      expect(await store.takeSlot(pipeline, 'late', 1, pool.epoch)).toEqual({ taken: false, pool });
    });

    it('lets a run into a pool of several slots, and if asked only if the pool is as it was read', async () => {
      const pipeline = `several${made}`;
      const take = async (run: string, limit = 3, epoch?: number) => {
        const { taken, pool } = await store.takeSlot(pipeline, run, limit, epoch);
        expect(pool).toEqual(await store.loadPool(pipeline));
        return taken && pool.holders[run];
      };
      expect(await take('a', 3, 0)).toBe(1);
      expect(await take('b')).toBe(2);
      // There is room, but somebody came in since: as an older and as the first reading.
      expect(await take('c', 3, 1)).toBe(false);
      expect(await take('c', 3, 0)).toBe(false);
      expect(await take('c', 3, 7)).toBe(false);
      // It is as read, but full, or the run is in it.
      expect(await take('c', 2, 2)).toBe(false);
      expect(await take('c', 1)).toBe(false);
      expect(await take('b')).toBe(false);
      expect(await store.loadPool(pipeline)).toEqual({ holders: { a: 1, b: 2 }, epoch: 2 });
      expect(await take('c', 3, 2)).toBe(3);
      expect(await take('d')).toBe(false);
    });

    it('never lets more runs into a pool of several slots than its limit, however they race', async () => {
      const pipeline = `crowd${made}`;
      const limit = 3;
      const taken: string[] = [];
      for (let round = 0; round < 5; round += 1) {
        const race = Array.from({ length: 6 }, async (_, i) => {
          const run = `run-${round}-${i}`;
          if ((await store.takeSlot(pipeline, run, limit)).taken) taken.push(run);
        });
        await Promise.all(race);
      }
      expect(taken).toHaveLength(limit);
      expect(Object.keys((await store.loadPool(pipeline)).holders).sort()).toEqual(taken.sort());
    });

    it('does not release a free slot, a slot of another run, or one of another epoch', async () => {
      const pipeline = `released${made}`;
      expect(await store.releaseSlot(pipeline, 'run', 1)).toBeUndefined();
      const take = async (run: string) => (await store.takeSlot(pipeline, run, 3)).pool.holders[run];
      await take('a');
      await take('b');
      expect(await store.releaseSlot(pipeline, 'b', 2)).toEqual({ holders: { a: 1 }, epoch: 2 });
      expect(await take('b')).toBe(3);
      // Of the slot that it had before.
      expect(await store.releaseSlot(pipeline, 'b', 2)).toBeUndefined();
      await store.releaseSlot(pipeline, 'b', 4);
      await store.releaseSlot(pipeline, 'c', 3);
      expect(await store.loadPool(pipeline)).toEqual({ holders: { a: 1, b: 3 }, epoch: 3 });
      await store.releaseSlot(pipeline, 'b', 3);
      expect(await store.loadPool(pipeline)).toEqual({ holders: { a: 1 }, epoch: 3 });
    });

    it('hands a slot on in one write, and only that of the run that holds it', async () => {
      const pipeline = `handed${made}`;
      const read = () => store.loadPool(pipeline);
      const hand = (run: string, epoch: number, to: string, limit = 2) =>
        store.handSlot(pipeline, { run, epoch }, to, limit);
      expect(await hand('a', 1, 'b')).toEqual({ holders: {}, epoch: 0 });
      await store.takeSlot(pipeline, 'a', 2);
      await store.takeSlot(pipeline, 'b', 2);
      const before = { holders: { a: 1, b: 2 }, epoch: 2 };
      // Another epoch, another run, a run that holds one, or more runs than may.
      expect(await hand('a', 2, 'c')).toEqual(before);
      expect(await hand('x', 1, 'c')).toEqual(before);
      expect(await hand('a', 1, 'b')).toEqual(before);
      expect(await hand('a', 1, 'c', 1)).toEqual(before);
      expect(await read()).toEqual(before);
      expect(await hand('a', 1, 'c')).toEqual({ holders: { b: 2, c: 3 }, epoch: 3 });
      // Sent again by the SDK, because its reply was lost.
      expect(await hand('a', 1, 'c')).toEqual({ holders: { b: 2, c: 3 }, epoch: 3 });
      const paused = { by: 'ann', at: '2026-01-01T00:00:00.000Z' };
      await store.pausePool(pipeline, paused, 'one');
      expect(await hand('b', 2, 'd')).toEqual({ holders: { b: 2, c: 3 }, epoch: 3, paused });
    });

    it('keeps the durations that the last holder reported', async () => {
      const pipeline = `durations${made}`;
      const take = async (run: string) => store.takeSlot(pipeline, run, 1);
      const durations = async () => (await store.loadPool(pipeline)).took;
      await take('a');
      await store.releaseSlot(pipeline, 'a', 1, { '10_load.sql': 480, '20_check.sql': 31 });
      expect(await durations()).toEqual({ '10_load.sql': 480, '20_check.sql': 31 });
      await take('b');
      expect(await durations()).toEqual({ '10_load.sql': 480, '20_check.sql': 31 });
      await store.releaseSlot(pipeline, 'b', 2);
      expect(await durations()).toEqual({ '10_load.sql': 480, '20_check.sql': 31 });
      await take('c');
      await store.releaseSlot(pipeline, 'c', 3, { '30_new.sql': 10 });
      expect(await durations()).toEqual({ '30_new.sql': 10 });
      // Of another epoch.
      await store.releaseSlot(pipeline, 'c', 2, { '40_late.sql': 10 });
      await take('d');
      const handed = await store.handSlot(
        pipeline,
        { run: 'd', epoch: 4, took: { '30_new.sql': 20 } },
        'e',
        1,
      );
      expect(handed).toEqual({ holders: { e: 5 }, epoch: 5, took: { '30_new.sql': 20 } });
      await store.handSlot(pipeline, { run: 'e', epoch: 4, took: { '40_late.sql': 10 } }, 'f', 1);
      await store.handSlot(pipeline, { run: 'e', epoch: 5 }, 'f', 1);
      expect(await store.loadPool(pipeline)).toEqual({
        holders: { f: 6 },
        epoch: 6,
        took: { '30_new.sql': 20 },
      });
    });

    it('lets no run into a paused pool, also when the pause came before its first run, until it is unpaused', async () => {
      for (const pipeline of [`paused-first${made}`, `paused-later${made}`]) {
        const take = async (run: string, epoch?: number) => {
          const { taken, pool } = await store.takeSlot(pipeline, run, 3, epoch);
          return taken && pool.holders[run];
        };
        const holders = pipeline.startsWith('paused-first') ? {} : { a: await take('a') };
        const before = await store.loadPool(pipeline);
        const paused = { by: 'ann', at: '2026-01-01T00:00:00.000Z', reason: 'schema change' };
        expect(await store.pausePool(pipeline, paused, 'one')).toEqual(paused);
        expect(await store.loadPool(pipeline)).toEqual({ ...before, paused });
        expect(await store.takeSlot(pipeline, 'b', 3)).toEqual({ taken: false, pool: { ...before, paused } });
        // Read before the pause.
        expect(await take('b', before.epoch)).toBe(false);
        expect((await store.loadPool(pipeline)).holders).toEqual(holders);
        expect(await store.unpausePool(pipeline, 'two')).toEqual(paused);
        expect(await store.loadPool(pipeline)).toEqual(before);
        expect(await take('b')).toBe(before.epoch + 1);
      }
    });

    it('releases the slot of a run while its pool is paused', async () => {
      const pipeline = `paused-release${made}`;
      await store.takeSlot(pipeline, 'a', 1);
      const paused = { by: 'ann', at: '2026-01-01T00:00:00.000Z' };
      await store.pausePool(pipeline, paused, 'one');
      await store.releaseSlot(pipeline, 'a', 1);
      expect(await store.loadPool(pipeline)).toEqual({ holders: {}, epoch: 1, paused });
    });

    it('keeps the first of two pauses, and acts once on a request that is delivered twice', async () => {
      const pipeline = `paused-twice${made}`;
      const [ann, bob] = ['ann', 'bob'].map((by) => ({ by, at: '2026-01-01T00:00:00.000Z' }));
      if (ann === undefined || bob === undefined) throw new Error('nobody');
      expect(await store.unpausePool(pipeline, 'zero')).toBeUndefined();
      expect(await store.pausePool(pipeline, ann, 'one')).toEqual(ann);
      expect(await store.pausePool(pipeline, ann, 'one')).toEqual(ann);
      expect(await store.pausePool(pipeline, bob, 'two')).toEqual(ann);
      expect(await store.unpausePool(pipeline, 'three')).toEqual(ann);
      expect(await store.unpausePool(pipeline, 'three')).toBeUndefined();
      // The first request once more: its pause has ended.
      expect(await store.pausePool(pipeline, ann, 'one')).toBeUndefined();
      expect(await store.pausePool(pipeline, bob, 'four')).toEqual(bob);
      // And the request that ended the pause before.
      expect(await store.unpausePool(pipeline, 'three')).toBeUndefined();
      expect((await store.loadPool(pipeline)).paused).toEqual(bob);
    });

    const keyName = (key = `k${made}`, pipeline = 'p', bucket = 'b') => ({ pipeline, bucket, key });
    const at = (second: number): string => new Date(Date.UTC(2026, 10, 24, 8, 0, second)).toISOString();
    const upload = (etag: string, second = 0): Upload => ({
      etag,
      size: 10,
      at: at(second),
      run: `run-of-${etag}`,
      via: 'event',
    });

    it('admits uploads of a key in the order of their sequencers, padded on the left', async () => {
      const admit = async (sequencer: string) =>
        (await store.admitKey(keyName(), sequencer, upload(sequencer))) === undefined;
      expect(await admit('0F')).toBe(true);
      expect(await admit('0f')).toBe(true);
      expect(await admit('e')).toBe(false);
      expect(await admit('100')).toBe(true);
      expect(await admit('ff')).toBe(false);
    });

    it('admits a key separately for each bucket and pipeline', async () => {
      const key = `apart${made}`;
      const admit = async (sequencer: string, name = keyName(key)) =>
        (await store.admitKey(name, sequencer, upload(sequencer))) === undefined;
      expect(await admit('5')).toBe(true);
      for (const name of [keyName(key, 'q'), keyName(key, 'p', 'c'), keyName(`${key}x`)])
        expect(await admit('4', name)).toBe(true);
      expect(await admit('4')).toBe(false);
    });

    it('keeps the upload that was admitted last, and returns it for an older one', async () => {
      const name = keyName(`kept${made}`);
      expect(await store.loadKey(name)).toBeUndefined();
      await store.admitKey(name, '05', upload('five'));
      const item = { highest: paddedSequencer('05'), upload: upload('five') };
      expect(await store.loadKey(name)).toEqual(item);
      expect(await store.admitKey(name, '04', upload('four'))).toEqual(item);
      expect(await store.loadKey(name)).toEqual(item);
      expect(await store.admitKey(name, '06', upload('six'))).toBeUndefined();
      expect(await store.loadKey(name)).toEqual({ highest: paddedSequencer('06'), upload: upload('six') });
    });

    it('changes the item of a key only if it is as it was read', async () => {
      const name = keyName(`changed${made}`);
      const listed = { etag: 'x', lastModified: at(0), at: at(5), run: 'listed-run' };
      const next = { upload: { ...upload('x'), via: 'backfill' as const, run: 'listed-run' }, listed };
      expect(await store.changeKey(name, next, { highest: paddedSequencer('01') })).toBe(false);
      expect(await store.changeKey(name, next, undefined)).toBe(true);
      expect(await store.changeKey(name, next, undefined)).toBe(false);
      expect(await store.loadKey(name)).toEqual(next);
      expect(await store.changeKey(name, { ...next, highest: paddedSequencer('01') }, next)).toBe(true);
      expect(await store.changeKey(name, next, next)).toBe(false);
      const other = { ...next, highest: paddedSequencer('01'), listed: { ...listed, run: 'other' } };
      expect(await store.changeKey(name, { upload: upload('y') }, other)).toBe(false);
      const read = await store.loadKey(name);
      expect(await store.changeKey(name, { upload: upload('y') }, read)).toBe(true);
      expect(await store.loadKey(name)).toEqual({ upload: upload('y') });
    });

    it('lets exactly one of many concurrent changes of a key win', async () => {
      const name = keyName(`raced${made}`);
      const changes = await Promise.all(
        Array.from({ length: 10 }, (_, i) => store.changeKey(name, { upload: upload(`e${i}`) }, undefined)),
      );
      expect(changes.filter(Boolean)).toHaveLength(1);
    });

    it('does not store an upload over an item that a backfill listed at about its time, and stores a later one', async () => {
      const name = keyName(`listed${made}`);
      const listed = { etag: 'x', lastModified: at(0), at: at(100), run: 'listed-run' };
      const item = { upload: { ...upload('x'), via: 'backfill' as const }, listed };
      await store.changeKey(name, item, undefined);
      expect(await store.admitKey(name, '01', upload('x', 1))).toEqual(item);
      expect(await store.admitKey(name, '01', upload('y', 160))).toEqual(item);
      expect(await store.loadKey(name)).toEqual(item);
      expect(await store.admitKey(name, '01', upload('y', 161))).toBeUndefined();
      expect(await store.loadKey(name)).toEqual({
        highest: paddedSequencer('01'),
        upload: upload('y', 161),
        listed,
      });
    });
  });
}
