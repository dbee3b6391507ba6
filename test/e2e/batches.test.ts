/** Many files in one run, on a whole local AWS: a folder with its marker, a bad file set aside, one taken out by a person. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { eventually, root, Stack } from './stack.ts';

const PARTS = 40;

/** Pipelines with the steps of `ledger_batches`. */
const SETTINGS = {
  ledger_folders: 'on:\n  - s3: { prefix: exports/, marker: _SUCCESS }\n',
  ledger_careful: 'on:\n  - s3: { prefix: careful/, suffix: .csv, batch: {} }\n',
};

let folder: string;
let stack: Stack;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-batches-'));
  const fixture = (name: string): string => join(root, 'test/fixtures/pipelines', name);
  for (const [name, settings] of Object.entries(SETTINGS)) {
    cpSync(fixture('ledger_batches'), join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'pipeline.yml'), `description: Of the test\n${settings}`);
  }
  stack = await Stack.start({
    pipelines: {
      setup: fixture('setup'),
      ledger_batches: fixture('ledger_batches'),
      ...Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, join(folder, name)])),
    },
  });
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

const csv = (entry: number, amount: number | string = entry * 3): string =>
  `entry,amount\n${entry},${amount}\n`;

/** Pauses the pipeline while the files arrive, so that they wait together. */
async function together(pipeline: string, arrive: () => Promise<void>): Promise<void> {
  expect((await stack.baton('pause', pipeline)).code).toBe(0);
  await arrive();
  expect((await stack.baton('unpause', pipeline)).code).toBe(0);
}

async function waiting(pipeline: string, count: number): Promise<void> {
  await eventually(`${count} files wait`, async () =>
    (await stack.store.countQueued(pipeline)) === count ? true : undefined,
  );
}

async function batchOf(pipeline: string): Promise<StoredRun> {
  const { id } = await eventually('a batch run', async () =>
    (await stack.runs(pipeline)).find(({ trigger }) => trigger.kind === 'batch'),
  );
  return stack.atRest(id);
}

async function statesOf(pipeline: string): Promise<Record<string, string>> {
  const runs = (await stack.runs(pipeline)).filter(({ trigger }) => trigger.kind === 's3');
  return Object.fromEntries(runs.map((run) => [fileOf(run.trigger)?.key ?? '', run.state]));
}

async function entriesOf(runId: string): Promise<number[]> {
  const rows = await stack.query(`SELECT entry FROM ledger WHERE run_id = '${runId}' ORDER BY entry`);
  return rows.map(([entry]) => Number(entry));
}

it('loads exactly the 40 parts of a marked folder while a second job still writes beside it', async () => {
  const part = (day: string, number: number): string => `exports/${day}/part-${number}.csv`;
  await together('ledger_folders', async () => {
    for (let i = 1; i <= PARTS; i += 1) {
      await stack.put(part('day=1', i), csv(i));
      await stack.put(part('day=2', i), csv(1000 + i));
    }
    await stack.put('exports/day=1/_temporary/attempt-0/part-41.csv', csv(2001));
    await stack.put('exports/day=1/_SUCCESS', new Uint8Array());
    await waiting('ledger_folders', 1);
    // The times of events have whole seconds.
    const marked = Date.now();
    await eventually('the second of the marker is over', async () =>
      Date.now() > marked + 1_000 ? true : undefined,
    );
    // A later attempt of the first job, and the second job goes on.
    await stack.put(part('day=1', PARTS + 1), csv(2002));
    await stack.put(part('day=2', PARTS + 1), csv(1000 + PARTS + 1));
  });
  const run = await stack.runFor('ledger_folders', 'exports/day=1/_SUCCESS');
  expect([run.state, run.error]).toEqual(['SUCCEEDED', undefined]);
  expect(await entriesOf(run.id)).toEqual(Array.from({ length: PARTS }, (_, i) => i + 1));
  expect(await stack.runs('ledger_folders')).toHaveLength(1);
});

it('sets the bad file of a batch aside and loads the others in one run', async () => {
  await together('ledger_batches', async () => {
    for (const file of [1, 2, 4]) await stack.put(`ledger_batches/${file}.csv`, csv(file));
    await stack.put('ledger_batches/3.csv', csv(3, 'many'));
    await waiting('ledger_batches', 4);
  });
  // The files wait for a second, which passes with the sweep.
  await stack.sweep();
  const batch = await batchOf('ledger_batches');
  expect([batch.state, batch.error]).toEqual(['SUCCEEDED', undefined]);
  expect(await entriesOf(batch.id)).toEqual([1, 2, 4]);
  expect(await statesOf('ledger_batches')).toEqual({
    'ledger_batches/1.csv': 'ABSORBED',
    'ledger_batches/2.csv': 'ABSORBED',
    'ledger_batches/3.csv': 'FAILED',
    'ledger_batches/4.csv': 'ABSORBED',
  });
});

it('a batch that failed is resumed without the bad file by command', async () => {
  await together('ledger_careful', async () => {
    for (const file of [5, 6]) await stack.put(`careful/${file}.csv`, csv(file));
    await stack.put('careful/7.csv', csv(7, 'many'));
    await waiting('ledger_careful', 3);
  });
  const failed = await batchOf('ledger_careful');
  expect(failed.state).toBe('FAILED');
  expect(failed.error?.message).toContain('careful/7.csv');
  const resumed = await stack.baton('resume', failed.id, '--without', 'careful/7.csv');
  expect(resumed).toMatchObject({ code: 0 });
  const batch = await eventually('the batch has ended', async () => {
    const run = await stack.atRest(failed.id);
    return run.state === 'FAILED' ? undefined : run;
  });
  expect([batch.state, batch.error]).toEqual(['SUCCEEDED', undefined]);
  expect(await entriesOf(batch.id)).toEqual([5, 6]);
  expect(await statesOf('ledger_careful')).toEqual({
    'careful/5.csv': 'ABSORBED',
    'careful/6.csv': 'ABSORBED',
    'careful/7.csv': 'FAILED',
  });
});
