/** Nothing but the plain AWS SDK, as any other program would use it against AWS. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeStatementCommand, ExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { eventually, Stack } from './stack.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

it('a PutObject starts a run, which loads its rows into the warehouse', async () => {
  await stack.put('stores/first.csv', `${HEADER}1,Halle,Leipzig,DE,2019-05-01\n2,Depot,Gent,BE,2020-06-02\n`);
  const run = await stack.runFor('stores', 'stores/first.csv');
  expect(run).toMatchObject({
    state: 'SUCCEEDED',
    trigger: { kind: 's3', file: { bucket: 'baton-local-landing', key: 'stores/first.csv' } },
  });
  expect(await stack.query('SELECT store_id, city FROM mart.stores ORDER BY 1')).toEqual([
    ['1', 'Leipzig'],
    ['2', 'Gent'],
  ]);
});

it("the article's three steps run in one session: temporary table, COPY, MERGE", async () => {
  await stack.put(
    'elsewhere/stores.csv',
    `${HEADER}2,Depot,Brugge,BE,2020-06-02\n3,Nieuw,Aalst,BE,2021-01-01\n`,
  );
  const first = await stack.redshift.send(
    new ExecuteStatementCommand({
      WorkgroupName: 'local',
      Database: 'dev',
      Sql: 'CREATE TEMP TABLE stage_stores (LIKE mart.stores)',
      SessionKeepAliveSeconds: 600,
      WaitTimeSeconds: 30,
    }),
  );
  const { SessionId } = first;
  expect(SessionId).toBeDefined();
  const step = async (Sql: string): Promise<number | undefined> => {
    const { Id } = await stack.redshift.send(
      new ExecuteStatementCommand({ SessionId, Sql, WaitTimeSeconds: 30 }),
    );
    const seen = await stack.redshift.send(new DescribeStatementCommand({ Id }));
    expect(seen.Error).toBeUndefined();
    expect(seen.Status).toBe('FINISHED');
    expect(seen.SessionId).toBe(SessionId);
    return seen.ResultRows;
  };
  expect(
    await step(
      "COPY stage_stores FROM 's3://baton-local-landing/elsewhere/stores.csv' IAM_ROLE default FORMAT CSV IGNOREHEADER 1",
    ),
  ).toBe(2);
  await step(
    'MERGE INTO mart.stores USING stage_stores s ON mart.stores.store_id = s.store_id ' +
      'WHEN MATCHED THEN UPDATE SET name = s.name, city = s.city, country = s.country, opened_on = s.opened_on ' +
      'WHEN NOT MATCHED THEN INSERT VALUES (s.store_id, s.name, s.city, s.country, s.opened_on)',
  );
  expect(
    await stack.query('SELECT city FROM mart.stores WHERE store_id IN (2, 3) ORDER BY store_id'),
  ).toEqual([['Brugge'], ['Aalst']]);
});

it('a busy session refuses a second statement with the same message as a closed one', async () => {
  const opened = await stack.redshift.send(
    new ExecuteStatementCommand({
      WorkgroupName: 'local',
      Database: 'dev',
      Sql: 'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3000000) SELECT COUNT(*) FROM t',
      SessionKeepAliveSeconds: 600,
    }),
  );
  const again = new ExecuteStatementCommand({ SessionId: opened.SessionId, Sql: 'SELECT 1' });
  await expect(stack.redshift.send(again)).rejects.toThrow('Session is not available');
  await stack.redshift.send(new DescribeStatementCommand({ Id: opened.Id, WaitTimeSeconds: 10 }));
  await stack.advance(700_000);
  await expect(
    stack.redshift.send(new ExecuteStatementCommand({ SessionId: opened.SessionId, Sql: 'SELECT 1' })),
  ).rejects.toThrow('Session is not available');
});

it('a failed run can be read in DynamoDB, and resumed by pasting its resumeWith event', async () => {
  await stack.put('stores/bad.csv', `${HEADER}7,Kaputt,Jena,DE,not-a-date\n`);
  const failed = await stack.runFor('stores', 'stores/bad.csv');
  const plain = new DynamoDBClient({
    endpoint: stack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'anybody', secretAccessKey: 'x' },
  });
  const { Item } = await plain.send(
    new GetItemCommand({
      TableName: 'baton-local',
      Key: { pk: { S: `run#${failed.id}` }, sk: { S: 'run' } },
    }),
  );
  const item = unmarshall(Item ?? {});
  expect(item).toMatchObject({
    state: 'FAILED',
    pipeline: 'stores',
    error: { class: 'data' },
    generation: 1,
    attempt: 1,
  });
  expect(item['sessionId']).toEqual(expect.any(String));
  const error = item['error'] as { message: string; step: string };
  // The run's own step is the first of those that were sent together.
  expect(error.step).toBe('20_load.sql');
  expect(error.message).toContain('line 2');
  expect(Buffer.byteLength(JSON.stringify(Item))).toBeLessThan(4 * 1024);
  const { command, event } = item['resumeWith'] as { command: string; event: string };
  // The file is bad: a corrected one is loaded when this run is cancelled.
  expect(command).toBe(`npx baton cancel ${failed.id}`);
  const entry = JSON.parse(event) as { source: string; 'detail-type': string; detail: unknown };
  const { EventBridgeClient, PutEventsCommand } = await import('@aws-sdk/client-eventbridge');
  const bus = new EventBridgeClient({
    endpoint: stack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'console', secretAccessKey: 'x' },
  });
  const paste = async (type: string, detail: unknown): Promise<unknown> =>
    bus.send(
      new PutEventsCommand({
        Entries: [{ Source: entry.source, DetailType: type, Detail: JSON.stringify(detail) }],
      }),
    );
  await paste('Resume Requested', { ...(entry.detail as object), requestId: 'resumed' });
  // The file is still bad: the resumed step fails again, in the same session, as attempt 2.
  const again = await eventually('a second attempt', async () => {
    const run = await stack.atRest(failed.id);
    return run.attempt === 2 && run.state === 'FAILED' ? run : undefined;
  });
  expect(again).toMatchObject({
    state: 'FAILED',
    generation: 1,
    sessionId: failed.sessionId,
    lastRequest: { verb: 'resume', actor: 'console' },
  });
  expect(
    (await stack.store.history(failed.id))
      .filter((row) => row.status === 'FINISHED')
      .map((row) => row.attempt),
  ).not.toContain(2);
  await paste(entry['detail-type'], entry.detail);
  const cancelled = await eventually('the cancelled run', async () => {
    const run = await stack.atRest(failed.id);
    return run.state === 'CANCELLED' ? run : undefined;
  });
  expect(cancelled.lastRequest).toMatchObject({ verb: 'cancel', actor: 'console' });
});
