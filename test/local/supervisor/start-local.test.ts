import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type JsonObject } from '../../../local/json-object.ts';
import type { LocalStack } from '../../../local/supervisor/local-stack.ts';
import { startLocal } from '../../../local/supervisor/start-local.ts';
import { isLong } from '../../long.ts';
import {
  admin,
  build,
  clientSettings,
  eventually,
  freePort,
  functionsFolder,
  isAlive,
  newHome,
  noted,
  processesOf,
  template,
  templateFile,
  up,
  type Status,
} from './small-stack.ts';

const homes: string[] = [];

function home(): string {
  const made = newHome();
  homes.push(made);
  return made;
}

beforeAll(build);
afterAll(() => {
  for (const each of homes) rmSync(each, { recursive: true, force: true });
});

interface Message {
  readonly Body: string;
}

async function receive(endpoint: string, queue: string): Promise<Message | undefined> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage', 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ QueueUrl: `${endpoint}/000000000000/${queue}` }),
  });
  const { Messages } = (await response.json()) as { readonly Messages?: readonly Message[] };
  return Messages?.[0];
}

describe('the local AWS', () => {
  const place = home();
  const lines: string[] = [];
  let stack: LocalStack;
  let endpoint: string;

  beforeAll(async () => {
    stack = await startLocal({
      home: place,
      port: 0,
      stage: 'local',
      template: templateFile,
      functionsFolder,
      log: (line) => {
        lines.push(line);
      },
    });
    ({ endpoint } = stack.ready);
  });
  afterAll(async () => {
    await stack.stop();
  });

  test('reports its address and the folders of its buckets', () => {
    expect(stack.ready).toEqual({
      endpoint,
      region: 'us-east-1',
      table: 'small-table',
      buckets: [{ name: 'small-landing', folder: join(place, 's3', 'small-landing') }],
      home: place,
      pid: process.pid,
    });
    expect(JSON.parse(readFileSync(join(place, 'local.json'), 'utf8'))).toEqual(stack.ready);
  });

  test('an upload goes through bus, queue and function into the table', async () => {
    const client = new S3Client(clientSettings(endpoint));
    await client.send(new PutObjectCommand({ Bucket: 'small-landing', Key: 'in/by sdk.csv', Body: 'a,b\n' }));
    const item = await eventually(() => noted(endpoint, 'arrived in/by sdk.csv'));
    expect(item['by']).toEqual({ S: 'small-arrive' });
    client.destroy();
  });

  test('a file copied into the folder of the bucket is an upload too', async () => {
    const path = join(place, 's3', 'small-landing', 'in', 'by-hand.csv');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'a,b\n1,2\n');
    const item = await eventually(() => noted(endpoint, 'arrived in/by-hand.csv'));
    expect(JSON.parse(item['value']?.S ?? '')).toMatchObject({ object: { size: 8 } });
  });

  test('a statement that ends reaches the function its rule names', async () => {
    const client = new RedshiftDataClient(clientSettings(endpoint));
    const { Id } = await client.send(
      new ExecuteStatementCommand({
        WorkgroupName: 'local',
        Database: 'dev',
        Sql: 'SELECT 1',
        StatementName: 'one',
        WithEvent: true,
        WaitTimeSeconds: 10,
      }),
    );
    const { Status } = await client.send(new DescribeStatementCommand({ Id }));
    expect(Status).toBe('FINISHED');
    const item = await eventually(() => noted(endpoint, 'ended one'));
    expect(JSON.parse(item['value']?.S ?? '')).toMatchObject({
      detail: { statementId: Id, state: 'FINISHED' },
    });
    client.destroy();
  });

  test('advances the clock of every process at once: a schedule fires and its function has the new time', async () => {
    const before = await noted(endpoint, 'tick');
    const { now } = await admin<{ readonly now: string }>(endpoint, 'POST', 'clock', {
      advanceMs: 3_600_000,
    });
    const item = await eventually(async () => {
      const found = await noted(endpoint, 'tick');
      return found !== undefined && found['at']?.S !== before?.['at']?.S ? found : undefined;
    });
    expect(Date.parse(item['at']?.S ?? '')).toBeGreaterThanOrEqual(Date.parse(now));
    expect(Date.parse(now) - Date.now()).toBeGreaterThan(3_590_000);
  });

  test('an asynchronous invocation that keeps failing ends, after its retries, in the dead letters', async () => {
    const client = new LambdaClient(clientSettings(endpoint));
    const Payload = Buffer.from('{"request":7}');
    const { StatusCode } = await client.send(
      new InvokeCommand({ FunctionName: 'small-fails', InvocationType: 'Event', Payload }),
    );
    expect(StatusCode).toBe(202);
    for (const seconds of [60, 120]) {
      const waiting = `lambda: small-fails failed; next attempt in ${String(seconds)} s`;
      await eventually(() => (lines.includes(waiting) ? true : undefined));
      await admin(endpoint, 'POST', 'clock', { advanceMs: seconds * 1000 });
    }
    const message = await eventually(() => receive(endpoint, 'small-dead'));
    expect(JSON.parse(message.Body)).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      requestPayload: { request: 7 },
      responsePayload: { errorMessage: 'this one always fails' },
    });
    client.destroy();
  });

  test('dropped events are lost until the fault is spent', async () => {
    const client = new S3Client(clientSettings(endpoint));
    await admin(endpoint, 'POST', 'faults', {
      target: 'event',
      match: { source: 'aws.s3' },
      effect: { kind: 'drop' },
      count: 1,
    });
    await client.send(new PutObjectCommand({ Bucket: 'small-landing', Key: 'lost.csv', Body: 'x' }));
    await client.send(new PutObjectCommand({ Bucket: 'small-landing', Key: 'found.csv', Body: 'x' }));
    await eventually(() => noted(endpoint, 'arrived found.csv'));
    expect(await noted(endpoint, 'arrived lost.csv')).toBeUndefined();
    client.destroy();
  });

  test('restarts a killed child process, and calls wait for it', async () => {
    for (const name of ['dynamodb', 'lambda', 'redshift']) {
      const { processes } = await admin<Status>(endpoint, 'GET', 'status');
      const pid = processes.find((each) => each.name === name)?.pid ?? 0;
      process.kill(pid, 'SIGKILL');
      await eventually(() =>
        lines.some((line) => line.startsWith(`${name}: the process ended (SIGKILL)`)) ? true : undefined,
      );
    }
    const client = new S3Client(clientSettings(endpoint));
    await client.send(new PutObjectCommand({ Bucket: 'small-landing', Key: 'after.csv', Body: 'x' }));
    await eventually(() => noted(endpoint, 'arrived after.csv'));
    expect(await noted(endpoint, 'arrived in/by sdk.csv')).toBeDefined();
    const redshift = new RedshiftDataClient(clientSettings(endpoint));
    const { Status } = await redshift.send(
      new ExecuteStatementCommand({
        WorkgroupName: 'local',
        Database: 'dev',
        Sql: 'SELECT 1',
        WaitTimeSeconds: 10,
      }),
    );
    expect(Status).toBe('FINISHED');
    client.destroy();
    redshift.destroy();
  });

  test('loads new code with a reload', async () => {
    await stack.reload();
    await admin(endpoint, 'POST', 'clock', { advanceMs: 60_000 });
    const client = new LambdaClient(clientSettings(endpoint));
    const { StatusCode } = await client.send(
      new InvokeCommand({ FunctionName: 'small-tick', Payload: Buffer.from('"after reload"') }),
    );
    expect(StatusCode).toBe(200);
    await eventually(async () =>
      (await noted(endpoint, 'tick'))?.['value']?.S === '"after reload"' ? true : undefined,
    );
    client.destroy();
  });

  test.runIf(isLong)('updates rules with every reload', async () => {
    const rules = async (): Promise<readonly (string | undefined)[]> => {
      const client = new EventBridgeClient(clientSettings(endpoint));
      const { Rules = [] } = await client.send(new ListRulesCommand({}));
      client.destroy();
      return Rules.map(({ EventPattern }) => EventPattern);
    };
    const before = await rules();
    const Added = {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['added'] },
        Targets: [{ Id: 'tick', Arn: { 'Fn::GetAtt': ['tick', 'Arn'] } }],
      },
    };
    await stack.reload({ Resources: { ...template.Resources, Added } });
    await stack.reload();
    expect(await rules()).toEqual([...before, '{"source":["added"]}']);
    await admin(endpoint, 'POST', 'reload');
    expect(await rules()).toEqual([...before, '{"source":["added"]}']);

    const broken = {
      Resources: { ...template.Resources, Added: { Type: 'AWS::Events::Rule', Properties: 1 } },
    };
    await expect(stack.reload(broken as JsonObject)).rejects.toThrow('Added');
    await stack.reload();
    expect(await rules()).toEqual([...before, '{"source":["added"]}']);

    await stack.reload(templateFile);
    await stack.reload();
    expect(await rules()).toEqual(before);
  });

  test('refuses to start a second time on the same home', async () => {
    await expect(up(place)).rejects.toThrow(/another `baton up` is using .*; stop it first/);
  });
});

test('a port in use is named, and nothing is left running', async () => {
  const place = home();
  const { port, release } = await freePort();
  await expect(up(place, port)).rejects.toThrow(
    `port ${String(port)} is in use; stop the process that uses it`,
  );
  expect(processesOf(place)).toEqual([]);
  await release();
});

test('a template that names a function without a bundle is refused before anything starts', async () => {
  const place = home();
  const bad = join(place, 'template.json');
  writeFileSync(
    bad,
    readFileSync(templateFile, 'utf8')
      .replaceAll('small-arrive', 'small-nobody')
      .replaceAll('small/arrive.zip', 'small/nobody.zip'),
  );
  const start = startLocal({
    home: place,
    port: 0,
    stage: 'local',
    template: bad,
    functionsFolder,
    log: () => undefined,
  });
  await expect(start).rejects.toThrow(/function small-nobody: no bundle found in/);
  expect(processesOf(place)).toEqual([]);
});

test('kill -9 leaves no process behind, and the next start has its data; Ctrl-C stops it within 3 s', async () => {
  const place = home();
  const first = await up(place);
  const { processes } = await admin<Status>(first.endpoint, 'GET', 'status');
  expect(processes.map(({ name }) => name).sort()).toEqual(['dynamodb', 'lambda', 'redshift']);
  await admin(first.endpoint, 'POST', 'clock', { advanceMs: 5000 });
  const client = new S3Client(clientSettings(first.endpoint));
  await client.send(new PutObjectCommand({ Bucket: 'small-landing', Key: 'kept.csv', Body: 'x' }));
  await eventually(() => noted(first.endpoint, 'arrived kept.csv'));
  client.destroy();

  first.child.kill('SIGKILL');
  await eventually(() => (processes.every(({ pid }) => !isAlive(pid)) ? true : undefined), 10_000);
  await eventually(() => (processesOf(place).length === 0 ? true : undefined), 10_000);

  const second = await up(place);
  expect(await noted(second.endpoint, 'arrived kept.csv')).toBeDefined();
  const clock = await admin<{ readonly offsetMs: number }>(second.endpoint, 'GET', 'clock');
  expect(clock.offsetMs).toBe(5000);

  const exit = once(second.child, 'exit');
  const begin = performance.now();
  second.child.kill('SIGINT');
  expect((await exit)[0]).toBe(0);
  expect(performance.now() - begin).toBeLessThan(3000);
  expect(processesOf(place)).toEqual([]);
  expect(existsSync(join(place, 'local.json'))).toBe(false);
});
