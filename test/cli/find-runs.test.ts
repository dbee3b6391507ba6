/** `baton runs --state`: which runs it finds, and how many it reads for them. */
import { describe, expect, it } from 'vitest';

import { readArguments } from '../../cli/arguments.ts';
import type { Connection } from '../../cli/aws/connection.ts';
import { createOutput } from '../../cli/output.ts';
import type { RunJson } from '../../cli/runs/run-json.ts';
import { MissingIndexError } from '../../cli/runs/run-reader.ts';
import { runs } from '../../cli/verbs/runs.ts';
import type { Run, RunState } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { MemoryRunStore } from '../fakes/memory-run-store.ts';
import { runOf } from '../fakes/run-of.ts';

const made = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

function run(id: string, state: RunState, minute: number, more: Partial<StoredRun> = {}): Run {
  return runOf({ id, pipeline: 'stores', state, createdAt: made(minute), ...more });
}

/** Counts the runs that its lists hand out; pages of a hundred. */
class Counting extends MemoryRunStore {
  read = 0;

  override async *newestRuns(pipeline: string, atFirst: number): AsyncGenerator<readonly Run[]> {
    for await (const all of super.newestRuns(pipeline, atFirst)) yield* this.#pages(all);
  }

  override async *runsIn(...asked: Parameters<MemoryRunStore['runsIn']>): AsyncGenerator<readonly Run[]> {
    for await (const all of super.runsIn(...asked)) yield* this.#pages(all);
  }

  override async *activeRuns(): AsyncGenerator<readonly Run[]> {
    for await (const all of super.activeRuns()) yield* this.#pages(all);
  }

  *#pages(all: readonly Run[]): Generator<readonly Run[]> {
    for (let at = 0; at < all.length; at += 100) {
      const page = all.slice(at, at + 100);
      this.read += page.length;
      yield page;
    }
  }
}

/** As a version without the index stopped them. */
class WithoutIndex extends MemoryRunStore {
  // eslint-disable-next-line require-yield
  override async *runsIn(): AsyncGenerator<readonly Run[]> {
    throw new MissingIndexError('not-succeeded', 'The table does not have the specified index');
  }
}

async function found(store: MemoryRunStore, ...words: string[]): Promise<{ ids: string[]; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const code = await runs.run({
    args: readArguments(runs, ['--pipeline', 'stores', '--json', ...words]),
    out: createOutput(
      { write: (text) => (stdout += text) },
      { write: (text) => (stderr += text) },
      { NO_COLOR: '1' },
    ),
    env: {},
    stage: 'local',
    json: true,
    connect: async () => ({ runs: async () => store }) as unknown as Connection,
    signal: new AbortController().signal,
  });
  expect(code).toBe(0);
  return { ids: (JSON.parse(stdout) as RunJson[]).map(({ id }) => id), stderr };
}

async function filled<S extends MemoryRunStore>(store: S, succeeded: number): Promise<S> {
  await store.create(run('old-failed', 'FAILED', 0));
  await store.create(run('old-undecided', 'NEEDS_DECISION', 1));
  await store.create(run('old-waiting', 'QUEUED', 2));
  await store.create(run('old-running', 'RUNNING', 3));
  await store.create(run('old-cancelled', 'CANCELLED', 4));
  await store.create(run('old-superseded', 'SUPERSEDED', 5));
  for (let i = 0; i < succeeded; i += 1) await store.create(run(`done-${i}`, 'SUCCEEDED', 10 + i));
  return store;
}

describe('baton runs --state', () => {
  it.each([
    ['failed', 'old-failed'],
    ['needs_decision', 'old-undecided'],
    ['queued', 'old-waiting'],
    ['running', 'old-running'],
    ['cancelled', 'old-cancelled'],
    ['superseded', 'old-superseded'],
  ])('finds the runs that are %s behind any number of others, and reads only such', async (state, id) => {
    for (const others of [100, 2_000]) {
      const store = await filled(new Counting(), others);
      expect(await found(store, '--state', state)).toEqual({ ids: [id], stderr: '' });
      expect(store.read).toBeLessThanOrEqual(1);
    }
  });

  it('searches the newest 500 runs for succeeded ones, says so, and with --every all of them', async () => {
    const store = new Counting();
    await store.create(run('done', 'SUCCEEDED', 0));
    for (let i = 1; i <= 600; i += 1) await store.create(run(`cancelled-${i}`, 'CANCELLED', i));
    expect(await found(store, '--state', 'succeeded')).toEqual({
      ids: [],
      stderr: 'only the newest 500 runs of stores were searched: --every searches all of them\n',
    });
    expect(store.read).toBe(500);
    expect(await found(store, '--state', 'succeeded', '--every')).toEqual({ ids: ['done'], stderr: '' });
    // Nothing was left out.
    expect((await found(await filled(new Counting(), 3), '--state', 'succeeded')).stderr).toBe('');
    const many = await filled(new Counting(), 2_000);
    expect((await found(many, '--state', 'succeeded', '--limit', '3')).stderr).toBe('');
    expect(many.read).toBe(100);
  });

  it('shows the newest failed runs up to the limit, and reads no more of them', async () => {
    const store = new Counting();
    for (let i = 0; i < 300; i += 1) await store.create(run(`failed-${i}`, 'FAILED', i));
    const { ids } = await found(store, '--state', 'failed', '--limit', '2');
    expect(ids).toEqual(['failed-299', 'failed-298']);
    expect(store.read).toBe(2);
  });

  it('leaves out a run that the index still has, but that was resumed meanwhile', async () => {
    const store = await filled(new MemoryRunStore(), 0);
    const [failed] = [...store.runs.values()];
    store.runsIn = async function* runsIn() {
      yield [{ ...(failed ?? run('', 'FAILED', 0)), life: run('', 'RUNNING', 0).life }];
    };
    expect((await found(store, '--state', 'failed')).ids).toEqual([]);
  });

  it('finds a failed run that holds a slot though the index does not have it', async () => {
    const store = await filled(new MemoryRunStore(), 0);
    store.runsIn = async function* runsIn() {
      yield [];
    };
    await store.takeSlot('stores', 'old-failed', 1);
    expect((await found(store, '--state', 'failed')).ids).toEqual(['old-failed']);
  });

  it('searches the newest runs where the table has no such index yet', async () => {
    const store = await filled(new WithoutIndex(), 600);
    expect(await found(store, '--state', 'failed')).toEqual({
      ids: [],
      stderr: 'only the newest 500 runs of stores were searched: --every searches all of them\n',
    });
    expect((await found(store, '--state', 'failed', '--every')).ids).toEqual(['old-failed']);
  });
});
