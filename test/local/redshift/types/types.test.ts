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
    'NULL|7|2|1|2',
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
  [
    "select sha2('x', 100), listagg(v, ',') within group (order by k) from (select 1 as k, 'a' as v union all select 2, '' union all select 3, 'b') q",
    '|a,b',
  ],
  ["select median(d) from (select date '2026-01-01' as d union all select '2026-01-03') q", '2026-01-02'],
];

test.each(VALUES)('%s', async (sql, ...rows) => {
  expect(await rowsOf(sql)).toEqual(rows);
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
  [
    "select listagg(repeat('a', 40000)) within group (order by k) from (select 1 as k union all select 2) q",
    /LISTAGG limit/,
  ],
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
