/** Pipelines that start with events of the bus: put there with the plain AWS SDK, rows come out of the warehouse. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  CreateArchiveCommand,
  DescribeReplayCommand,
  DescribeRuleCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { StoredRun } from '../../shared/store/stored-run.ts';
import { eventually, isDone, root, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const fixture = (name: string): string => join(root, 'test/fixtures/pipelines', name);

const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/default';

let stack: Stack;

beforeAll(async () => {
  const pipelines = Object.fromEntries(
    ['order_events', 'order_audit', 'setup'].map((name) => [name, fixture(name)]),
  );
  stack = await Stack.start({ pipelines });
  // Baton archives files only; this one is the shop's own.
  await stack.events.send(
    new CreateArchiveCommand({
      ArchiveName: 'shop',
      EventSourceArn: BUS,
      EventPattern: '{"source":["shop.orders"]}',
    }),
  );
});
afterAll(async () => {
  await stack.stop();
});

const order = (id: string, more = ''): string =>
  `{"order":${id},"total":250.5,"country":"DE","customer":"O'Neill \\\\ \\"Sons\\" é\u0085","note":"a\\nb"${more}}`;

/** The event's id. */
async function put(detail: string, detailType = 'Order Placed', source = 'shop.orders'): Promise<string> {
  const Time = new Date('2026-11-20T10:00:00Z');
  const { Entries = [] } = await stack.events.send(
    new PutEventsCommand({ Entries: [{ Source: source, DetailType: detailType, Detail: detail, Time }] }),
  );
  return Entries[0]?.EventId ?? '';
}

async function runsOf(pipeline: string, count: number): Promise<StoredRun[]> {
  return eventually(`${count} runs of ${pipeline}`, async () => {
    const runs = await stack.runs(pipeline);
    return runs.length >= count && runs.every(isDone) ? runs : undefined;
  });
}

interface Waiting {
  readonly deliveries: number;
  readonly invocations: number;
  readonly messages: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

async function quiet(): Promise<Waiting> {
  return eventually('nothing under way', async () => {
    const { waiting } = (await stack.admin('GET', 'status')) as { waiting: Waiting };
    const arrivals = Object.values(waiting.messages['baton-local-arrivals'] ?? {});
    return [waiting.deliveries, waiting.invocations, ...arrivals].every((count) => count === 0)
      ? waiting
      : undefined;
  });
}

/** Larger than any number that JavaScript keeps exactly. */
const LARGE_ID = '12345678901234567890';

it.runIf(isLong)(
  'an event that matches two pipelines starts one run of each, and its JSON is unchanged in the SQL',
  async () => {
    const id = await put(order(LARGE_ID));
    const [run] = await runsOf('order_events', 1);
    const [audit] = await runsOf('order_audit', 1);
    expect([run?.state, audit?.state]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(run?.trigger).toMatchObject({
      kind: 'event',
      time: '2026-11-20T10:00:00.000Z',
      event: { id, source: 'shop.orders', detailType: 'Order Placed' },
    });
    expect(await stack.query('SELECT order_id, customer, placed_at::varchar FROM order_event')).toEqual([
      [LARGE_ID, `O'Neill \\ "Sons" é\u0085`, '2026-11-20 10:00:00'],
    ]);
    const [[event = ''] = []] = await stack.query('SELECT event FROM order_audit');
    expect(event).toContain(`"detail":{"order":${LARGE_ID},"total":250.5`);
    expect(JSON.parse(event ?? '')).toMatchObject({ id, source: 'shop.orders', detail: { note: 'a\nb' } });
  },
);

it.runIf(isLong)('an event that is delivered three times starts one run', async () => {
  const fault = {
    target: 'event',
    match: { source: 'shop.orders' },
    effect: { kind: 'duplicate', copies: 2 },
  };
  await stack.admin('POST', 'faults', fault);
  await put(order('2'));
  await runsOf('order_events', 2);
  await quiet();
  expect(await stack.runs('order_events')).toHaveLength(2);
  expect(await stack.count("SELECT COUNT(*) FROM order_event WHERE order_id = '2'")).toBe(1);
  await stack.admin('DELETE', 'faults');
});

it.runIf(isLong)('an event that does not match a pattern starts only the pipeline without one', async () => {
  await put(order('3').replace('250.5', '99.5'));
  await put(order('4'), 'Order Shipped');
  await put(order('5'), 'Order Placed', 'shop.invoices');
  await runsOf('order_audit', 4);
  await quiet();
  expect(await stack.runs('order_events')).toHaveLength(2);
  expect(await stack.runs('order_audit')).toHaveLength(4);
});

it.runIf(isLong)('an event that is replayed starts nothing more', async () => {
  const before = [await stack.runs('order_events'), await stack.runs('order_audit')];
  await stack.advance(15 * 60_000);
  await stack.events.send(
    new StartReplayCommand({
      ReplayName: 'again',
      EventSourceArn: BUS.replace(':event-bus/default', ':archive/shop'),
      EventStartTime: new Date('2026-11-20T09:00:00Z'),
      EventEndTime: new Date('2026-11-20T11:00:00Z'),
      Destination: { Arn: BUS },
    }),
  );
  await eventually('the end of the replay', async () => {
    await stack.advance(60_000);
    const { State } = await stack.events.send(new DescribeReplayCommand({ ReplayName: 'again' }));
    return State === 'COMPLETED' ? true : undefined;
  });
  await quiet();
  const after = [await stack.runs('order_events'), await stack.runs('order_audit')];
  expect(after.map((runs) => runs.map(({ id, version }) => [id, version]))).toEqual(
    before.map((runs) => runs.map(({ id, version }) => [id, version])),
  );
});

it.runIf(isLong)('an event that is too large starts nothing, and becomes a dead letter', async () => {
  const before = await stack.runs('order_events');
  await put(order('6', `,"filler":"${'x'.repeat(16_000)}"`));
  await eventually(
    'a dead letter of each pipeline',
    async () => {
      await stack.advance(180_000);
      const { waiting } = (await stack.admin('GET', 'status')) as { waiting: Waiting };
      const letters = Object.values(waiting.messages['baton-local-dead-letters'] ?? {});
      return letters.reduce((sum, count) => sum + count, 0) === 2 ? true : undefined;
    },
    60_000,
  );
  expect(await stack.runs('order_events')).toHaveLength(before.length);
  const logs = join(stack.home, 'state', 'logs');
  const log = readdirSync(logs).find((name) => name.includes('start-run')) ?? '';
  expect(readFileSync(join(logs, log), 'utf8')).toMatch(
    /an event that starts a run may have 16000 bytes; this one has \d+: put large data into a file in S3/,
  );
});

it.runIf(isLong)(
  'each trigger has a rule with its own pattern, which can be read at the endpoint',
  async () => {
    const { Rules = [] } = await stack.events.send(
      new ListRulesCommand({ NamePrefix: 'baton-local-event-' }),
    );
    expect(Rules.map(({ Name }) => Name)).toEqual([
      expect.stringMatching(/^baton-local-event-order_audit-[0-9a-f]{8}$/),
      expect.stringMatching(/^baton-local-event-order_events-[0-9a-f]{8}$/),
    ]);
    const { EventPattern = '' } = await stack.events.send(new DescribeRuleCommand({ Name: Rules[1]?.Name }));
    expect(JSON.parse(EventPattern)).toEqual({
      source: ['shop.orders'],
      'detail-type': ['Order Placed', 'Order Changed'],
      detail: { total: [{ numeric: ['>=', 100] }], country: [{ 'anything-but': ['test'] }] },
    });
    const { Targets = [] } = await stack.events.send(new ListTargetsByRuleCommand({ Rule: Rules[1]?.Name }));
    expect(Targets).toMatchObject([
      { DeadLetterConfig: { Arn: expect.stringContaining('dead-letters') as string } },
    ]);
  },
);

it.runIf(isLong)('the command shows which event started a run, and an example event in the SQL', async () => {
  const [run] = await stack.runs('order_events');
  const listed = await stack.baton('runs', '--pipeline', 'order_events', '--sql', stack.sql);
  expect(listed.stdout).toContain('event "Order Placed" from shop.orders, ');
  const shown = await stack.baton('run', run?.id ?? '', '--json');
  expect(JSON.parse(shown.stdout)).toMatchObject({
    trigger: { kind: 'event', event: { source: 'shop.orders' } },
  });
  const plan = await stack.baton('plan', 'order_events', '--sql', stack.sql);
  expect(plan.stdout).toContain('starts on "Order Placed" or "Order Changed" from shop.orders with {"total"');
  const byHand = await stack.baton('start', 'order_audit');
  expect(byHand.code).toBe(0);
  expect(await stack.count('SELECT COUNT(*) FROM order_audit WHERE event IS NULL')).toBe(1);
});
