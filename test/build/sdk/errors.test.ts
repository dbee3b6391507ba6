/** The bundles leave out most classes of the services' errors: what is caught has the name, message and fields that the SDK gives it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import * as dynamoDb from '@aws-sdk/client-dynamodb';
import * as redshiftData from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { bundleFunctions } from '../../../build/bundle-functions.ts';
import * as sdk from './clients.ts';
import { ScriptedServer } from './scripted-server.ts';

type Clients = typeof sdk;

const server = new ScriptedServer();
const folder = mkdtempSync(join(tmpdir(), 'baton-sdk-'));
let bundled: Clients;
let endpoint: string;

beforeAll(async () => {
  endpoint = await server.start();
  await bundleFunctions({ clients: 'test/build/sdk/clients.ts' }, folder);
  bundled = (await import(pathToFileURL(join(folder, 'clients', 'index.mjs')).href)) as Clients;
});

afterAll(() => {
  server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Names of the errors in a client's model. */
function errorsOf(client: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(client).filter(
    (name) => /(?:Exception|Error|Exceeded)$/.test(name) && !/Service/.test(name),
  );
}

const cases = [
  ...errorsOf(dynamoDb).map((name) => ({ service: 'dynamodb', name }) as const),
  ...errorsOf(redshiftData).map((name) => ({ service: 'redshift-data', name }) as const),
  { service: 'dynamodb', name: 'SerializationException' } as const,
  { service: 'redshift-data', name: 'AccessDeniedException' } as const,
];

/** A client's error as those who catch it see it. */
async function caught(
  { DynamoDBClient, GetItemCommand, RedshiftDataClient, DescribeStatementCommand }: Clients,
  service: 'dynamodb' | 'redshift-data',
): Promise<unknown> {
  const config = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    maxAttempts: 1,
  };
  const asked =
    service === 'dynamodb'
      ? new DynamoDBClient(config).send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } }))
      : new RedshiftDataClient(config).send(new DescribeStatementCommand({ Id: 'a' }));
  const error = (await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as Error & { readonly $response?: unknown };
  const { $response: _, ...fields } = error;
  return { ...fields, name: error.name, message: error.message, isError: error instanceof Error };
}

test('every error of the services has name, message and fields of the SDK', async () => {
  expect(cases.length).toBeGreaterThan(40);
  for (const { service, name } of cases) {
    const answer = {
      status: /Internal|Connection|ExecuteStatement/.test(name) ? 500 : 400,
      body: JSON.stringify({
        __type: `com.amazonaws.${service.replace('-', '')}${service === 'dynamodb' ? '.v20120810' : ''}#${name}`,
        message: 'what went wrong',
        StatementId: 'statement',
        ResourceId: 'resource',
        ThrottlingReasons: [{ reason: 'hot', resource: 'arn' }],
        Item: { pk: { S: 'a' }, n: { N: '1' } },
      }),
    };
    const seen: unknown[] = [];
    for (const clients of [sdk, bundled]) {
      server.answers([answer]);
      seen.push(await caught(clients, service));
    }
    expect({ name, error: seen[1] }).toEqual({ name, error: seen[0] });
    expect(seen[0]).toMatchObject({ name, message: 'what went wrong' });
  }
});

test('the item of a failed condition is read, and its error has its class', async () => {
  server.answers([
    {
      status: 400,
      body: JSON.stringify({
        __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
        Item: { data: { B: 'AAE=' } },
      }),
    },
  ]);
  const { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } = bundled;
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  });
  const error: unknown = await client
    .send(new PutItemCommand({ TableName: 't', Item: {} }))
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConditionalCheckFailedException);
  expect((error as InstanceType<typeof ConditionalCheckFailedException>).Item).toEqual({
    data: { B: new Uint8Array([0, 1]) },
  });
});
