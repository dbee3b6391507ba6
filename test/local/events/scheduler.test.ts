/** EventBridge Scheduler on the local clock: each time it falls due is delivered once, whatever the clock and the process do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { LocalClock } from '../../../local/clock.ts';
import { listenLocally } from '../../../local/http.ts';
import { EventBus } from '../../../local/events/bus.ts';
import { schedulerHandler } from '../../../local/events/scheduler-api.ts';
import { EventFaults } from '../../../local/events/event-faults.ts';
import type { ScheduleResource } from '../../../local/template/resources.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let folder: string;
let clock: LocalClock;
let faults: EventFaults;
let delivered: string[];
let lines: string[];
let buses: EventBus[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-scheduler-'));
  faults = new EventFaults();
  delivered = [];
  lines = [];
  buses = [];
});

afterEach(() => {
  for (const bus of buses) bus.stop();
  rmSync(folder, { recursive: true, force: true });
});

function schedule(more: Partial<ScheduleResource> & { maximumAgeSeconds?: number } = {}): ScheduleResource {
  const { maximumAgeSeconds = 86_400, ...rest } = more;
  return {
    logicalId: 'Daily',
    name: 'daily',
    arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/daily',
    group: 'default',
    roleArn: 'arn:aws:iam::000000000000:role/schedules',
    expression: 'cron(0 6 * * ? *)',
    timeZone: 'UTC',
    enabled: true,
    target: {
      id: 'target',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:start-run',
      input: '{"pipeline":"nightly","scheduledTime":"<aws.scheduler.scheduled-time>"}',
      retryAttempts: 185,
      maximumAgeSeconds,
    },
    ...rest,
  };
}

function clockAt(iso: string): void {
  clock = new LocalClock(Date.parse(iso) - Date.now());
}

/** A process of its own: what the one before had in memory is gone. */
function boot(
  schedules: readonly ScheduleResource[],
  take?: () => Promise<void>,
  workedOff?: () => Promise<void>,
): EventBus {
  const bus = new EventBus(
    { file: join(folder, 'deliveries.jsonl'), rules: [], schedules, missedTicks: 'latest' },
    {
      clock,
      faults,
      deliver: async (_arn, payload) => {
        await take?.();
        delivered.push((JSON.parse(payload) as { scheduledTime: string }).scheduledTime);
      },
      ...(workedOff !== undefined && { workedOff }),
      sendDeadLetter: () => Promise.resolve(),
      log: (line) => {
        lines.push(line);
      },
    },
  );
  buses.push(bus);
  bus.start();
  return bus;
}

async function untilDelivered(count: number): Promise<void> {
  await vi.waitFor(
    () => {
      expect(delivered.length).toBeGreaterThanOrEqual(count);
    },
    { timeout: 5000, interval: 5 },
  );
  // One more would come at once.
  for (const bus of buses) await bus.settled();
}

it('a schedule delivers every due time that the clock was advanced over, in order', async () => {
  clockAt('2026-11-20T12:00:00Z');
  boot([schedule()]);
  clock.advance(3 * DAY);
  await untilDelivered(3);
  expect(delivered).toEqual(['2026-11-21T06:00:00Z', '2026-11-22T06:00:00Z', '2026-11-23T06:00:00Z']);
});

it('a schedule follows its time zone over skipped and repeated hours', async () => {
  clockAt('2026-03-27T12:00:00Z');
  boot([schedule({ expression: 'cron(30 2 * * ? *)', timeZone: 'Europe/Berlin' })]);
  clock.advance(3 * DAY);
  await untilDelivered(2);
  expect(delivered).toEqual(['2026-03-28T01:30:00Z', '2026-03-30T00:30:00Z']);
  clock.advance(Date.parse('2026-10-23T12:00:00Z') - clock.now());
  await untilDelivered(2 + 207);
  delivered = [];
  clock.advance(3 * DAY);
  await untilDelivered(3);
  expect(delivered).toEqual(['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']);
});

it('a rate is due at once, and then periodically', async () => {
  clockAt('2026-11-20T12:00:10Z');
  boot([schedule({ expression: 'rate(12 hours)' })]);
  await untilDelivered(1);
  clock.advance(DAY);
  await untilDelivered(3);
  const [first = ''] = delivered;
  expect(delivered.map((time) => Date.parse(time) - Date.parse(first))).toEqual([0, 12 * HOUR, DAY]);
});

it('schedules are delivered in the order of their due times', async () => {
  clockAt('2026-11-20T12:00:00Z');
  boot([
    schedule({ name: 'evening', expression: 'cron(0 18 * * ? *)' }),
    schedule({ name: 'morning', expression: 'cron(0 6 * * ? *)' }),
  ]);
  clock.advance(2 * DAY);
  await untilDelivered(4);
  expect(delivered).toEqual(delivered.toSorted());
});

it('a schedule waits with a due time until its target has processed the one before', async () => {
  clockAt('2026-11-20T12:00:00Z');
  const working: (() => void)[] = [];
  let waits = 0;
  boot([schedule()], undefined, () => {
    waits += 1;
    return waits === 1 ? Promise.resolve() : new Promise((done) => working.push(done));
  });
  clock.advance(2 * DAY);
  await vi.waitFor(() => {
    expect(working).toHaveLength(1);
  });
  expect(delivered).toEqual(['2026-11-21T06:00:00Z']);
  working[0]?.();
  await untilDelivered(2);
  expect(delivered).toEqual(['2026-11-21T06:00:00Z', '2026-11-22T06:00:00Z']);
});

it('schedules continue after a kill without a loss or duplicate', async () => {
  clockAt('2026-11-20T12:00:00Z');
  const taken: (() => void)[] = [];
  // The second delivery is under way for as long as the process lives.
  let count = 0;
  boot([schedule()], () => {
    count += 1;
    return count < 2 ? Promise.resolve() : new Promise((done) => taken.push(done));
  });
  clock.advance(5 * DAY);
  await vi.waitFor(() => {
    expect(taken).toHaveLength(1);
  });
  expect(delivered).toEqual(['2026-11-21T06:00:00Z']);
  // Killed: nothing of it is stopped in order, and it delivers nothing more.
  const killed = buses.splice(0);
  boot([schedule()]);
  await untilDelivered(5);
  expect(delivered).toEqual([
    '2026-11-21T06:00:00Z',
    ...['2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25'].map((day) => `${day}T06:00:00Z`),
  ]);
  for (const bus of killed) bus.stop();
  buses.splice(0)[0]?.stop();
  boot([schedule()]);
  clock.advance(DAY);
  await untilDelivered(6);
  expect(delivered.at(-1)).toBe('2026-11-26T06:00:00Z');
  expect(new Set(delivered).size).toBe(6);
});

it('after a pause schedules deliver the due times of the last day, as long as they would be retried', async () => {
  clockAt('2026-11-20T12:00:00Z');
  const first = boot([schedule({ expression: 'cron(0 0/6 * * ? *)' })]);
  first.stop();
  buses = [];
  // Nobody is there while the time goes by.
  clockAt('2026-11-24T13:00:00Z');
  boot([schedule({ expression: 'cron(0 0/6 * * ? *)' })]);
  await untilDelivered(4);
  expect(delivered).toEqual([
    '2026-11-23T18:00:00Z',
    '2026-11-24T00:00:00Z',
    '2026-11-24T06:00:00Z',
    '2026-11-24T12:00:00Z',
  ]);
  expect(lines).toEqual([
    expect.stringMatching(
      /^schedule daily: skipped the times from 2026-11-20T18:00:00\.000Z to 2026-11-23T13:00:\S+, when the local AWS was stopped$/,
    ),
  ]);
});

it('a schedule starts again if its expression changes or it is added again', async () => {
  clockAt('2026-11-20T12:00:00Z');
  const bus = boot([schedule()]);
  clock.advance(DAY);
  await untilDelivered(1);
  bus.setRules([], [schedule({ expression: 'cron(0 7 * * ? *)' })]);
  bus.setRules([], []);
  clock.advance(DAY);
  bus.setRules([], [schedule({ expression: 'cron(0 7 * * ? *)' })]);
  clock.advance(DAY);
  await untilDelivered(2);
  expect(delivered).toEqual(['2026-11-21T06:00:00Z', '2026-11-23T07:00:00Z']);
});

it('a schedule keeps its next due time if a new template does not change it', async () => {
  clockAt('2026-11-20T12:00:00Z');
  const bus = boot([schedule({ expression: 'rate(1 day)' })]);
  await untilDelivered(1);
  clock.advance(20 * HOUR);
  bus.setRules([], [schedule({ expression: 'rate(1 day)' })]);
  clock.advance(4 * HOUR);
  await untilDelivered(2);
  expect(delivered).toHaveLength(2);
});

it('schedule events can be duplicated on request, as Scheduler delivers at least once', async () => {
  clockAt('2026-11-20T12:00:00Z');
  boot([schedule()]);
  faults.set({ match: { source: 'aws.scheduler' }, effect: { kind: 'duplicate', copies: 2 }, count: 1 });
  clock.advance(2 * DAY);
  await untilDelivered(4);
  expect(delivered).toEqual([...Array<string>(3).fill('2026-11-21T06:00:00Z'), '2026-11-22T06:00:00Z']);
});

it('schedules can be read over HTTP with the API of Scheduler', async () => {
  clockAt('2026-11-20T12:00:00Z');
  const handler = schedulerHandler(boot([schedule(), schedule({ name: 'off', enabled: false })]));
  const server = createServer((request, response) => void handler(request, response));
  const endpoint = `http://127.0.0.1:${String(await listenLocally(server, 0))}`;
  const read = async (path: string, method = 'GET'): Promise<[number, unknown]> => {
    const response = await fetch(endpoint + path, { method });
    return [response.status, await response.json()];
  };
  const daily = { Name: 'daily', GroupName: 'default', State: 'ENABLED' };
  const [status, list] = await read('/schedules');
  expect(status).toBe(200);
  expect(list).toMatchObject({ Schedules: [daily, { Name: 'off', State: 'DISABLED' }] });
  expect(await read('/schedules?State=ENABLED&NamePrefix=da&ScheduleGroup=default')).toMatchObject([
    200,
    { Schedules: [daily] },
  ]);
  expect(await read('/schedules?ScheduleGroup=other')).toEqual([200, { Schedules: [] }]);
  expect(await read('/schedules/daily')).toMatchObject([
    200,
    {
      ...daily,
      ScheduleExpression: 'cron(0 6 * * ? *)',
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        RoleArn: 'arn:aws:iam::000000000000:role/schedules',
        RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
      },
    },
  ]);
  expect(await read('/schedules/daily?groupName=other')).toEqual([
    404,
    { Message: 'Schedule daily does not exist.' },
  ]);
  expect(await read('/schedules/daily', 'DELETE')).toEqual([
    400,
    {
      Message:
        'the local EventBridge Scheduler has no DELETE /schedules/daily: schedules come from serverless.yml, and it offers ListSchedules and GetSchedule',
    },
  ]);
  server.closeAllConnections();
  server.close();
});
