import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { UnsupportedSqlError } from '../../../../local/redshift/dialect/errors.ts';
import { gate } from '../../../../local/redshift/tree/gate.ts';
import { loadParser, parseTree } from '../../../../local/redshift/tree/parse.ts';
import { failureClassOf } from '../../../../shared/warehouse/failure-class.ts';
import { startWarehouse } from '../dialect/warehouse.ts';
import type { Session, Warehouse } from '../dialect/warehouse.ts';

let warehouse: Warehouse;
let session: Session;

beforeAll(async () => {
  warehouse = await startWarehouse();
  session = await warehouse.session();
  await session.run(`create table t (a int, b int, v varchar(20), ts timestamp, k bigint identity(1, 1));
    create table u (a int, b int);
    create function f_double(int) returns int stable as $$ select $1 * 2 $$ language sql;
    create schema s;
    create table s.t2 (a int);
    create function s.gcd(int, int) returns int stable as $$ select $1 $$ language sql`);
});

afterAll(async () => {
  await session?.end();
  await warehouse?.stop();
});

/** What PostgreSQL has and Redshift has not, and the name by which it is refused. */
const REFUSED: readonly (readonly [sql: string, construct: string])[] = [
  ["select v ^@ 'a' from t", 'the operator ^@'],
  ["select v ~* 'a' from t", 'the operator ~*'],
  ["select v !~* 'a' from t", 'the operator !~*'],
  ["select v -> 'a' from t", 'the operator ->'],
  ["select v @> 'a' from t", 'the operator @>'],
  ['select 1 from t where a operator(pg_catalog.=) b', 'OPERATOR(pg_catalog.=)'],
  ['select a from t where a between symmetric 3 and 1', 'BETWEEN SYMMETRIC'],
  ['select a from t where v is json', 'IS JSON'],
  ["select json_value(v, '$.a') from t", 'JSON_VALUE, JSON_QUERY and JSON_EXISTS'],
  ['select json_array(1, 2)', 'JSON_ARRAY'],
  ["select json_object('a': 1)", 'JSON_OBJECT'],
  ['select 1 from t where v is nfc normalized', 'IS NORMALIZED'],
  ["select normalize('a')", 'NORMALIZE'],
  ['select (ts, ts) overlaps (ts, ts) from t', 'OVERLAPS'],
  ["select substring(v from 'a.') from t", 'SUBSTRING with a pattern'],
  ['select 1 from t where ts = ts at local', 'AT LOCAL'],
  [
    'select sum(a) over (order by b rows unbounded preceding exclude current row) from t',
    'EXCLUDE in a window frame',
  ],
  ['select count(a order by b) from t', 'ORDER BY in the arguments of a function'],
  ['select f_double(a => 1)', 'an argument by name (=>)'],
  ['select concat_it(variadic v) from t', 'VARIADIC'],
  ['select ctid from t', 'the system column CTID'],
  ['delete from t where t.xmin = 1', 'the system column XMIN'],
  ['select a from t group by distinct a', 'GROUP BY DISTINCT'],
  ['select a from t order by a using >', 'ORDER BY … USING'],
  ['select a from t join u using (a) as x', 'JOIN … USING (…) AS'],
  ['select a from f_double(1) as f(a)', 'a function in FROM'],
  ["select * from pg_get_cols('t') as c(a name)", 'the function PG_GET_COLS in FROM'],
  ['select (a, gcd(1, 2)) in ((1, 2)) from t', 'the function GCD'],
  ['select row(a, b) from t', 'ROW(…)'],
  ['select (a, b) = (1, 2) from t', 'a row of values ((a, b) or ROW(…))'],
  ["select uuid 'x'", 'the type UUID'],
  ["select point '(1,2)'", 'the type POINT'],
  ["select a from t where a = any ('{1}')", 'ANY or SOME of an array'],
  ['select current_catalog', 'CURRENT_CATALOG'],
  ['select current_role', 'CURRENT_ROLE'],
  ["select 'infinity'::timestamp", "the value 'infinity' of a date or time"],
  ["select date '-infinity'", "the value '-infinity' of a date or time"],
  ["select cast('NaN' as decimal(5, 2))", "the value 'NaN' of a DECIMAL"],
  ['select 1 from t where t.* = t.*', 't.* as a value'],
  ['select (t).a from t', 'navigation into a value ((…).a)'],
  ['explain (analyze) select 1', 'EXPLAIN with options'],
  ['select x from t, t.items x', 't.items in FROM'],
  ['select i.x from t as o, o.items i', 'o.items in FROM'],
  ['alter table t add constraint c check (a > 1)', 'a constraint by CHECK'],
  ['select gcd(12, 8)', 'the function GCD'],
  ['select pg_catalog.gcd(12, 8)', 'the function GCD'],
  ['select random(1, 2)', 'the function RANDOM with 2 arguments'],
  ['select regr_slope(a, b) from t', 'the function REGR_SLOPE'],
  ['select to_ascii(a)', 'the function TO_ASCII'],
  ['select st_point(1, 2)', 'the function ST_POINT'],
  ['select pid from pg_stat_activity', 'the table pg_stat_activity'],
  ['select * from pg_catalog.pg_sequences', 'the table pg_sequences'],
  ['insert into t (a) select gcd(a, b) from u', 'the function GCD'],
  ['update t set a = gcd(a, 1)', 'the function GCD'],
  ['delete from t using u where gcd(t.a, u.a) = 1', 'the function GCD'],
  [
    'merge into t using u on t.a = u.a when matched then update set b = gcd(u.b, 1) when not matched then insert (a) values (u.a)',
    'the function GCD',
  ],
  ['create table c as select gcd(a, b) as g from t', 'the function GCD'],
  ['create view w as select gcd(a, b) as g from t', 'the function GCD'],
  ['create view w as select gcd(a, b) as g from public.t with no schema binding', 'the function GCD'],
  ['create materialized view m as select gcd(a, b) as g from t', 'the function GCD'],
  ['declare c cursor for select gcd(a, b) from t', 'the function GCD'],
  ['explain select gcd(a, b) from t', 'the function GCD'],
  ['call p(gcd(1, 2))', 'the function GCD'],
  ['with x as (select gcd(a, b) as g from t) select g from x', 'the function GCD'],
  ['select a from t where a in (select gcd(a, b) from u)', 'the function GCD'],
  ['create function f2(int) returns int stable as $$ select gcd($1, 2) $$ language sql', 'the function GCD'],
];

/** Places in the body of a procedure. */
const BODIES: readonly string[] = [
  'declare x int := gcd(1, 2); begin null; end',
  'declare c cursor for select gcd(1, 2); begin open c; close c; end',
  'declare x int; begin x := gcd(1, 2); end',
  'declare x int; begin select into x gcd(a, b) from t; end',
  'begin perform gcd(1, 2); end',
  'begin if gcd(1, 2) = 1 then null; end if; end',
  'begin while gcd(1, 2) = 2 loop null; end loop; end',
  'begin for i in 1 .. gcd(1, 2) loop null; end loop; end',
  'declare r record; begin for r in select gcd(a, b) from t loop null; end loop; end',
  "begin raise info 'x %', gcd(1, 2); end",
  'begin insert into u select gcd(a, b), 1 from t; end',
  "begin execute 'insert into u select gcd(a, b), 1 from t'; end",
  'begin case when gcd(1, 2) = 1 then null; else null; end case; end',
];

/** What Redshift has, and what the user made. */
const ALLOWED: readonly (readonly [sql: string, rows: string])[] = [
  ['select |/ 25.0, @ -5, 6 & 3, 1 << 4, 8 >> 2', '5|5|2|16|2'],
  ["select count(*) from t where v ~ '^a' or v !~ 'b' or v ~~ 'c%'", '0'],
  ['select count(*) from t where (a, b) in (select a, b from u)', '0'],
  ['select count(*) from t where (a, b) in ((1, 2), (3, 4)) or (a, b) not in ((1, 2))', '0'],
  ['select f_double(4), s.gcd(4, 6), public.f_double(1)', '8|4|2'],
  ['select count(*) from s.t2 as t2, t as s', '0'],
  ["select date(timestamp '2026-03-01 10:00')", '2026-03-01'],
  ["select timestamp_cmp('2026-01-01', '2026-01-02'), date_cmp('2026-01-02', '2026-01-01')", '-1|1'],
  ['with pg_mine as (select 1 as a) select a from pg_mine', '1'],
  ['select 1 where true is not unknown', '1'],
  ["select count(*) from pg_tables where tablename = 't'", '1'],
  ['select grouping(a), count(*) from u group by rollup (a)', '1|0'],
];

describe('what Redshift does not have is refused by name', () => {
  test.each(REFUSED)('%s', async (sql, construct) => {
    const error: unknown = await session.run(sql).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnsupportedSqlError);
    expect((error as UnsupportedSqlError).construct).toBe(construct);
  });

  test.each(BODIES)('in a procedure: %s', async (body) => {
    const error: unknown = await session
      .run(`create procedure q() as $$ ${body}; $$ language plpgsql`)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnsupportedSqlError);
    expect((error as UnsupportedSqlError).construct).toBe('the function GCD');
  });
});

/** Statements of procedures. */
test.each([
  ["raise exception 'a' using errcode = '22012'", 'RAISE … USING in a procedure'],
  ['raise division_by_zero', 'RAISE with the name of a condition in a procedure'],
  ['get stacked diagnostics x = message_text', 'GET STACKED DIAGNOSTICS in a procedure'],
  ['get diagnostics x = pg_context', 'GET DIAGNOSTICS of more than ROW_COUNT in a procedure'],
  ['for i in reverse 3..1 by 1 loop null; end loop', 'FOR … BY in a procedure'],
  ['move c', 'MOVE in a procedure'],
])('in a procedure %s', async (statement, construct) => {
  const error: unknown = await session
    .run(
      `create procedure q() as $$ declare x int; c refcursor; begin ${statement}; end; $$ language plpgsql`,
    )
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnsupportedSqlError);
  expect((error as UnsupportedSqlError).construct).toBe(construct);
});

test('what is refused is an error of the statement for whoever reads its text', () => {
  for (const [, construct] of REFUSED)
    expect(failureClassOf(`ERROR: ${construct} is not supported by the local warehouse`)).toBe('sql');
});

describe('what Redshift has, and what the user made, runs', () => {
  test.each(ALLOWED)('%s', async (sql, rows) => {
    const outcome = await session.run(sql);
    expect(outcome.rows.map((row) => row.join('|')).join(' ')).toBe(rows);
  });
});

/** Refused by the translator before, where it reads a statement of its own. */
test.each([
  ['select max(a) over (order by b groups current row) from t', 'GROUPS in a window frame'],
  ['select max(a) over (order by b range unbounded preceding) from t', 'RANGE in a window frame'],
  ['select a from only t', 'ONLY'],
  ['update only t set a = 1', 'ONLY'],
  ['select array[1]', 'ARRAY[…]'],
  ['select a from t for share', 'FOR UPDATE or SHARE'],
  ['delete from t returning a', 'RETURNING'],
  ['insert into t values (1) on conflict do nothing', 'INSERT … ON CONFLICT'],
  ['with w as materialized (select 1) select 1', 'WITH … AS [NOT] MATERIALIZED'],
  ['with w as (insert into t values (1) returning a) select a from w', 'INSERT, UPDATE or DELETE in WITH'],
  ['insert into t overriding system value values (1)', 'OVERRIDING … VALUE'],
  ['create table c as select 1 as a with no data', 'WITH NO DATA'],
  ['select a from t limit all for update', 'FOR UPDATE or SHARE'],
  ['select a from t order by a fetch first 1 row with ties', 'FETCH FIRST … WITH TIES'],
  ['select count(*) filter (where a) from t', 'FILTER (WHERE …)'],
  ['select a from t tablesample system (1)', 'TABLESAMPLE'],
  ['select 1 except all select 2', 'EXCEPT ALL'],
  ['select distinct on (a) a from t', 'DISTINCT ON'],
  ['select (values (1))', 'VALUES as a table'],
  ['select a is distinct from b from t', 'IS DISTINCT FROM'],
  ['select a from t, lateral (select 1) as x', 'LATERAL'],
  ['create unlogged table c (a int)', 'UNLOGGED'],
  ['create table c (a int) partition by list (a)', 'PARTITION BY of a table'],
  ["select b'1'", 'a literal of bits'],
])('the tree alone is enough to refuse it: %s', async (sql, construct) => {
  await loadParser();
  const tree = parseTree(sql);
  if (tree === undefined) throw new Error('it has no tree');
  expect(() => gate(tree)).toThrow(`${construct} is not supported by the local warehouse`);
});

test('a function of the user’s that has a name of PostgreSQL’s needs its schema', async () => {
  await expect(session.run('select gcd(4, 6)')).rejects.toThrow(
    'the function GCD is not supported by the local warehouse: PostgreSQL has one of its own by this name; call yours with its schema, s.gcd',
  );
});

test('a procedure may have the name of any function', async () => {
  await session.run(
    'create procedure log(a int) as $$ begin insert into u values (a, a); end $$ language plpgsql; call log(7)',
  );
  expect((await session.run('select b from u where a = 7')).rows).toEqual([['7']]);
  await session.run('delete from u');
});

test('a relation is no value', async () => {
  await expect(session.run('select t from t')).rejects.toThrow('column "t" does not exist');
  await expect(session.run('select x from t as x where a = 1')).rejects.toThrow('column "x" does not exist');
});

test('a function that exists nowhere is left to PostgreSQL', async () => {
  await expect(session.run('select no_such_function(1)')).rejects.toThrow(
    'function no_such_function(integer) does not exist',
  );
});

test('in a failed transaction the error is that of the transaction', async () => {
  await session.run('begin');
  await expect(session.run('select 1 / 0')).rejects.toThrow('division by zero');
  await expect(session.run('select never_asked_before(1)')).rejects.toThrow('current transaction is aborted');
  await session.run('rollback');
  await expect(session.run('select lcm(1, 2)')).rejects.toThrow('the function LCM is not supported');
});

test('an expression of thousands of operators is no problem', async () => {
  const sum = Array.from({ length: 3000 }, () => '1').join(' + ');
  expect((await session.run(`select ${sum} as n`)).rows).toEqual([['3000']]);
});
