/** Events duplicated, simultaneous, malformed and lost: they change how soon, never what. */
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { eventually, Stack } from './stack.ts';
import { fileOf } from '../../shared/run/trigger.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

const stored = (id: number): string => `${HEADER}${id},Store ${id},Lyon,FR,2020-01-01\n`;

it('every event delivered five times: one run, and each step runs once', async () => {
  await stack.admin('POST', 'faults', { target: 'event', effect: { kind: 'duplicate', copies: 4 } });
  await stack.put('stores/five.csv', stored(1));
  const run = await stack.runFor('stores', 'stores/five.csv');
  await stack.admin('DELETE', 'faults');
  expect(run.state).toBe('SUCCEEDED');
  expect(
    (await stack.runs('stores')).filter((other) => fileOf(other.trigger)?.key === 'stores/five.csv'),
  ).toHaveLength(1);
  const history = await stack.store.history(run.id);
  expect(history.map((row) => [row.status, row.attempt])).toEqual(history.map(() => ['FINISHED', 1]));
  expect(await stack.count(`SELECT COUNT(*) FROM baton.step_marker WHERE run_id = '${run.id}'`)).toBe(1);
});

it('two files dropped at the same instant run one after the other', async () => {
  await Promise.all([stack.put('stores/left.csv', stored(2)), stack.put('stores/right.csv', stored(3))]);
  const [left, right] = await Promise.all([
    stack.runFor('stores', 'stores/left.csv'),
    stack.runFor('stores', 'stores/right.csv'),
  ]);
  expect([left.state, right.state]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  const [first, second] = [left, right].sort((a, b) => (a.startedAt ?? '').localeCompare(b.startedAt ?? ''));
  expect((first?.endedAt ?? '') <= (second?.startedAt ?? '')).toBe(true);
});

it('all completion events lost: the sweep finishes the run as the clock advances', async () => {
  await stack.admin('POST', 'faults', {
    target: 'event',
    match: { source: 'aws.redshift-data' },
    effect: { kind: 'drop' },
  });
  await stack.put('stores/lost.csv', stored(4));
  const { id } = await eventually('the run', async () =>
    (await stack.runs('stores')).find((run) => fileOf(run.trigger)?.key === 'stores/lost.csv'),
  );
  const run = await eventually(
    'the run to end',
    async () => {
      await stack.sweep();
      const now = await stack.run(id);
      return now?.state === 'SUCCEEDED' && now.pendingActions === undefined ? now : undefined;
    },
    50_000,
  );
  await stack.admin('DELETE', 'faults');
  expect(run.attempt).toBe(1);
  expect(await stack.count('SELECT COUNT(*) FROM mart.stores WHERE store_id = 4')).toBe(1);
});

it('a malformed event starts nothing, and the process keeps running', async () => {
  const before = (await stack.runs('stores')).length;
  await stack.events.send(
    new PutEventsCommand({
      Entries: [
        {
          Source: 'baton.request',
          DetailType: 'Resume Requested',
          Detail: JSON.stringify({ nonsense: true }),
        },
        { Source: 'baton.request', DetailType: 'Run Woken', Detail: JSON.stringify({ runId: 'nobody' }) },
        {
          Source: 'aws.redshift-data',
          DetailType: 'Redshift Data Statement Status Change',
          Detail: JSON.stringify({ statementName: 'baton:local:x' }),
        },
      ],
    }),
  );
  await stack.put('stores/after.csv', stored(5));
  expect((await stack.runFor('stores', 'stores/after.csv')).state).toBe('SUCCEEDED');
  expect((await stack.runs('stores')).length).toBe(before + 1);
});

it('a file overwritten between its event and its load is refused, and the newer one is loaded', async () => {
  await stack.admin('POST', 'faults', {
    target: 'event',
    match: { source: 'aws.s3' },
    effect: { kind: 'delay', ms: 600 },
    count: 1,
  });
  await stack.put('stores/twice.csv', stored(6));
  await stack.put('stores/twice.csv', `${HEADER}6,Newer,Lyon,FR,2020-01-01\n`);
  const runs = await eventually('both runs at rest', async () => {
    const both = (await stack.runs('stores')).filter(
      (run) => fileOf(run.trigger)?.key === 'stores/twice.csv',
    );
    return both.length === 2 && both.every((run) => ['FAILED', 'SUCCEEDED', 'SUPERSEDED'].includes(run.state))
      ? both
      : undefined;
  });
  expect(runs.filter((run) => run.state === 'SUCCEEDED')).toHaveLength(1);
  expect(await stack.query('SELECT name FROM mart.stores WHERE store_id = 6')).toEqual([['Newer']]);
});
