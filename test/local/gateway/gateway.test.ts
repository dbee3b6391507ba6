import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { RedshiftDataClient, ListSessionsCommand } from '@aws-sdk/client-redshift-data';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { functionAccessKey } from '../../../local/access-key.ts';
import { LocalClock } from '../../../local/clock.ts';
import { openDynamoDb, type DynamoDb } from '../../../local/dynamodb/server.ts';
import { EventFaults } from '../../../local/events/event-faults.ts';
import { CallFaults } from '../../../local/faults/call-faults.ts';
import { parseCallFault } from '../../../local/faults/parse.ts';
import { createAdmin } from '../../../local/gateway/admin.ts';
import { CallLog, type Call, type CallCounts } from '../../../local/gateway/call-log.ts';
import { sendError, type Exchange } from '../../../local/gateway/exchange.ts';
import { createGateway, openGateway } from '../../../local/gateway/gateway.ts';
import { proxyTo } from '../../../local/gateway/proxy.ts';
import { listenLocally } from '../../../local/http.ts';

const folder = mkdtempSync(join(tmpdir(), 'baton-gateway-'));
const TableName = 'baton-local';
const Item = { pk: { S: 'run#1' } };

let database: DynamoDb;
let gateway: Server;
let endpoint: string;
let isEmptied = false;
let databasePort: () => Promise<number>;
const clock = new LocalClock(3_600_000);
const calls = new CallLog(join(folder, 'calls.jsonl'));
const done: string[] = [];

function settings(functionName = 'baton-local-run-step', maxAttempts = 1) {
  return {
    endpoint,
    region: 'us-east-1',
    maxAttempts,
    credentials: {
      accessKeyId: functionAccessKey({ role: 'baton-local-functions', session: functionName }),
      secretAccessKey: 'local',
    },
  };
}

function answerJson({ response }: Exchange, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(value));
}

async function admin(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${endpoint}/_local/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Record<string, unknown>;
}

async function counted(since: number): Promise<CallCounts & { readonly calls: readonly Call[] }> {
  return (await admin('GET', `calls?since=${String(since)}&detail`)) as unknown as CallCounts & {
    readonly calls: readonly Call[];
  };
}

beforeAll(async () => {
  database = await openDynamoDb(join(folder, 'dynamodb'));
  const port = await listenLocally(database.server);
  databasePort = () => Promise.resolve(port);
  const callFaults = new CallFaults();
  gateway = createGateway();
  openGateway(gateway, {
    clock,
    calls,
    faults: callFaults,
    killFunction: async (name) => {
      done.push(`killed ${name}`);
    },
    services: () =>
      isEmptied
        ? undefined
        : {
            dynamodb: proxyTo('DynamoDB', () => databasePort()),
            'redshift-data': proxyTo('Redshift', () => Promise.reject(new Error('it was not started'))),
            events: (exchange) => {
              done.push(`${exchange.route.operation} ${String(exchange.body)}`);
              answerJson(exchange, { FailedEntryCount: 0, Entries: [{ EventId: 'e' }] });
            },
            scheduler: (exchange) => {
              answerJson(exchange, { operation: exchange.route.operation });
            },
            sqs: (exchange) => {
              sendError(exchange, 400, 'QueueDoesNotExist', 'no queue');
            },
            lambda: (exchange) => {
              exchange.response.writeHead(200, { 'x-amz-function-error': 'Unhandled' }).end('{}');
            },
            s3: async (exchange) => {
              if (exchange.request.method === 'GET') {
                sendError(exchange, 404, 'NoSuchKey', 'no <key>');
                return;
              }
              done.push(`${String(exchange.route.resource)} ${await text(exchange.request)}`);
              exchange.response.writeHead(200).end();
            },
          },
    admin: createAdmin({
      clock,
      calls,
      callFaults,
      eventFaults: new EventFaults(),
      advance: async (ms) => {
        clock.advance(ms);
      },
      setClock: async (now) => {
        clock.moveTo(now - Date.now());
      },
      status: () => ({ pid: process.pid }),
      reload: () => Promise.resolve({}),
      killSession: (sessionId) => Promise.resolve({ killed: sessionId }),
      emptyWarehouse: () => Promise.resolve({}),
      messages: () => [],
      settle: () => Promise.resolve({ settled: true }),
      forget: () => ({}),
      tables: () => Promise.resolve({ tables: [] }),
      setSwitches: (switches) => Promise.resolve(switches),
      reset: () => Promise.resolve({}),
      stop: () => undefined,
    }),
  });
  endpoint = `http://127.0.0.1:${String(await listenLocally(gateway))}`;
  const client = new DynamoDBClient(settings());
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  const deadline = Date.now() + 5000;
  for (;;) {
    const ready = await client.send(new GetItemCommand({ TableName, Key: Item })).catch(() => undefined);
    if (ready !== undefined) break;
    if (Date.now() > deadline) throw new Error('the table did not become active');
  }
  client.destroy();
});
beforeEach(async () => {
  done.length = 0;
  await admin('DELETE', 'faults');
});
afterAll(async () => {
  gateway.close();
  gateway.closeAllConnections();
  calls.close();
  await database.close();
  rmSync(folder, { recursive: true });
});

describe('routing', () => {
  test('each client of an AWS SDK reaches its service, and every call is recorded with its caller', async () => {
    const { last } = await counted(0);
    const dynamodb = new DynamoDBClient(settings());
    await dynamodb.send(new PutItemCommand({ TableName, Item }));
    await dynamodb
      .send(new PutItemCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' }))
      .catch(() => undefined);
    await new EventBridgeClient(settings('baton-local-sweep')).send(
      new PutEventsCommand({ Entries: [{ Source: 'baton', DetailType: 'x', Detail: '{}' }] }),
    );
    await new LambdaClient(settings()).send(new InvokeCommand({ FunctionName: 'baton-local-operate' }));
    await new S3Client(settings())
      .send(new GetObjectCommand({ Bucket: 'landing', Key: 'a b.csv' }))
      .catch(() => undefined);
    expect(done[0]).toContain('PutEvents {"Entries":[{"Source":"baton"');
    const recorded = await counted(last);
    expect(
      recorded.calls.map(({ service, operation, resource, outcome, status, writeUnits }) => ({
        call: `${service}.${operation}`,
        resource,
        outcome,
        status,
        writeUnits,
      })),
    ).toMatchObject([
      { call: 'dynamodb.PutItem', resource: TableName, outcome: 'ok', status: 200, writeUnits: 1 },
      {
        call: 'dynamodb.PutItem',
        resource: TableName,
        outcome: 'ConditionalCheckFailedException',
        status: 400,
      },
      { call: 'events.PutEvents', outcome: 'ok', status: 200 },
      { call: 'lambda.Invoke', resource: 'baton-local-operate', outcome: 'FunctionError', status: 200 },
      { call: 's3.GetObject', resource: 'landing/a%20b.csv', outcome: 'NoSuchKey', status: 404 },
    ]);
    expect(recorded.calls.map(({ caller }) => caller)).toContain('baton-local-sweep');
    expect(recorded.counts).toMatchObject({ 'dynamodb.PutItem': 2, 's3.GetObject': 1 });
    expect(recorded.errors).toMatchObject({ 'dynamodb.PutItem ConditionalCheckFailedException': 1 });
    expect(recorded.writeUnits).toBe(1);
  });

  test('calls are written to the log, with the local time', async () => {
    const client = new DynamoDBClient(settings());
    await client.send(new GetItemCommand({ TableName, Key: Item }));
    const file = join(folder, 'calls.jsonl');
    const deadline = Date.now() + 5000;
    let lines: readonly string[] = [];
    const { last } = await counted(0);
    while (!lines.some((line) => line.includes(`"seq":${String(last)},`))) {
      if (Date.now() > deadline) throw new Error('the call was not written');
      await new Promise((resolve) => setTimeout(resolve, 20));
      lines = (existsSync(file) ? readFileSync(file, 'utf8') : '').trim().split('\n');
    }
    const call = JSON.parse(lines.at(-1) ?? '') as Call;
    expect(call).toMatchObject({ service: 'dynamodb', operation: 'GetItem', status: 200, outcome: 'ok' });
    expect(Date.parse(call.time) - Date.now()).toBeGreaterThan(3_500_000);
  });

  test('a process that is not running is a server error, as from AWS', async () => {
    await expect(new RedshiftDataClient(settings()).send(new ListSessionsCommand({}))).rejects.toMatchObject({
      name: 'InternalServerException',
      $metadata: { httpStatusCode: 500 },
    });
  });

  test('an unsupported service is refused by name', async () => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSScheduler.CreateSchedule' },
      body: '{}',
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('the local AWS has no CreateSchedule');
  });
});

describe('faults of calls', () => {
  test('before: the service never receives the call; removed after one hit', async () => {
    const client = new EventBridgeClient(settings());
    const command = () => new PutEventsCommand({ Entries: [] });
    await admin('POST', 'faults', { service: 'events', errorType: 'InternalException' });
    await expect(client.send(command())).rejects.toMatchObject({ name: 'InternalException' });
    expect(done).toEqual([]);
    await client.send(command());
    expect(done).toHaveLength(1);
  });

  test.each([
    ['error', 'InternalServerError'],
    ['reset', 'TimeoutError'],
  ])('after, by %s: the service has done its work and the reply is lost', async (how, name) => {
    const client = new DynamoDBClient(settings());
    const lost = { pk: { S: `lost by ${how}` } };
    const fault = await admin('POST', 'faults', {
      service: 'dynamodb',
      operation: 'PutItem',
      when: 'after',
      how,
    });
    const { last } = await counted(0);
    await expect(client.send(new PutItemCommand({ TableName, Item: lost }))).rejects.toMatchObject({ name });
    const read = await client.send(new GetItemCommand({ TableName, Key: lost }));
    expect(read.Item).toEqual(lost);
    const recorded = await counted(last);
    expect(recorded.calls[0]).toMatchObject({ operation: 'PutItem', fault: fault['id'], writeUnits: 1 });
  });

  test('a reply lost once is repaired by the SDK: the call arrives twice', async () => {
    await admin('POST', 'faults', { service: 'events', when: 'after', how: 'reset' });
    await new EventBridgeClient(settings('x', 3)).send(new PutEventsCommand({ Entries: [] }));
    expect(done).toHaveLength(2);
  });

  test('throttling has the name each service gives it', async () => {
    await admin('POST', 'faults', { how: 'throttle', times: 2 });
    await expect(
      new DynamoDBClient(settings()).send(new GetItemCommand({ TableName, Key: Item })),
    ).rejects.toMatchObject({ name: 'ProvisionedThroughputExceededException' });
    await expect(new RedshiftDataClient(settings()).send(new ListSessionsCommand({}))).rejects.toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('a fault can wait for a caller and for the call after the next', async () => {
    await admin('POST', 'faults', { service: 'events', caller: 'sweep', skip: 1 });
    const send = (caller: string) =>
      new EventBridgeClient(settings(caller)).send(new PutEventsCommand({ Entries: [] })).then(
        () => 'ok',
        () => 'failed',
      );
    expect([await send('other'), await send('sweep'), await send('sweep'), await send('sweep')]).toEqual([
      'ok',
      'ok',
      'failed',
      'ok',
    ]);
    expect(await admin('GET', 'faults')).toMatchObject({ faults: [{ caller: 'sweep', hits: 1 }] });
  });

  test('a caller is killed before or after its call', async () => {
    const put = () =>
      new EventBridgeClient({ ...settings('baton-x-run-step'), maxAttempts: 1 }).send(
        new PutEventsCommand({ Entries: [] }),
      );
    await admin('POST', 'faults', { how: 'kill', caller: 'baton-*' });
    await expect(put()).rejects.toThrow(/socket|aborted|ECONNRESET/i);
    expect(done).toEqual(['killed baton-x-run-step']);
    await admin('POST', 'faults', { how: 'kill', when: 'after', caller: 'baton-*-run-step' });
    await expect(put()).rejects.toThrow(/socket|aborted|ECONNRESET/i);
    expect(done.slice(1)).toEqual([expect.stringMatching(/^PutEvents/), 'killed baton-x-run-step']);
  });

  test('a fault can wait for the statement of a name', () => {
    const faults = new CallFaults();
    faults.add(parseCallFault({ how: 'session-ends-after', statement: 'a:*:3:*;' }));
    const call = { service: 'redshift-data', operation: 'ExecuteStatement', caller: 'x' };
    const met = (statement?: string) => faults.meet({ ...call, statement })?.how;
    faults.add(parseCallFault({ how: 'kill', statement: 'z:*:3:*' }));
    expect(met('z:1:3:4:5;')).toBe('kill');
    expect([met(), met('a:3:3:b'), met('a:b:c:3:d;'), met('a:b:3:c;')]).toEqual([
      undefined,
      undefined,
      undefined,
      'session-ends-after',
    ]);
  });

  test('delays in a list are taken in turn', () => {
    const faults = new CallFaults();
    const fault = parseCallFault({ service: 'events', delayMs: [5, 7, 6], times: null });
    faults.add(fault);
    const call = { service: 'events', operation: 'PutEvents', caller: 'x' };
    expect([1, 2, 3, 4].map(() => faults.meet(call)?.delayMs)).toEqual([5, 7, 6, 5]);
    expect(fault).toMatchObject({ how: 'none' });
  });

  test.each([
    [{ servic: 'x' }, 'a call fault has no member servic'],
    [{ service: 'kinesis' }, 'service must be one of dynamodb'],
    [{ how: 'throttle', when: 'after' }, 'a throttled call never reaches its service'],
    [{ how: 'statement-fails', when: 'after' }, 'statement-fails is about the statement'],
    [{ delayMs: [] }, 'delayMs must be a number, or a list of numbers, from 0 to 600000'],
    [{ delayMs: [5, '6'] }, 'delayMs must be a number, or a list of numbers'],
    [{ probability: 2 }, 'probability must be a number from 0 to 1'],
    [{ target: 'moon' }, 'target must be call or event'],
  ])('the fault %j is refused with a reason', async (body, message) => {
    expect((await admin('POST', 'faults', body))['error']).toContain(message);
  });
});

test('event faults are passed to the bus, listed and removed by the admin endpoint', async () => {
  const fault = {
    target: 'event',
    match: { source: 'aws.redshift-data' },
    effect: { kind: 'drop' },
    count: 3,
  };
  const { id } = await admin('POST', 'faults', fault);
  expect(await admin('GET', 'faults')).toMatchObject({
    faults: [{ target: 'event', id, match: { source: 'aws.redshift-data' }, count: 3, touched: 0 }],
  });
  expect(await admin('DELETE', `faults?id=${String(id)}`)).toEqual({ removed: 1 });
  expect(await admin('GET', 'faults')).toEqual({ faults: [] });
});

test.each([
  [{ effect: { kind: 'lose' } }, 'effect.kind must be one of drop, delay, duplicate'],
  [{ effect: { kind: 'delay' } }, 'effect.ms must be a number'],
  [{ effect: { kind: 'drop' }, match: { sorce: 'x' } }, 'match has no member sorce'],
  [{ effect: { kind: 'drop' }, match: { pattern: '{"source": []}' } }, 'pattern'],
  [{ effects: {} }, 'an event fault has no member effects'],
])('the event fault %j is refused with a reason', async (body, message) => {
  expect((await admin('POST', 'faults', { target: 'event', ...body }))['error']).toContain(message);
});

describe('the admin endpoint', () => {
  test('refuses calls while there are no services, so that an SDK tries again; the admin endpoint answers', async () => {
    isEmptied = true;
    const client = new DynamoDBClient(settings());
    const refused = client.send(new ListTablesCommand({}));
    await expect(refused).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    expect(await admin('GET', 'clock')).toHaveProperty('now');
    isEmptied = false;
    expect(await client.send(new ListTablesCommand({}))).toHaveProperty('TableNames');
    client.destroy();
  });

  test('advances the clock and returns it', async () => {
    const before = clock.offsetMs;
    const view = await admin('POST', 'clock', { advanceMs: 7_200_000 });
    expect(view['offsetMs']).toBe(before + 7_200_000);
    expect((await admin('POST', 'clock', { advanceMs: -1 }))['error']).toContain('advanceMs must be');
  });

  test('sets the clock, also back', async () => {
    const { now } = await admin('POST', 'clock', { now: '2026-03-01T04:00:00Z' });
    expect(String(now)).toMatch(/^2026-03-01T04:00:0/);
    expect(new Date(clock.now()).toISOString()).toMatch(/^2026-03-01T04:00:0/);
    for (const wrong of [{ now: 'soon' }, { now: 5 }, { now: '2026-03-01T04:00:00Z', advanceMs: 1 }])
      expect((await admin('POST', 'clock', wrong))['error']).toContain('now must be a time');
    clock.moveTo(0);
  });

  test('forwards unknown requests, and lists the known ones', async () => {
    expect(await admin('POST', 'kill-session', { sessionId: 's' })).toEqual({ killed: 's' });
    expect(await admin('POST', 'switches', { errorIds: true })).toEqual({ errorIds: true });
    expect((await admin('GET', 'nonsense'))['error']).toContain('known are status, messages, clock');
  });
});
