import { test } from 'vitest';
import { translate } from '../../../../local/redshift/dialect/translate.ts';
import { startWarehouse } from './warehouse.ts';
test('scratch', async () => {
  const w = await startWarehouse();
  const s = await w.session();
  const time = async (name: string, f: () => Promise<unknown>) => {
    const t = performance.now();
    await f();
    console.log('T', name, Math.round(performance.now() - t));
  };
  await s.run('create table big (a int, b varchar(20), c varchar(20), d varchar(20), e decimal(10,2))');
  await s.client.query(
    'create table plain (a int, b varchar(20), c varchar(20), d varchar(20), e decimal(10,2))',
  );
  const gen = "select i, 'item ' || i, 'x', 'yyyyyyyy', i % 1000 / 7.0 from generate_series(1, 1000000) i";
  await time('plain', () => s.client.query('insert into plain ' + gen));
  await time('checked', () => s.client.query('insert into big ' + gen));
  await time('avg pg', () => s.client.query('select avg(e) from big'));
  await time('avg shim', () => s.run('select avg(e) from big'));
  await time('avg int', () => s.run('select avg(a), sum(a) from big'));
  await time('join text', () => s.run('select count(*) from big x join plain y on x.b = y.b'));
  await time('group text', () => s.run('select count(*) from (select b from big group by b)'));
  await time('datediff', () =>
    s.run("select sum(datediff(day, dateadd(day, a % 100, date '2024-01-01'), '2024-06-01')) from big"),
  );
  await time('upper+trunc', () =>
    s.run(
      "select count(*) from big where upper(b) = 'ITEM 5' or trunc(timestamp '2024-01-01') > current_date",
    ),
  );
  const q =
    "select item, row_number() over (partition by item order by id) as rn, nvl(a, 1), dateadd(day, 1, x) from sales where b like 'x%' qualify rn = 1 order by item";
  translate(q);
  const t = performance.now();
  for (let i = 0; i < 2000; i++) translate(q);
  console.log('T translate ms', (performance.now() - t) / 2000);
  await s.end();
  await w.stop();
}, 120000);
