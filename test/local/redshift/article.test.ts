import { ExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { query, run, startLocalRedshift, WORKGROUP } from './local-redshift.ts';
import type { LocalRedshift } from './local-redshift.ts';

let local: LocalRedshift;
beforeAll(async () => {
  local = await startLocalRedshift();
  await run(local, 'CREATE TABLE stores (id int, name varchar(40), city varchar(40))');
  await run(local, "INSERT INTO stores VALUES (1, 'Old name', 'Graz'), (9, 'Untouched', 'Linz')");
  local.putObject(
    'baton-local-landing',
    'stores/1.csv',
    'id,name,city\n1,New name,Graz\n2,Second,"Wien, Mitte"\n',
  );
});
afterAll(async () => {
  await local.stop();
});

test("the article's three steps run in one session: temporary table, COPY, MERGE", async () => {
  const first = await local.client.send(
    new ExecuteStatementCommand({
      ...WORKGROUP,
      Sql: 'CREATE TEMP TABLE stage_stores (LIKE stores)',
      SessionKeepAliveSeconds: 600,
      WithEvent: true,
      StatementName: 'step-1',
      WaitTimeSeconds: 30,
    }),
  );
  expect(first.Status).toBe('FINISHED');
  const SessionId = first.SessionId ?? '';
  const copy = await run(
    local,
    "COPY stage_stores FROM 's3://baton-local-landing/stores/' IAM_ROLE default CSV IGNOREHEADER 1",
    { SessionId },
  );
  expect(copy).toMatchObject({ Status: 'FINISHED', ResultRows: 2, RedshiftPid: first.RedshiftPid });
  const merge = await run(
    local,
    `MERGE INTO stores USING stage_stores s ON stores.id = s.id
     WHEN MATCHED THEN UPDATE SET name = s.name, city = s.city
     WHEN NOT MATCHED THEN INSERT (id, name, city) VALUES (s.id, s.name, s.city)`,
    { SessionId },
  );
  expect(merge).toMatchObject({ Status: 'FINISHED', ResultRows: 2, HasResultSet: false, SessionId });
  expect(await query(local, 'SELECT id, name, city FROM stores ORDER BY id')).toEqual([
    ['1', 'New name', 'Graz'],
    ['2', 'Second', 'Wien, Mitte'],
    ['9', 'Untouched', 'Linz'],
  ]);
});

test('the temporary table is seen by its own session only', async () => {
  const end = await run(local, 'SELECT * FROM stage_stores');
  expect(end).toMatchObject({ Status: 'FAILED' });
  expect(end.Error).toMatch(/^ERROR: relation "stage_stores" does not exist/);
});

test('a completion event has the shape of the guide', () => {
  const event = local.events.find(({ detail }) => detail['statementName'] === 'step-1');
  expect(event).toMatchObject({
    version: '0',
    source: 'aws.redshift-data',
    'detail-type': 'Redshift Data Statement Status Change',
    account: '000000000000',
    region: 'us-east-1',
    detail: {
      principal: 'arn:aws:sts::000000000000:assumed-role/local-user/test-key',
      statementName: 'step-1',
      state: 'FINISHED',
      rows: 0,
    },
  });
  expect(event?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(event?.resources[0]).toMatch(/^arn:aws:redshift-serverless:us-east-1:000000000000:workgroup\//);
  expect(Object.keys(event?.detail ?? {})).not.toContain('sessionId');
});
