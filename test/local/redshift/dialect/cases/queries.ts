import type { Case } from './case.ts';

export const SETUP = `
create table sales (
  id int not null distkey, item varchar(20) encode zstd, qty int, price decimal(8,2), sold timestamp sortkey,
  primary key (id)
) diststyle key;
insert into sales values
  (1, 'apple', 1, 2.50, '2024-01-01 10:00'), (2, 'pear', 2, 3.75, '2024-01-02 11:00'),
  (3, 'apple', 2, 1.90, '2024-01-03 12:00'), (4, 'fig', null, 10.00, '2024-01-04 13:00');
create table items (item varchar(20), color varchar(10));
insert into items values ('apple', 'red'), ('pear', 'green'), ('kiwi', 'brown');
`;

export const QUERIES: readonly Case[] = [
  [
    'select count(*), sum(qty), avg(qty), avg(price), sum(price), min(item), max(price) from sales',
    '4|5|1|4.53|18.15|apple|10.00',
  ],
  ['select avg(qty::float8) > 1.6, avg(distinct price), count(distinct item) from sales', 't|4.53|3'],
  ['select avg(qty::smallint), avg(qty::bigint), avg(qty::real) > 1.6, avg(-qty) from sales', '1|1|t|-1'],
  [
    'select id, avg(price) over (partition by item), avg(qty) over () from sales order by id',
    '1|2.20|1',
    '2|3.75|1',
    '3|2.20|1',
    '4|10.00|1',
  ],
  ['select count(*) from ((select item from items) except (select item from sales)) left_over', '1'],
  [
    'select count(*) from (((select item from items) minus (select item from sales)) union (select color from items)) q',
    '4',
  ],
  ['select top 2 id from sales order by id desc', '4', '3'],
  ['select distinct top 1 item from sales order by item', 'apple'],
  ['select item from sales minus select item from items', 'fig'],
  ["select item from items except select item from sales union all select 'z' order by 1 desc", 'z', 'kiwi'],
  ['(select top 1 id from sales order by id desc) union all select 0 order by 1', '0', '4'],
  [
    'select item, row_number() over (partition by item order by id desc) as rn, id from sales qualify rn = 1 order by item',
    'apple|1|3',
    'fig|1|4',
    'pear|1|2',
  ],
  [
    'select id, item from sales qualify row_number() over (partition by item order by id) = 1 order by qty desc, id',
    '4|fig',
    '2|pear',
    '1|apple',
  ],
  [
    'select * from items i qualify row_number() over (order by i.item) <= 2 order by item',
    'apple|red',
    'kiwi|brown',
  ],
  [
    'select s.id, i.* from sales s join items i on i.item = s.item qualify rank() over (order by price desc) = 1',
    '2|pear|green',
  ],
  [
    'select item, total from (select item, sum(price) as total from sales group by item qualify rank() over (order by sum(price) desc) = 1)',
    'fig|10.00',
  ],
  [
    'with r as (select id, dense_rank() over (order by qty desc) as d from sales where qty is not null qualify d = 1) select count(*) from r',
    '2',
  ],
  [
    "select item, sum(qty) as q from sales where item <> 'fig' group by all order by item",
    'apple|3',
    'pear|2',
  ],
  [
    'select qty * price as total, total * 2 as twice from sales where qty = 2 order by twice desc',
    '7.50|15.00',
    '3.80|7.60',
  ],
  [
    'select item, sum(price) as total, round(total / 2, 1) as half from sales group by item order by half',
    'pear|3.75|1.9',
    'apple|4.40|2.2',
    'fig|10.00|5.0',
  ],
  ['select qty + 1 as qty, qty * 10 from sales where id = 1', '2|10'],
  ['select price as qty, qty + 1 from sales where id = 2', '3.75|3'],
  [
    'select id + 1 as next, next * 10 as item, item from sales where id < 3 order by id',
    '2|20|apple',
    '3|30|pear',
  ],
  ['select n from (select id as qty, qty + 1 as n from sales) order by n desc nulls last limit 1', '3'],
  [
    "select *, id + 10 as later, later + 1 as last from items, (select 1 as id) x where item = 'kiwi'",
    'kiwi|brown|1|11|12',
  ],
  ["select listagg(item, ', ') within group (order by id) from sales", 'apple, pear, apple, fig'],
  ["select listagg(distinct item, '|') within group (order by item desc) from sales", 'pear|fig|apple'],
  ['select listagg(id) from (select id from sales where id < 3)', '12'],
  [
    "select distinct item, listagg(id, '+') within group (order by id desc) over (partition by item) from sales order by 1",
    'apple|3+1',
    'fig|4',
    'pear|2',
  ],
  [
    'select median(price), percentile_cont(0.5) within group (order by sales.price) from sales',
    '3.125|3.125',
  ],
  ['select median(qty) from sales', '2.0'],
  ['select count(*) from sales where (price > 3) is true', '2'],
  ["select distinct median(price) over (partition by item) from sales where item = 'apple'", '2.20'],
  [
    'select id, round(ratio_to_report(price) over (), 4) from sales order by id',
    '1|0.1377',
    '2|0.2066',
    '3|0.1047',
    '4|0.551',
  ],
  [
    'select distinct item, percentile_cont(0.5) within group (order by price) over (partition by item), percentile_disc(0.5) within group (order by price desc) over (partition by item) from sales order by 1',
    'apple|2.2|2.50',
    'fig|10|10.00',
    'pear|3.75|3.75',
  ],
  [
    'select id, lag(qty) over (order by id), lead(qty, 2) over (order by id) from sales order by id',
    '1|NULL|2',
    '2|1|NULL',
    '3|2|NULL',
    '4|2|NULL',
  ],
  [
    'select id, lag(qty) ignore nulls over (order by id desc), lead(qty ignore nulls) over (order by id) from sales order by id',
    '1|2|2',
    '2|2|2',
    '3|NULL|NULL',
    '4|NULL|NULL',
  ],
  [
    'select id, lag(qty, 2) ignore nulls over (order by id), lead(qty, 2) ignore nulls over (order by id), lag(qty, 0) ignore nulls over (order by id) from sales order by id',
    '1|NULL|2|1',
    '2|NULL|NULL|2',
    '3|1|NULL|2',
    '4|2|NULL|NULL',
  ],
  [
    'select i.color from (sales) s join (items) as i on i.item = s.item join ((items)) on items.item = s.item order by s.id limit 1',
    'red',
  ],
  ["select s.id from (sales s join items i on i.item = s.item) where color = 'green'", '2'],
  [
    'select id, first_value(qty ignore nulls) over (order by id desc rows between unbounded preceding and unbounded following), last_value(qty) ignore nulls over (order by id rows between unbounded preceding and current row) from sales order by id',
    '1|2|1',
    '2|2|2',
    '3|2|2',
    '4|2|2',
  ],
  [
    'select id, sum(qty) over (order by id rows unbounded preceding), ntile(2) over (order by id) from sales order by id',
    '1|1|1',
    '2|3|1',
    '3|5|2',
    '4|5|2',
  ],
  [
    'select id, sum(price) over (partition by item), count(*) over () from sales order by id',
    '1|4.40|4',
    '2|3.75|4',
    '3|4.40|4',
    '4|10.00|4',
  ],
  ['select approximate count(distinct item) from sales', '3'],
  [
    'select nth_value(qty, 2) ignore nulls over (order by id desc rows between unbounded preceding and unbounded following) from sales limit 1',
    '2',
  ],
  ['select approximate percentile_disc(0.5) within group (order by qty) from sales', '2'],
  ['select bool_and(qty > 0), bool_or(qty > 1), any_value(1) from sales', 't|t|1'],
  [
    'select item, qty, count(*) from sales group by grouping sets ((item), (qty), ()) order by 3 desc, 1, 2 limit 3',
    'NULL|NULL|4',
    'apple|NULL|2',
    'NULL|2|2',
  ],
  ['with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select sum(i) from n', '6'],
  ['select s.id from sales s left join items i using (item) where i.color is null', '4'],
  [
    "select item from sales s where exists (select 1 from items i where i.item = s.item and color = 'green')",
    'pear',
  ],
  ['select "ID", "Sales"."Item" from "SALES" where ID = 1', '1|apple'],
  ['select id from sales order by qty desc nulls last, id limit 2 offset 1', '3', '1'],
  [
    "select item, count(*) from (select 'a' as item union all select 'a ' union all select 'b') group by item order by 1",
    'a|2',
    'b|1',
  ],
  ["select count(*) from (select 'a '::varchar as k) x join (select 'a'::varchar as k) y on x.k = y.k", '1'],
  [
    "select datediff(day, min(sold), max(sold)), date_trunc('month', max(sold)) from sales",
    '3|2024-01-01 00:00:00',
  ],
  [
    "select case when nvl(qty, 0) = 0 then 'none' else decode(qty, 1, 'one', 'many') end from sales order by id",
    'one',
    'many',
    'many',
    'none',
  ],
  [
    "select item /* note */ , price -- the price\n from sales where price > 3 and item like '%e%'",
    'pear|3.75',
  ],
  ["select 1 where 'x;y' = 'x;y'", '1'],
  ['select (select max(id) from sales) as m, m + 1', '4|5'],
  [
    'select year, month from (select extract(year from sold) as year, extract(month from sold) as month from sales) group by year, month',
    '2024|1',
  ],
  ['select stddev_samp(qty)::decimal(8,3), var_pop(qty)::decimal(8,3) from sales', '0.577|0.222'],
  ["select 'a' 'b'".replace("' '", "'\n'"), 'ab'],
  [
    "select id from sales where sold between trunc(timestamp '2024-01-02 23:00') and '2024-01-03' order by 1",
    '2',
  ],
  ['explain select 1', 'Result  (cost=0.00..0.01 rows=1 width=4)'],
];
