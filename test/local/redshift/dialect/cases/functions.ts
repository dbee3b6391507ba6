import type { Case } from './case.ts';

export const DATES: readonly Case[] = [
  ["select dateadd(month, 18, '2008-02-28')", '2009-08-28 00:00:00'],
  ["select dateadd(m, 30, '2008-02-28')", '2008-02-28 00:30:00'],
  [
    "select dateadd(month, 1, '2008-04-30'), add_months('2008-04-30', 1)",
    '2008-05-30 00:00:00|2008-05-31 00:00:00',
  ],
  [
    "select dateadd(month, 12, '2016-02-29'), dateadd(year, 1, '2016-02-29')",
    '2017-02-28 00:00:00|2017-03-01 00:00:00',
  ],
  ["select dateadd(hour, 12, time '13:24:55')", '01:24:55'],
  [
    "select dateadd('week', -1, date '2024-03-08'), dateadd(qtr, 1, date '2024-01-31')",
    '2024-03-01 00:00:00|2024-04-30 00:00:00',
  ],
  [
    "select dateadd(ms, 5, '2024-01-01'), dateadd(s, 90, timestamp '2024-01-01')",
    '2024-01-01 00:00:00.005|2024-01-01 00:01:30',
  ],
  ["select date_add('day', 1, date '2024-02-28')", '2024-02-29 00:00:00'],
  [
    "select datediff(year, '2008-12-31', '2009-01-01'), datediff(hour, '2009-01-01 00:59', '2009-01-01 01:01')",
    '1|1',
  ],
  [
    "select datediff(week, '2009-01-01', '2009-12-31'), datediff(day, '2023-01-04'::date, '2024-05-04'::date)",
    '52|486',
  ],
  ["select datediff(hour, '2023-01-01', '2023-01-03 05:04:03')", '53'],
  ["select datediff(month, '2024-01-31', '2024-02-01'), datediff(qtr, '2024-03-31', '2024-04-01')", '1|1'],
  [
    "select datediff(minute, time '20:00:00', time '21:00:00'), datediff(hours, time '20:00', time '15:24:45')",
    '60|-5',
  ],
  [
    "select datediff(second, '2024-01-01 00:00:00.9', '2024-01-01 00:00:01.1'), datediff(day, '2024-03-02', '2024-03-01')",
    '1|-1',
  ],
  ["select datediff(day, date '2024-01-01', timestamp '2024-01-03 12:00')", '2'],
  [
    "select datediff(decade, '2009-12-31', '2010-01-01'), datediff(century, '2000-12-31', '2001-01-01')",
    '1|1',
  ],
  [
    "select date_part(dow, date '2024-05-05'), date_part(w, '2022-05-02'), date_part('sec', timestamp '2009-09-21 11:10:03.189717')",
    '0|18|3.189717',
  ],
  [
    "select extract(sec from timestamp '2009-09-21 11:10:03.189717'), extract(ms from timestamp '2009-09-09 12:08:43.101')",
    '3|101',
  ],
  ["select extract(year from date '2024-05-06') / 5", '404'],
  [
    "select extract(decade from timestamp '2000-02-16'), extract(century from timestamp '2000-12-16'), extract(mil from timestamp '2001-12-16')",
    '201|20|3',
  ],
  ["select extract(epoch from timestamp '1970-01-02')", '86400'],
  [
    "select date_trunc('week', timestamp '2022-04-30 04:05:06.789'), date_trunc('qtr', date '2020-04-30')",
    '2022-04-25 00:00:00|2020-04-01 00:00:00',
  ],
  ["select trunc(timestamp '2011-07-21 10:32:38.248109'), trunc(date '2020-01-01')", '2011-07-21|2020-01-01'],
  [
    "select last_day('2024-02-05'), next_day('2014-08-20', 'Tuesday'), next_day(date '2014-08-19', 'tue')",
    '2024-02-29|2014-08-26|2014-08-26',
  ],
  [
    "select months_between('2014-08-31', '2014-09-30'), months_between(date '2024-03-15', date '2024-01-15')",
    '-1|2',
  ],
  [
    "select convert_timezone('America/New_York', '2024-07-01 12:00'), convert_timezone('EST', 'UTC', '2024-01-01')",
    '2024-07-01 08:00:00|2024-01-01 05:00:00',
  ],
  ["select timestamp '2024-07-01 12:00' at time zone 'UTC' = timestamptz '2024-07-01 12:00+00'", 't'],
  ["select date_part_year(date '2024-07-01')", '2024'],
  [
    "select to_date('02 Oct 2001', 'DD Mon YYYY'), to_date('20010630', 'YYYYMMDD', true)",
    '2001-10-02|2001-06-30',
  ],
  [
    "select to_char(timestamp '2009-12-31 23:15:59', 'MONTH-DY-DD-YYYY HH12:MIPM'), to_char(125.8, '999D9')",
    'DECEMBER -THU-31-2009 11:15PM| 125.8',
  ],
  ["select date '2024-01-31' - date '2024-01-01', date '2024-01-01' + 1", '30|2024-01-02'],
  [
    "select date '2008-12-31' + interval '1w, 1h, 1m, 1s', date '2008-12-31' + interval '0.5 days'",
    '2009-01-07 01:01:01|2008-12-31 12:00:00',
  ],
  [
    "select dateadd(hour, 2, timetz '13:24:55 PST'), datediff(hours, timetz '20:00:00 PST', timetz '00:58:00 EST'), extract(ms from timetz '18:25:33.123456 EST')",
    '23:24:55+00|1|123',
  ],
  [
    "select getdate() = date_trunc('second', getdate()), sysdate <= getdate() + interval '1 second', current_date = trunc(sysdate)",
    't|t|t',
  ],
];

export const STRINGS: readonly Case[] = [
  [String.raw`select 'it\'s', 'a\\b', 'tab\there', '\101', 'it''s'`, "it's|a\\b|tab\there|A|it's"],
  ["select len('abc '), len('abc '::char(10)), length('café'), octet_length('café')", '4|3|4|5'],
  ["select concat('a', null), concat('a', 'b'), 'a' || null, concat(1, 2)", 'NULL|ab|NULL|12'],
  ["select charindex('fish', 'dogfish'), strpos('dogfish', 'cat'), position('g' in 'dog')", '4|0|3'],
  [
    "select substring('caterpillar', 6, 4), substring('caterpillar', 0, 3), substr('abc', 2), left('abc', 2), right('abc', 2)",
    'pill|ca|bc|ab|bc',
  ],
  [
    "select replicate('ab', 3), repeat('x', 2), reverse('abc'), initcap('nibh.quisque@ID'), translate('abc', 'ab', 'x')",
    'ababab|xx|cba|Nibh.Quisque@Id|xc',
  ],
  ["select upper('é'), lower('ÄÖ'), initcap('élan vital')", 'É|äö|Élan Vital'],
  [
    "select btrim('xaxbxx', 'x'), trim(both '-' from '--a-'), trim('--a-', '-'), ltrim('  a'), rtrim('a--', '-'), lpad('7', 3, '0')",
    'axb|a|a|a|a|007',
  ],
  ["select split_part('a-b-c', '-', 2), split_part('abc', '-', 1), split_part('a-b', '-', 5)", 'b|abc|'],
  ["select md5('Amazon Redshift')", 'f7415e33f972c03abd4f3fed36748f7a'],
  [
    "select sha1('a'), func_sha1('a'), sha2('a', 0) = sha2('a', 256)",
    '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8|86f7e437faa5a7fce15d1ddcb9eaeaea377667b8|t',
  ],
  [
    "select sha2('Amazon Redshift', 256), len(sha2('a', 512))",
    '15013dc10bc5b293f1f66ea28d818387f191cafeb26f89639fae0b4acf9c8772|128',
  ],
  [
    "select crc32('Amazon Redshift'), strtol('abcd1234', 16), strtol('-110', 2), to_hex(255)",
    'f2726906|2882343476|-6|ff',
  ],
  [
    "select regexp_replace('the fox', 'FOX', 'quick brown fox', 1, 'i'), regexp_replace('a1b2', '[0-9]')",
    'the quick brown fox|ab',
  ],
  [
    "select regexp_substr('abc', 'x'), regexp_substr('the fox', 'FOX', 1, 1, 'i'), regexp_substr('abc', '[a-z]', 1, 9)",
    '|fox|NULL',
  ],
  [String.raw`select regexp_substr('This is a cat, this is a dog.', 'this is a (\\w+)', 1, 2, 'ie')`, 'dog'],
  [
    "select regexp_instr('the fox', 'FOX', 1, 1, 0, 'i'), regexp_instr('abc', 'c', 1, 1, 1), regexp_count('abcabc', 'a')",
    '5|4|2',
  ],
  [
    "select regexp_substr('passwd7 plain A1234 a1234', '(?=[^ ]*[a-z])(?=[^ ]*[0-9])[^ ]+', 1, 2, 'p')",
    'a1234',
  ],
  ["select 'Abc' ilike 'aB%', 'abc' similar to '(b|a)%', 'abc' ~ '^a', 'a_c' like 'a\\\\_c'", 't|t|t|t'],
  [
    "select 'a ' = 'a', 'a' <> 'a  ', 'a ' in ('a'), case 'a ' when 'a' then 1 else 2 end, 'a ' like 'a'",
    't|f|t|1|f',
  ],
  ["select nullif('x', 'x '), decode('x ', 'x', 1, 2), greatest('a', null, 'b')", 'NULL|1|b'],
  ['select json_extract_path_text(\'{"f2":{"f3":1},"f4":{"f5":99,"f6":"star"}}\', \'f4\', \'f6\')', 'star'],
  [
    "select json_extract_path_text('{\"a\": {}}', 'a', 'b'), json_extract_path_text('{', 'a', true), json_extract_path_text('{\"a\":[1]}', 'a', '0')",
    'NULL|NULL|NULL',
  ],
  [
    "select is_valid_json('{\"a\":2}'), is_valid_json('[1,2,3]'), is_valid_json('{{}}'), is_valid_json_array('[1]')",
    't|f|f|t',
  ],
  [
    "select json_array_length('[11,12,13,{\"f1\":21},14]'), json_array_length('[1', true), json_extract_array_element_text('[111,112,113]', 2)",
    '5|NULL|113',
  ],
  [
    'select json_serialize(json_parse(\'{ "b" : [1, "x"] , "a": null }\')), json_parse(\'"abc"\')::varchar',
    '{"b":[1,"x"],"a":null}|abc',
  ],
  [
    "select lpad(7, 3, '0'), substring(timestamp '2008-03-05 12:25:29', 6, 2), strpos(10.25, '.'), reverse(123), len(1000), left(date '2024-05-06', 4)",
    '007|03|3|321|4|2024',
  ],
  [
    "select split_part(timestamp '2008-03-05 12:25:29', '-', 2), substring(12345 from 2 for 3), position('.' in 1.5), trim(both '0' from 100), repeat(1, 3), replace(1.5, '.', ',')",
    '03|234|2|1|111|1,5',
  ],
  ["select bpcharcmp('a', 'c'), bpcharcmp('a', 'a '), md5(1) = md5('1')", '-1|0|t'],
  ["select chr(65), ascii('A'), quote_ident('a b'), quote_literal('x')", 'A|65|"a b"|\'x\''],
];

export const NUMBERS: readonly Case[] = [
  [
    'select nvl(null, 1), nvl(null, null, 3), coalesce(null, 2), nvl2(null, 1, 2), nvl2(5, 1, 2)',
    '1|3|2|2|1',
  ],
  ["select decode(3, 1, 'a', 3, 'c', 'z'), decode(null, null, 'n', 'z'), decode(9, 1, 'a')", 'c|n|NULL'],
  ['select 7 / 2, -7 / 2, 7 % 3, mod(-7, 3), 2 ^ 3', '3|-3|1|-1|8'],
  ['select round(28.05, 1), round(28.05, -1), round(15, -1), round(2.567::float8, 2)', '28.1|30|20|2.57'],
  [
    'select trunc(111.15, 1), trunc(111.15, -1), trunc(-1.9), trunc(5), trunc(9.87::float8, 1)',
    '111.1|110|-1|5|9.8',
  ],
  [
    'select power(2, 10), sqrt(16), exp(0), ln(1), log(100), dlog10(1000), abs(-3), sign(-2), ceiling(1.2), floor(-1.2)',
    '1024|4|1|0|2|3|3|-1|2|-2',
  ],
  [
    "select cast('12' as int) + '3'::smallint, convert(varchar, 12) || 'x', 12.7::decimal, cast(109.652 as decimal(4,1))",
    '15|12x|13|109.7',
  ],
  ["select 'abcdef'::varchar(3), 'abc'::char(5) || '|', 1::boolean, 't'::bool", 'abc|abc||t|t'],
  ['select greatest(1, null, 3), least(2, 1), nullif(1, 1)', '3|1|NULL'],
  ['select 1 != 2, not true, null is null', 't|f|t'],
  ['select 1 where true is true and false is not unknown', '1'],
];
