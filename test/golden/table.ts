/** A table of its own in the local DynamoDB, with Baton's keys and indexes. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';

import { openDynamoDb } from '../../local/dynamodb/server.ts';
import { WRITE_UNITS_HEADER } from '../../local/dynamodb/write-units.ts';
import { DynamoDbRunStore } from '../../shared/store/dynamodb-run-store.ts';
import type { StoredItem } from './golden.ts';

export interface Table {
  readonly store: DynamoDbRunStore;
  readonly items: () => Promise<StoredItem[]>;
  readonly put: (item: StoredItem) => Promise<void>;
  /** Write units of all that was written so far. */
  readonly units: () => number;
}

export interface Tables {
  /** The one table, with nothing in it. */
  readonly empty: () => Promise<Table>;
  readonly close: () => Promise<void>;
}

export async function openTables(): Promise<Tables> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-golden-'));
  const dynamodb = await openDynamoDb(folder);
  await new Promise<void>((listening) => {
    dynamodb.server.listen(0, '127.0.0.1', listening);
  });
  const { port } = dynamodb.server.address() as AddressInfo;
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const table = await makeTable(client, 'golden');
  return {
    empty: async () => {
      for (const { pk, sk } of await table.items())
        await client.send(
          new DeleteItemCommand({ TableName: 'golden', Key: { pk: pk ?? { S: '' }, sk: sk ?? { S: '' } } }),
        );
      return table;
    },
    close: async () => {
      client.destroy();
      await dynamodb.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeTable(client: DynamoDBClient, name: string): Promise<Table> {
  let units = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { headers = {} } = answer.response as { headers?: Readonly<Record<string, string>> };
      units += Number(headers[WRITE_UNITS_HEADER] ?? 0);
      return answer;
    },
    { step: 'deserialize', name: 'writeUnits', priority: 'low' },
  );
  const text = (attribute: string) => ({ AttributeName: attribute, AttributeType: 'S' as const });
  const index = (attribute: string, hash: string, range: string) => ({
    IndexName: attribute,
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' as const },
      { AttributeName: range, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  });
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        ...['pk', 'sk', 'due', 'queue', 'queuedAt', 'pipeline', 'createdAt', 'fileKey', 'notSucceeded'].map(
          text,
        ),
        { AttributeName: 'next', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        index('due', 'due', 'next'),
        index('queue', 'queue', 'queuedAt'),
        index('by-pipeline', 'pipeline', 'createdAt'),
        index('by-file', 'pipeline', 'fileKey'),
        index('not-succeeded', 'notSucceeded', 'createdAt'),
      ],
    }),
  );
  const isActive = async (): Promise<boolean> =>
    (await client.send(new DescribeTableCommand({ TableName: name }))).Table?.TableStatus === 'ACTIVE';
  while (!(await isActive()));
  return {
    store: new DynamoDbRunStore(client, name),
    items: async () => (await client.send(new ScanCommand({ TableName: name }))).Items ?? [],
    put: async (item) => {
      await client.send(new PutItemCommand({ TableName: name, Item: item }));
    },
    units: () => units,
  };
}
