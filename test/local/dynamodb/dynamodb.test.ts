import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  ConditionalCheckFailedException,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
  DeleteItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { packageRoot as root } from '../../../build/project.ts';
import { createTables } from '../../../local/dynamodb/create-tables.ts';
import { openDynamoDb, type DynamoDb } from '../../../local/dynamodb/server.ts';
import { WRITE_UNITS_HEADER } from '../../../local/dynamodb/write-units.ts';
import { listenLocally } from '../../../local/http.ts';
import type { TableResource } from '../../../local/template/resources.ts';

const TableName = 'baton-local';

const table: TableResource = {
  logicalId: 'Table',
  name: TableName,
  arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/baton-local',
  ttlAttribute: 'expiresAt',
  createTable: {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
      { AttributeName: 'due', AttributeType: 'S' },
      { AttributeName: 'next', AttributeType: 'N' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'due', KeyType: 'HASH' },
          { AttributeName: 'next', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  },
};

function clientOf(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

function key(pk: string): { pk: { S: string }; sk: { S: string } } {
  return { pk: { S: pk }, sk: { S: 'run' } };
}

/** Write units of putting one item. */
async function billed(endpoint: string, item: object): Promise<string | null> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'DynamoDB_20120810.PutItem' },
    body: JSON.stringify({ TableName, Item: { ...key('billed'), ...item } }),
  });
  return response.headers.get(WRITE_UNITS_HEADER);
}

async function dueRuns(client: DynamoDBClient): Promise<readonly (string | undefined)[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'due',
      KeyConditionExpression: 'due = :due',
      ExpressionAttributeValues: { ':due': { S: 'due' } },
    }),
  );
  return Items.map((item) => item['pk']?.S);
}

describe('the local DynamoDB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-dynamodb-'));
  let database: DynamoDb;
  let endpoint: string;
  let client: DynamoDBClient;

  beforeAll(async () => {
    database = await openDynamoDb(folder);
    endpoint = `http://127.0.0.1:${String(await listenLocally(database.server))}`;
    client = clientOf(endpoint);
    await createTables(endpoint, [table]);
  });
  afterAll(async () => {
    client.destroy();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  test('creates the tables of the template once and keeps them at the next start', async () => {
    await createTables(endpoint, [table]);
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({ TableStatus: 'ACTIVE', GlobalSecondaryIndexes: [{ IndexName: 'due' }] });
  });

  test('a stored table with other indexes than the template is refused with the remedy', async () => {
    const index = {
      IndexName: 'other',
      KeySchema: [{ AttributeName: 'due', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    };
    const AttributeDefinitions = ['pk', 'sk', 'due'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    }));
    const createTable = { ...table.createTable, AttributeDefinitions, GlobalSecondaryIndexes: [index] };
    const other = { ...table, createTable };
    await expect(createTables(endpoint, [other])).rejects.toThrow(/other keys or indexes .*remove/);
  });

  test('has time to live switched on as in the template, and it can be changed', async () => {
    const described = await client.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(described.TimeToLiveDescription).toEqual({
      TimeToLiveStatus: 'ENABLED',
      AttributeName: 'expiresAt',
    });
    const TimeToLiveSpecification = { Enabled: false, AttributeName: 'expiresAt' };
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    const after = await client.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(after.TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'DISABLED' });
  });

  test('lets exactly one of many writers create an item', async () => {
    const attempts = Array.from({ length: 50 }, async () => {
      await client.send(
        new PutItemCommand({
          TableName,
          Item: key('contested'),
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    });
    const results = await Promise.allSettled(attempts);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('returns the item with a failed condition if requested', async () => {
    await client.send(new PutItemCommand({ TableName, Item: { ...key('seen'), version: { N: '7' } } }));
    const update = {
      TableName,
      Key: key('seen'),
      UpdateExpression: 'SET version = :next',
      ConditionExpression: 'version = :read',
      ExpressionAttributeValues: { ':next': { N: '4' }, ':read': { N: '3' } },
    };
    const told = await client
      .send(new UpdateItemCommand({ ...update, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))
      .catch((error: unknown) => error);
    expect(told).toBeInstanceOf(ConditionalCheckFailedException);
    expect((told as ConditionalCheckFailedException).Item).toEqual({ ...key('seen'), version: { N: '7' } });
    const silent = await client.send(new UpdateItemCommand(update)).catch((error: unknown) => error);
    expect((silent as ConditionalCheckFailedException).Item).toBeUndefined();
  });

  test('returns no item with a failed condition on a missing item', async () => {
    const error = await client
      .send(
        new PutItemCommand({
          TableName,
          Item: key('nobody'),
          ConditionExpression: 'attribute_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      )
      .catch((caught: unknown) => caught);
    expect((error as ConditionalCheckFailedException).name).toBe('ConditionalCheckFailedException');
    expect((error as ConditionalCheckFailedException).Item).toBeUndefined();
  });

  test('updates a sparse index with its item: added, moved and removed', async () => {
    const Key = key('indexed');
    await client.send(
      new PutItemCommand({ TableName, Item: { ...Key, due: { S: 'due' }, next: { N: '5' } } }),
    );
    expect(await dueRuns(client)).toEqual(['indexed']);
    await client.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: 'SET #next = :later',
        ExpressionAttributeNames: { '#next': 'next' },
        ExpressionAttributeValues: { ':later': { N: '9' } },
      }),
    );
    expect(await dueRuns(client)).toEqual(['indexed']);
    await client.send(new UpdateItemCommand({ TableName, Key, UpdateExpression: 'REMOVE due' }));
    expect(await dueRuns(client)).toEqual([]);
    await client.send(
      new PutItemCommand({ TableName, Item: { ...Key, due: { S: 'due' }, next: { N: '5' } } }),
    );
    await client.send(new DeleteItemCommand({ TableName, Key }));
    expect(await dueRuns(client)).toEqual([]);
  });

  test('write units are counted as DynamoDB bills them: item by KB begun, and each changed index entry', async () => {
    expect(await billed(endpoint, {})).toBe('1');
    expect(await billed(endpoint, { text: { S: 'x'.repeat(1500) } })).toBe('2');
    expect(await billed(endpoint, { due: { S: 'due' }, next: { N: '1' } })).toBe('3');
    expect(await billed(endpoint, { due: { S: 'due' }, next: { N: '1' }, note: { S: 'same entry' } })).toBe(
      '1',
    );
    expect(await billed(endpoint, { due: { S: 'due' }, next: { N: '2' } })).toBe('3');
  });

  test('transactions are refused by name', async () => {
    await expect(
      client.send(
        new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: key('never') } }] }),
      ),
    ).rejects.toThrow(/TransactWriteItems: the local DynamoDB has neither transactions/);
  });

  test.each([
    ['{', 'SerializationException'],
    ['[]', 'SerializationException'],
    ['{"TableName":"nobody","Key":{"pk":{"S":"x"}}}', 'ResourceNotFoundException'],
  ])('refuses the body %s as %s and keeps running', async (body, type) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem' },
      body,
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(type);
  });

  test('refuses a second process on the same folder with a reason', async () => {
    await expect(openDynamoDb(folder, 50)).rejects.toThrow(/another process/);
  });
});

describe('the DynamoDB process', () => {
  const home = mkdtempSync(join(tmpdir(), 'baton-dynamodb-process-'));
  const children: ReturnType<typeof spawn>[] = [];

  async function start(): Promise<{ readonly child: ReturnType<typeof spawn>; readonly endpoint: string }> {
    const child = spawn(process.execPath, [join(root, 'local/dynamodb/process.ts')], {
      env: { ...process.env, BATON_HOME: home },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children.push(child);
    const [message] = (await once(child, 'message')) as [{ readonly port: number }];
    return { child, endpoint: `http://127.0.0.1:${String(message.port)}` };
  }

  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(home, { recursive: true });
  });

  test('keeps all writes after kill -9, and ends when its parent is gone', async () => {
    const first = await start();
    await createTables(first.endpoint, [table]);
    const writer = clientOf(first.endpoint);
    await writer.send(
      new PutItemCommand({ TableName, Item: { ...key('kept'), due: { S: 'due' }, next: { N: '1' } } }),
    );
    const killed = once(first.child, 'exit');
    first.child.kill('SIGKILL');
    await killed;

    const second = await start();
    await createTables(second.endpoint, [table]);
    const reader = clientOf(second.endpoint);
    const { Item } = await reader.send(
      new GetItemCommand({ TableName, Key: key('kept'), ConsistentRead: true }),
    );
    expect(Item).toMatchObject(key('kept'));
    expect(await dueRuns(reader)).toEqual(['kept']);
    const ended = once(second.child, 'exit');
    second.child.disconnect();
    expect((await ended)[0]).toBe(0);
    writer.destroy();
    reader.destroy();
  });
});
