/** Errors as DescribeStatement gives them: in Redshift's words, about the user's text. */
import { DescribeStatementCommand, ExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { failureClassOf } from '../../../shared/warehouse/failure-class.ts';
import { startLocalRedshift, WORKGROUP } from './local-redshift.ts';
import type { LocalRedshift } from './local-redshift.ts';

let local: LocalRedshift;

beforeAll(async () => {
  local = await startLocalRedshift();
  await errorOf('create table t (a int, v varchar(9), ts timestamp, é int)');
  await errorOf('create table j (s super)');
});

afterAll(async () => {
  await local?.stop();
});

async function errorOf(Sql: string): Promise<string | undefined> {
  const { Id } = await local.client.send(
    new ExecuteStatementCommand({ ...WORKGROUP, Sql, WaitTimeSeconds: 30 }),
  );
  const { Error: text } = await local.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
  return text;
}

const NOT_HERE = 'is not supported by the local warehouse';

/** An error's text, and what stands in the statement at its position; empty: it has none. */
const ERRORS: readonly (readonly [sql: string, error: string, at: string])[] = [
  ['selec 1', 'syntax error at or near "selec"', 'selec'],
  ['create tabel t (a int)', 'syntax error at or near "tabel"', 'tabel'],
  ['select * form t', 'syntax error at or near "form"', 'form'],
  ['select 1 frm t where', 'syntax error at or near "t"', 't where'],
  [
    'select 1; select 2',
    'cannot insert multiple commands into a prepared statement: send one statement with each call, or several with BatchExecuteStatement',
    '',
  ],
  [
    "select concat('a', 'b', 'c')",
    'wrong number of arguments for function concat\n  Detail: It is not supported by Redshift; the statement did not run.',
    '',
  ],
  [
    'select age(ts) from t',
    'the function AGE runs on the leader node only, and this statement reads a table\n  Detail: It is not supported by Redshift; the statement did not run.',
    '',
  ],
  ['select a, upper(nope) from t', 'column "nope" does not exist', 'nope'],
  ['select top 5 é, nvl(nope, 1) from t', 'column "nope" does not exist', 'nope'],
  ['select a from t where a = 1 and\n  nope = 2', 'column "nope" does not exist', 'nope'],
  ['select a from t qualify nope > 1', 'column "nope" does not exist', 'nope'],
  ['update t set nope = 1', 'column "nope" of relation "t" does not exist', 'nope'],
  ['grant usage on schema no_such to public', 'schema "no_such" does not exist', ''],
  ['grant select on all tables in schema no_such to public', 'schema "no_such" does not exist', ''],
  ['grant execute on procedure no_such(int) to public', 'procedure no_such(integer) does not exist', ''],
  ['grant execute on function no_such(int) to public', 'function no_such(integer) does not exist', ''],
  ['select chr(0)', `the character with the number 0 ${NOT_HERE}`, ''],
  ['select * from no_such', 'relation "no_such" does not exist', 'no_such'],
  ['select no_such(a, ts) from t', 'function no_such(integer, timestamp) does not exist', 'no_such'],
  [
    'select dateadd(day, true, ts) from t',
    `the function DATEADD(part, boolean, timestamp) ${NOT_HERE}: it has none for arguments of these types`,
    'dateadd',
  ],
  [
    'select extract(day from 5)',
    `the function EXTRACT(part, integer) ${NOT_HERE}: it has none for arguments of these types`,
    'extract',
  ],
  ['select a, - v from t', `the operator - of character varying ${NOT_HERE}: use CAST`, '- v'],
  ['select cast(ts as boolean) from t', 'cannot cast type timestamp to boolean', 'cast'],
  [
    'insert into t (ts) select a from t',
    'column "ts" is of type timestamp but expression is of type integer\n  Hint: You will need to rewrite or cast the expression.',
    'a from',
  ],
  [
    'select * from stl_load_errors',
    `the system table stl_load_errors ${NOT_HERE}: the nearest here is sys_load_error_detail`,
    'stl_load_errors',
  ],
  [
    'select * from pg_catalog.stv_sessions',
    `the system table stv_sessions ${NOT_HERE}: the nearest here is svv_transactions`,
    'pg_catalog',
  ],
  [
    'select * from svl_qlog',
    `the system table svl_qlog ${NOT_HERE}: here are pg_table_def, svv_transactions, sys_load_detail, sys_load_error_detail`,
    'svl_qlog',
  ],
  [
    'select t.v.a.b from t',
    `t.v.a.b ${NOT_HERE}: it is in another database, or it navigates into a SUPER value`,
    't.v.a.b',
  ],
  [
    "select s.a from (select json_parse('{}') s) q",
    `missing FROM-clause entry for table "s" (if s is a SUPER column: navigation into SUPER values ${NOT_HERE})`,
    's.a',
  ],
  [
    'select case when a then 1 end from t',
    `a condition of type integer ${NOT_HERE}: use a comparison or a cast`,
    'a then',
  ],
  [
    "insert into j values (date '2026-01-31')",
    `a value of type date in the SUPER column s ${NOT_HERE}: use JSON_PARSE`,
    "'2026",
  ],
  ['select 5::decimal(2,1) * 10::decimal(2,1)', 'Numeric data overflow (result precision)', ''],
];

test.each(ERRORS)('%s', async (sql, error, at) => {
  const text = await errorOf(sql);
  const position = at === '' ? '' : `\n  Position: ${String(sql.indexOf(at) + 1)}`;
  expect(text).toBe(`ERROR: ${error}${position}`);
  expect(failureClassOf(text ?? '')).toMatch(/^(?:sql|data)$/);
});
