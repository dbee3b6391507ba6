import fc from 'fast-check';
import { expect, test, vi } from 'vitest';

import { RecordReader } from '../../../../local/redshift/copy/record-reader.ts';
import type { CopyFormat } from '../../../../local/redshift/dialect/copy-command.ts';

const CSV: CopyFormat = { kind: 'csv', delimiter: ',', quote: '"' };
const TEXT: CopyFormat = { kind: 'delimited', delimiter: '|', escape: false, removeQuotes: false };

interface Read {
  readonly records: { readonly fields: readonly string[]; readonly line: number }[];
  readonly problems: { readonly line: number; readonly problem: string }[];
}

/** @param cut the text is handed over in pieces of this length */
function read(format: CopyFormat, text: string, header = 0, cut = text.length): Read {
  const found: Read = { records: [], problems: [] };
  const reader = new RecordReader(format, header, {
    header: () => undefined,
    record: (fields, _quoted, line) => found.records.push({ fields: [...fields], line }),
    malformed: (line, problem) => found.problems.push({ line, problem }),
  });
  for (let at = 0; at < text.length; at += cut) reader.push(text.slice(at, at + cut));
  reader.end();
  return found;
}

test('a CSV record ends at a line end outside of quotes, whatever its form', () => {
  expect(read(CSV, 'a,b\r\n"c\nd","e""f"\rg,\n\nlast,x').records).toEqual([
    { fields: ['a', 'b'], line: 1 },
    { fields: ['c\nd', 'e"f'], line: 2 },
    { fields: ['g', ''], line: 4 },
    { fields: [''], line: 5 },
    { fields: ['last', 'x'], line: 6 },
  ]);
});

test('header lines are left out and counted', () => {
  expect(read(CSV, 'h1\nh2\n1,2\n', 2).records).toEqual([{ fields: ['1', '2'], line: 3 }]);
});

test('a malformed record is reported with its line, and the next one is read', () => {
  const { records, problems } = read(CSV, '"a"b,c\nx"y,z\n1,2\n"open');
  expect(problems.map(({ line }) => line)).toEqual([1, 2, 4]);
  expect(records).toEqual([{ fields: ['1', '2'], line: 3 }]);
});

test('without ESCAPE a backslash is a character; with it, it takes the next one as it is', () => {
  expect(read(TEXT, 'a\\|b\n').records[0]?.fields).toEqual(['a\\', 'b']);
  expect(read({ ...TEXT, escape: true }, 'a\\|b|c\\\nd|\\N\n').records[0]?.fields).toEqual([
    'a|b',
    'c\nd',
    '\\N',
  ]);
});

test('REMOVEQUOTES takes a pair of quotes off and keeps the delimiters between them', () => {
  expect(read({ ...TEXT, removeQuotes: true }, `"a|b"|'c'|d"e\n`).records[0]?.fields).toEqual([
    'a|b',
    'c',
    'd"e',
  ]);
});

test('every list of records that is written as CSV is read back, however the text is cut', () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é') });
  const records = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  const lineEnd = fc.constantFrom('\n', '\r\n');
  const written = (value: string): string =>
    /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  fc.assert(
    fc.property(records, lineEnd, fc.integer({ min: 1, max: 9 }), fc.boolean(), (rows, end, cut, lastEnd) => {
      const text = rows.map((row) => row.map(written).join(',')).join(end) + (lastEnd ? end : '');
      expect(read(CSV, text, 0, cut).records.map(({ fields }) => fields)).toEqual(rows);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['a,b\n', CSV],
  ['a,b\r', CSV],
  ['"a",b\n', CSV],
  ['"a",b\r', CSV],
  ['"a\r\nb",c\r', CSV],
  ['"a"b\r', CSV],
  ['"a"b\n', CSV],
  ['a"b\r', CSV],
  ['"a|b\r', { ...TEXT, removeQuotes: true }],
  ['a\\|b\r', { ...TEXT, escape: true }],
] as const)(
  'a text of many records %j is searched a few times, not once for every record',
  (record, format) => {
    const text = record.repeat(20_000);
    const spy = vi.spyOn(String.prototype, 'indexOf');
    const { records, problems } = read(format, text);
    let searched = 0;
    for (const [index, [, from = 0]] of spy.mock.calls.entries()) {
      const found = Number(spy.mock.results[index]?.value);
      searched += (found < 0 ? text.length : found) - from + 1;
    }
    spy.mockRestore();
    expect(records.length + problems.length).toBe(20_000);
    expect(searched).toBeGreaterThan(0);
    expect(searched).toBeLessThan(6 * text.length);
  },
);
