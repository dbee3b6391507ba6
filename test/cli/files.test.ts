/** `baton files`: which files it lists in which order, what it says of each, and what it says where there are none. */
import { describe, expect, it } from 'vitest';

import { readArguments } from '../../cli/arguments.ts';
import type { Connection } from '../../cli/aws/connection.ts';
import { CommandError } from '../../cli/exit.ts';
import { createOutput } from '../../cli/output.ts';
import type { FileJson } from '../../cli/runs/file-line.ts';
import type { FileEntry } from '../../cli/runs/run-reader.ts';
import { files } from '../../cli/verbs/files.ts';
import type { Run } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { MemoryRunStore } from '../fakes/memory-run-store.ts';
import { runOf } from '../fakes/run-of.ts';
import { fileOf } from '../fakes/world.ts';

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function baton(store: MemoryRunStore, ...words: string[]): Promise<Told> {
  let stdout = '';
  let stderr = '';
  const connection = { runs: () => Promise.resolve(store) } as unknown as Connection;
  const code = await files
    .run({
      args: readArguments(files, words),
      out: createOutput(
        { write: (text) => (stdout += text) },
        { write: (text) => (stderr += text) },
        { NO_COLOR: '1' },
      ),
      env: {},
      stage: 'local',
      json: words.includes('--json'),
      connect: () => Promise.resolve(connection),
      signal: new AbortController().signal,
    })
    .catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      stderr += `${error.message}\n${error.hint ?? ''}\n`;
      return error.code;
    });
  return { code, stdout, stderr };
}

let made = 0;

/** The run of a file, of a pipeline of the repository's own `sql/` folder. */
function runWith(key: string, hour: number, more: Partial<StoredRun> = {}): Run {
  made += 1;
  return runOf({
    id: `stores-${made}`,
    pipeline: 'stores',
    trigger: {
      kind: 's3',
      time: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
      file: fileOf(key, { size: 1_234, etag: 'abc' }),
    },
    ...more,
  });
}

async function storeWith(...runs: readonly Run[]): Promise<MemoryRunStore> {
  const store = new MemoryRunStore();
  for (const run of runs) await store.create(run);
  return store;
}

const cells = ({ stdout }: Told): string[][] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

describe('baton files', () => {
  it('lists key, size, arrival, state, run and version, the last key first and the newest upload of it', async () => {
    const [old, newer, failed] = [
      runWith('stores/a.csv', 1, { state: 'SUCCEEDED' }),
      runWith('stores/a.csv', 2),
      runWith('stores/b.csv', 0, { state: 'FAILED' }),
    ];
    const told = await baton(await storeWith(old, newer, failed));
    expect(cells(told)).toEqual([
      ['KEY', 'SIZE', 'ARRIVED', 'STATE', 'RUN', 'VERSION'],
      ['stores/b.csv', '1,234', '2026-01-01T00:00:00Z', 'FAILED', failed.id, 'abc'],
      ['stores/a.csv', '1,234', '2026-01-01T02:00:00Z', 'QUEUED', newer.id, 'abc'],
      ['stores/a.csv', '1,234', '2026-01-01T01:00:00Z', 'SUCCEEDED', old.id, 'abc'],
    ]);
    expect(told).toMatchObject({ code: 0, stderr: '' });
  });

  it('of several pipelines are in one order, and --pipeline, --key and --state select among them', async () => {
    const other = { pipeline: 'sales', id: 'sales-1' };
    const store = await storeWith(
      runWith('in/b', 1),
      runWith('in/c', 1, { state: 'FAILED' }),
      runWith('in/d', 1, other),
      runWith('out/e', 1),
    );
    const keys = async (...words: string[]): Promise<string[]> =>
      (JSON.parse((await baton(store, '--json', ...words)).stdout) as FileJson[]).map(({ key }) => key);
    expect(await keys()).toEqual(['out/e', 'in/d', 'in/c', 'in/b']);
    expect(await keys('--pipeline', 'sales')).toEqual(['in/d']);
    expect(await keys('--key', 'in/')).toEqual(['in/d', 'in/c', 'in/b']);
    expect(await keys('--state', 'failed')).toEqual(['in/c']);
    expect(await keys('--limit', '2')).toEqual(['out/e', 'in/d']);
  });

  it('has every member in JSON, whatever is known', async () => {
    const run = runWith('in/a', 1);
    const told = await baton(await storeWith(run), '--json');
    expect(JSON.parse(told.stdout)).toEqual([
      {
        pipeline: 'stores',
        bucket: fileOf('in/a').bucket,
        key: 'in/a',
        versionId: null,
        etag: 'abc',
        size: 1_234,
        arrivedAt: '2026-01-01T01:00:00.000Z',
        run: run.id,
        batch: null,
        state: 'QUEUED',
        rows: null,
      },
    ]);
  });

  it('says that there are more files than the limit, and not where the limit is just enough', async () => {
    const store = await storeWith(runWith('a', 1), runWith('b', 1), runWith('c', 1));
    expect((await baton(store, '--limit', '2')).stderr).toContain('more files match: narrow them with --key');
    expect((await baton(store, '--limit', '3')).stderr).toBe('');
  });

  it('says so where no file matches, and names a pipeline that does not exist', async () => {
    const store = await storeWith(runWith('a', 1));
    const none = await baton(store, '--pipeline', 'stores', '--key', 'x/\u001B', '--state', 'failed');
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain(String.raw`no FAILED file whose key begins with x/\x1b of stores`);
    expect(none.stderr).toContain('baton runs');
    expect(JSON.parse((await baton(store, '--key', 'x', '--json')).stdout)).toEqual([]);
    const unknown = await baton(store, '--pipeline', 'storse');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('did you mean stores?');
    expect(await baton(store, '--key', 's3://bucket/a')).toMatchObject({ code: 2, stdout: '' });
  });

  it('shows a part of a marked folder with the state of the run that has the folder, read once for all its parts', async () => {
    const store = await storeWith(runOf({ id: 'stores-marker', state: 'FAILED' }));
    let loads = 0;
    const load = store.load.bind(store);
    store.load = (id) => {
      loads += 1;
      return load(id);
    };
    const part = (key: string, runId = 'stores-marker'): FileEntry => ({
      pipeline: 'stores',
      file: { bucket: 'lake', key },
      arrivedAt: '2026-01-01T00:00:00Z',
      runId,
    });
    store.files = async function* files(pipeline) {
      if (pipeline === 'stores') yield [part('p2'), part('p1'), part('p0', 'stores-expired')];
    };
    const told = await baton(store);
    expect(cells(told).slice(1)).toEqual([
      ['p2', 'not known', '2026-01-01T00:00:00Z', 'FAILED', 'stores-marker', 'stores-marker'],
      ['p1', 'not known', '2026-01-01T00:00:00Z', 'FAILED', 'stores-marker', 'stores-marker'],
      ['p0', 'not known', '2026-01-01T00:00:00Z', 'not known', 'stores-expired', 'stores-expired'],
    ]);
    expect(loads).toBe(2);
  });

  it('reads no more pages than its answer takes, and looks through a bounded number of files for a state', async () => {
    const store = new MemoryRunStore();
    let pages = 0;
    const page = Array.from({ length: 100 }, (_, i) => runWith(`k${i}`, 1));
    store.files = async function* files() {
      for (;;) {
        pages += 1;
        yield page.map((run) => ({
          pipeline: 'stores',
          file: fileOf('k'),
          arrivedAt: run.trigger.time,
          runId: run.id,
          run,
        }));
      }
    };
    await baton(store, '--pipeline', 'stores', '--limit', '150');
    expect(pages).toBe(2);
    pages = 0;
    const told = await baton(store, '--pipeline', 'stores', '--state', 'failed');
    expect(pages).toBe(100);
    expect(told.stderr).toContain('looked through 10,000 files of stores: narrow them with --key');
  });
});
