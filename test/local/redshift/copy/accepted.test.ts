/**
 * What the converters make of a field against PostgreSQL itself: it takes whatever they let through, since a value that
 * it refuses would break the whole load off; and a time that it can read by itself is the same time.
 */
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Column } from '../../../../local/redshift/copy/columns.ts';
import { converterFor, NULL } from '../../../../local/redshift/copy/converters.ts';
import { startLocalRedshift } from '../local-redshift.ts';
import type { LocalRedshift } from '../local-redshift.ts';
import { parseCopyCommand } from './parse-copy-command.ts';

let local: LocalRedshift;
let client: Client;
beforeAll(async () => {
  local = await startLocalRedshift();
  client = new Client({ ...local.postgres.connect, database: 'dev' });
  await client.connect();
  await client.query("SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'");
});
afterAll(async () => {
  await client.end();
  await local.stop();
});

function column(type: string, more: Partial<Column>): Column {
  return {
    name: 'c',
    type,
    length: undefined,
    precision: undefined,
    scale: undefined,
    notNull: false,
    hasDefault: false,
    ...more,
  };
}

const digits = (least: number, most: number): fc.Arbitrary<string> =>
  fc.integer({ min: least, max: most }).map(String);
const padded = (least: number, most: number): fc.Arbitrary<string> =>
  digits(least, most).map((number) => number.padStart(2, '0'));
const either = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const joined = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join(''));
const perhaps = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), text);

const year = fc.oneof(
  digits(1, 9999).map((text) => text.padStart(4, '0')),
  digits(1990, 2030),
  padded(0, 99),
);
const month = fc.oneof(padded(0, 13), digits(1, 12));
const day = fc.oneof(padded(0, 32), digits(1, 28));
const name = either('Jan', 'feb', 'MARCH', 'april', 'May', 'june', 'Jul', 'Sept', 'October', 'Dec', 'Mai');
const mark = either('-', '/', '.', ' ');
const clock = joined(
  either(' ', 'T', '  '),
  padded(0, 25),
  either(':'),
  padded(0, 61),
  perhaps(joined(either(':'), padded(0, 61), perhaps(either('.5', '.123456', '.9999999', '.1234567891234')))),
  perhaps(either(' am', 'PM', ' pm')),
);
const plainClock = joined(
  either(' ', 'T'),
  padded(0, 24),
  padded(0, 59),
  padded(0, 59),
  perhaps(either('.25')),
);
const zone = joined(
  perhaps(either(' ')),
  fc.oneof(
    either(
      'Z',
      'utc',
      'GMT',
      'PST',
      'pdt',
      'EST',
      'CET',
      'cest',
      'MSK',
      'JST',
      'AKDT',
      'west',
      'NOWHERE',
      '-8',
      '+0530',
      '-8:00',
    ),
    joined(either('+', '-'), padded(0, 17), perhaps(joined(perhaps(either(':')), padded(0, 61)))),
  ),
);
const dayText = fc.oneof(
  fc.tuple(year, mark, month, day).map(([y, m, mo, d]) => `${y}${m}${mo}${m}${d}`),
  fc.tuple(year, mark, month, day).map(([y, m, mo, d]) => `${mo}${m}${d}${m}${y}`),
  fc.tuple(year, mark, name, day).map(([y, m, n, d]) => `${d}${m}${n}${m}${y}`),
  fc.tuple(year, mark, name, day).map(([y, m, n, d]) => `${n}${m}${d}${m}${y}`),
  fc.tuple(year, name, day).map(([y, n, d]) => `${n} ${d}, ${y}`),
  joined(year, padded(0, 13), padded(0, 32)),
  joined(
    year,
    either('.'),
    digits(0, 367).map((text) => text.padStart(3, '0')),
  ),
  joined(either('J', 'j'), digits(0, 9_999_999)),
);
const iso = joined(
  fc.tuple(year, padded(1, 13), padded(1, 31)).map((parts) => parts.join('-')),
  perhaps(
    joined(
      either(' '),
      padded(0, 24),
      either(':'),
      padded(0, 60),
      perhaps(joined(either(':'), padded(0, 60), perhaps(either('.5', '.1234567891234')))),
    ),
  ),
  perhaps(zone),
);
const american = joined(
  fc.tuple(digits(0, 13), digits(1, 31), padded(0, 99)).map((parts) => parts.join('/')),
  either(' '),
  fc.tuple(digits(0, 13), padded(0, 60), padded(0, 60)).map((parts) => parts.join(':')),
  either(' AM', ' pm'),
);
const moment = joined(
  dayText,
  perhaps(fc.oneof(clock, plainClock)),
  perhaps(zone),
  perhaps(either(' BC', 'bc')),
);
const time = joined(
  fc.oneof(clock, plainClock).map((text) => text.slice(1)),
  perhaps(zone),
);
const number = joined(
  perhaps(either('+', '-')),
  perhaps(
    fc.oneof(
      digits(0, 2_000_000),
      fc.bigInt({ min: 0n, max: 10n ** 40n }).map(String),
      either('000', '00012'),
    ),
  ),
  perhaps(joined(either('.'), perhaps(fc.oneof(digits(0, 99_999), either('000', '999999', '995'))))),
  perhaps(joined(either('e', 'E'), perhaps(either('+', '-')), fc.oneof(digits(0, 400), digits(0, 40)))),
);
const float = fc.oneof(
  number,
  either('inf', '-Infinity', '+inf', 'NaN', '-nan', '0x1p3', '1e', '.', '1_000'),
);
const json = fc.oneof(
  fc.json(),
  fc.string({
    unit: fc.constantFrom('{', '}', '[', ']', '"', 'a', ':', ',', '1', '.', 'e', '-', String.raw`\u00`, ' '),
  }),
  either(String.raw`"\ud800"`, String.raw`"\u0000"`, '1e999', '-0', '01', 'nul', '"\t"', '[1,]'),
);

/** Type, its options, its values, and its name for PostgreSQL. */
const CASES: [string, string, fc.Arbitrary<string>, string, Partial<Column>?][] = [
  ['date', '', iso, 'date'],
  ['date', "DATEFORMAT 'auto'", moment, 'date'],
  ['timestamp', '', iso, 'timestamp'],
  ['timestamp', "TIMEFORMAT 'auto'", moment, 'timestamp'],
  ['timestamp', "TIMEFORMAT 'MM/DD/YY HH12:MI:SS PM'", american, 'timestamp'],
  ['timestamp', "TIMEFORMAT 'epochsecs'", number, 'timestamp'],
  ['timestamptz', '', iso, 'timestamptz'],
  ['timestamptz', "TIMEFORMAT 'auto'", moment, 'timestamptz'],
  ['timestamptz', "TIMEFORMAT 'epochmillisecs'", number, 'timestamptz'],
  ['time', '', time, 'time'],
  ['timetz', '', time, 'timetz'],
  ['float4', '', float, 'real'],
  ['float8', '', float, 'double precision'],
  ['numeric', '', number, 'numeric(5,2)', { precision: 5, scale: 2 }],
  ['numeric', 'ROUNDEC', number, 'numeric(5,2)', { precision: 5, scale: 2 }],
  ['numeric', 'ROUNDEC', number, 'numeric(38,0)', { precision: 38, scale: 0 }],
  ['numeric', '', number, 'numeric(38,38)', { precision: 38, scale: 38 }],
  ['int2', '', number, 'smallint'],
  ['int4', '', number, 'integer'],
  ['int8', '', number, 'bigint'],
  ['bool', '', either('t', 'F', 'yes', 'NO', '1', '0', 'on', '2'), 'boolean'],
  ['super', '', json, 'json'],
];

const RUNS = 3000;

test.each(CASES)(
  'COPY accepts no value that the database refuses: %s %s',
  async (type, options, values, sql, more = {}) => {
    const convert = converterFor(column(type, more), parseCopyCommand(options));
    const sample = fc.sample(values, RUNS);
    const accepted = sample
      .map((value) => convert(Buffer.from(value).toString('latin1'), false))
      .filter((out) => typeof out === 'string')
      .filter((out) => out !== NULL)
      .map((out) => unescape(Buffer.from(out, 'latin1').toString()));
    expect(accepted.length).toBeGreaterThan(RUNS / 100);
    const { rows } = await client.query(
      'SELECT v FROM unnest($1::text[]) v WHERE NOT pg_input_is_valid(v, $2)',
      [accepted, sql],
    );
    expect(rows).toEqual([]);
  },
);

/** PostgreSQL's text format of COPY. */
function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, c: string) => ({ t: '\t', n: '\n', r: '\r' })[c] ?? c);
}

test("a time that 'auto' takes is the one that the database reads, as Redshift's guide says of a CAST", async () => {
  const convert = converterFor(column('timestamptz', {}), parseCopyCommand("TIMEFORMAT 'auto'"));
  const pairs = fc
    .sample(moment, RUNS * 3)
    .map((value) => [value, convert(value, false)] as const)
    .filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  const { rows } = await client.query(
    `SELECT raw, own FROM unnest($1::text[], $2::text[]) AS t(raw, own)
     WHERE pg_input_is_valid(raw, 'timestamptz') AND CASE WHEN pg_input_is_valid(raw, 'timestamptz') THEN raw::timestamptz <> own::timestamptz END`,
    [pairs.map(([raw]) => raw), pairs.map(([, own]) => own)],
  );
  expect(rows).toEqual([]);
});
