/**
 * A pipeline on a schedule and one chained behind it, over three days on the local clock: the three around the Sunday
 * on which Berlin's clocks go back. Every tick and every success is delivered three times over, and the local AWS is
 * killed on the way.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import type { StoredRun } from '../../shared/store/stored-run.ts';
import { eventually, isDone, root, Stack } from './stack.ts';

// A kill in the middle of two days is made good by the sweep, minute by minute.
vi.setConfig({ testTimeout: 180_000 });

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CRON = 'cron(30 2 * * ? *)';

const fixture = (name: string): string => join(root, 'test/fixtures/pipelines', name);
const pipelines = {
  nightly_totals: fixture('nightly_totals'),
  totals_report: fixture('totals_report'),
  setup: fixture('setup'),
};

/** Midnight (UTC) of the next last Sunday of October that is far enough away to begin before it. */
function nextSunday(now: number): number {
  for (let year = new Date(now).getUTCFullYear(); ; year += 1) {
    const last = new Date(Date.UTC(year, 9, 31));
    const sunday = last.getTime() - last.getUTCDay() * DAY;
    if (sunday - 3 * DAY > now) return sunday;
  }
}

const sunday = nextSunday(Date.now());
/** Half past two in Berlin: twice in summer time, the second time on the day it ends, then in winter time. */
const dueAt = [sunday - DAY, sunday, sunday + DAY + HOUR].map((day) =>
  new Date(day + HOUR / 2).toISOString(),
);
const asSql = (iso: string): string => iso.replace('T', ' ').replace('.000Z', '');

let stack: Stack;

beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), 'baton-triggers-'));
  const state = join(home, 'state', 'state');
  mkdirSync(state, { recursive: true });
  // It begins on Friday at noon.
  const offsetMs = sunday - 2 * DAY + 12 * HOUR - Date.now();
  writeFileSync(join(state, 'clock.json'), JSON.stringify({ offsetMs }));
  stack = await Stack.start({ home, pipelines });
  await makeDeliveriesThreefold();
  await stack.query(
    `INSERT INTO sold VALUES (1, 10, '2020-01-01'), (2, 5, '2020-01-01'), (1, 7, '${asSql(dueAt[1] ?? '')}')`,
  );
});
afterAll(async () => {
  await stack.stop();
});

async function makeDeliveriesThreefold(): Promise<void> {
  const effect = { kind: 'duplicate', copies: 2 };
  for (const match of [{ source: 'aws.scheduler' }, { source: 'baton', detailType: 'Run Succeeded' }])
    await stack.admin('POST', 'faults', { target: 'event', match, effect });
}

/** So many runs of the pipeline, all at rest; where one needs the sweep, minutes go by. */
async function runsAtRest(pipeline: string, count: number): Promise<StoredRun[]> {
  let looked = 0;
  return eventually(
    `${count} runs of ${pipeline} at rest`,
    async () => {
      const runs = await stack.runs(pipeline);
      if (runs.length >= count && runs.every((run) => isDone(run))) return runs;
      looked += 1;
      if (looked % 40 === 0) await stack.sweep();
      return undefined;
    },
    120_000,
  );
}

/** Nothing is on its way that could start one more run. */
async function quiet(): Promise<void> {
  await eventually('nothing under way', async () => {
    const { waiting } = (await stack.admin('GET', 'status')) as {
      waiting: { deliveries: number; invocations: number; messages: Record<string, Record<string, number>> };
    };
    const arrivals = Object.values(waiting.messages['baton-local-arrivals'] ?? {});
    return [waiting.deliveries, waiting.invocations, ...arrivals].every((count) => count === 0)
      ? true
      : undefined;
  });
}

async function deadLetters(): Promise<number> {
  const { waiting } = (await stack.admin('GET', 'status')) as {
    waiting: { messages: Record<string, Record<string, number>> };
  };
  return Object.values(waiting.messages['baton-local-dead-letters'] ?? {}).reduce((sum, n) => sum + n, 0);
}

/** What the runs left behind: one row a night and store, one report a night. */
async function expectNights(count: number): Promise<void> {
  const totals = [
    [10, 5],
    [17, 5],
    [17, 5],
  ].slice(0, count);
  await quiet();
  expect(
    await stack.query('SELECT due_at::varchar, store, total FROM nightly_total ORDER BY due_at, store'),
  ).toEqual(
    totals.flatMap((night, i) =>
      night.map((total, store) => [asSql(dueAt[i] ?? ''), String(store + 1), String(total)]),
    ),
  );
  expect(
    await stack.query('SELECT due_at::varchar, stores, total FROM nightly_report ORDER BY due_at'),
  ).toEqual(totals.map(([a = 0, b = 0], i) => [asSql(dueAt[i] ?? ''), '2', String(a + b)]));
  const nightly = await stack.runs('nightly_totals');
  const report = await stack.runs('totals_report');
  // Made in the order of their times, however the days went by.
  expect(nightly.map((run) => [run.state, run.trigger])).toEqual(
    dueAt.slice(0, count).map((time) => ['SUCCEEDED', { kind: 'schedule', time, schedule: CRON }]),
  );
  expect(report.map((run) => [run.state, run.trigger])).toEqual(
    nightly.map(({ id, pipeline, trigger }) => [
      'SUCCEEDED',
      { kind: 'pipeline', time: trigger.time, upstream: { pipeline, runId: id } },
    ]),
  );
  expect(await deadLetters()).toBe(0);
}

it('a schedule that is due starts one run, and its success one downstream run', async () => {
  expect(await stack.runs('nightly_totals')).toEqual([]);
  await stack.advance(DAY);
  await runsAtRest('totals_report', 1);
  await expectNights(1);
  const { faults } = (await stack.admin('GET', 'faults')) as { faults: { touched: number }[] };
  expect(faults.map(({ touched }) => touched)).toEqual([1, 1]);
});

it('two days in one clock step, with a crash in between, start the two runs that are due', async () => {
  await stack.advance(2 * DAY);
  const ended = new Promise((done) => stack.process.once('exit', done));
  stack.process.kill('SIGKILL');
  await ended;
  const { home } = stack;
  await stack.stop({ keep: true });
  stack = await Stack.start({ home, pipelines });
  await makeDeliveriesThreefold();
  await runsAtRest('nightly_totals', 3);
  await runsAtRest('totals_report', 3);
  await expectNights(3);
});

it('a schedule event delivered again days later starts nothing more', async () => {
  const [first] = await stack.runs('nightly_totals');
  const due = {
    source: 'baton.schedule',
    stage: 'local',
    pipeline: 'nightly_totals',
    trigger: CRON,
    scheduledTime: dueAt[0]?.replace('.000Z', 'Z'),
  };
  const again = await stack.lambda.send(
    new InvokeCommand({ FunctionName: 'baton-local-start-run', Payload: JSON.stringify(due) }),
  );
  expect(again.FunctionError).toBeUndefined();
  const detail = { stage: 'local', runId: first?.id, pipeline: 'nightly_totals', state: 'SUCCEEDED' };
  await stack.events.send(
    new PutEventsCommand({
      Entries: [{ Source: 'baton', DetailType: 'Run Succeeded', Detail: JSON.stringify(detail) }],
    }),
  );
  await expectNights(3);
});

it('the schedule of a pipeline can be read at the endpoint', async () => {
  const authorization =
    'AWS4-HMAC-SHA256 Credential=tester/20261124/us-east-1/scheduler/aws4_request, SignedHeaders=host, Signature=any';
  const answer = await fetch(`${stack.endpoint}/schedules?ScheduleGroup=baton-local`, {
    headers: { authorization },
  });
  expect(await answer.json()).toMatchObject({
    Schedules: [
      {
        Name: expect.stringMatching(/^nightly_totals-/) as string,
        State: 'ENABLED',
        Target: { Arn: 'arn:aws:lambda:us-east-1:000000000000:function:baton-local-start-run' },
      },
    ],
  });
});

it('the command shows what started a run', async () => {
  const [, , third] = await stack.runs('nightly_totals');
  const nightly = await stack.baton('runs', '--pipeline', 'nightly_totals', '--sql', stack.sql);
  expect(nightly.stdout).toContain(`due ${dueAt[2]?.replace('.000Z', 'Z')}, ${CRON}`);
  const report = await stack.baton('runs', '--pipeline', 'totals_report', '--sql', stack.sql);
  expect(report.stdout).toContain(`after ${third?.id}`);
  const plan = await stack.baton('plan', 'nightly_totals', '--sql', stack.sql);
  expect(plan.stdout).toContain(`starts on ${CRON} Europe/Berlin, next `);
  const chained = await stack.baton('plan', 'totals_report', '--sql', stack.sql);
  expect(chained.stdout).toContain('starts on success of nightly_totals');
});

it('after a failed run no downstream run starts until a person has resumed it', async () => {
  await stack.query('ALTER TABLE sold RENAME TO sold_away');
  await stack.advance(DAY);
  const failed = (await runsAtRest('nightly_totals', 4)).at(-1);
  expect(failed).toMatchObject({ state: 'FAILED', step: '10_tonight.sql' });
  await quiet();
  expect(await stack.runs('totals_report')).toHaveLength(3);

  await stack.query('ALTER TABLE sold_away RENAME TO sold');
  expect(await stack.baton('resume', failed?.id ?? '')).toMatchObject({ code: 0 });
  const report = (await runsAtRest('totals_report', 4)).at(-1);
  expect(report).toMatchObject({ state: 'SUCCEEDED', trigger: { upstream: { runId: failed?.id } } });
  await quiet();
  expect(await stack.runs('totals_report')).toHaveLength(4);
  expect(await stack.count('SELECT COUNT(*) FROM nightly_report')).toBe(4);
});

it('a scheduled and a downstream pipeline can be started by hand, and :upstream_run_id is NULL then', async () => {
  const asked = await stack.baton('start', 'totals_report');
  expect(asked.code).toBe(0);
  await quiet();
  expect(await stack.query('SELECT stores FROM nightly_report WHERE upstream_run_id IS NULL')).toEqual([
    ['0'],
  ]);
});

it('a rate that is added at run time is due at once, and never again after it was removed', async () => {
  const folder = join(stack.sql, 'hourly');
  mkdirSync(folder);
  writeFileSync(join(folder, '10_a.sql'), 'INSERT INTO sold VALUES (9, 1, :event_time)');
  writeFileSync(join(folder, 'pipeline.yml'), 'on:\n  - schedule: rate(1 hour)\n');
  const [first] = await runsAtRest('hourly', 1);
  await stack.advance(2 * HOUR);
  const runs = await runsAtRest('hourly', 3);
  const begin = Date.parse(first?.trigger.time ?? '');
  expect(runs.map(({ trigger }) => Date.parse(trigger.time) - begin)).toEqual([0, HOUR, 2 * HOUR]);
  rmSync(folder, { recursive: true });
  await eventually('no schedule of it', async () => {
    const { schedules } = (await stack.admin('GET', 'status')) as { schedules: Record<string, string> };
    return Object.keys(schedules).some((name) => name.startsWith('hourly-')) ? undefined : true;
  });
  await stack.advance(2 * HOUR);
  await quiet();
  expect(await stack.count('SELECT COUNT(*) FROM sold WHERE store = 9')).toBe(3);
});

it('start-run rejects an input that is neither a queue batch nor a schedule, with the reason', async () => {
  const refused = await stack.lambda.send(
    new InvokeCommand({ FunctionName: 'baton-local-start-run', Payload: '{"hello":1}' }),
  );
  expect(refused.FunctionError).toBe('Unhandled');
  expect(Buffer.from(refused.Payload ?? []).toString()).toContain(
    'expected a batch of the arrivals queue (Records) or a due schedule (source baton.schedule); got {\\"hello\\":1}',
  );
});
