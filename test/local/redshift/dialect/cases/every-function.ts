/** Redshift's functions one by one, with arguments of each type that they take, dates as text, and NULL. */
import type { Case } from './case.ts';

export const TYPED = `
create table typed (
  i int, s smallint, b bigint, d decimal(8,2), f float8, r real, v varchar(30), c char(10), dt date, ts timestamp,
  tz timestamptz, tm time, ttz timetz, bo boolean, su super, vd varchar(20), vn varchar(10)
);
insert into typed select 7, 3::smallint, 5::bigint, 2.25, 0.5::float8, 0.25::real, 'abc', 'xy', date '2026-01-31',
  timestamp '2026-01-31 10:11:12', timestamptz '2026-01-31 10:11:12+00', time '10:11:12', timetz '10:11:12+00', true,
  json_parse('[1,"x"]'), '2026-01-31', '12';
`;

export const NUMBERS_OF_EACH_TYPE: readonly Case[] = [
  [
    'select abs(i), abs(s), abs(b), abs(d), abs(f), abs(null), abs(-2.5) from typed',
    '7|3|5|2.25|0.5|NULL|2.5',
  ],
  [
    'select ceil(i), ceil(s), ceil(b), ceil(d), ceil(f), ceil(null), ceil(-2.5) from typed',
    '7|3|5|3|1|NULL|-2',
  ],
  [
    'select ceiling(i), ceiling(s), ceiling(b), ceiling(d), ceiling(f), ceiling(null), ceiling(-2.5) from typed',
    '7|3|5|3|1|NULL|-2',
  ],
  [
    'select floor(i), floor(s), floor(b), floor(d), floor(f), floor(null), floor(-2.5) from typed',
    '7|3|5|2|0|NULL|-3',
  ],
  [
    'select round(i), round(s), round(b), round(d), round(f), round(null), round(-2.5) from typed',
    '7|3|5|2|0|NULL|-3',
  ],
  [
    'select trunc(i), trunc(s), trunc(b), trunc(d), trunc(f), trunc(null), trunc(-2.5) from typed',
    '7|3|5|2|0|NULL|-2',
  ],
  ['select sign(i), sign(s), sign(b), sign(d), sign(f), sign(-2.5) from typed', '1|1|1|1|1|-1'],
  [
    'select round(i, 1), round(s, 1), round(b, -1), round(d, 1), round(f, 1), round(null, 1), round(-2.567, 2) from typed',
    '7|3|10|2.3|0.5|NULL|-2.57',
  ],
  [
    'select trunc(i, 1), trunc(s, 1), trunc(b, -1), trunc(d, 1), trunc(f, 1), trunc(null, 1), trunc(-2.567, 2) from typed',
    '7|3|0|2.2|0.5|NULL|-2.56',
  ],
  [
    'select atan(f), atan(r), atan(d), atan(i), atan(b), atan(null) from typed',
    '0.463647609000806|0.244978663126864|1.15257199721567|1.42889927219073|1.37340076694502|NULL',
  ],
  [
    'select cos(f), cos(r), cos(d), cos(i), cos(b), cos(null) from typed',
    '0.877582561890373|0.968912421710645|-0.628173622722739|0.753902254343305|0.283662185463226|NULL',
  ],
  [
    'select cot(f), cot(r), cot(d), cot(i), cot(b), cot(null) from typed',
    '1.83048772171245|3.91631736464594|-0.807345151118508|1.14751542240514|-0.295812915532746|NULL',
  ],
  [
    'select sin(f), sin(r), sin(d), sin(i), sin(b), sin(null) from typed',
    '0.479425538604203|0.247403959254523|0.778073196887921|0.656986598718789|-0.958924274663138|NULL',
  ],
  [
    'select tan(f), tan(r), tan(d), tan(i), tan(b), tan(null) from typed',
    '0.54630248984379|0.255341921221036|-1.2386276162241|0.871447982724319|-3.38051500624659|NULL',
  ],
  [
    'select degrees(f), degrees(r), degrees(d), degrees(i), degrees(b), degrees(null) from typed',
    '28.6478897565412|14.3239448782706|128.915503904435|401.070456591576|286.478897565412|NULL',
  ],
  [
    'select radians(f), radians(r), radians(d), radians(i), radians(b), radians(null) from typed',
    '0.00872664625997165|0.00436332312998582|0.0392699081698724|0.122173047639603|0.0872664625997165|NULL',
  ],
  [
    'select cbrt(f), cbrt(r), cbrt(d), cbrt(i), cbrt(b), cbrt(null) from typed',
    '0.7937005259841|0.629960524947437|1.31037069710445|1.91293118277239|1.7099759466767|NULL',
  ],
  [
    'select dexp(f), dexp(r), dexp(d), dexp(i), dexp(b), dexp(null) from typed',
    '1.64872127070013|1.28402541668774|9.48773583635853|1096.63315842846|148.413159102577|NULL',
  ],
  [
    'select dlog1(f), dlog1(r), dlog1(i), dlog1(b), dlog1(null) from typed',
    '-0.693147180559945|-1.38629436111989|1.94591014905531|1.6094379124341|NULL',
  ],
  [
    'select dlog10(f), dlog10(r), dlog10(d), dlog10(i), dlog10(b), dlog10(null) from typed',
    '-0.301029995663981|-0.602059991327962|0.352182518111362|0.845098040014257|0.698970004336019|NULL',
  ],
  [
    'select exp(f), exp(r), exp(d), exp(i), exp(b), exp(null) from typed',
    '1.64872127070013|1.28402541668774|9.48773583635853|1096.63315842846|148.413159102577|NULL',
  ],
  [
    'select log(f), log(r), log(d), log(i), log(b), log(null) from typed',
    '-0.301029995663981|-0.602059991327962|0.352182518111362|0.845098040014257|0.698970004336019|NULL',
  ],
  [
    'select sqrt(f), sqrt(r), sqrt(d), sqrt(i), sqrt(b), sqrt(null) from typed',
    '0.707106781186548|0.5|1.5|2.64575131106459|2.23606797749979|NULL',
  ],
  [
    'select ln(f), ln(r), ln(i), ln(b), ln(null) from typed',
    '-0.693147180559945|-1.38629436111989|1.94591014905531|1.6094379124341|NULL',
  ],
  [
    'select acos(f), acos(r), acos(d / 10), acos(1), acos(null) from typed',
    '1.0471975511966|1.31811607165282|1.34385329061638|0|NULL',
  ],
  [
    'select asin(f), asin(r), asin(d / 10), asin(1), asin(null) from typed',
    '0.523598775598299|0.252680255142079|0.22694303617852|1.5707963267949|NULL',
  ],
  [
    'select atan2(f, 2), atan2(r, 2), atan2(d, 2), atan2(i, 2), atan2(b, d), atan2(null, 2) from typed',
    '0.244978663126864|0.124354994546761|0.844153986113171|1.29249666778979|1.14794240066196|NULL',
  ],
  [
    'select power(f, 2), power(r, 2), power(d, 2), power(i, 2), power(b, d), power(null, 2) from typed',
    '0.25|0.0625|5.0625|49|37.3837195305305|NULL',
  ],
  [
    'select pow(f, 2), pow(r, 2), pow(d, 2), pow(i, 2), pow(b, d), pow(null, 2) from typed',
    '0.25|0.0625|5.0625|49|37.3837195305305|NULL',
  ],
  [
    'select mod(i, 2), mod(s, 2), mod(b, 2), mod(d, 2), mod(-7, 3), mod(null, 2) from typed',
    '1|1|1|0.25|-1|NULL',
  ],
  [
    'select pi(), random() < 1, to_hex(i), to_hex(b), to_hex(s), to_hex(-1), to_hex(null) from typed',
    '3.14159265358979|t|7|5|3|ffffffff|NULL',
  ],
];

export const STRINGS_OF_EACH_TYPE: readonly Case[] = [
  ['select len(v), len(c), len(i), len(d), len(dt), len(ts), len(null) from typed', '3|2|1|4|10|19|NULL'],
  [
    'select length(v), length(c), length(i), length(d), length(dt), length(ts), length(null) from typed',
    '3|2|1|4|10|19|NULL',
  ],
  [
    'select char_length(v), char_length(c), char_length(i), char_length(d), char_length(dt), char_length(ts), char_length(null) from typed',
    '3|2|1|4|10|19|NULL',
  ],
  [
    'select character_length(v), character_length(c), character_length(i), character_length(d), character_length(dt), character_length(ts), character_length(null) from typed',
    '3|2|1|4|10|19|NULL',
  ],
  [
    'select textlen(v), textlen(c), textlen(i), textlen(d), textlen(dt), textlen(ts), textlen(null) from typed',
    '3|2|1|4|10|19|NULL',
  ],
  [
    'select octet_length(v), octet_length(c), octet_length(i), octet_length(d), octet_length(dt), octet_length(ts), octet_length(null) from typed',
    '3|2|1|4|10|19|NULL',
  ],
  [
    'select ascii(v), ascii(c), ascii(i), ascii(d), ascii(dt), ascii(ts), ascii(null) from typed',
    '97|120|55|50|50|50|NULL',
  ],
  [
    'select upper(v), upper(c), upper(i), upper(d), upper(dt), upper(ts), upper(null) from typed',
    'ABC|XY|7|2.25|2026-01-31|2026-01-31 10:11:12|NULL',
  ],
  [
    'select lower(v), lower(c), lower(i), lower(d), lower(dt), lower(ts), lower(null) from typed',
    'abc|xy|7|2.25|2026-01-31|2026-01-31 10:11:12|NULL',
  ],
  [
    'select initcap(v), initcap(c), initcap(i), initcap(d), initcap(dt), initcap(ts), initcap(null) from typed',
    'Abc|Xy|7|2.25|2026-01-31|2026-01-31 10:11:12|NULL',
  ],
  [
    'select reverse(v), reverse(c), reverse(i), reverse(d), reverse(dt), reverse(ts), reverse(null) from typed',
    'cba|yx|7|52.2|13-10-6202|21:11:01 13-10-6202|NULL',
  ],
  [
    'select quote_ident(v), quote_ident(c), quote_ident(i), quote_ident(d), quote_ident(dt), quote_ident(ts), quote_ident(null) from typed',
    'abc|xy|"7"|"2.25"|"2026-01-31"|"2026-01-31 10:11:12"|NULL',
  ],
  [
    'select quote_literal(v), quote_literal(c), quote_literal(i), quote_literal(d), quote_literal(dt), quote_literal(ts), quote_literal(null) from typed',
    "'abc'|'xy'|'7'|'2.25'|'2026-01-31'|'2026-01-31 10:11:12'|NULL",
  ],
  [
    'select trim(v), trim(c), trim(i), trim(d), trim(dt), trim(ts), trim(null) from typed',
    'abc|xy|7|2.25|2026-01-31|2026-01-31 10:11:12|NULL',
  ],
  [
    'select ltrim(v), ltrim(c), ltrim(i), ltrim(d), ltrim(dt), ltrim(ts), ltrim(null) from typed',
    'abc|xy|7|2.25|2026-01-31|2026-01-31 10:11:12|NULL',
  ],
  [
    'select rtrim(v), rtrim(c), rtrim(i), rtrim(d), rtrim(dt), rtrim(ts), rtrim(null) from typed',
    'abc|xy|7|2.25|2026-01-31|2026-01-31 10:11:12|NULL',
  ],
  [
    'select btrim(v), btrim(c), btrim(i), btrim(d), btrim(dt), btrim(ts), btrim(null) from typed',
    'abc|xy|7|2.25|2026-01-31|2026-01-31 10:11:12|NULL',
  ],
  [
    'select soundex(v), soundex(c), soundex(i), soundex(d), soundex(dt), soundex(ts), soundex(null) from typed',
    'A120|X000|||||NULL',
  ],
  [
    'select crc32(v), crc32(c), crc32(i), crc32(d), crc32(dt), crc32(ts), crc32(null) from typed',
    '364b3fb7|da06ef2c|b6547e0b|a3fc81f6|2849b036|4de7daa8|NULL',
  ],
  [
    'select md5(v), md5(c), md5(i), md5(d), md5(dt), md5(ts), md5(null) from typed',
    '900150983cd24fb0d6963f7d28e17f72|3e44107170a520582ade522fa73c1d15|8f14e45fceea167a5a36dedd4bea2543|21f0f9b3cbcbf902ef189cf46db4ee8e|43b28c9316fe0b98820e813db83773bd|20b7c3f5014188b9708ec54a67c51151|NULL',
  ],
  ['select sha(v), sha(null) from typed', 'a9993e364706816aba3e25717850c26c9cd0d89d|NULL'],
  ['select sha1(v), sha1(null) from typed', 'a9993e364706816aba3e25717850c26c9cd0d89d|NULL'],
  ['select func_sha1(v), func_sha1(null) from typed', 'a9993e364706816aba3e25717850c26c9cd0d89d|NULL'],
  [
    'select sha2(v, 256), sha2(i, 224), sha2(v, 1), sha2(null, 0) from typed',
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad|56929c1607626a1edbdaafb9c7f10c247e54fcbb20f1e3260f783011||NULL',
  ],
  [
    'select left(v, 2), left(c, 2), left(i, 2), left(d, 2), left(dt, 2), left(ts, 2), left(null, 2) from typed',
    'ab|xy|7|2.|20|20|NULL',
  ],
  [
    'select right(v, 2), right(c, 2), right(i, 2), right(d, 2), right(dt, 2), right(ts, 2), right(null, 2) from typed',
    'bc|xy|7|25|31|12|NULL',
  ],
  [
    'select repeat(v, 2), repeat(c, 2), repeat(i, 2), repeat(d, 2), repeat(dt, 2), repeat(ts, 2), repeat(null, 2) from typed',
    'abcabc|xyxy|77|2.252.25|2026-01-312026-01-31|2026-01-31 10:11:122026-01-31 10:11:12|NULL',
  ],
  [
    'select replicate(v, 2), replicate(c, 2), replicate(i, 2), replicate(d, 2), replicate(dt, 2), replicate(ts, 2), replicate(null, 2) from typed',
    'abcabc|xyxy|77|2.252.25|2026-01-312026-01-31|2026-01-31 10:11:122026-01-31 10:11:12|NULL',
  ],
  [
    'select lpad(v, 2), lpad(c, 2), lpad(i, 2), lpad(d, 2), lpad(dt, 2), lpad(ts, 2), lpad(null, 2) from typed',
    'ab|xy| 7|2.|20|20|NULL',
  ],
  [
    'select rpad(v, 2), rpad(c, 2), rpad(i, 2), rpad(d, 2), rpad(dt, 2), rpad(ts, 2), rpad(null, 2) from typed',
    'ab|xy|7 |2.|20|20|NULL',
  ],
  [
    'select substring(v, 2), substring(c, 2), substring(i, 2), substring(d, 2), substring(dt, 2), substring(ts, 2), substring(null, 2) from typed',
    'bc|y||.25|026-01-31|026-01-31 10:11:12|NULL',
  ],
  [
    'select substr(v, 2), substr(c, 2), substr(i, 2), substr(d, 2), substr(dt, 2), substr(ts, 2), substr(null, 2) from typed',
    'bc|y||.25|026-01-31|026-01-31 10:11:12|NULL',
  ],
  [
    "select lpad(v, 5, '-'), lpad(c, 5, '-'), lpad(i, 5, '-'), lpad(d, 5, '-'), lpad(dt, 5, '-'), lpad(ts, 5, '-'), lpad(null, 5, '-') from typed",
    '--abc|---xy|----7|-2.25|2026-|2026-|NULL',
  ],
  [
    "select rpad(v, 5, '-'), rpad(c, 5, '-'), rpad(i, 5, '-'), rpad(d, 5, '-'), rpad(dt, 5, '-'), rpad(ts, 5, '-'), rpad(null, 5, '-') from typed",
    'abc--|xy---|7----|2.25-|2026-|2026-|NULL',
  ],
  [
    'select substring(v, 2, 1), substring(c, 1, 5), substring(ts, 6, 2), substring(v, -1, 3), substring(null, 1, 1) from typed',
    'b|xy|01|a|NULL',
  ],
  [
    'select substr(v, 2, 1), substr(c, 1, 5), substr(ts, 6, 2), substr(v, -1, 3), substr(null, 1, 1) from typed',
    'b|xy|01|a|NULL',
  ],
  [
    "select replace(v, 'a', 'x'), replace(c, 'x', 'z'), replace(d, '.', ','), replace(dt, '-', '/'), replace(null, 'a', 'b') from typed",
    'xbc|zy|2,25|2026/01/31|NULL',
  ],
  [
    "select translate(v, 'a', 'x'), translate(c, 'x', 'z'), translate(d, '.', ','), translate(dt, '-', '/'), translate(null, 'a', 'b') from typed",
    'xbc|zy|2,25|2026/01/31|NULL',
  ],
  [
    "select concat(v, c), concat(c, v), concat(i, d), concat(dt, ' '), concat(null, v) from typed",
    'abcxy|xyabc|72.25|2026-01-31 |NULL',
  ],
  ["select strpos(v, 'b'), strpos(ts, '10'), strpos(d, '.'), strpos(v, null) from typed", '2|12|2|NULL'],
  [
    "select charindex('b', v), charindex('10', ts), charindex('.', d), charindex(null, v) from typed",
    '2|12|2|NULL',
  ],
  [
    "select octetindex('b', v), octetindex('10', ts), octetindex('.', d), octetindex(null, v) from typed",
    '2|12|2|NULL',
  ],
  [
    "select bpcharcmp(v, 'abc '), bpcharcmp(v, 'b'), bpcharcmp(c, 'xx'), bpcharcmp(null, v) from typed",
    '0|-1|1|NULL',
  ],
  [
    "select bttext_pattern_cmp(v, 'abc '), bttext_pattern_cmp(v, 'b'), bttext_pattern_cmp(c, 'xx'), bttext_pattern_cmp(null, v) from typed",
    '0|-1|1|NULL',
  ],
  [
    "select difference(v, 'abc'), difference(v, c), difference(v, '1'), difference('1', '2'), difference(null, v) from typed",
    '4|1|0|1|NULL',
  ],
  [
    "select split_part(v, 'b', 2), split_part(dt, '-', 2), split_part(c, 'x', 2), split_part(null, 'a', 1) from typed",
    'c|01|y|NULL',
  ],
  [
    "select position('b' in v), position('-' in dt), position('y' in c), position('a' in null), v || i, c || v, i || '-' || d, dt || null from typed",
    '2|5|2|NULL|abc7|xyabc|7-2.25|NULL',
  ],
  [
    "select regexp_count(v, '[a-b]'), regexp_count(ts, '[0-9]+'), regexp_count(c, 'y'), regexp_count(null, 'a'), regexp_count(v, 'z') from typed",
    '2|6|1|NULL|0',
  ],
  [
    "select regexp_instr(v, '[a-b]'), regexp_instr(ts, '[0-9]+'), regexp_instr(c, 'y'), regexp_instr(null, 'a'), regexp_instr(v, 'z') from typed",
    '1|1|2|NULL|0',
  ],
  [
    "select regexp_substr(v, '[a-b]'), regexp_substr(ts, '[0-9]+'), regexp_substr(c, 'y'), regexp_substr(null, 'a'), regexp_substr(v, 'z') from typed",
    'a|2026|y|NULL|',
  ],
  [
    "select regexp_replace(v, '[a-b]', 'x'), regexp_replace(ts, '[0-9]+', '#'), regexp_replace(c, 'y'), regexp_replace(null, 'a', 'b'), regexp_replace(v, 'B', 'x', 1, 'i') from typed",
    'xxc|#-#-# #:#:#|x|NULL|axc',
  ],
  ['select chr(65), chr(null) from typed', 'A|NULL'],
  ["select strtol(v, 16), strtol('777', 8), strtol(vn, 10), strtol(null, 2) from typed", '2748|511|12|NULL'],
  [
    "select fnv_hash(1), fnv_hash(1::smallint), fnv_hash(1::bigint), fnv_hash('Amazon Redshift'), fnv_hash('cd', fnv_hash('ab')), fnv_hash(null) from typed",
    '-5968735742475085980|589727492704079044|-8517097267634966620|7783490368944507294|-281581062704388899|NULL',
  ],
  [
    'select cast(i as varchar), cast(d as varchar), cast(f as varchar), cast(ts as varchar), convert(int, vn), cast(vd as date), cast(null as int) from typed',
    '7|2.25|0.5|2026-01-31 10:11:12|12|2026-01-31|NULL',
  ],
  [
    "select to_char(i, '999'), to_char(b, '999'), to_char(d, '99D99'), to_char(f, '0D0'), to_char(r, '0D00'), to_char(null, '9') from typed",
    '   7|   5|  2.25| 0.5| 0.25|NULL',
  ],
  [
    "select to_char(dt, 'DD Mon YYYY'), to_char(ts, 'HH24:MI'), to_char(tz, 'YYYYMMDD'), to_char(vd, 'MM/DD'), to_char('2026-01-31', 'DY'), to_char(null, 'YYYY') from typed",
    '31 Jan 2026|10:11|20260131|01/31|SAT|NULL',
  ],
  ["select to_number('12.5', '99D9'), to_number(vn, '99'), to_number(null, '9') from typed", '12.5|12|NULL'],
  [
    "select text_to_int_alt('123-'), text_to_int_alt('-123E-2'), text_to_int_alt(' '), text_to_int_alt(vn), text_to_int_alt(null) from typed",
    '-123|-1|0|12|NULL',
  ],
  [
    "select text_to_numeric_alt('1.5'), text_to_numeric_alt('2.5'), text_to_numeric_alt('123.52501', 10, 2), text_to_numeric_alt(vn), text_to_numeric_alt(null) from typed",
    '2|2|123.53|12|NULL',
  ],
];

export const DATES_OF_EACH_TYPE: readonly Case[] = [
  [
    "select last_day(dt), last_day(ts), last_day(tz), last_day(vd), last_day('2026-01-31'), last_day(null) from typed",
    '2026-01-31|2026-01-31|2026-01-31|2026-01-31|2026-01-31|NULL',
  ],
  [
    "select date_part_year(dt), date_part_year(ts), date_part_year(tz), date_part_year(vd), date_part_year('2026-01-31'), date_part_year(null) from typed",
    '2026|2026|2026|2026|2026|NULL',
  ],
  [
    "select add_months(dt, 1), add_months(ts, 1), add_months(tz, 1), add_months(vd, 1), add_months('2026-01-31', 1), add_months(null, 1) from typed",
    '2026-02-28 00:00:00|2026-02-28 10:11:12|2026-02-28 10:11:12|2026-02-28 00:00:00|2026-02-28 00:00:00|NULL',
  ],
  [
    "select next_day(dt, 'Monday'), next_day(ts, 'Monday'), next_day(tz, 'Monday'), next_day(vd, 'Monday'), next_day('2026-01-31', 'Monday'), next_day(null, 'Monday') from typed",
    '2026-02-02|2026-02-02|2026-02-02|2026-02-02|2026-02-02|NULL',
  ],
  ['select trunc(dt), trunc(ts), trunc(tz) from typed', '2026-01-31|2026-01-31|2026-01-31'],
  [
    "select months_between(dt, '2025-12-31'), months_between(ts, dt), months_between(tz, dt), months_between(vd, '2026-01-15'), months_between(null, dt) from typed",
    '1|0|0|0.516129032258065|NULL',
  ],
  [
    "select dateadd(day, 1, dt), dateadd(day, 1, ts), dateadd(day, 1, tz), dateadd(day, 1, vd), dateadd(day, 1, '2026-01-31'), dateadd(day, 1, null) from typed",
    '2026-02-01 00:00:00|2026-02-01 10:11:12|2026-02-01 10:11:12+00|2026-02-01 00:00:00|2026-02-01 00:00:00|NULL',
  ],
  [
    "select date_add(day, 1, dt), date_add(day, 1, ts), date_add(day, 1, tz), date_add(day, 1, vd), date_add(day, 1, '2026-01-31'), date_add(day, 1, null) from typed",
    '2026-02-01 00:00:00|2026-02-01 10:11:12|2026-02-01 10:11:12+00|2026-02-01 00:00:00|2026-02-01 00:00:00|NULL',
  ],
  [
    "select dateadd(hour, 1.9, dt), dateadd(hour, '2', ts), dateadd(hour, s, tz), dateadd(minute, b, tm), dateadd(minute, 1, ttz), dateadd(month, null, dt), dateadd(hour, -1.9, dt) from typed",
    '2026-01-31 01:00:00|2026-01-31 12:11:12|2026-01-31 13:11:12+00|10:16:12|10:12:12+00|NULL|2026-01-30 23:00:00',
  ],
  [
    "select date_add(hour, 1.9, dt), date_add(hour, '2', ts), date_add(hour, s, tz), date_add(minute, b, tm), date_add(minute, 1, ttz), date_add(month, null, dt), date_add(hour, -1.9, dt) from typed",
    '2026-01-31 01:00:00|2026-01-31 12:11:12|2026-01-31 13:11:12+00|10:16:12|10:12:12+00|NULL|2026-01-30 23:00:00',
  ],
  [
    "select datediff(day, dt, '2026-02-02'), datediff(hour, vd, ts), datediff(minute, dt, tz), datediff(hour, tm, '12:00'), datediff(hour, ttz, ttz), datediff(day, null, dt) from typed",
    '2|10|611|2|0|NULL',
  ],
  [
    "select date_diff(day, dt, '2026-02-02'), date_diff(hour, vd, ts), date_diff(minute, dt, tz), date_diff(hour, tm, '12:00'), date_diff(hour, ttz, ttz), date_diff(day, null, dt) from typed",
    '2|10|611|2|0|NULL',
  ],
  [
    "select date_part(hour, dt), date_part(hour, ts), date_part(hour, tz), date_part(hour, vd), date_part(hour, '2026-01-31 04:00'), date_part(hour, tm), date_part(hour, ttz), date_part(hour, null) from typed",
    '0|10|10|0|4|10|10|NULL',
  ],
  [
    "select pgdate_part('hour', dt), pgdate_part('hour', ts), pgdate_part('hour', tz), pgdate_part('hour', vd), pgdate_part('hour', '2026-01-31 04:00'), pgdate_part('hour', tm), pgdate_part('hour', ttz), pgdate_part('hour', null) from typed",
    '0|10|10|0|4|10|10|NULL',
  ],
  [
    "select datepart(hour, dt), datepart(hour, ts), datepart(hour, tz), datepart(hour, vd), datepart(hour, '2026-01-31 04:00'), datepart(hour, tm), datepart(hour, ttz), datepart(hour, null) from typed",
    '0|10|10|0|4|10|10|NULL',
  ],
  [
    "select extract(hour from dt), extract(hour from ts), extract(hour from tz), extract(hour from vd), extract(hour from '2026-01-31 04:00'), extract(hour from tm), extract(hour from ttz), extract(hour from null) from typed",
    '0|10|10|0|4|10|10|NULL',
  ],
  [
    "select date_trunc('month', dt), date_trunc('month', ts), date_trunc('month', tz), date_trunc('month', vd), date_trunc('month', '2026-01-31'), date_trunc('month', null) from typed",
    '2026-01-01 00:00:00|2026-01-01 00:00:00|2026-01-01 00:00:00+00|2026-01-01 00:00:00|2026-01-01 00:00:00|NULL',
  ],
  [
    "select convert_timezone('America/New_York', dt), convert_timezone('America/New_York', ts), convert_timezone('America/New_York', tz), convert_timezone('America/New_York', vd), convert_timezone('America/New_York', '2026-01-31'), convert_timezone('America/New_York', null) from typed",
    '2026-01-30 19:00:00|2026-01-31 05:11:12|2026-01-31 05:11:12|2026-01-30 19:00:00|2026-01-30 19:00:00|NULL',
  ],
  [
    "select convert_timezone('America/New_York', 'UTC', dt), convert_timezone('America/New_York', 'UTC', ts), convert_timezone('America/New_York', 'UTC', vd), convert_timezone('America/New_York', 'UTC', null) from typed",
    '2026-01-31 05:00:00|2026-01-31 15:11:12|2026-01-31 05:00:00|NULL',
  ],
  [
    "select timezone('America/New_York', ts), timezone('America/New_York', tz) from typed",
    '2026-01-31 15:11:12+00|2026-01-31 05:11:12',
  ],
  [
    "select ts at time zone 'America/New_York', tz at time zone 'America/New_York' from typed",
    '2026-01-31 15:11:12+00|2026-01-31 05:11:12',
  ],
  [
    "select to_date(vd, 'YYYY-MM-DD'), to_date('20010631', 'YYYYMMDD'), to_date('31 Apr 2001', 'DD Mon YYYY'), to_date(ts, 'YYYY-MM-DD'), to_date(20260104, 'YYYYMMDD'), to_date(null, 'YYYY') from typed",
    '2026-01-31|2001-07-01|2001-05-01|2026-01-31|2026-01-04|NULL',
  ],
  [
    "select to_timestamp(vd, 'YYYY-MM-DD'), to_timestamp('2011-12-18 24:38:15', 'YYYY-MM-DD HH24:MI:SS'), to_timestamp(ts, 'YYYY-MM-DD HH24:MI:SS'), to_timestamp('2017', 'YYYY'), to_timestamp(null, 'YYYY') from typed",
    '2026-01-31 00:00:00+00|2011-12-19 00:38:15+00|2026-01-31 10:11:12+00|2017-01-01 00:00:00+00|NULL',
  ],
  [
    "select date_cmp(dt, dt), date_cmp(vd, dt), date_cmp(dt, '2026-01-01'), date_cmp(null, dt) from typed",
    '0|0|1|NULL',
  ],
  [
    "select date_cmp_timestamp(dt, ts), date_cmp_timestamp(vd, ts), date_cmp_timestamp(dt, '2026-01-01'), date_cmp_timestamp(null, ts) from typed",
    '-1|-1|1|NULL',
  ],
  [
    "select date_cmp_timestamptz(dt, tz), date_cmp_timestamptz(vd, tz), date_cmp_timestamptz(dt, '2026-01-01'), date_cmp_timestamptz(null, tz) from typed",
    '-1|-1|1|NULL',
  ],
  [
    "select timestamp_cmp_date(ts, dt), timestamp_cmp_date(vd, dt), timestamp_cmp_date(ts, '2026-01-01'), timestamp_cmp_date(null, dt) from typed",
    '1|0|1|NULL',
  ],
  [
    "select timestamp_cmp(ts, ts), timestamp_cmp(vd, ts), timestamp_cmp(ts, '2026-01-01'), timestamp_cmp(null, ts) from typed",
    '0|-1|1|NULL',
  ],
  [
    "select timestamp_cmp_timestamptz(ts, tz), timestamp_cmp_timestamptz(vd, tz), timestamp_cmp_timestamptz(ts, '2026-01-01'), timestamp_cmp_timestamptz(null, tz) from typed",
    '0|-1|1|NULL',
  ],
  [
    "select timestamptz_cmp_date(tz, dt), timestamptz_cmp_date(vd, dt), timestamptz_cmp_date(tz, '2026-01-01'), timestamptz_cmp_date(null, dt) from typed",
    '1|0|1|NULL',
  ],
  [
    "select timestamptz_cmp_timestamp(tz, ts), timestamptz_cmp_timestamp(vd, ts), timestamptz_cmp_timestamp(tz, '2026-01-01'), timestamptz_cmp_timestamp(null, ts) from typed",
    '0|-1|1|NULL',
  ],
  [
    "select timestamptz_cmp(tz, tz), timestamptz_cmp(vd, tz), timestamptz_cmp(tz, '2026-01-01'), timestamptz_cmp(null, tz) from typed",
    '0|-1|1|NULL',
  ],
  [
    "select interval_cmp(interval '3 days', interval '1 year'), interval_cmp('7 days', '1 week') from typed",
    '-1|0',
  ],
  ["select getdate() <= sysdate, current_date = trunc(sysdate), timeofday() like '%UTC' from typed", 't|t|t'],
];

export const SUPER_VALUES: readonly Case[] = [
  [
    `select json_typeof(su), json_typeof(json_parse('{"a": 1}')), json_typeof(json_parse('1')), json_typeof(json_parse('1.5')), json_typeof(json_parse('"é"')), json_typeof(json_parse('true')), json_typeof(null) from typed`,
    'array|object|number|number|string|boolean|NULL',
  ],
  [
    `select json_size(su), json_size(json_parse('{"a": 1}')), json_size(json_parse('1')), json_size(json_parse('1.5')), json_size(json_parse('"é"')), json_size(json_parse('true')), json_size(null) from typed`,
    '7|7|1|3|4|4|NULL',
  ],
  [
    `select is_array(su), is_array(json_parse('{"a": 1}')), is_array(json_parse('1')), is_array(json_parse('1.5')), is_array(json_parse('"é"')), is_array(json_parse('true')), is_array(null) from typed`,
    't|f|f|f|f|f|f',
  ],
  [
    `select is_object(su), is_object(json_parse('{"a": 1}')), is_object(json_parse('1')), is_object(json_parse('1.5')), is_object(json_parse('"é"')), is_object(json_parse('true')), is_object(null) from typed`,
    'f|t|f|f|f|f|f',
  ],
  [
    `select is_scalar(su), is_scalar(json_parse('{"a": 1}')), is_scalar(json_parse('1')), is_scalar(json_parse('1.5')), is_scalar(json_parse('"é"')), is_scalar(json_parse('true')), is_scalar(null) from typed`,
    'f|f|t|t|t|t|f',
  ],
  [
    `select is_varchar(su), is_varchar(json_parse('{"a": 1}')), is_varchar(json_parse('1')), is_varchar(json_parse('1.5')), is_varchar(json_parse('"é"')), is_varchar(json_parse('true')), is_varchar(null) from typed`,
    'f|f|f|f|t|f|f',
  ],
  [
    `select is_char(su), is_char(json_parse('{"a": 1}')), is_char(json_parse('1')), is_char(json_parse('1.5')), is_char(json_parse('"é"')), is_char(json_parse('true')), is_char(null) from typed`,
    'f|f|f|f|f|f|f',
  ],
  [
    `select is_boolean(su), is_boolean(json_parse('{"a": 1}')), is_boolean(json_parse('1')), is_boolean(json_parse('1.5')), is_boolean(json_parse('"é"')), is_boolean(json_parse('true')), is_boolean(null) from typed`,
    'f|f|f|f|f|t|f',
  ],
  [
    `select is_bigint(su), is_bigint(json_parse('{"a": 1}')), is_bigint(json_parse('1')), is_bigint(json_parse('1.5')), is_bigint(json_parse('"é"')), is_bigint(json_parse('true')), is_bigint(null) from typed`,
    'f|f|t|f|f|f|f',
  ],
  [
    `select is_integer(su), is_integer(json_parse('{"a": 1}')), is_integer(json_parse('1')), is_integer(json_parse('1.5')), is_integer(json_parse('"é"')), is_integer(json_parse('true')), is_integer(null) from typed`,
    'f|f|t|f|f|f|f',
  ],
  [
    `select is_smallint(su), is_smallint(json_parse('{"a": 1}')), is_smallint(json_parse('1')), is_smallint(json_parse('1.5')), is_smallint(json_parse('"é"')), is_smallint(json_parse('true')), is_smallint(null) from typed`,
    'f|f|t|f|f|f|f',
  ],
  [
    `select is_decimal(su), is_decimal(json_parse('{"a": 1}')), is_decimal(json_parse('1')), is_decimal(json_parse('1.5')), is_decimal(json_parse('"é"')), is_decimal(json_parse('true')), is_decimal(null) from typed`,
    'f|f|t|t|f|f|f',
  ],
  [
    `select is_float(su), is_float(json_parse('{"a": 1}')), is_float(json_parse('1')), is_float(json_parse('1.5')), is_float(json_parse('"é"')), is_float(json_parse('true')), is_float(null) from typed`,
    'f|f|f|f|f|f|f',
  ],
  [
    'select json_serialize(array(1, 50, null, 100)), json_serialize(array(i, v, d, bo, f, su)), json_serialize(array()) from typed',
    '[1,50,null,100]|[7,"abc",2.25,true,5e-1,[1,"x"]]|[]',
  ],
  [
    "select json_serialize(object('a', i, 'b', su, v, null)), json_serialize(object()) from typed",
    '{"a":7,"b":[1,"x"],"abc":null}|{}',
  ],
  [
    'select json_serialize(array_concat(su, array(2))), json_serialize(array_flatten(array(su, array(2)))) from typed',
    '[1,"x",2]|[1,"x",2]',
  ],
  ['select json_serialize(subarray(su, 0, 1)), json_serialize(subarray(su, -1, 5)) from typed', '[1]|["x"]'],
  [
    "select json_serialize(split_to_array('12|345', '|')), json_serialize(split_to_array(v)) from typed",
    '["12","345"]|["abc"]',
  ],
  ['select get_array_length(su), get_array_length(null) from typed', '2|NULL'],
  [
    `select decimal_precision(json_parse('3.14159')), decimal_scale(json_parse('3.14159')), json_serialize(su), json_serialize(null), can_json_parse('[1'), is_valid_json('{}'), is_valid_json_array('[1]'), json_array_length('[1,2]'), json_array_length('x', true), json_extract_path_text('{"a":{"b":1}}', 'a', 'b'), json_extract_array_element_text('[1,[2]]', 1), json_parse(null) from typed`,
    '6|5|[1,"x"]|NULL|f|t|t|2|NULL|1|[2]|NULL',
  ],
];

export const AGGREGATES_OF_EACH_TYPE: readonly Case[] = [
  ['select sum(i), sum(s), sum(b), sum(d), sum(f), sum(r), sum(null) from typed', '7|3|5|2.25|0.5|0.25|NULL'],
  ['select avg(i), avg(s), avg(b), avg(d), avg(f), avg(r), avg(null) from typed', '7|3|5|2.25|0.5|0.25|NULL'],
  [
    'select stddev_pop(i), stddev_pop(s), stddev_pop(b), stddev_pop(d), stddev_pop(f), stddev_pop(r), stddev_pop(null) from typed',
    '0|0|0|0|0|0|NULL',
  ],
  [
    'select var_pop(i), var_pop(s), var_pop(b), var_pop(d), var_pop(f), var_pop(r), var_pop(null) from typed',
    '0|0|0|0|0|0|NULL',
  ],
  [
    'select min(i), min(d), min(f), min(v), min(dt), min(ts), min(tz), min(null) from typed',
    '7|2.25|0.5|abc|2026-01-31|2026-01-31 10:11:12|2026-01-31 10:11:12+00|NULL',
  ],
  [
    'select max(i), max(d), max(f), max(v), max(dt), max(ts), max(tz), max(null) from typed',
    '7|2.25|0.5|abc|2026-01-31|2026-01-31 10:11:12|2026-01-31 10:11:12+00|NULL',
  ],
  [
    'select any_value(i), any_value(d), any_value(f), any_value(v), any_value(dt), any_value(ts), any_value(tz), any_value(null) from typed',
    '7|2.25|0.5|abc|2026-01-31|2026-01-31 10:11:12|2026-01-31 10:11:12+00|NULL',
  ],
  [
    'select count(i), count(d), count(f), count(v), count(dt), count(ts), count(tz), count(null) from typed',
    '1|1|1|1|1|1|1|0',
  ],
  ['select stddev(i), stddev(d), stddev(null) from typed', 'NULL|NULL|NULL'],
  ['select stddev_samp(i), stddev_samp(d), stddev_samp(null) from typed', 'NULL|NULL|NULL'],
  ['select variance(i), variance(d), variance(null) from typed', 'NULL|NULL|NULL'],
  ['select var_samp(i), var_samp(d), var_samp(null) from typed', 'NULL|NULL|NULL'],
  ['select bit_and(i), bit_and(s), bit_and(b), bit_and(null) from typed', '7|3|5|NULL'],
  ['select bit_or(i), bit_or(s), bit_or(b), bit_or(null) from typed', '7|3|5|NULL'],
  ['select bool_and(bo), bool_and(i > 7), bool_and(i) from typed', 't|f|t'],
  ['select bool_or(bo), bool_or(i > 7), bool_or(i) from typed', 't|f|t'],
  ['select median(i) from typed', '7.0'],
  ['select median(s) from typed', '3.0'],
  ['select median(b) from typed', '5.0'],
  ['select median(d) from typed', '2.25'],
  ['select median(f) from typed', '0.5'],
  ['select median(r) from typed', '0.25'],
  ['select median(dt) from typed', '2026-01-31'],
  ['select median(ts) from typed', '2026-01-31 10:11:12'],
  ['select median(tz) from typed', '2026-01-31 10:11:12+00'],
  [
    'select count(*), count(distinct i), percentile_cont(0.5) within group (order by d) from typed',
    '1|1|2.25',
  ],
  ["select listagg(v, ',') within group (order by v) from typed", 'abc'],
  ['select approximate percentile_disc(0.5) within group (order by dt) from typed', '2026-01-31'],
  [
    'select listagg(i) within group (order by i), listagg(dt) within group (order by i) from typed',
    '7|2026-01-31',
  ],
  ['select percentile_disc(0.5) within group (order by i) over () from typed', '7'],
  ['select percentile_disc(0.5) within group (order by d) over () from typed', '2.25'],
  ['select percentile_disc(0.5) within group (order by f) over () from typed', '0.5'],
  ['select percentile_disc(0.5) within group (order by dt) over () from typed', '2026-01-31'],
  ['select percentile_disc(0.5) within group (order by ts) over () from typed', '2026-01-31 10:11:12'],
  ['select row_number() over (order by i) from typed', '1'],
  ['select rank() over (order by i) from typed', '1'],
  ['select dense_rank() over (order by i) from typed', '1'],
  ['select ntile(2) over (order by i) from typed', '1'],
  ['select cume_dist() over (order by i) from typed', '1'],
  ['select percent_rank() over (order by i) from typed', '0'],
  ['select ratio_to_report(d) over () from typed', '1'],
  ['select lag(i, 0) over (order by i), lag(i, 2) ignore nulls over (order by i) from typed', '7|NULL'],
  ['select lag(v, 0) over (order by i), lag(v, 2) ignore nulls over (order by i) from typed', 'abc|NULL'],
  [
    'select lag(null, 0) over (order by i), lag(null, 2) ignore nulls over (order by i) from typed',
    'NULL|NULL',
  ],
  ['select lead(i, 0) over (order by i), lead(i, 2) ignore nulls over (order by i) from typed', '7|NULL'],
  ['select lead(v, 0) over (order by i), lead(v, 2) ignore nulls over (order by i) from typed', 'abc|NULL'],
  [
    'select lead(null, 0) over (order by i), lead(null, 2) ignore nulls over (order by i) from typed',
    'NULL|NULL',
  ],
  [
    'select first_value(i ignore nulls) over (order by i rows unbounded preceding), first_value(v ignore nulls) over (order by i rows unbounded preceding), first_value(dt ignore nulls) over (order by i rows unbounded preceding), first_value(null ignore nulls) over (order by i rows unbounded preceding) from typed',
    '7|abc|2026-01-31|NULL',
  ],
  [
    'select last_value(i ignore nulls) over (order by i rows unbounded preceding), last_value(v ignore nulls) over (order by i rows unbounded preceding), last_value(dt ignore nulls) over (order by i rows unbounded preceding), last_value(null ignore nulls) over (order by i rows unbounded preceding) from typed',
    '7|abc|2026-01-31|NULL',
  ],
  ['select nth_value(v, 1) over (order by i rows unbounded preceding) from typed', 'abc'],
];

export const CONDITIONS_OF_EACH_TYPE: readonly Case[] = [
  [
    'select coalesce(i, d), coalesce(null, v), coalesce(dt, null), coalesce(f, i), coalesce(null, null) from typed',
    '7.00|abc|2026-01-31|0.5|NULL',
  ],
  [
    'select nvl(i, d), nvl(null, v), nvl(dt, null), nvl(f, i), nvl(null, null) from typed',
    '7.00|abc|2026-01-31|0.5|NULL',
  ],
  [
    'select greatest(i, d), greatest(null, v), greatest(dt, null), greatest(f, i), greatest(null, null) from typed',
    '7.00|abc|2026-01-31|7|NULL',
  ],
  [
    'select least(i, d), least(null, v), least(dt, null), least(f, i), least(null, null) from typed',
    '2.25|abc|2026-01-31|0.5|NULL',
  ],
  [
    "select nvl2(i, 1, 2), nvl2(null, i, b), nullif(v, v), decode(v, 'abc', 1, 2), decode(null, null, dt), case when bo then d else i end, isnull(null, i) from typed",
    '1|5|NULL|1|2026-01-31|2.25|7',
  ],
];

/** Casts of SUPER values. */
export const SUPER_CASTS: readonly Case[] = [
  [
    "select json_parse('5')::int + 1, json_parse('2.25')::decimal(8,2), json_parse('true')::boolean, json_parse('2.5')::float, json_parse('null')::bigint, json_parse('\"x\"')::varchar from typed",
    '6|2.25|t|2.5|NULL|x',
  ],
];

/** What Redshift has and the local warehouse has not: each is refused by its name. */
export const MISSING_FUNCTIONS: readonly string[] = [
  "json_parse('1.5')::int",
  "json_parse('[1]')::boolean",
  'su::date',
  'checksum(i)',
  'farmfingerprint64(v)',
  'farmhash64(v)',
  'murmur3_32_hash(v)',
  'xxhash64(v)',
  "collate(v, 'case_insensitive')",
  'try_cast(v as int)',
  'hll(i)',
  'hll_cardinality(v)',
  'hll_create_sketch(i)',
  'hll_combine(v)',
  'hll_combine_sketches(v, v)',
  "from_hex('6162')",
  "to_varbyte(v, 'hex')",
  "from_varbyte(v, 'hex')",
  'getbit(v, 1)',
  'get_byte(v, 1)',
  'set_bit(v, 1, 0)',
  'set_byte(v, 1, 0)',
  'to_ascii(v)',
  'json_serialize_to_varbyte(su)',
  'size(su)',
  'pg_last_query_id()',
  'pg_last_unload_id()',
  'pg_last_unload_count()',
  'slice_num()',
  'default_iam_role()',
  "has_assumerole_privilege('a', 'b', 'copy')",
  "role_is_member_of('a', 'b')",
  "user_is_member_of('a', 'b')",
  "pg_get_cols('typed')",
  'pg_get_late_binding_view_cols()',
  "pg_get_iam_role_by_user('a')",
  "pg_get_grantee_by_iam_role('a')",
  "set_config('query_group', 'x', false)",
  'current_user_id',
  'current_namespace',
  'current_aws_account',
  'url_encode(v)',
  'st_point(1, 2)',
  'h3_fromlonglat(1, 2, 3)',
  'lag(i, b) ignore nulls over (order by i)',
  "text_to_int_alt(v, '999S')",
  'fnv_hash(d)',
  "soundex('Ashcraft')",
  "to_date('2001-13-01', 'YYYY-MM-DD')",
  "get_array_length(json_parse('1'))",
];
