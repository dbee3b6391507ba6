/** Events of files are delivered again from the archive: what is done stays done, what was never seen is started. */
import { DescribeArchiveCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { eventually, Stack } from './stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

const stored = (id: number): string =>
  `store_id,name,city,country,opened_on\n${id},Store ${id},Lyon,FR,2020-01-01\n`;

async function archived(): Promise<number> {
  const { EventCount = 0 } = await stack.events.send(
    new DescribeArchiveCommand({ ArchiveName: 'baton-local-files' }),
  );
  return EventCount;
}

/** Every event was taken by its target, and every message by its function. */
async function quiet(): Promise<void> {
  await eventually('nothing under way', async () => {
    const { waiting } = (await stack.admin('GET', 'status')) as {
      waiting: { deliveries: number; invocations: number; messages: Record<string, Record<string, number>> };
    };
    const messages = Object.values(waiting.messages).flatMap((counts) => Object.values(counts));
    return [waiting.deliveries, waiting.invocations, ...messages].every((count) => count === 0)
      ? true
      : undefined;
  });
}

it('a replay starts a run for a file without one and does not change a finished run', async () => {
  await stack.put('stores/seen.csv', stored(1));
  const seen = await stack.runFor('stores', 'stores/seen.csv');
  expect(seen.state).toBe('SUCCEEDED');
  await stack.admin('POST', 'faults', {
    target: 'event',
    match: { source: 'aws.s3' },
    effect: { kind: 'drop' },
  });
  const before = await archived();
  await stack.put('stores/unseen.csv', stored(2));
  await eventually('the event in the archive', async () => ((await archived()) > before ? true : undefined));
  await stack.admin('DELETE', 'faults');
  await quiet();
  expect((await stack.runs('stores')).map(({ id }) => id)).toEqual([seen.id]);

  const replay = await stack.baton('replay', '--from', '1h', '--name', 'after-the-loss');
  expect(replay).toMatchObject({ code: 0, stdout: 'after-the-loss  COMPLETED\n' });
  expect(replay.stderr).toMatch(/COMPLETED {2}up to \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n/);
  const started = await stack.runFor('stores', 'stores/unseen.csv');
  expect(started.state).toBe('SUCCEEDED');
  await quiet();
  expect(await stack.runs('stores')).toHaveLength(2);
  const after = await stack.run(seen.id);
  expect([after?.state, after?.version]).toEqual(['SUCCEEDED', seen.version]);
  expect(await stack.count('SELECT COUNT(*) FROM mart.stores WHERE store_id IN (1, 2)')).toBe(2);
  // The replay's own events are in no archive.
  expect(await archived()).toBe(before + 1);

  const again = await stack.baton('replay', '--from', '1h', '--name', 'after-the-loss');
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('a replay named after-the-loss already exists');
});
