import { describe, expect, test } from 'vitest';

import type { Column } from '../../../../local/redshift/copy/columns.ts';
import { converterFor } from '../../../../local/redshift/copy/converters.ts';
import { FieldProblem } from '../../../../local/redshift/copy/field-problem.ts';
import { parseCopyCommand } from './parse-copy-command.ts';

/** What PostgreSQL is given for a field of a column; `!code` for a problem. */
function convert(type: string, options: string, value: string, more: Partial<Column> = {}): string {
  const column: Column = {
    name: 'c',
    type,
    length: undefined,
    precision: undefined,
    scale: undefined,
    notNull: false,
    hasDefault: false,
    ...more,
  };
  const out = converterFor(column, parseCopyCommand(options))(Buffer.from(value).toString('latin1'), false);
  return out instanceof FieldProblem ? `!${String(out.code)}` : Buffer.from(out, 'latin1').toString();
}

describe('dates and times', () => {
  test.each([
    ['date', '', '2026-01-02', '2026-01-02'],
    ['date', '', '2026-01-02 10:00:00', '2026-01-02'],
    ['date', '', '2026-1-2', '!1205'],
    ['date', '', '2024-02-29', '2024-02-29'],
    ['date', '', '2026-02-29', '!1205'],
    ['date', 'ACCEPTANYDATE', 'not a date', '\\N'],
    ['date', "DATEFORMAT 'MM/DD/YYYY'", '3/9/2026', '2026-03-09'],
    ['date', "DATEFORMAT 'DD-MON-YYYY'", '09-Mar-2026', '2026-03-09'],
    ['date', "DATEFORMAT 'auto'", '20260309', '2026-03-09'],
    ['date', "DATEFORMAT 'auto'", 'tomorrow', '!1205'],
    ['timestamp', '', '2026-01-02 03:04', '2026-01-02 03:04:00'],
    ['timestamp', '', '2026-01-02 25:04:05', '!1206'],
    ['timestamp', "TIMEFORMAT 'auto'", '2026-01-02T03:04:05Z', '2026-01-02 03:04:05'],
    ['timestamp', "TIMEFORMAT 'epochmillisecs'", '1767323045123', '2026-01-02 03:04:05.123'],
    ['timestamp', "TIMEFORMAT 'MM.DD.YYYY HH12:MI:SS AM'", '01.02.2026 12:04:05 am', '2026-01-02 00:04:05'],
    ['timestamptz', '', '2026-01-02 03:04:05+02', '2026-01-02 03:04:05+02:00'],
  ])('%s %s %s', (type, options, value, expected) => {
    expect(convert(type, options, value)).toBe(expected);
  });

  test.each([
    '2024-02-30',
    '2023-02-29',
    '2024-04-31',
    '2024-13-01',
    '2024-00-10',
    '0000-01-01',
    '00/00/00 00:00:00',
    '02/30/2024',
    '30-Feb-2024',
    '20240230',
    '2024.367',
    '2024-02-30T10:00:00Z',
    'soon',
  ])('%s is no date: an error, and NULL with ACCEPTANYDATE, whatever the format', (value) => {
    for (const [type, code, option] of [
      ['date', '1205', 'DATEFORMAT'],
      ['timestamp', '1206', 'TIMEFORMAT'],
      ['timestamptz', '1206', 'TIMEFORMAT'],
    ] as const) {
      for (const format of ['', `${option} 'auto'`, `${option} 'YYYY-MM-DD'`, `${option} 'DD-MON-YYYY'`]) {
        expect(convert(type, format, value)).toBe(`!${code}`);
        expect(convert(type, `${format} ACCEPTANYDATE`, value)).toBe('\\N');
        expect(convert(type, `${format} ACCEPTANYDATE`, value, { notNull: true })).toBe('!1213');
      }
    }
  });

  test.each([
    ['TIMEFORMAT', "'auto'", '2024-02-29 24:00:01'],
    ['TIMEFORMAT', "'auto'", '2024-02-29 10:60:00'],
    ['TIMEFORMAT', "'auto'", '2024-02-29 13:00 pm'],
    ['TIMEFORMAT', "'auto'", '2024-02-29 10:00:00+16'],
    ['TIMEFORMAT', "'auto'", '2024-02-29 10:00:00 NOWHERE'],
    ['TIMEFORMAT', "'YYYY-MM-DD HH12:MI AM'", '2024-02-29 00:30 am'],
    ['TIMEFORMAT', "'epochsecs'", '99999999999999999999'],
    ['TIMEFORMAT', "'epochmillisecs'", '2024-02-29'],
  ])('%s %s: %s is no time', (option, format, value) => {
    expect(convert('timestamp', `${option} ${format}`, value)).toBe('!1206');
    expect(convert('timestamp', `${option} ${format} ACCEPTANYDATE`, value)).toBe('\\N');
  });

  /** "Using automatic recognition with DATEFORMAT and TIMEFORMAT" of Redshift's guide, and DATEFORMAT's own forms. */
  test.each([
    ['2019-02-11T05:09:12.195Z', '2019-02-11 05:09:12.195Z'],
    ['J2451187', '1999-01-08 00:00:00'],
    ['J2345678 04:05:06.789', '1710-02-23 04:05:06.789'],
    ['Jan-08-95 BC', '0095-01-08 00:00:00 BC'],
    ['19960108 040809', '1996-01-08 04:08:09'],
    ['960108 040809', '1996-01-08 04:08:09'],
    ['1996.008', '1996-01-08 00:00:00'],
    ['1996.366', '1996-12-31 00:00:00'],
    ['1996-01-08 04:05:06.789', '1996-01-08 04:05:06.789'],
    ['17 Dec 07:37:16 1997 PST', '1997-12-17 07:37:16 PST'],
    ['12/17/1997 07:37:16.00 PST', '1997-12-17 07:37:16.00 PST'],
    ['1997-12-17 07:37:16-08', '1997-12-17 07:37:16-08:00'],
    ['12.17.1997 07:37:16.00 PST', '1997-12-17 07:37:16.00 PST'],
    ['March 31, 2003', '2003-03-31 00:00:00'],
    ['2003-03-31 24:00:00', '2003-03-31 24:00:00'],
    ['31-Mar-2003 6:45 PM', '2003-03-31 18:45:00'],
    ['03-31-2003 12:00:05 AM', '2003-03-31 00:00:05'],
  ])("'auto' takes %s", (value, expected) => {
    const [day = '', ...rest] = expected.split(' ');
    expect(convert('timestamptz', "TIMEFORMAT 'auto'", value)).toBe(expected.replace(/(?<=\d)Z/, ' Z'));
    expect(convert('date', "DATEFORMAT 'auto'", value)).toBe(rest.includes('BC') ? `${day} BC` : day);
  });

  test('a month name may be short or long; a two-digit year is one of 1970 to 2069', () => {
    expect(convert('date', "DATEFORMAT 'MON DD, YYYY'", 'March 31, 2003')).toBe('2003-03-31');
    expect(convert('date', "DATEFORMAT 'MM-DD-YY'", '03-31-69')).toBe('2069-03-31');
    expect(convert('date', "DATEFORMAT 'MM-DD-YY'", '03-31-70')).toBe('1970-03-31');
  });

  test('a format with an unknown word is refused by name', () => {
    expect(() => convert('date', "DATEFORMAT 'Q-YYYY'", '1-2026')).toThrow(/DATEFORMAT 'Q-YYYY'/);
    expect(() => convert('date', "DATEFORMAT 'YYYY-YYYY'", '1-2026')).toThrow(/DATEFORMAT 'YYYY-YYYY'/);
  });
});

describe('numbers', () => {
  test.each([
    ['int2', '32767', '32767'],
    ['int2', '32768', '!1204'],
    ['int4', ' 12 ', '12'],
    ['int4', '+7', '7'],
    ['int4', '-2147483648', '-2147483648'],
    ['int4', '1.5', '!1207'],
    ['int4', '-', '!1207'],
    ['int8', '9223372036854775807', '9223372036854775807'],
    ['int8', '9223372036854775808', '!1204'],
    ['float8', '1e-3', '1e-3'],
    ['float8', '0x10', '!1208'],
    ['float8', '1e400', '!1208'],
    ['float8', '-1e-400', '!1208'],
    ['float8', '0e-400', '0e-400'],
    ['float4', '1e39', '!1208'],
    ['float4', '-inf', '-inf'],
    ['int2', '-000000032768', '-32768'],
    ['int2', '9'.repeat(100_000), '!1204'],
    ['bool', 'YES', 't'],
    ['bool', 'on', '!1210'],
  ])('%s %s', (type, value, expected) => {
    expect(convert(type, '', value)).toBe(expected);
  });

  test.each([
    ['', '12.349', '12.34'],
    ['', '-.9', '-.9'],
    ['', '-.999', '-0.99'],
    ['ROUNDEC', '12.349', '12.35'],
    ['ROUNDEC', '12.344', '12.34'],
    ['ROUNDEC', '-999.995', '!1209'],
    ['', '1.5e2', '150.00'],
    ['', '1250e-4', '0.12'],
    ['', '1e999999999', '!1209'],
    ['', '1e-999999999', '0.00'],
    ['', '1234.5', '!1209'],
    ['', '00123.4', '123.40'],
    ['', '1,5', '!1207'],
    ['', '.', '!1207'],
  ])('decimal(5,2) %s %s', (options, value, expected) => {
    expect(convert('numeric', options, value, { precision: 5, scale: 2 })).toBe(expected);
  });
});

describe('text', () => {
  test('is measured and cut in bytes, at a whole character', () => {
    expect(convert('varchar', '', 'ééé', { length: 5 })).toBe('!1204');
    expect(convert('varchar', 'TRUNCATECOLUMNS', 'ééé', { length: 5 })).toBe('éé');
    expect(convert('bpchar', '', 'é', { length: 5 })).toBe('!1215');
  });

  test('keeps its blanks unless TRIMBLANKS, and is escaped for the database', () => {
    expect(convert('varchar', '', ' a\tb\\ ')).toBe(' a\\tb\\\\ ');
    expect(convert('varchar', 'TRIMBLANKS', ' a  ')).toBe(' a');
  });

  test('is NULL where it is the NULL AS text', () => {
    expect(convert('varchar', '', '\\N')).toBe('\\N');
    expect(convert('varchar', "NULL AS 'n/a'", 'n/a')).toBe('\\N');
    expect(convert('varchar', "NULL AS 'n/a'", 'n/a', { notNull: true })).toBe('!1213');
    expect(convert('varchar', "NULL AS 'n/a'", 'n/a', { notNull: true, hasDefault: true })).toBe(
      String.raw`\D`,
    );
  });
});

test('a type that COPY cannot load here is refused by name', () => {
  expect(() => convert('geometry', '', 'x')).toThrow(/COPY into a column of type GEOMETRY is not supported/);
});
