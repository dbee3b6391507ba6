/** `baton doctor` on a whole local AWS: nothing to find, then things broken in earnest, then repaired as it says. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Check } from '../../cli/doctor/check.ts';
import { isLong } from '../long.ts';
import { eventually, Stack } from './stack.ts';
import { fileOf } from '../../shared/run/trigger.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';
const Bucket = 'baton-local-landing';

let stack: Stack;
let sqs: SQSClient;

beforeAll(async () => {
  stack = await Stack.start();
  sqs = new SQSClient({
    endpoint: stack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'tester', secretAccessKey: 'any' },
  });
});
afterAll(async () => {
  sqs.destroy();
  await stack.stop();
});

interface Report {
  readonly code: number;
  readonly checks: readonly Check[];
  readonly findings: readonly Check[];
}

async function doctor(): Promise<Report> {
  const { code, stdout } = await stack.baton('doctor', '--json');
  const report = JSON.parse(stdout) as { findings: number; checks: Check[] };
  const findings = report.checks.filter(({ status }) => status === 'finding');
  expect(report.findings).toBe(findings.length);
  return { code, checks: report.checks, findings };
}

async function deadLettersUrl(): Promise<string | undefined> {
  return (await sqs.send(new GetQueueUrlCommand({ QueueName: 'baton-local-dead-letters' }))).QueueUrl;
}

describe('baton doctor', () => {
  it('has no findings on a healthy stage, and leaves only its sample objects', async () => {
    const rows = await stack.count('SELECT COUNT(*) FROM baton.step_marker');
    const { code, checks } = await doctor();
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(checks.map(({ name }) => name))).toEqual(
      new Set([
        'credentials',
        'stage',
        'clock',
        'function',
        'table',
        'pipelines',
        'rules',
        'arrivals',
        'archive',
        'dead letters',
        'bucket',
        'file access',
        'warehouse',
        'marker table',
        'system views',
        'rights',
        'COPY role',
        'statement',
        'look-ups',
        'cancel',
        'events',
        'sweep',
        'runs',
      ]),
    );
    const timed = checks.filter(({ ms }) => ms !== undefined).map(({ message }) => message);
    for (const words of [
      /^a session accepts a statement with its event, \d+ ms$/,
      /^a session accepts a transaction of two statements, \d+ ms$/,
      /^the completion event of a statement reaches run-step, \d+ ms$/,
      /^the completion event of a transaction reaches run-step, \d+ ms$/,
      /^a wake-up reaches run-step, \d+ ms$/,
    ])
      expect(timed).toContainEqual(expect.stringMatching(words));
    expect(await stack.count('SELECT COUNT(*) FROM baton.step_marker')).toBe(rows);
    expect((await stack.runs('stores')).length).toBe(0);
  });

  it('finds every problem, each with what to do', async () => {
    await stack.query('DROP TABLE baton.step_marker');
    await stack.put('stores/fails.csv', `${HEADER}1,A,Lyon,FR,2020-01-01\n`);
    const failed = await stack.runFor('stores', 'stores/fails.csv');
    await stack.put('stores/behind.csv', `${HEADER}2,B,Lyon,FR,2020-01-01\n`);
    await eventually('the file behind it', async () => (await stack.runs('stores'))[1]);
    await stack.s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }),
    );
    await sqs.send(new SendMessageCommand({ QueueUrl: await deadLettersUrl(), MessageBody: '{}' }));
    const { code, checks, findings } = await doctor();
    expect(code).toBe(1);
    expect(findings).toEqual([
      {
        name: 'dead letters',
        status: 'finding',
        message:
          'about 1 message in baton-local-dead-letters: events that could not be delivered or processed',
        remedy: 'process them before they expire after 14 days: docs/operations.md, "Dead letters"',
      },
      {
        name: 'bucket',
        status: 'finding',
        message: `${Bucket} does not send its events to EventBridge, so its files start no runs`,
        remedy:
          `aws s3api put-bucket-notification-configuration --bucket ${Bucket} --notification-configuration '{"EventBridgeConfiguration":{}}'` +
          ' (this replaces the whole configuration: include what get-bucket-notification-configuration shows)',
      },
      {
        name: 'marker table',
        status: 'finding',
        message: expect.stringMatching(/^baton\.step_marker cannot be written: .*does not exist/),
        remedy: 'baton setup creates it',
      },
      {
        name: 'runs',
        status: 'finding',
        message: `${failed.id} is FAILED (sql); 1 file waiting for it`,
        remedy: `run baton run ${failed.id}, then resume, resolve or cancel the run as it suggests`,
      },
    ]);
    expect(checks.filter(({ status }) => status === 'unchecked')).toEqual([]);
  });

  it('warns that a bucket without EventBridge notifications starts nothing, which is true', async () => {
    await stack.put('stores/unheard.csv', `${HEADER}3,C,Lyon,FR,2020-01-01\n`);
    const seen = await stack.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(seen.EventBridgeConfiguration).toBeUndefined();
    // The remedy.
    await stack.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    );
    await stack.put('products/heard.csv', 'nothing of use\n');
    await stack.runFor('product_dimension', 'products/heard.csv');
    const keys = (await stack.runs('stores')).map((run) => fileOf(run.trigger)?.key);
    expect(keys).toEqual(['stores/fails.csv', 'stores/behind.csv']);
  });

  it('has no findings after its advice was followed', async () => {
    expect((await stack.baton('setup', '--sql', stack.sql)).code).toBe(0);
    await sqs.send(new PurgeQueueCommand({ QueueUrl: await deadLettersUrl() }));
    for (const pipeline of ['stores', 'product_dimension']) {
      const stopped = (await stack.runs(pipeline)).find((run) => run.state === 'FAILED');
      const verb = pipeline === 'stores' ? 'resume' : 'cancel';
      expect((await stack.baton(verb, stopped?.id ?? '')).code).toBe(0);
    }
    const last = (await stack.runs('stores')).at(-1);
    expect((await stack.atRest(last?.id ?? '')).state).toBe('SUCCEEDED');
    const { code, findings } = await doctor();
    expect(findings).toEqual([]);
    expect(code).toBe(0);
  });

  it('names the pipelines whose SQL differs from the deployed one', async () => {
    const other = join(stack.home, 'other');
    cpSync(stack.sql, other, { recursive: true });
    writeFileSync(join(other, 'stores', '40_more.sql'), 'SELECT 1;\n');
    writeFileSync(join(other, 'stores', 'pipeline.yml'), 'on:\n  - s3: { prefix: stores/ }\n');
    const { code, stdout } = await stack.baton('doctor', '--sql', other);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^finding {4}pipelines {6}the deployed pipelines differ from this folder \(different SQL: stores\)\n {11}-> restart npm start, or pass the folder that was deployed \(--sql\)$/m,
    );
  });

  it('reports a warehouse that does not answer', async () => {
    const reset = { target: 'call', how: 'reset', service: 'redshift-data', times: null };
    await stack.admin('POST', 'faults', reset);
    try {
      const { code, findings } = await doctor();
      expect(code).toBe(1);
      expect(findings.map(({ name }) => name)).toEqual(['warehouse']);
      expect(findings[0]?.message).toContain('the functions cannot use the warehouse: ');
      expect(findings[0]?.remedy).toContain('check that the warehouse exists, is available and not paused');
    } finally {
      await stack.admin('DELETE', 'faults');
    }
  });

  it('names the statement of the policy and the parameter if AWS denies statements inside a session', async () => {
    await stack.admin('POST', 'faults', {
      target: 'call',
      service: 'redshift-data',
      operation: 'BatchExecuteStatement',
      how: 'error',
      status: 400,
      errorType: 'AccessDeniedException',
      message:
        'User: arn:aws:sts::000000000000:assumed-role/baton-local-functions/baton-local-operate is not authorized to ' +
        'perform: redshift-data:BatchExecuteStatement on resource: * because no identity-based policy allows the ' +
        'redshift-data:BatchExecuteStatement action',
      times: null,
    });
    try {
      const { code, findings } = await doctor();
      expect(code).toBe(1);
      expect(findings).toHaveLength(1);
      expect(findings[0]?.message).toContain('a session rejects a transaction of two statements: ');
      expect(findings[0]?.remedy).toMatch(
        /^the statement SubmitStatements of the role baton-local-functions does not allow it on \*: .* --param statementAccess=any$/,
      );
    } finally {
      await stack.admin('DELETE', 'faults');
    }
  });

  it.runIf(isLong)('reports a sweep that is not running, by an overdue run', async () => {
    const fault = (match: object): Promise<unknown> =>
      stack.admin('POST', 'faults', { target: 'event', match, effect: { kind: 'drop' } });
    await fault({ source: 'aws.redshift-data' });
    await fault({ target: 'baton-local-sweep' });
    try {
      await stack.put('stores/slow.csv', `${HEADER}4,D,Lyon,FR,2020-01-01\n`);
      const run = await eventually('its run under way', async () =>
        (await stack.runs('stores')).find(
          ({ trigger, phase }) => fileOf(trigger)?.key === 'stores/slow.csv' && phase === 'SUBMITTED',
        ),
      );
      await stack.advance(20 * 60_000);
      const { findings } = await doctor();
      expect(findings.map(({ name }) => name)).toEqual(['events', 'events', 'sweep']);
      expect(findings[0]).toMatchObject({
        message: 'the completion event of a statement did not reach run-step within 8 s',
        remedy: expect.stringContaining('check the rule baton-local-statement-ended'),
      });
      expect(findings[2]?.message).toMatch(
        new RegExp(`^not running: ${run.id} overdue for 1\\d min \\d+ s$`),
      );
      await stack.admin('DELETE', 'faults');
      await stack.sweep();
      expect((await stack.atRest(run.id)).state).toBe('SUCCEEDED');
      expect((await doctor()).findings).toEqual([]);
    } finally {
      await stack.admin('DELETE', 'faults');
    }
  });
});
