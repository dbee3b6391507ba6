/** The requests of the functions' clients, and what they make of the answers, beside the SDK. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { packageRoot } from '../../../build/project.ts';
import * as sdk from './clients.ts';
import { type Clients, lightClients, expectSame, useBothSdks } from './comparison.ts';

useBothSdks();

const item = {
  pk: { S: 'run#ä"\\\n' },
  n: { N: '12' },
  data: { B: new Uint8Array([0, 255, 7]) },
  sets: { SS: ['a', 'b'] },
  bytes: { BS: [new Uint8Array([1]), new Uint8Array()] },
  deep: { M: { list: { L: [{ NULL: true }, { BOOL: false }, { M: {} }] } } },
};

const wireItem = {
  ...item,
  data: { B: 'AP8H' },
  bytes: { BS: ['AQ==', ''] },
};

/** Each operation of DynamoDB with all that the functions send, and its answer. */
const dynamoDb: readonly (readonly [(clients: Clients) => unknown, object])[] = [
  [
    ({ GetItemCommand }) =>
      new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } }, ConsistentRead: true }),
    { Item: wireItem, Unknown: 1 },
  ],
  [
    ({ PutItemCommand }) =>
      new PutItemCommand({
        TableName: 't',
        Item: item,
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        ExpressionAttributeValues: { ':a': { N: '1' } },
      }),
    {},
  ],
  [
    ({ UpdateItemCommand }) =>
      new UpdateItemCommand({
        TableName: 't',
        Key: { pk: { S: 'a' } },
        UpdateExpression: 'SET #a = :a',
        ExpressionAttributeNames: { '#a': 'a' },
        ExpressionAttributeValues: item,
        ReturnValues: 'ALL_NEW',
      }),
    { Attributes: wireItem, ConsumedCapacity: { TableName: 't', CapacityUnits: 1.5 } },
  ],
  [
    ({ QueryCommand }) =>
      new QueryCommand({ TableName: 't', KeyConditionExpression: 'pk = :pk', Limit: 3, Select: 'COUNT' }),
    { Items: [wireItem, {}], Count: 2, LastEvaluatedKey: { pk: { S: 'a' } } },
  ],
  [({ ScanCommand }) => new ScanCommand({ TableName: 't', IndexName: 'i' }), { Items: [], Count: 0 }],
  [
    ({ BatchGetItemCommand }) =>
      new BatchGetItemCommand({ RequestItems: { t: { Keys: [{ pk: { S: 'a' } }], ConsistentRead: true } } }),
    { Responses: { t: [wireItem] }, UnprocessedKeys: { t: { Keys: [{ pk: { S: 'b' } }] } } },
  ],
  [
    ({ BatchWriteItemCommand }) =>
      new BatchWriteItemCommand({ RequestItems: { t: [{ PutRequest: { Item: item } }] } }),
    { UnprocessedItems: { t: [{ PutRequest: { Item: wireItem } }] } },
  ],
];

test('every operation of DynamoDB is sent and read as by the SDK', async () => {
  for (const [command, answer] of dynamoDb) {
    const { requests } = await expectSame(
      (clients, config) => new clients.DynamoDBClient(config).send(command(clients) as never),
      [{ body: JSON.stringify(answer) }],
    );
    expect(requests).toHaveLength(1);
  }
});

test('every command that the functions use is compared with that of the SDK', () => {
  const sources = ['functions', 'shared'].flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(packageRoot, folder, name), 'utf8')),
  );
  const used = sources
    .flatMap((source) =>
      Array.from(source.matchAll(/^import \{([^}]*)\} from '@aws-sdk\/client-/gm), ([, names = '']) => names),
    )
    .flatMap((names) => names.split(',').map((name) => name.trim()))
    .filter((name) => name.endsWith('Command'));
  expect(used.length).toBeGreaterThan(15);
  expect(used.filter((name) => !Object.hasOwn(sdk, name))).toEqual([]);
  const here =
    readFileSync(import.meta.filename, 'utf8') +
    readFileSync(join(import.meta.dirname, 's3.test.ts'), 'utf8');
  expect(used.filter((name) => !here.includes(`new ${name}(`))).toEqual([]);
});

const seconds = 1_767_225_600.123;

/** Of the Data API. */
const redshiftData: readonly (readonly [(clients: Clients) => unknown, object])[] = [
  [
    ({ ExecuteStatementCommand }) =>
      new ExecuteStatementCommand({
        Sql: "SELECT 'ä'",
        Database: 'dev',
        WorkgroupName: 'w',
        ClientToken: 'token',
        SessionKeepAliveSeconds: 60,
        WithEvent: true,
        WaitTimeSeconds: 2,
        Parameters: [{ name: 'a', value: 'b' }],
        SecretArn: undefined,
      }),
    { Id: 'id', CreatedAt: seconds, DbGroups: ['a'], SessionId: 's', Status: 'FINISHED', RedshiftPid: 7 },
  ],
  [
    ({ BatchExecuteStatementCommand }) =>
      new BatchExecuteStatementCommand({
        Sqls: ['a', 'b'],
        ExecutionMode: 'TRANSACTION',
        SessionId: 's',
        ClientToken: 'token',
      }),
    { Id: 'id' },
  ],
  [
    ({ DescribeStatementCommand }) => new DescribeStatementCommand({ Id: 'id', WaitTimeSeconds: 1 }),
    {
      Id: 'id',
      Duration: 12_345_678_901,
      ResultRows: -1,
      RedshiftQueryId: 0,
      HasResultSet: true,
      UpdatedAt: 1_767_225_600,
      CreatedAt: seconds,
      Error: null,
      SubStatements: [{ Id: 'id:1', Duration: 1, ResultRows: 3, Status: 'FINISHED', CreatedAt: seconds }],
      QueryParameters: [{ name: 'a', value: 'b' }],
    },
  ],
  [
    ({ GetStatementResultCommand }) => new GetStatementResultCommand({ Id: 'id', NextToken: undefined }),
    {
      ColumnMetadata: [{ name: 'a', label: 'b', nullable: 1, isSigned: true }],
      Records: [
        [{ isNull: true }, { longValue: 9_007_199_254_740_991 }, { doubleValue: 0.1 }],
        [{ stringValue: '' }, { booleanValue: false }, { blobValue: 'AP8H' }],
      ],
      TotalNumRows: 2,
      NextToken: 'next',
    },
  ],
  [
    ({ ListStatementsCommand }) =>
      new ListStatementsCommand({ StatementName: 'n', Status: 'ALL', MaxResults: 100, RoleLevel: true }),
    { Statements: [{ Id: 'id', StatementName: 'n', QueryStrings: ['a'], UpdatedAt: seconds }] },
  ],
  [
    ({ ListSessionsCommand }) => new ListSessionsCommand({ SessionId: 's' }),
    { Sessions: [{ SessionId: 's', Status: 'BUSY', CreatedAt: seconds, CurrentStatementId: 'id' }] },
  ],
  [({ CancelStatementCommand }) => new CancelStatementCommand({ Id: 'id' }), { Status: true }],
];

test('every operation of the Data API is sent and read as by the SDK', async () => {
  for (const [command, answer] of redshiftData) {
    const { requests } = await expectSame(
      (clients, config) => new clients.RedshiftDataClient(config).send(command(clients) as never),
      [{ body: JSON.stringify(answer) }],
    );
    expect(requests).toHaveLength(1);
  }
});

test('a submission without a ClientToken gets one', async () => {
  const { requests } = await expectSame(
    ({ RedshiftDataClient, ExecuteStatementCommand }, config) =>
      new RedshiftDataClient(config).send(new ExecuteStatementCommand({ Sql: 'a' })),
    [{ body: '{}' }],
  );
  expect(requests).toMatchObject([{ body: { ClientToken: 'a UUID' } }]);
});

test('PutEvents is sent and read as by the SDK', async () => {
  await expectSame(
    ({ EventBridgeClient, PutEventsCommand }, config) =>
      new EventBridgeClient(config).send(
        new PutEventsCommand({
          Entries: [
            { Source: 'baton', DetailType: 'Run Woken', Detail: '{"a":"ä"}' },
            { Source: 'baton', Time: new Date('2026-01-02T03:04:05.678Z'), Resources: ['a'] },
          ],
        }),
      ),
    [
      {
        body: JSON.stringify({ FailedEntryCount: 1, Entries: [{ EventId: 'a' }, { ErrorCode: 'Internal' }] }),
      },
    ],
  );
});

test('SendMessage is sent and read as by the SDK, apart from the mode of the old protocol', async () => {
  const md5 = '098f6bcd4621d373cade4e832627b4f6';
  const call = ({ SQSClient, SendMessageCommand }: Clients, config: object) =>
    new SQSClient(config).send(
      new SendMessageCommand({
        QueueUrl: 'https://sqs.eu-central-1.amazonaws.com/1/q',
        MessageBody: 'test',
        DelaySeconds: 900,
      }),
    );
  await expectSame(call, [{ body: JSON.stringify({ MessageId: 'm', MD5OfMessageBody: md5 }) }]);
  const { outcome } = await expectSame(call, [{ body: JSON.stringify({ MD5OfMessageBody: 'other' }) }]);
  expect(outcome).toMatchObject({ message: 'InvalidChecksumError' });
});

/** The SDK loses a member of the first name, and rejects one of the second. */
const key = fc.string({ minLength: 1 }).filter((name) => name !== '__proto__' && name !== 'constructor');

const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.bigInt(),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
  ),
})).value;

test('values become attributes, and attributes values, as with the SDK', () => {
  const { marshall, unmarshall } = lightClients();
  fc.assert(
    fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (data) => {
      const attributes = sdk.marshall(data);
      expect(marshall(data)).toEqual(attributes);
      expect(unmarshall(attributes as never)).toEqual(sdk.unmarshall(attributes as never));
    }),
  );
  const sets = {
    a: { SS: ['x'] },
    b: { NS: ['1', '12345678901234567890'] },
    c: { BS: [new Uint8Array([1])] },
  };
  expect(unmarshall(sets)).toEqual(sdk.unmarshall(sets));
  for (const wrong of [Number.NaN, Infinity, 2 ** 60, -(2 ** 60), undefined, new Date()]) {
    const text = /not allowed|SAFE_INTEGER|not exact|removeUndefinedValues|Unsupported type/;
    expect(() => sdk.marshall({ list: [wrong] })).toThrow(text);
    expect(() => marshall({ list: [wrong] })).toThrow(text);
  }
  const gap = { a: undefined, b: [1, undefined, { c: undefined }] };
  const options = { removeUndefinedValues: true };
  expect(marshall(gap, options)).toEqual(sdk.marshall(gap, options));
});

test('random items are sent and read as by the SDK', async () => {
  const items = fc.sample(fc.dictionary(key, value, { noNullPrototype: true }), {
    seed: 1,
    numRuns: 40,
  });
  for (const data of items) {
    const Item = sdk.marshall(data);
    const wire = JSON.stringify(Item, (_key, found: unknown) =>
      found instanceof Uint8Array ? Buffer.from(found).toString('base64') : found,
    );
    await expectSame(
      ({ DynamoDBClient, PutItemCommand }, config) =>
        new DynamoDBClient(config).send(
          new PutItemCommand({ TableName: 't', Item, ReturnValues: 'ALL_OLD' }),
        ),
      [{ body: `{"Attributes":${wire}}` }],
    );
  }
});
