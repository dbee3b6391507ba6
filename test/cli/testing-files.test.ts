/** Files that a test expects in a bucket: how they are read, and how they are compared. */
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { compareRows } from '../../cli/testing/compare.ts';
import { CsvError, parseCsv, parseCsvRows } from '../../cli/testing/csv.ts';
import { contentDifference, rowsOfFiles, textOfFile } from '../../cli/testing/file-rows.ts';
import type { ExpectedFiles } from '../../cli/testing/test-case.ts';

type ExpectedRows = ExpectedFiles['expected'] & { readonly kind: 'rows' };

const bytes = (text: string): Uint8Array => Buffer.from(text);

function expected(csv: string, more: Partial<ExpectedRows> = {}): ExpectedRows {
  const origin = { form: 'csv' as const, path: [] };
  const rules = { within: new Map<string, never>(), matches: new Map<string, RegExp>() };
  return { kind: 'rows', ...parseCsv(csv), ...rules, header: false, delimiter: ',', origin, ...more };
}

describe('rows of files', () => {
  it('are those of all of them but the manifest, by their order where no line names the columns', () => {
    const files = [
      { key: 'out/0000_part_00', bytes: bytes('1|a\n2|\n') },
      { key: 'out/0001_part_00.gz', bytes: gzipSync('3|"x|""y"""\n') },
      { key: 'out/manifest', bytes: bytes('{"entries": []}') },
    ];
    const wanted = expected('id,name\n3,"x|""y"""\n1,a\n2,', { delimiter: '|' });
    expect(compareRows(wanted, rowsOfFiles(files, wanted))).toBeUndefined();
  });

  it('have the columns that are named, where each file has a line with their names', () => {
    const files = [
      { key: 'a', bytes: bytes('at,ID,amount\n2026-01-01,1,1.50\n') },
      { key: 'b', bytes: bytes('id,amount,at\n2,2.49,2026-01-02\n') },
    ];
    const wanted = expected('amount,id\n2.5,2\n1.5,1', {
      header: true,
      within: new Map([['amount', { kind: 'number', most: '0.01' }]]),
      matches: new Map([['at', /^2026-/u]]),
    });
    expect(compareRows(wanted, rowsOfFiles(files, wanted))).toBeUndefined();
    const other = expected('id,sum\n1,2', { header: true });
    expect(() => rowsOfFiles(files, other)).toThrow('a has no column sum; its columns: at, id, amount');
  });

  it('are text unless a tolerance makes them numbers', () => {
    const files = [{ key: 'a', bytes: bytes('1.50\n') }];
    const wanted = expected('x\n1.5');
    expect(compareRows(wanted, rowsOfFiles(files, wanted))?.difference.changed).toEqual([]);
    const near = expected('x\n1.5', { within: new Map([['x', { kind: 'number', most: '0' }]]) });
    expect(compareRows(near, rowsOfFiles(files, near))).toBeUndefined();
  });

  it('that cannot be read are an error with file and line', () => {
    const read = (text: string) => () => rowsOfFiles([{ key: 'out/a', bytes: bytes(text) }], expected('a,b'));
    expect(read('1,2\n1,2,3\n')).toThrow(
      'out/a line 2: this line has 3 values, the expectation has 2 columns',
    );
    expect(read('1,"2\n')).toThrow('out/a line 1: the quoted value is not closed');
  });
});

it('a line of one column that is blank is a row with NULL', () => {
  expect(parseCsvRows('a\n\nb\n', 1, ',')).toEqual([['a'], [null], ['b']]);
});

it.each(['|', '\t', '^', ']', '-', '\\', '.', ';'])('values may be separated by %j', (delimiter) => {
  expect(parseCsvRows(`a${delimiter}"b${delimiter}"${delimiter}\n`, 3, delimiter)).toEqual([
    ['a', `b${delimiter}`, null],
  ]);
  expect(() => parseCsvRows(`a${delimiter}"b`, 2, delimiter)).toThrow(CsvError);
  expect(() => parseCsvRows(`a${delimiter}"b`, 2, delimiter)).toThrow('the quoted value is not closed');
});

it('the first line that differs is shown', () => {
  expect(contentDifference('a\nb\n', 'a\nb\n')).toBeUndefined();
  expect(contentDifference('a\nb\n', 'a\nc\nb\n')).toBe(String.raw`line 2: expected "b\n", found "c\n"`);
  expect(contentDifference('a\nb\n', 'a\nb')).toBe(String.raw`line 2: expected "b\n", found "b"`);
  expect(contentDifference('a\n', 'a\nb')).toBe('line 2: expected the end, found "b"');
  expect(contentDifference('', 'b')).toBe('line 1: expected the end, found "b"');
});

it('a compressed file is decompressed, and what is no text is refused', () => {
  expect(textOfFile({ key: 'a.GZ', bytes: gzipSync('x') })).toBe('x');
  expect(() => textOfFile({ key: 'a.gz', bytes: bytes('x') })).toThrow(
    'a.gz ends in .gz and is not compressed with gzip',
  );
  expect(() => textOfFile({ key: 'a', bytes: Buffer.from([0x61, 0xff]) })).toThrow(/^a line 1, column 2: /);
});
