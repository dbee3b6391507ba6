import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
} from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startLocalRedshift, WORKGROUP } from '../local-redshift.ts';
import type { LocalRedshift } from '../local-redshift.ts';

let local: LocalRedshift;

beforeAll(async () => {
  local = await startLocalRedshift();
});

afterAll(async () => {
  await local?.stop();
});

test('column metadata have Redshift’s types, precision and scale of computed columns', async () => {
  const started = await local.client.send(
    new ExecuteStatementCommand({
      ...WORKGROUP,
      Sql: `select a / b as share, sum(a) over () as total, rank() over (order by a) as place, ntile(2) over (order by a) as half,
        v || '-' || v as pair, extract(year from d) as y, a * :n as unknown_size
        from (select 1.5::decimal(8,2) as a, 2::decimal(8,2) as b, 'ab'::varchar(10) as v, date '2026-01-01' as d) q`,
      Parameters: [{ name: 'n', value: '2' }],
      WaitTimeSeconds: 30,
    }),
  );
  const end = await local.client.send(new DescribeStatementCommand({ Id: started.Id, WaitTimeSeconds: 30 }));
  expect(end.Error).toBeUndefined();
  const { ColumnMetadata = [], Records } = await local.client.send(
    new GetStatementResultCommand({ Id: started.Id }),
  );
  expect(
    ColumnMetadata.map(({ name, typeName, precision, scale }) =>
      [name, typeName, precision, scale].map(String).join(' '),
    ),
  ).toEqual([
    'share numeric 17 9',
    'total numeric 38 2',
    'place int4 10 0',
    'half int8 19 0',
    'pair varchar 21 0',
    'y int4 10 0',
    'unknown_size numeric 0 0',
  ]);
  expect(Records?.[0]?.[0]).toEqual({ stringValue: '0.750000000' });
});

test('a table made of a query with a parameter counts its rows', async () => {
  const started = await local.client.send(
    new ExecuteStatementCommand({
      ...WORKGROUP,
      Sql: "create table made_with_parameter as select 'abc' as k, :n as n union all select 'd', 'x'",
      Parameters: [{ name: 'n', value: '2' }],
      WaitTimeSeconds: 30,
    }),
  );
  const end = await local.client.send(new DescribeStatementCommand({ Id: started.Id, WaitTimeSeconds: 30 }));
  expect([end.Error, end.Status, end.ResultRows]).toEqual([undefined, 'FINISHED', 2]);
});
