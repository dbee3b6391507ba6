import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { UnsupportedSqlError } from '../../../../local/redshift/dialect/errors.ts';
import { gate } from '../../../../local/redshift/tree/gate.ts';
import { loadParser, parseTree } from '../../../../local/redshift/tree/parse.ts';
import { failureClassOf } from '../../../../shared/warehouse/failure-class.ts';
import { ONLY_POSTGRES, REFUSED_BY_TREE, REFUSED_IN_PROCEDURES } from '../dialect/cases/only-postgres.ts';
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
  ['select count(*) from t join u on (t.a, t.b) = (u.a, u.b) where (t.a, t.b) <> (1, 2)', '0'],
  ['select count(*) from pg_user u, pg_group g where u.usesysid = any(g.grolist)', '0'],
  ['select count(*) from s.t2 as t2, t as s', '0'],
  ["select date(timestamp '2026-03-01 10:00')", '2026-03-01'],
  ["select timestamp_cmp('2026-01-01', '2026-01-02'), date_cmp('2026-01-02', '2026-01-01')", '-1|1'],
  ['with pg_mine as (select 1 as a) select a from pg_mine', '1'],
  ['select 1 where true is not unknown', '1'],
  ["select count(*) from pg_tables where tablename = 't'", '1'],
  ['select grouping(a), count(*) from u group by rollup (a)', '1|0'],
];

describe('what Redshift does not have is refused by name', () => {
  test.each(ONLY_POSTGRES)('%s', async (sql, construct) => {
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

test.each(REFUSED_IN_PROCEDURES)('in a procedure %s', async (statement, construct) => {
  const error: unknown = await session
    .run(
      `create procedure q() as $$ declare x int; c refcursor; begin ${statement}; end; $$ language plpgsql`,
    )
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnsupportedSqlError);
  expect((error as UnsupportedSqlError).construct).toBe(construct);
});

test('what is refused is an error of the statement for whoever reads its text', () => {
  for (const [, construct] of ONLY_POSTGRES)
    expect(failureClassOf(`ERROR: ${construct} is not supported by the local warehouse`)).toBe('sql');
});

describe('what Redshift has, and what the user made, runs', () => {
  test.each(ALLOWED)('%s', async (sql, rows) => {
    const outcome = await session.run(sql);
    expect(outcome.rows.map((row) => row.join('|')).join(' ')).toBe(rows);
  });
});

test.each(REFUSED_BY_TREE)('the tree alone is enough to refuse it: %s', async (sql, construct) => {
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

function sumOf(terms: number, last = '1'): string {
  return `select ${'1 + '.repeat(terms - 1)}${last} as n`;
}

test('an expression of thousands of operators is no problem', async () => {
  expect((await session.run(sumOf(3_000))).rows).toEqual([['3000']]);
});

test('a list of tens of thousands of values is no problem', async () => {
  const values = Array.from({ length: 40_000 }, (_, n) => String(n)).join(',');
  expect((await session.run(`select 1 as found where 39999 in (${values})`)).rows).toEqual([['1']]);
});

test('an expression too deep for gate or types is refused by name, and never runs as it is', async () => {
  for (const sql of [sumOf(6_000), sumOf(20_000), sumOf(20_000, 'gcd(4, 6)')])
    await expect(session.run(sql)).rejects.toThrow('an expression that nests so deep is not supported');
});
