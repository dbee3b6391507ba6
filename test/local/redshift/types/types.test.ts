import { afterAll, beforeAll, expect, test } from 'vitest';

import { startWarehouse } from '../dialect/warehouse.ts';
import type { Session, Warehouse } from '../dialect/warehouse.ts';

let warehouse: Warehouse;
let session: Session;

beforeAll(async () => {
  warehouse = await startWarehouse();
  session = await warehouse.session();
  await session.run(`
create table t (a decimal(8,2), b decimal(8,2), i int, g bigint, v varchar(20), f float8, d date, ts timestamp, yes boolean, big decimal(38,10));
insert into t values (4, 3, 2, 7, '5', 2::float8/3, '2026-01-04', '2008-09-10 10:00', true, 9999999999999999999999999999);
create table two (a decimal(12,2), b decimal(12,2));
insert into two values (1, 2), (1, 1);
create table listed (k int, v varchar(9), d date);
insert into listed values (1, 'a', '2026-01-01'), (2, '', '2026-01-03'), (3, 'b', null);
create table eight (x decimal(19,0));
insert into eight values (9223372036854775807);
create table wide (c decimal(15,3), v varchar(20));
insert into wide values (2.25, '4.00')`);
});

afterAll(async () => {
  await session?.end();
  await warehouse?.stop();
});

async function rowsOf(sql: string): Promise<string[]> {
  const { rows } = await session.run(sql);
  return rows.map((row) => row.map((value) => value ?? 'NULL').join('|'));
}

async function errorOf(sql: string): Promise<string> {
  const outcome = await session.run(sql).then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  );
  return outcome;
}

const VALUES: readonly (readonly [sql: string, ...rows: string[]])[] = [
  [
    'select a/b, -a/b, a/3, (1.0/3)::varchar from t',
    '1.333333333|-1.333333333|1.3333333333333|0.333333333333',
  ],
  ['select round(sum(a)/sum(b)*100, 2) from two', '66.66'],
  [
    'with q as (select a/b as r from t) select r, (select max(x.r) from q x) from q',
    '1.333333333|1.333333333',
  ],
  ['select a/b from t group by a/b order by a/b', '1.333333333'],
  ['select x from (select a as x from t union all select c from wide) q order by 1', '2.250', '4.000'],
  ['select coalesce(a/b, 0), case when i = 9 then a/b else 1 end from t', '1.333333333|1.000000000'],
  ['select (a/b)::int, (a/b)::decimal(8,1), 1.55::decimal(8,1), (a * 0.375)::int from t', '1|1.3|1.6|1'],
  [
    'select stddev_samp(i), ceil(g), floor(i), sign(i), percentile_cont(0.5) within group (order by i) from t group by g, i',
    'NULL|7|2|1|2.0',
  ],
  [
    "select f::varchar, (0.1::float8 + 0.2::float8)::varchar, f || 'x' from t",
    '0.666666666666667|0.3|0.666666666666667x',
  ],
  ["select 'äöü'::varchar(3), cast('aé' as varchar(2)), v::varchar(1) from t", 'ä|a|5'],
  ['select count(*) from t where v = 5 and v in (5, 6) and v between 1 and 9 and not v < 5', '1'],
  ["select '05'::varchar = 5, '5'::varchar = 5.0, '10'::varchar < 9", 'f|t|t'],
  ['select count(*) from t join (select 5 as n) q on t.v = q.n', '1'],
  ['select count(*) from t where v in (select 5)', '1'],
  ['select count(*) from wide where v = 4.0', '1'],
  ['select count(*) from t where yes = 1 and yes <> 0', '1'],
  ["select count(*) from t where ts like '2008-09%' and d = '2026-01-04'::varchar", '1'],
  ["select i || i, i || '-' || g, 'a' + 'b', v + '-' + v, concat(i, 1) from t", '22|2-7|ab|5-5|21'],
  [
    "select datediff(day, '2026-01-01'::varchar, d), last_day('2026-01-04'::varchar), to_char('2026-01-04'::varchar, 'YYYY'), to_date(ts, 'YYYY-MM-DD'), dateadd(day, 1.9, d), d + g from t",
    '3|2026-01-31|2026|2008-09-10|2026-01-05 00:00:00|2026-01-11',
  ],
  ["select sha2('x', 100), listagg(v, ',') within group (order by k) from listed", '|a,b'],
  ['select median(d) from listed', '2026-01-02'],
  [
    'select a from (select * from (select a from t) x union all select * from (select c from wide) y) q order by 1',
    '2.250',
    '4.000',
  ],
  [
    'select left(v, g), substring(v, 1.9, g), round(a, g), v || substring(v, i - 1) from t',
    '5|5|4.0000000|55',
  ],
  ['select count(*) from t where i in (7, v, 2) and i between 1 and v', '1'],
  [
    "with recursive r(n, x, p) as (select 1, 1.5::decimal(5,2), 'a'::varchar(10) union all select n + 1, x * 2, p || 'b' from r where n < 3) select n, x, p from r order by n",
    '1|1.50|a',
    '2|3.00|ab',
    '3|6.00|abb',
  ],
];

test.each(VALUES)('%s', async (sql, ...rows) => {
  expect(await rowsOf(sql)).toEqual(rows);
});

test('percentiles of whole numbers and of floats in a window', async () => {
  expect(
    await rowsOf(
      'select percentile_disc(0.5) within group (order by i) over (), percentile_disc(0.5) within group (order by f) over (), median(i) over () from t',
    ),
  ).toEqual(['2|0.666666666666667|2.0']);
});

const ERRORS: readonly (readonly [sql: string, message: RegExp])[] = [
  ['select 99999999999999999999999999999999999999::decimal(38,0) + 1', /numeric field overflow/],
  ['select big * big from t', /numeric field overflow/],
  [
    'select sum(x) from (select 90000000000000000000000000000000000000::decimal(38,0) as x union all select 90000000000000000000000000000000000000::decimal(38,0)) q',
    /numeric field overflow/,
  ],
  [
    'select v + 1 from t',
    /^the operator \+ of VARCHAR\(20\) and INTEGER is not supported by the local warehouse/,
  ],
  ['select sum(v) from t', /^SUM of VARCHAR\(20\) is not supported/],
  ['select yes = v from t', /^the operator = of BOOLEAN and VARCHAR\(20\) is not supported/],
  [
    'select median(a) / 2 from t',
    /^the division of a DECIMAL whose precision is not documented is not supported/,
  ],
  ['select ln(a + 1) from t', /^the function LN of DECIMAL\(.*\) runs on the leader node only/],
  ["select listagg(repeat('a', 40000)) within group (order by k) from listed", /LISTAGG limit/],
];

test.each(ERRORS)('%s is an error', async (sql, message) => {
  expect(await errorOf(sql)).toMatch(message);
});

test('an edited select item keeps its name', async () => {
  const { columns } = await session.run(
    'select a/b, coalesce(a/b, 0), v::varchar(1), (a/b)::int, stddev(i), i || i, sum(a) from t group by a, b, v, i',
  );
  expect(columns).toEqual(['?column?', 'coalesce', 'v', 'int4', 'stddev', '?column?', 'sum']);
});

test('statements that store are converted too', async () => {
  await session.run(`create table s (yes boolean, q decimal(10,4), n int);
insert into s values (1, 0.5, 1);
insert into s select i, a/b, 2 from t;
update s set yes = 0, q = q / n where n = 2;
delete from s using t where s.n = 1 and t.v = 5`);
  expect(await rowsOf('select yes, q, n from s')).toEqual(['f|0.6667|2']);
});

const NEW_TABLES: readonly (readonly [sql: string, ...columns: string[]])[] = [
  [
    "create table made as select 'open' as status, 1.50 as price, a/b as share, v || '-' || v as pair, count(*) as n, sum(a) as total from t group by a, b, v",
    'status character varying(4)|price numeric(3,2)|share numeric(17,9)|pair character varying(41)|n bigint|total numeric(38,2)',
  ],
  [
    "select case when i = 1 then 'open' else 'done.' end as status, extract(year from d) as y, rank() over (order by i) into temp table made from t",
    'status character varying(5)|y integer|rank integer',
  ],
  [
    "create temp table made (x, y) as (select null, upper(c) from (select 'e'::char(3) as c) q union all select 'abc', 'z')",
    'x character varying(3)|y character(3)',
  ],
  [
    'create table made as with q as (select d, ts, yes, f, a * b as m from t) select q.*, coalesce(m, 0) as c, stddev(m) over () as s, ceil(m) from q',
    'd date|ts timestamp without time zone|yes boolean|f double precision|m numeric(17,4)|c numeric(17,4)|s double precision|ceil numeric(17,4)',
  ],
  [
    'create table made as select i, count(*) from t group by i qualify row_number() over (order by i) = 1',
    'i integer|count bigint',
  ],
];

test.each(NEW_TABLES)('%s', async (sql, ...[columns]) => {
  await session.run('drop table if exists made');
  expect((await session.run(sql)).count).toBe(sql.includes('union') ? 2 : 1);
  const found = await rowsOf("select \"column\" || ' ' || type from pg_table_def where tablename = 'made'");
  expect(found.join('|')).toBe(columns);
});

test('a table made of a query checks lengths in bytes, and is gone if its rows fail', async () => {
  await session.run("drop table if exists made; create table made as select 'abc' as v");
  expect(await errorOf("insert into made values ('äöü')")).toMatch(/value too long/);
  expect(await errorOf('create table gone as select 1 / (i - i) as x from t')).toMatch(/division by zero/);
  expect(await errorOf('select 1 from gone')).toMatch(/does not exist/);
});

test('a view keeps the size of a computed DECIMAL', async () => {
  await session.run('create view shares as select a * b as m, i from t');
  expect(await rowsOf('select m / i, m / 3 from shares')).toEqual(['6.000000000000000|4.000000000000000']);
});

test('the body of a procedure is typed: statements, expressions, loops, tables that it makes', async () => {
  await session.run(`create table log (x decimal(20,10), y varchar(40));
create procedure divides(n int, m decimal(8,2)) as $$
declare
  q decimal(30,12);
  rec record;
begin
  select a/b, v::varchar(2) into q from t where v = n;
  insert into log values (q, 'into');
  if m / 3 = 1.3333333333333 then insert into log values (1, 'if'); end if;
  for rec in select a/b as r from t loop insert into log values (rec.r / 2, 'loop'); end loop;
  select into rec a * b as p from t;
  insert into log values (0, (rec.p / 7)::varchar);
  create temp table made_there as select 'abc' as k, a/b as r from t;
  insert into log select r / 2, k || 'é' from made_there;
  execute 'insert into log select 0, (b/a)::varchar || ''!'' from t where v = 5';
  q := m / 3;
  insert into log values (q, 'assigned');
end $$ language plpgsql;
call divides(5, 4)`);
  expect(await rowsOf('select y, x from log order by y')).toEqual([
    '0.750000000!|0.0000000000',
    '1.714285714285714|0.0000000000',
    'abcé|0.6666666665',
    'assigned|1.3333333333',
    'if|1.0000000000',
    'into|1.3333333330',
    'loop|0.6666666665',
  ]);
  expect(await errorOf("insert into made_there(k) values ('abcd')")).toMatch(/value too long/);
});

test('a view whose columns had PostgreSQL’s types is replaced', async () => {
  await session.client.query(
    'create view older as select a * b as m, stddev(i) over () as s, ceil(i) as c, i from t',
  );
  await session.run(
    'create or replace view older as select a * b as m, stddev(i) over () as s, ceil(i) as c, i from t',
  );
  expect(await rowsOf("select type from pg_table_def where tablename = 'older'")).toEqual([
    'numeric(17,4)',
    'double precision',
    'integer',
    'integer',
  ]);
  expect(await errorOf('create or replace view older as select v as m, 1 as s, 2 as c, i from t')).toMatch(
    /cannot change data type of view column/,
  );
});
