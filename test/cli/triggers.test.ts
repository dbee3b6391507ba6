/** How the command shows what starts a run. */
import { expect, it } from 'vitest';

import { describePlan, planJson } from '../../cli/plan/describe-plan.ts';
import { sqlOf } from '../../cli/plan/example-run.ts';
import { triggerText } from '../../cli/runs/describe-run.ts';
import type { Plan, Trigger } from '../../shared/pipeline/plan.ts';
import type { Run } from '../../shared/run/run.ts';
import { planOf } from '../fakes/world.ts';

const NOW = Date.parse('2026-10-24T12:00:00Z');

function shown(...triggers: Trigger[]): string[] {
  const lines = describePlan(planOf([{}], { triggers }), NOW).split('\n');
  return lines.filter((line) => / (?:starts on|or) /.test(line)).map((line) => line.trim());
}

it('a plan shows each of its triggers, and when its schedules are due next in their own time zones', () => {
  expect(
    shown(
      { kind: 's3', prefix: 'in/', suffix: '.csv' },
      { kind: 's3', bucket: 'other', prefix: 'x/', suffix: '' },
      { kind: 's3', prefix: 'm/', suffix: '', batch: { files: 500, bytes: 10e9, waitSeconds: 0 } },
      { kind: 's3', prefix: 'm/', suffix: '.gz', batch: { files: 9, bytes: 2 ** 30, waitSeconds: 90 } },
      { kind: 's3', bucket: 'other', prefix: 'jobs/', suffix: '', marker: '_SUCCESS' },
      { kind: 'schedule', expression: 'cron(30 2 * * ? *)', timezone: 'Europe/Berlin' },
      { kind: 'schedule', expression: 'cron(0 0 1 1 ? 2020)', timezone: 'UTC' },
      { kind: 'schedule', expression: 'rate(1 hour)', timezone: 'UTC' },
      { kind: 'pipeline', pipeline: 'stores' },
      { kind: 'event', pattern: { source: ['a', 'b'] } },
      { kind: 'event', pattern: { source: ['a'], 'detail-type': ['X'], detail: { n: [1] } } },
    ),
  ).toEqual([
    'starts on in/*.csv',
    'or s3://other/x/*',
    'or m/*, up to 500 files or 10GB in one run',
    'or m/*.gz, up to 9 files or 1GiB in one run, after a wait of 90s',
    'or _SUCCESS under s3://other/jobs/, with the files of its folder',
    'or cron(30 2 * * ? *) Europe/Berlin, next 2026-10-25 02:30',
    'or cron(0 0 1 1 ? 2020) UTC, no further time',
    'or rate(1 hour), counted from the deployment',
    'or success of stores',
    'or any event from a or b',
    'or "X" from a with {"n":[1]}',
  ]);
  expect(describePlan(planOf([{}], { isolateFiles: 10 }), NOW)).toContain(
    '\n  a bad file is set aside, at most 10 of one batch\n',
  );
  expect(describePlan(planOf([{}], { triggers: [] }), NOW)).toContain('\n  starts on request only\n');
});

it('the SQL of a downstream pipeline is shown with an example of the upstream run id', () => {
  const statements = [{ parts: ['SELECT ', { param: 'upstream_run_id' }] }];
  const settings = {
    stage: 'dev',
    service: 'baton',
    landingBucket: 'l',
    artifactsBucket: 'a',
    copyRole: 'default',
    historyDays: 400,
  };
  const sqlWith = (trigger: Trigger, of = statements): string | undefined => {
    const plan: Plan = planOf([{ statements: of }], { triggers: [trigger] });
    return sqlOf(plan, settings, { parameters: {} })[0]?.statements[0]?.split('\n').at(-1);
  };
  const ofFile = [{ parts: ['SELECT ', { param: 'batch_id' }, ', ', { param: 'key' }] }];
  expect(sqlWith({ kind: 's3', prefix: 'in/', suffix: '.csv' }, ofFile)).toBe(
    "SELECT 'orders-example', 'in/example.csv'",
  );
  expect(sqlWith({ kind: 's3', prefix: 'in/', suffix: '', marker: '_SUCCESS' }, ofFile)).toBe(
    "SELECT 'orders-example', 'in/example/_SUCCESS'",
  );
  expect(sqlWith({ kind: 'pipeline', pipeline: 'stores' })).toBe("SELECT 'stores-example'");
  expect(sqlWith({ kind: 'schedule', expression: 'rate(1 hour)', timezone: 'UTC' })).toBe('SELECT NULL');
  const pattern = { source: ['shop.orders'], 'detail-type': ['Order Placed'] };
  expect(sqlWith({ kind: 'event', pattern }, [{ parts: ['SELECT ', { param: 'event' }] }])).toMatch(
    /^SELECT '\{"version":"0",.*"detail-type":"Order Placed","source":"shop\.orders"/,
  );
});

it('a run shows what started it', () => {
  const time = '2026-10-25T00:30:00.000Z';
  const text = (trigger: Run['trigger']): string => triggerText({ trigger } as Run);
  expect(text({ kind: 'schedule', time, schedule: 'cron(30 2 * * ? *)' })).toBe(
    'due 2026-10-25T00:30:00Z, cron(30 2 * * ? *)',
  );
  expect(text({ kind: 'pipeline', time, upstream: { pipeline: 'stores', runId: 'stores-abc' } })).toBe(
    'after stores-abc',
  );
  const event = { id: 'e-1', source: 'shop.orders', detailType: 'Order\u001BPlaced', json: '{}' };
  expect(text({ kind: 'event', time, event })).toBe('event "Order\\x1bPlaced" from shop.orders, e-1');
  expect(text({ kind: 'request', time, requestId: 'one', actor: 'me' })).toBe('request of me');
});

it('the plan of a pipeline says how a run goes on after a step, where that is not left to its durations', () => {
  const plan = planOf([
    { name: '10_a.sql' },
    { name: '20_b.sql', handoff: 'wait' },
    { name: '30_c.sql', handoff: 'event' },
  ]);
  const lines = describePlan(plan, NOW)
    .split('\n')
    .filter((line) => /\d\. /.test(line));
  expect(lines).toEqual([
    '  1. 10_a.sql  session  (one statement, timeout 1h)',
    '  2. 20_b.sql  session  (one statement, timeout 1h, handoff wait)',
    '  3. 30_c.sql  session  (one statement, timeout 1h, handoff event)',
  ]);
  expect(planJson(plan)).toMatchObject({
    steps: [{ handoff: 'auto' }, { handoff: 'wait' }, { handoff: 'event' }],
  });
});
