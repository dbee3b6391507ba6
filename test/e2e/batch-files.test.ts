/** Where the files of a batch went, as the command says it against a whole local AWS: files, runs, run, and the rows of each file. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { FileJson } from '../../cli/runs/file-line.ts';
import type { RunJson } from '../../cli/runs/run-json.ts';
import { eventually, root, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';
const row = (id: number): string => `${id},S,Lyon,FR,2020-01-01\n`;

let folder: string;
let stack: Stack;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-batched-'));
  cpSync(join(root, 'sql', 'stores'), folder, { recursive: true });
  const settings = join(folder, 'pipeline.yml');
  const batched = readFileSync(settings, 'utf8')
    .replace('prefix: stores/, suffix: .csv', 'prefix: batched/, batch: { files: 10 }')
    .concat('onBadFile: isolate\n');
  writeFileSync(settings, batched);
  stack = await Stack.start({ pipelines: { batched: folder } });
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function json<T>(...words: string[]): Promise<T> {
  const { stdout, stderr } = await stack.baton(...words, '--json');
  expect(stderr).not.toContain('warning');
  return JSON.parse(stdout) as T;
}

it.runIf(isLong)(
  'names the batch, its state and the rows of each file, and the file that was set aside',
  async () => {
    // They wait together, however busy the machine is.
    await stack.baton('pause', 'batched');
    const files = { a: 1, b: 2, c: 3, "it's ü": 4 };
    for (const [name, rows] of Object.entries(files)) {
      const lines = Array.from({ length: rows }, (_, i) => row(rows * 10 + i));
      await stack.put(`batched/${name}.csv`, HEADER + lines.join(''));
    }
    await stack.put('batched/bad.csv', `${HEADER}x,S,Lyon,FR,2020-01-01\n`);
    await eventually('all files wait', async () =>
      (await stack.runs('batched')).length === 5 ? true : undefined,
    );
    await stack.baton('unpause', 'batched');
    const listed = await eventually(
      'every file has a result',
      async () => {
        await stack.sweep();
        const found = await json<FileJson[]>('files', '--key', 'batched/', '--rows');
        const ended = found.filter(({ state }) => state === 'SUCCEEDED' || state === 'FAILED');
        return ended.length === 5 ? found : undefined;
      },
      60_000,
    );
    const [batch = ''] = listed.flatMap(({ batch: id }) => id ?? []);
    const shown = (of: readonly FileJson[]) =>
      of.map(({ key, state, batch: id, rows }) => [key, state, id === null ? null : 'in the batch', rows]);
    expect(shown(listed)).toEqual([
      ["batched/it's ü.csv", 'SUCCEEDED', 'in the batch', 4],
      ['batched/c.csv', 'SUCCEEDED', 'in the batch', 3],
      ['batched/bad.csv', 'FAILED', null, null],
      ['batched/b.csv', 'SUCCEEDED', 'in the batch', 2],
      ['batched/a.csv', 'SUCCEEDED', 'in the batch', 1],
    ]);
    expect((await stack.query('SELECT count(*) FROM mart.stores')).flat().map(Number)).toEqual([10]);

    const told = await stack.baton('run', batch, '--rows');
    expect(told.stdout).toMatch(/^ {2}files +4 files, [\d,]+ bytes; 1 set aside$/m);
    expect(told.stdout).toMatch(/batched\/it's ü\.csv +\d+ +4 {2}batched-/);
    expect(told.stdout).toMatch(/no longer in it:\n {2}batched\/bad\.csv {2}batched-\S+ {2}FAILED: /);
    const { files: read, state } = await json<RunJson>('run', batch);
    expect([state, read?.list?.length, read?.left?.length]).toEqual(['SUCCEEDED', 4, 1]);

    const runs = await stack.baton('runs', '--pipeline', 'batched');
    expect(runs.stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(runs.stderr).toContain('4 runs of files in batches not shown');
  },
);
