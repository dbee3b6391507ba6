/**
 * The local AWS under hostile input: whatever is sent to its endpoint gets an answer of its service, and what a web page
 * sends changes nothing. BATON_FUZZ_SEEDS: how many requests of each kind (default 150).
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect, type LookupFunction } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  ExecuteStatementCommand,
  ListStatementsCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createChildServer, listenLocally } from '../../../local/http.ts';
import type { LocalStack } from '../../../local/supervisor/local-stack.ts';
import { startLocal } from '../../../local/supervisor/start-local.ts';
import { Random } from '../../sim/random.ts';
import { faultOf, hostileRequest, send, type HostileRequest } from './hostile-requests.ts';
import {
  admin,
  build,
  clientSettings,
  eventually,
  functionsFolder,
  newHome,
  noted,
  templateFile,
  type Status,
} from './small-stack.ts';

const SEEDS = Number(process.env['BATON_FUZZ_SEEDS'] ?? 150);
/** Milliseconds a request may take, times the seeds. */
const LIMIT = 60_000 + SEEDS * 200;

const home = newHome();
let stack: LocalStack;
let endpoint: string;

beforeAll(async () => {
  build();
  stack = await startLocal({
    home,
    port: 0,
    stage: 'local',
    template: templateFile,
    functionsFolder,
    log: () => undefined,
  });
  ({ endpoint } = stack.ready);
});
afterAll(async () => {
  await stack.stop();
  rmSync(home, { recursive: true, force: true });
});

function pids(): Promise<Status> {
  return admin<Status>(endpoint, 'GET', 'status').then(({ processes }) => ({
    processes: processes.map(({ name, pid, restarts }) => ({ name, pid, restarts })),
  }));
}

/** Each service does its work for a plain client. */
async function expectAlive(mark: string): Promise<void> {
  const settings = clientSettings(endpoint);
  const Key = `in/alive-${mark}.csv`;
  await new S3Client(settings).send(new PutObjectCommand({ Bucket: 'small-landing', Key, Body: 'a\n' }));
  await eventually(() => noted(endpoint, `arrived ${Key}`));
  await new LambdaClient(settings).send(new InvokeCommand({ FunctionName: 'small-tick' }));
  await new EventBridgeClient(settings).send(
    new PutEventsCommand({ Entries: [{ Source: 'a', DetailType: 'b', Detail: '{}' }] }),
  );
  await new SQSClient(settings).send(new GetQueueUrlCommand({ QueueName: 'small-dead' }));
  const { Status: status } = await new RedshiftDataClient(settings).send(
    new ExecuteStatementCommand({
      WorkgroupName: 'local',
      Database: 'dev',
      Sql: 'SELECT 1',
      WaitTimeSeconds: 10,
    }),
  );
  expect(status).toBe('FINISHED');
}

function writeObject(key: string): void {
  mkdirSync(join(home, 's3', 'small-landing', 'in'), { recursive: true });
  writeFileSync(join(home, 's3', 'small-landing', key), 'a,b\n');
}

describe('requests of a web page', () => {
  const foreignHosts = [
    'evil.example',
    'evil.example:4566',
    '127.0.0.1.nip.io',
    'localhost.evil.example',
    '10.0.0.1',
    '0.0.0.0',
    '[::2]',
    'a@127.0.0.1',
    'evil.example/.localhost',
    'evil.example?.localhost',
  ];
  const foreignOrigins = [
    'https://evil.example',
    'null',
    'http://localhost:3000',
    'http://127.0.0.1',
    'file://',
  ];

  /** Each would change something, if it were served. */
  const effects: readonly Omit<HostileRequest, 'headers'>[] = [
    {
      shape: 's3',
      method: 'POST',
      path: '/small-landing?delete',
      body: '<Delete><Object><Key>in/kept.csv</Key></Object></Delete>',
    },
    { shape: 's3', method: 'DELETE', path: '/small-landing/in/kept.csv', body: '' },
    { shape: 's3', method: 'PUT', path: '/small-landing/in/new.csv', body: 'a\n' },
    { shape: 's3', method: 'PUT', path: '/new-bucket', body: '' },
    { shape: 'json', method: 'POST', path: '/2015-03-31/functions/small-tick/invocations', body: '{}' },
    { shape: 'admin', method: 'POST', path: '/_local/clock', body: '{"advanceMs":60000}' },
    { shape: 'admin', method: 'POST', path: '/_local/faults', body: '{"how":"error"}' },
    { shape: 'admin', method: 'POST', path: '/_local/stop', body: '' },
    { shape: 'admin', method: 'POST', path: '/_local/kill-session', body: '{"sessionId":"all"}' },
  ];
  const targets: readonly [string, unknown][] = [
    ['DynamoDB_20120810.PutItem', { TableName: 'small-table', Item: { pk: { S: 'foreign' } } }],
    ['DynamoDB_20120810.DeleteTable', { TableName: 'small-table' }],
    ['AmazonSQS.SendMessage', { QueueUrl: '/000000000000/small-dead', MessageBody: 'm' }],
    ['AWSEvents.PutEvents', { Entries: [{ Source: 'aws', DetailType: 'x', Detail: '{}' }] }],
    ['RedshiftData.ExecuteStatement', { WorkgroupName: 'local', Database: 'dev', Sql: 'SELECT 1' }],
  ];

  /** All that they could have changed. */
  async function state(): Promise<unknown> {
    const settings = clientSettings(endpoint);
    const { Items = [] } = await new DynamoDBClient(settings).send(
      new ScanCommand({ TableName: 'small-table' }),
    );
    const { QueueUrl } = await new SQSClient(settings).send(
      new GetQueueUrlCommand({ QueueName: 'small-dead' }),
    );
    const { Attributes = {} } = await new SQSClient(settings).send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    const { Statements = [] } = await new RedshiftDataClient(settings).send(new ListStatementsCommand({}));
    return {
      // The minute's tick goes on.
      items: new Set(Items.map(({ pk }) => pk?.S).filter((pk) => pk !== 'tick')),
      // In all: a delay may end meanwhile.
      dead: Object.entries(Attributes)
        .filter(([name]) => name.startsWith('ApproximateNumber'))
        .reduce((sum, [, count]) => sum + Number(count), 0),
      statements: Statements.map(({ Id }) => Id),
      buckets: readdirSync(join(home, 's3')),
      objects: new Set(readdirSync(join(home, 's3', 'small-landing'), { recursive: true, encoding: 'utf8' })),
      faults: await admin(endpoint, 'GET', 'faults'),
      offset: (await admin<{ offsetMs: number }>(endpoint, 'GET', 'clock')).offsetMs,
      ...(await pids()),
    };
  }

  function foreign(seed: number): HostileRequest {
    const random = new Random(seed);
    const pick = <T>(items: readonly T[]): T => random.pick(items) as T;
    const marks: readonly (() => Record<string, string>)[] = [
      () => ({ host: pick(foreignHosts) }),
      () => ({ origin: pick(foreignOrigins) }),
      () => ({ 'sec-fetch-site': pick(['cross-site', 'same-site', 'toString']) }),
      () => ({ host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' }),
    ];
    const headers = pick(marks)();
    if (random.chance(0.3)) {
      const made = hostileRequest(seed);
      return { ...made, headers: { ...made.headers, ...headers } };
    }
    if (random.chance(0.4)) {
      const [target, body] = pick(targets);
      return {
        shape: 'json',
        method: 'POST',
        path: '/',
        headers: { 'x-amz-target': target, ...headers },
        body: JSON.stringify(body),
      };
    }
    return { ...pick(effects), headers: { 'content-type': 'text/plain', ...headers } };
  }

  test(
    'a request with a foreign Host, a foreign Origin or from another site is refused and changes nothing',
    async () => {
      writeObject('in/kept.csv');
      await eventually(() => noted(endpoint, 'arrived in/kept.csv'));
      const before = await state();
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const request = foreign(seed);
        const shown = `seed ${String(seed)}: ${JSON.stringify(request).slice(0, 600)}`;
        const answer = await send(endpoint, request);
        const fault = faultOf(request, answer);
        expect({ shown, status: answer.status, fault }).toEqual({ shown, status: 403, fault: undefined });
      }
      expect(await state()).toEqual(before);
      await expectAlive('after-pages');
    },
    LIMIT,
  );

  test('a request without a Host is refused', async () => {
    const { hostname, port } = new URL(endpoint);
    const socket = connect(Number(port), hostname);
    socket.end('DELETE /small-landing/in/kept.csv HTTP/1.0\r\n\r\n');
    expect(await text(socket)).toContain('403 Forbidden');
  });

  test.each([
    ['Host: HERE\r\nHost: evil.example'],
    ['Host: evil.example\r\nHost: HERE'],
    ['Host: HERE\r\nHost: HERE'],
  ])('a request with two of them is refused (%j)', async (hosts) => {
    const { hostname, port, host } = new URL(endpoint);
    const socket = connect(Number(port), hostname);
    socket.end(
      `GET /_local/status HTTP/1.1\r\n${hosts.replaceAll('HERE', host)}\r\nConnection: close\r\n\r\n`,
    );
    expect(await text(socket)).toContain('403 Forbidden');
  });

  test('the servers of the child processes refuse them too', async () => {
    let served = 0;
    const server = createChildServer('1.1', (_request, response) => {
      served += 1;
      response.end();
      return Promise.resolve();
    });
    const child = `http://127.0.0.1:${String(await listenLocally(server))}`;
    const request = { method: 'POST', path: '/_local/functions', body: '{"functions":[]}' };
    for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }]) {
      expect((await send(child, { ...request, headers })).status).toBe(403);
    }
    expect(served).toBe(0);
    expect((await send(child, { ...request, headers: {} })).status).toBe(200);
    server.close();
  });

  test('an object that is a page is not of the origin of the endpoint', async () => {
    writeFileSync(join(home, 's3', 'small-landing', 'page.html'), '<script></script>');
    const answer = await send(endpoint, {
      method: 'GET',
      path: '/small-landing/page.html',
      headers: {},
      body: '',
    });
    expect(answer.headers['content-security-policy']).toBe('sandbox');
  });
});

describe('malformed requests', () => {
  test(
    'every request gets an answer in the form of its service, and no process ends',
    async () => {
      const before = await pids();
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const request = hostileRequest(seed);
        const shown = `seed ${String(seed)}: ${JSON.stringify(request).slice(0, 600)}`;
        const answer = await send(endpoint, request).catch((error: unknown) => {
          throw new Error(`no answer (${String(error)}) to ${shown}`, { cause: error });
        });
        expect({ shown, fault: faultOf(request, answer) }).toEqual({ shown, fault: undefined });
      }
      expect(await pids()).toEqual(before);
      await expectAlive('after-fuzz');
    },
    LIMIT,
  );

  const reported: [string, Omit<HostileRequest, 'body'>, number][] = [
    [
      'a function name that cannot be decoded',
      { shape: 'json', method: 'GET', path: '/2015-03-31/functions/%zz/configuration', headers: {} },
      404,
    ],
    [
      'a target that every object has',
      { shape: 'json', method: 'POST', path: '/', headers: { 'x-amz-target': 'toString.x' } },
      400,
    ],
    [
      'credentials that cannot be decoded',
      { shape: 's3', method: 'GET', path: '/small-landing/x?X-Amz-Credential=%zz', headers: {} },
      404,
    ],
    [
      'a service that every object has',
      {
        shape: 'json',
        method: 'GET',
        path: '/a',
        headers: { authorization: 'Credential=a/b/c/constructor/d' },
      },
      400,
    ],
    [
      'what the local Lambda has not',
      { shape: 'json', method: 'DELETE', path: '/2015-03-31/event-source-mappings/%zz', headers: {} },
      404,
    ],
    [
      'what is signed for Lambda, of another version of its API',
      {
        shape: 'json',
        method: 'GET',
        path: '/2021-10-31/functions/small-tick/url',
        headers: { authorization: 'Credential=a/b/c/lambda/d' },
      },
      404,
    ],
    ['an address without a slash', { shape: 's3', method: 'OPTIONS', path: '*', headers: {} }, 400],
    [
      'the address of another machine',
      { shape: 's3', method: 'GET', path: 'http://example.com/a', headers: {} },
      400,
    ],
    [
      'a header that cannot be sent',
      {
        shape: 's3',
        method: 'GET',
        path: '/small-landing/in/a.csv?response-content-type=%0d%0a',
        headers: {},
      },
      400,
    ],
  ];
  const wrongKinds: [string, unknown, number][] = [
    ['AmazonSQS.SendMessageBatch', { QueueUrl: '/000000000000/small-dead', Entries: [null] }, 400],
    ['AmazonSQS.GetQueueAttributes', { QueueUrl: '/0/small-dead', AttributeNames: [{ toString: 1 }] }, 400],
    ['DynamoDB_20120810.BatchGetItem', { RequestItems: { 'small-table': null } }, 400],
    ['AWSEvents.PutEvents', { Entries: [{ Source: 'a', DetailType: 'b', Detail: '{}', Time: 1e308 }] }, 400],
    [
      'AWSEvents.PutEvents',
      { Entries: [{ Source: 'a', DetailType: 'b', Detail: '{}', Resources: [{}] }] },
      400,
    ],
    ['RedshiftData.ListSessions', { NextToken: null }, 200],
  ];
  test.each(wrongKinds)('%s with %j is answered as by the service', async (target, input, status) => {
    const headers = { 'x-amz-target': target };
    const request = {
      shape: 'json',
      method: 'POST',
      path: '/',
      headers,
      body: JSON.stringify(input),
    } as const;
    const answer = await send(endpoint, request);
    expect(faultOf(request, answer)).toBeUndefined();
    expect(answer.status).toBe(status);
  });

  test.each(reported)('%s is refused', async (_, request, status) => {
    writeObject('in/a.csv');
    const answer = await send(endpoint, { ...request, body: '' });
    expect(faultOf(request, answer)).toBeUndefined();
    expect(answer.status).toBe(status);
  });

  test.each([
    '\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    '\u0016\u0003\u0001',
  ])('bytes that are no request, %j, end only their own connection', async (bytes) => {
    const { hostname, port } = new URL(endpoint);
    const socket = connect(Number(port), hostname);
    socket.end(bytes);
    await text(socket).catch(() => '');
    expect((await pids()).processes).toHaveLength(3);
  });
});

const toThisMachine: LookupFunction = (_name, _options, done) => {
  done(null, [{ address: '127.0.0.1', family: 4 }]);
};

describe('programs of this machine', () => {
  test.each([
    '127.0.0.1:4566',
    'localhost',
    'LOCALHOST:4566',
    'localhost.:1',
    '[::1]:4566',
    '127.1.2.3',
    'small-landing.localhost:4566',
  ])('the Host %s is served', async (host) => {
    const answer = await send(endpoint, {
      method: 'GET',
      path: '/?list-type=2',
      headers: { host },
      body: '',
    });
    expect(answer.status).not.toBe(403);
  });

  test('a page of the endpoint itself, and an address that was typed, are served', async () => {
    const host = new URL(endpoint).host;
    for (const headers of [
      { origin: `http://${host}` },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-origin' },
    ]) {
      const answer = await send(endpoint, { method: 'GET', path: '/_local/status', headers, body: '' });
      expect(answer.status).toBe(200);
    }
  });

  test.each(['small-landing.localhost', 'small-landing.s3.localhost'])(
    'an object is found by the host %s',
    async (host) => {
      writeFileSync(join(home, 's3', 'small-landing', 'by-host.csv'), 'a,b\n');
      const got = await send(endpoint, { method: 'GET', path: '/by-host.csv', headers: { host }, body: '' });
      expect(got.body).toBe('a,b\n');
      const listed = await send(endpoint, {
        method: 'GET',
        path: '/?list-type=2',
        headers: { host },
        body: '',
      });
      expect(listed.body).toContain('<Key>by-host.csv</Key>');
    },
  );

  test.each([true, false])(
    'the S3 client of the SDK works over localhost (path style: %s)',
    async (forcePathStyle) => {
      const { port } = new URL(endpoint);
      const client = new S3Client({
        ...clientSettings(`http://localhost:${port}`),
        forcePathStyle,
        // Not every resolver knows the names below localhost.
        requestHandler: { httpAgent: new Agent({ lookup: toThisMachine }) },
      });
      const Key = `by-sdk-${String(forcePathStyle)}.csv`;
      await client.send(new PutObjectCommand({ Bucket: 'small-landing', Key, Body: 'x\n' }));
      const { Body } = await client.send(new GetObjectCommand({ Bucket: 'small-landing', Key }));
      expect(await Body?.transformToString()).toBe('x\n');
      await new DynamoDBClient(clientSettings(`http://localhost:${port}`)).send(
        new PutItemCommand({ TableName: 'small-table', Item: { pk: { S: Key } } }),
      );
    },
  );
});
