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
    ['date', "DATEFORMAT 'auto'", '20260309', '20260309'],
    ['date', "DATEFORMAT 'auto'", 'tomorrow', '!1205'],
    ['timestamp', '', '2026-01-02 03:04', '2026-01-02 03:04'],
    ['timestamp', '', '2026-01-02 25:04:05', '!1206'],
    ['timestamp', "TIMEFORMAT 'auto'", '2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['timestamp', "TIMEFORMAT 'epochmillisecs'", '1767323045123', '2026-01-02 03:04:05.123'],
    ['timestamp', "TIMEFORMAT 'MM.DD.YYYY HH12:MI:SS AM'", '01.02.2026 12:04:05 am', '2026-01-02 00:04:05'],
    ['timestamptz', '', '2026-01-02 03:04:05+02', '2026-01-02 03:04:05+02'],
  ])('%s %s %s', (type, options, value, expected) => {
    expect(convert(type, options, value)).toBe(expected);
  });

  test('a format with an unknown word is refused by name', () => {
    expect(() => convert('date', "DATEFORMAT 'Q-YYYY'", '1-2026')).toThrow(/DATEFORMAT 'Q-YYYY'/);
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
    ['bool', 'YES', 't'],
    ['bool', 'on', '!1210'],
  ])('%s %s', (type, value, expected) => {
    expect(convert(type, '', value)).toBe(expected);
  });

  test.each([
    ['', '12.349', '12.34'],
    ['', '-.999', '-.99'],
    ['ROUNDEC', '12.349', '12.349'],
    ['', '1234.5', '!1209'],
    ['', '00123.4', '00123.4'],
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
  });
});

test('a type that COPY cannot load here is refused by name', () => {
  expect(() => convert('geometry', '', 'x')).toThrow(/COPY into a column of type GEOMETRY is not supported/);
});
