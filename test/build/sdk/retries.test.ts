/** When the functions' clients repeat a call, after how long, and what the caller sees, beside the SDK. */
import { expect, test, vi } from 'vitest';

import { type Clients, expectSame, useBothSdks } from './comparison.ts';
import type { Answer } from './scripted-server.ts';

useBothSdks();

const get = ({ DynamoDBClient, GetItemCommand }: Clients, config: object) =>
  new DynamoDBClient(config).send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } }));

const describe = ({ RedshiftDataClient, DescribeStatementCommand }: Clients, config: object) =>
  new RedshiftDataClient(config).send(new DescribeStatementCommand({ Id: 'id' }));

const failed = (name: string, status = 400, headers = {}): Answer => ({
  status,
  headers,
  body: JSON.stringify({ __type: `com.amazonaws.service#${name}`, message: 'no' }),
});

/** Each is given as often as the client asks. */
const failures: Readonly<Record<string, Answer>> = {
  throttled: failed('ThrottlingException'),
  'throttled by a table': failed('ProvisionedThroughputExceededException'),
  'too many requests': failed('TooManyRequestsException', 429),
  'an internal error': failed('InternalServerError', 500),
  unavailable: failed('ServiceUnavailable', 503),
  'bad gateway, as a page': {
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: '<html>bad</html>',
  },
  'an error in the middle of an answer': { body: '{"Item":', isCut: true },
  'no JSON': { body: '{"Item":' },
  'no connection': 'cut',
  invalid: failed('ValidationException'),
  'a failed condition': failed('ConditionalCheckFailedException'),
  'a conflict': failed('TransactionConflictException'),
  'a replicated write conflict': failed('ReplicatedWriteConflictException'),
  'not authorized': failed('AccessDeniedException', 403),
  'an expired signature': failed('InvalidSignatureException', 403),
  'not implemented': failed('NotImplemented', 501),
  'retry after 2 s': failed('ThrottlingException', 400, { 'retry-after': '2' }),
  'retry after a date': failed('ThrottlingException', 400, {
    'retry-after': 'Wed, 04 Mar 2026 05:06:09 GMT',
  }),
  'retry after no date': failed('ThrottlingException', 400, { 'retry-after': 'soon GMT' }),
  'retry after a time that is over': failed('ThrottlingException', 400, {
    'retry-after': 'Wed, 04 Mar 2026 05:06:01 GMT',
  }),
  'retry after 700 ms': failed('ThrottlingException', 400, { 'x-amz-retry-after': '700' }),
};

const CALLS = { get, describe } as const;

for (const [what, answer] of Object.entries(failures)) {
  test(`answered always: ${what}`, async () => {
    for (const call of Object.values(CALLS)) {
      const { requests, delays } = await expectSame(
        call,
        Array.from({ length: 9 }, () => answer),
      );
      expect(delays).toHaveLength(requests.length - 1);
    }
  });

  test(`answered once: ${what}`, async () => {
    for (const call of Object.values(CALLS)) await expectSame(call, [answer, { body: '{}' }]);
  });
}

test('DynamoDB is asked four times and the Data API three times', async () => {
  const always = Array.from({ length: 9 }, () => failed('ThrottlingException'));
  expect((await expectSame(get, always)).requests).toHaveLength(4);
  expect((await expectSame(describe, always)).requests).toHaveLength(3);
});

test('the capacity for retries runs out for one client, and comes back with success', async () => {
  const answers: Answer[] = [
    ...Array.from({ length: 150 }, () => failed('InternalServerError', 500)),
    ...Array.from({ length: 20 }, () => ({ body: '{}' })),
    ...Array.from({ length: 10 }, () => failed('InternalServerError', 500)),
  ];
  await expectSame(async ({ DynamoDBClient, GetItemCommand }, config) => {
    const client = new DynamoDBClient(config);
    const attempts: unknown[] = [];
    for (let i = 0; i < 80; i += 1) {
      const command = new GetItemCommand({ TableName: 't', Key: { pk: { S: String(i) } } });
      const seen = await client.send(command).catch((error: unknown) => error);
      attempts.push((seen as { readonly $metadata: { readonly attempts: number } }).$metadata.attempts);
    }
    return attempts;
  }, answers);
});

test('a clock that is wrong is corrected by the date of the answer, for all later calls', async () => {
  const date = 'Wed, 04 Mar 2026 09:00:00 GMT';
  for (const name of ['InvalidSignatureException', 'RequestTimeTooSkewed', 'AccessDeniedException']) {
    const { requests } = await expectSame(
      async ({ RedshiftDataClient, DescribeStatementCommand }, config) => {
        const client = new RedshiftDataClient(config);
        const first = await client.send(new DescribeStatementCommand({ Id: 'a' })).catch(String);
        return [first, await client.send(new DescribeStatementCommand({ Id: 'b' }))];
      },
      [failed(name, 403, { date }), { body: '{}', headers: { date } }, { body: '{}' }],
    );
    expect(requests.at(-1)).toMatchObject({ headers: { 'x-amz-date': '20260304T090000Z' } });
  }
});

test('the date of a good answer moves the clock too, that of a cached one does not', async () => {
  const date = 'Wed, 04 Mar 2026 05:16:07 GMT';
  for (const headers of [{ date }, { date, age: '5' }, { date: 'never' }]) {
    await expectSame(
      async ({ DynamoDBClient, GetItemCommand }, config) => {
        const client = new DynamoDBClient(config);
        const command = () => new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } });
        return [await client.send(command()), await client.send(command())];
      },
      [{ body: '{}', headers }, { body: '{}' }],
    );
  }
});

test('AWS_MAX_ATTEMPTS holds for every client', async () => {
  vi.stubEnv('AWS_MAX_ATTEMPTS', '2');
  const always = Array.from({ length: 9 }, () => failed('ThrottlingException'));
  for (const call of Object.values(CALLS)) expect((await expectSame(call, always)).requests).toHaveLength(2);
});

test('each attempt tells its number', async () => {
  const { requests } = await expectSame(get, ['cut', failed('InternalServerError', 500), { body: '{}' }]);
  expect(requests).toMatchObject(
    [1, 2, 3].map((n) => ({ headers: { 'amz-sdk-request': `attempt=${String(n)}; max=4` } })),
  );
});

test('a call that is given up by its signal is not repeated', async () => {
  const { requests } = await expectSame(
    ({ RedshiftDataClient, DescribeStatementCommand }, config) =>
      new RedshiftDataClient(config)
        .send(new DescribeStatementCommand({ Id: 'id', WaitTimeSeconds: 1 }), {
          abortSignal: AbortSignal.abort(),
        })
        .catch((error: unknown) => (error as Error).name),
    [failed('ThrottlingException')],
  );
  expect(requests).toHaveLength(0);
});

test('a client of one attempt repeats nothing', async () => {
  const { requests } = await expectSame(
    (clients, config) => describe(clients, { ...config, maxAttempts: 1 }),
    [failed('ThrottlingException')],
  );
  expect(requests).toHaveLength(1);
});
