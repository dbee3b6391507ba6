/** The bundles leave out most classes of the services' errors: what is caught has the name, message and fields that the SDK gives it. */
import * as dynamoDb from '@aws-sdk/client-dynamodb';
import * as eventBridge from '@aws-sdk/client-eventbridge';
import * as redshiftData from '@aws-sdk/client-redshift-data';
import { expect, test } from 'vitest';

import { lightClients, expectSame, useBothSdks } from './comparison.ts';

useBothSdks();

/** Names of the errors in a client's model. */
function errorsOf(client: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(client).filter(
    (name) => /(?:Exception|Error|Exceeded)$/.test(name) && !/Service/.test(name),
  );
}

const cases = [
  ...[...errorsOf(dynamoDb), 'SerializationException'].map(
    (name) => ({ service: 'dynamodb', name }) as const,
  ),
  ...[...errorsOf(redshiftData), 'AccessDeniedException'].map(
    (name) => ({ service: 'redshift-data', name }) as const,
  ),
  ...[...errorsOf(eventBridge), 'UnrecognizedClientException'].map(
    (name) => ({ service: 'events', name }) as const,
  ),
];

const STATUS_500 = /Internal|Connection|ExecuteStatement/;

function answerOf(name: string, type: string) {
  return {
    status: STATUS_500.test(name) ? 500 : 400,
    body: JSON.stringify({
      __type: type,
      message: 'what went wrong',
      StatementId: 'statement',
      ResourceId: 'resource',
      ThrottlingReasons: [{ reason: 'hot', resource: 'arn' }],
      Item: { pk: { S: 'a' }, n: { N: '1' } },
    }),
  };
}

test('every error of the services has name, message and fields of the SDK', async () => {
  expect(cases.length).toBeGreaterThan(60);
  for (const { service, name } of cases) {
    const { outcome } = await expectSame(
      async (clients, config) => {
        const once = { ...config, maxAttempts: 1 };
        if (service === 'dynamodb') {
          const command = new clients.GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } });
          return new clients.DynamoDBClient(once).send(command);
        }
        return service === 'events'
          ? new clients.EventBridgeClient(once).send(new clients.PutEventsCommand({ Entries: [] }))
          : new clients.RedshiftDataClient(once).send(new clients.DescribeStatementCommand({ Id: 'a' }));
      },
      [answerOf(name, `com.amazonaws.${service}#${name}`)],
    );
    expect(outcome).toMatchObject({ name, message: 'what went wrong' });
  }
});

test('the name of an error is read from its type, its code or its header', async () => {
  const answers = [
    { status: 400, body: '{"__type":"prefix.v1#ResourceNotFoundException:http://x","Message":"capital M"}' },
    { status: 400, body: '{"code":"ResourceNotFoundException"}' },
    { status: 400, headers: { 'x-amzn-errortype': 'ResourceNotFoundException:http://x/' } },
    { status: 400, body: '{}' },
    { status: 403, body: '{"__type":"AccessDeniedException","Message":"not you"}' },
    { status: 413, headers: { 'content-type': 'text/html' }, body: '<html>too large</html>' },
  ];
  for (const answer of answers) {
    await expectSame(
      (clients, config) =>
        new clients.RedshiftDataClient(config).send(new clients.DescribeStatementCommand({ Id: 'a' })),
      [answer],
    );
  }
});

test('the item of a failed condition is read, and its error has its class', async () => {
  const type = 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException';
  const { outcome } = await expectSame(
    async ({ DynamoDBClient, PutItemCommand, ConditionalCheckFailedException }, config) => {
      const sent = new DynamoDBClient(config).send(new PutItemCommand({ TableName: 't', Item: {} }));
      const error: unknown = await sent.catch((reason: unknown) => reason);
      return error instanceof ConditionalCheckFailedException ? error.Item : error;
    },
    [{ status: 400, body: JSON.stringify({ __type: type, Item: { data: { B: 'AAE=' } } }) }],
  );
  expect(outcome).toEqual({ data: { B: new Uint8Array([0, 1]) } });
  expect(new (lightClients().ConditionalCheckFailedException)({ message: '', $metadata: {} })).toBeInstanceOf(
    Error,
  );
});
