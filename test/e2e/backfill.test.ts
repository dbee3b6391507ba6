/**
 * Files that were there before: half of a bucket came with events, the rest is backfilled, with a Ctrl-C, by two commands at
 * once, and once more. `BATON_BACKFILL_FILES=5000,1200` runs it with so many files, of which so many come with events.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { BackfillCounts } from '../../shared/events/requests.ts';
import { eventually, root, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const [FILES = 520, WITH_EVENTS = 60] = (process.env['BATON_BACKFILL_FILES'] ?? '520,60')
  .split(',')
  .map(Number);
const REST = FILES - WITH_EVENTS;

/** Uploads at the same time. */
const LANES = 10;

const HEADER = 'store_id,name,city,country,opened_on\n';

interface Answer {
  readonly complete: boolean;
  readonly counts: BackfillCounts;
  readonly next: string | null;
}

let folder: string;
let stack: Stack;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-backfilled-'));
  cpSync(join(root, 'sql', 'stores'), folder, { recursive: true });
  const settings = join(folder, 'pipeline.yml');
  const batched = readFileSync(settings, 'utf8').replace(
    'prefix: stores/, suffix: .csv',
    'prefix: old/, suffix: .csv, batch: { files: 500 }',
  );
  writeFileSync(settings, batched);
  stack = await Stack.start({ pipelines: { backfilled: folder } });
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function turnEvents(on: boolean): Promise<void> {
  await stack.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: stack.landing,
      NotificationConfiguration: on ? { EventBridgeConfiguration: {} } : {},
    }),
  );
}

/** Every `step`th from the first on has an event, so that both kinds lie among each other. */
function hasEvent(i: number): boolean {
  return Math.floor((i * WITH_EVENTS) / FILES) !== Math.floor(((i - 1) * WITH_EVENTS) / FILES);
}

async function upload(numbers: readonly number[]): Promise<void> {
  const left = [...numbers];
  const lane = async (): Promise<void> => {
    for (let i = left.pop(); i !== undefined; i = left.pop())
      await stack.put(`old/${String(i).padStart(6, '0')}.csv`, `${HEADER}${i},S,Lyon,FR,2020-01-01\n`);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

const runs = async (): Promise<number> => (await stack.store.listRuns('backfilled', FILES + 100)).length;

async function backfill(...words: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await stack.baton('backfill', 'backfilled', '--json', ...words);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Answer;
}

/** As a person does it: Ctrl-C when the first page was shown. */
async function interrupted(): Promise<Answer & { code: number; stderr: string }> {
  const child = spawn(process.execPath, [join(root, 'bin/baton.js'), 'backfill', 'backfilled', '--json'], {
    cwd: stack.home,
    env: { ...process.env, AWS_ENDPOINT_URL: stack.endpoint, BATON_HOME: join(stack.home, 'state') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr === '') child.kill('SIGINT');
    stderr += chunk.toString();
  });
  const code = await new Promise<number>((ended) => child.once('close', (exit) => ended(exit ?? -1)));
  return { ...(JSON.parse(stdout) as Answer), code, stderr };
}

it.runIf(isLong)(
  'are loaded once: those with an event by their event, the others by a backfill, whatever interrupts it',
  async () => {
    await stack.baton('pause', 'backfilled');
    const all = Array.from({ length: FILES }, (_, i) => i + 1);
    await turnEvents(false);
    await upload(all.filter((i) => !hasEvent(i)));
    await turnEvents(true);
    await upload(all.filter(hasEvent));
    await eventually(
      'the runs of all events',
      async () => ((await runs()) === WITH_EVENTS ? true : undefined),
      120_000,
    );

    const dry = await backfill('--dry-run');
    expect(dry.counts).toMatchObject({ listed: FILES, new: REST, loadedBefore: WITH_EVENTS });
    expect(await runs()).toBe(WITH_EVENTS);

    const first = await interrupted();
    expect(first).toMatchObject({ code: 1, complete: false });
    expect(first.stderr).toContain('To continue:\n       npx baton backfill backfilled --after ');
    expect(await runs()).toBe(WITH_EVENTS + first.counts.new);

    // One goes on, one starts from the beginning, at the same time.
    const both = await Promise.all([backfill('--after', first.next ?? ''), backfill()]);
    expect(first.counts.new + both[0].counts.new + both[1].counts.new).toBe(REST);
    expect(await runs()).toBe(FILES);
    expect((await backfill()).counts).toMatchObject({ listed: FILES, new: 0, loadedBefore: FILES });
    expect(await runs()).toBe(FILES);

    await stack.baton('unpause', 'backfilled');
    const counted = await eventually(
      'all files are loaded',
      async () => {
        await stack.sweep();
        const loaded = await stack.count("SELECT count(*) FROM mart.stores WHERE city = 'Lyon'");
        return loaded >= FILES ? loaded : undefined;
      },
      FILES * 200,
    );
    expect(counted).toBe(FILES);
    expect(await stack.count('SELECT count(DISTINCT store_id) FROM mart.stores')).toBe(FILES);
  },
  60_000 + FILES * 500,
);
