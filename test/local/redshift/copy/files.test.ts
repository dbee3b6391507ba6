/**
 * The reader of files held against an independent one (csv-parse), and against the rows that were written, over the
 * product of line ends, encodings, byte order marks, headers, formats, chunk borders: equal rows or an error, never
 * fewer rows in silence.
 */
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseCopy } from './parse-copy-command.ts';
import { cutInto, readRows } from './read-rows.ts';

const LINE_ENDS = { LF: '\n', 'CR LF': '\r\n', CR: '\r' } as const;
const MARKS = { utf8: 'efbbbf', utf16le: 'fffe', utf16be: 'feff' } as const;
type Encoding = keyof typeof MARKS;
const ENCODINGS: readonly Encoding[] = ['utf8', 'utf16le', 'utf16be'];

function encode(text: string, encoding: Encoding, mark: boolean): Buffer {
  const bytes =
    encoding === 'utf8'
      ? Buffer.from(text)
      : encoding === 'utf16le'
        ? Buffer.from(text, 'utf16le')
        : Buffer.from(text, 'utf16le').swap16();
  return mark ? Buffer.concat([Buffer.from(MARKS[encoding], 'hex'), bytes]) : bytes;
}

interface Format {
  readonly options: string;
  /** A field as the format has it. */
  readonly write: (field: string) => string;
  readonly delimiter: string;
  /** Can hold line ends in a field. */
  readonly anything: boolean;
}

function csv(options: string, delimiter: string, quote: string, always: boolean): Format {
  const write = (field: string): string =>
    always || [delimiter, quote, '\r', '\n', ' '].some((mark) => field.includes(mark))
      ? quote + field.replaceAll(quote, quote + quote) + quote
      : field;
  return { options, delimiter, write, anything: true };
}

const FORMATS: readonly Format[] = [
  csv('CSV', ',', '"', false),
  csv('CSV', ',', '"', true),
  csv("CSV DELIMITER ';' QUOTE '%'", ';', '%', false),
  csv(String.raw`CSV DELIMITER '\t'`, '\t', '"', false),
  { options: '', delimiter: '|', anything: false, write: (field) => field },
  {
    options: 'ESCAPE',
    delimiter: '|',
    anything: true,
    write: (field) => field.replaceAll(/[\\|\r\n]/g, String.raw`\$&`),
  },
  {
    options: 'REMOVEQUOTES',
    delimiter: '|',
    anything: false,
    write: (field) => `"${field}"`,
  },
];

const ROWS: readonly (readonly string[])[] = [
  ['1', 'plain', ''],
  ['2', 'zürich 東京 😀', 'x'],
  ['3', '', ' blanks '],
  ['4', 'last', 'y'],
];
/** Only where the format can hold them. */
const ODD_ROWS: readonly (readonly string[])[] = [
  ['5', 'a "quoted" % thing', ''],
  ['6', 'de|li;mi,ter\ts', '\\'],
  ['7', 'two\nlines\rand\r\nmore', '""'],
];

function written(
  rows: readonly (readonly string[])[],
  format: Format,
  lineEnd: string,
  atTheEnd: boolean,
): string {
  const lines = rows.map((row) => row.map((field) => format.write(field)).join(format.delimiter));
  return lines.join(lineEnd) + (atTheEnd ? lineEnd : '');
}

describe.each(Object.entries(LINE_ENDS))('a file with %s', (_, lineEnd) => {
  test.each(FORMATS)('in the format "$options" is read as it was written', async (format) => {
    const rows = format.anything ? [...ROWS, ...ODD_ROWS] : ROWS;
    for (const header of [0, 1, 2]) {
      const heading = Array.from({ length: header }, (_, n) => `head ${String(n)}${lineEnd}`).join('');
      for (const atTheEnd of [true, false]) {
        const text = heading + written(rows, format, lineEnd, atTheEnd);
        for (const encoding of ENCODINGS) {
          for (const mark of [true, false]) {
            const bytes = encode(text, encoding, mark);
            const named = encoding !== 'utf8' && mark ? [encoding, 'utf16'] : [encoding];
            for (const option of named) {
              const copy = parseCopy(`${format.options} IGNOREHEADER ${String(header)} ENCODING ${option}`);
              for (const size of [1, 2, 3, 7, 64, bytes.length]) {
                const read = await readRows(copy, 3, cutInto(bytes, size));
                expect(read).toEqual({ rows, errors: [], stopped: false });
              }
            }
          }
        }
      }
    }
  });

  test.each(FORMATS)(
    'in the format "$options" and another encoding than the COPY says loads nothing, and says so',
    async (format) => {
      for (const header of [0, 1]) {
        for (const encoding of ENCODINGS) {
          for (const mark of [true, false]) {
            const bytes = encode(
              `head${lineEnd}`.repeat(header) + written(ROWS, format, lineEnd, true),
              encoding,
              mark,
            );
            for (const option of ['utf8', 'utf16', 'utf16le', 'utf16be']) {
              if (option === encoding || (option === 'utf16' && encoding !== 'utf8' && mark)) continue;
              const read = await readRows(
                parseCopy(`${format.options} IGNOREHEADER ${String(header)} ENCODING ${option}`),
                3,
                cutInto(bytes, 5),
              );
              expect(read.stopped).toBe(true);
              expect(read.errors).toHaveLength(1);
              expect(read.rows).toEqual([]);
            }
          }
        }
      }
    },
  );
});

test('a file of the wrong encoding stops the load whatever MAXERROR allows', async () => {
  const bytes = encode('id\n1\n', 'utf16be', true);
  for (const more of ['MAXERROR 10', 'IGNOREALLERRORS']) {
    const read = await readRows(parseCopy(`CSV IGNOREHEADER 1 ENCODING UTF16LE ${more}`), 1, [bytes]);
    expect(read).toMatchObject({
      stopped: true,
      errors: [{ line: 0, code: 1221, message: expect.stringContaining('byte order mark of UTF16BE') }],
    });
  }
});

test.each([
  ['gzip', '1f8b0800'],
  ['Zstandard', '28b52ffd00'],
  ['bzip2', Buffer.from('BZh91AY&SY').toString('hex')],
])(
  'a %s file that the COPY does not call so stops the load, even if it were all header',
  async (name, start) => {
    const bytes = Buffer.concat([Buffer.from(start, 'hex'), Buffer.alloc(200, 0xe9)]);
    const read = await readRows(parseCopy('CSV IGNOREHEADER 1 ACCEPTINVCHARS IGNOREALLERRORS'), 1, [bytes]);
    expect(read).toMatchObject({ stopped: true, errors: [{ code: 1221 }] });
    expect(read.errors[0]?.message).toContain(name);
  },
);

test.each([
  ['xz', 'fd377a585a000004e6d6b446'],
  ['random bytes', 'c3289f81e1'],
  ['EBCDIC', '88854b81a2154081838515'],
  ['lines that end with U+0085', Buffer.from('id,n\u00851,a\u0085').toString('hex')],
  ['lines that end with U+2028', Buffer.from('id,n\u20281,a\u2028').toString('hex')],
  ['lines that end with VT', Buffer.from('id,n\u000b1,a\u000b').toString('hex')],
])('a file of %s, which would be all header, stops the load', async (_, hex) => {
  const bytes = Buffer.from(hex, 'hex');
  const copy = parseCopy('CSV IGNOREHEADER 1 FILLRECORD IGNOREALLERRORS');
  for (const size of [1, bytes.length]) {
    const read = await readRows(copy, 2, cutInto(bytes, size));
    expect(read).toMatchObject({ stopped: true, errors: [{ line: 1, code: 1221 }] });
  }
  const after = await readRows(copy, 2, [Buffer.from('id,n\n1,a\n'), bytes]);
  expect(after.stopped).toBe(false);
});

test('a file that is its header alone loads no row; a delimiter may be a control character', async () => {
  for (const [options, text] of [
    ['CSV', 'näme,ort\n'],
    ['CSV', '\ufeffnäme,ort'],
    ["DELIMITER '\u0001'", 'a\u0001b\n'],
    ["DELIMITER '\t'", 'a\tb\r\n'],
  ] as const) {
    const read = await readRows(parseCopy(`${options} IGNOREHEADER 1`), 2, [Buffer.from(text)]);
    expect({ text, ...read }).toEqual({ text, rows: [], errors: [], stopped: false });
  }
  const latin1 = await readRows(parseCopy('CSV IGNOREHEADER 1'), 1, [
    Buffer.from('n\u00e4me\n1\n', 'latin1'),
  ]);
  expect(latin1.rows).toEqual([['1']]);
});

test.each([
  ['text of single bytes read as UTF-16', 'UTF16LE', '', Buffer.from('h\nJos\u00e9\n', 'latin1')],
  ['text of single bytes after a mark', 'UTF16', 'fffe', Buffer.from('h\na\n')],
  ['the other bytes first than the mark says', 'UTF16', 'feff', Buffer.from('h\na\n', 'utf16le')],
  ['the other bytes first than mark and COPY say', 'UTF16BE', 'feff', Buffer.from('h\ra\r', 'utf16le')],
])('%s stops the load, even if it were all header', async (_, encoding, mark, content) => {
  const bytes = Buffer.concat([Buffer.from(mark, 'hex'), content]);
  const copy = parseCopy(`CSV IGNOREHEADER 1 ACCEPTINVCHARS IGNOREALLERRORS ENCODING ${encoding}`);
  const read = await readRows(copy, 1, [bytes]);
  expect(read).toMatchObject({ stopped: true, errors: [{ code: 1221 }] });
});

test('half a character of UTF-16 is an error, or the ACCEPTINVCHARS character, and no row is lost', async () => {
  for (const [tail, expected] of [
    ['00d8', 'x^'],
    ['00dc', 'x^'],
    ['41', 'x^'],
  ] as const) {
    const bytes = Buffer.concat([Buffer.from('a\nx', 'utf16le'), Buffer.from(tail, 'hex')]);
    for (const size of [1, 2, 100]) {
      const refused = await readRows(parseCopy('ENCODING UTF16LE'), 1, cutInto(bytes, size));
      expect(refused).toMatchObject({ stopped: true, errors: [{ line: 2, code: 1220 }] });
      const mended = await readRows(
        parseCopy("ENCODING UTF16LE ACCEPTINVCHARS '^'"),
        1,
        cutInto(bytes, size),
      );
      expect(mended.rows).toEqual([['a'], [expected]]);
    }
  }
});

test('any text is read as csv-parse reads it, or both refuse it', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r', '\r\n'), maxLength: 24 });
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (content, size) => {
      const expected = parsed(content);
      const width = Math.max(1, ...(expected ?? []).map((row) => row.length));
      const read = await readRows(parseCopy('CSV FILLRECORD'), width, cutInto(Buffer.from(content), size));
      if (expected === undefined) refused += 1;
      expect(read.stopped ? 'refused' : read.rows).toEqual(expected?.map(filledTo(width)) ?? 'refused');
    }),
    { numRuns: 3000 },
  );
  expect(refused).toBeGreaterThan(300);
  expect(refused).toBeLessThan(2700);
});

/** Undefined: it is no CSV. */
function parsed(text: string): string[][] | undefined {
  try {
    return parse(text, { relax_column_count: true, record_delimiter: ['\r\n', '\n', '\r'] });
  } catch {
    return undefined;
  }
}

function filledTo(width: number): (row: string[]) => string[] {
  return (row) => row.concat(Array.from({ length: width - row.length }, () => ''));
}

test('after a row that cannot be read the next line is read, wherever the chunks end', async () => {
  for (const [options, bad] of [
    ['CSV', '"a"b,c'],
    ['CSV', 'a"b,c'],
    ['CSV', 'a,b,c'],
    ['CSV', 'a'],
    ['REMOVEQUOTES', `"open|c`],
    ['ESCAPE', String.raw`a\|b`],
  ] as const) {
    const delimiter = options === 'CSV' ? ',' : '|';
    const good = ['1', '2', '3'].map((id) => [id, 'x']);
    for (const lineEnd of Object.values(LINE_ENDS)) {
      const lines = good.flatMap((row) => [row.join(delimiter), bad]);
      const bytes = Buffer.from(lines.join(lineEnd));
      for (const size of [1, 2, 3, 4, 5, bytes.length]) {
        const read = await readRows(parseCopy(`${options} MAXERROR 10`), 2, cutInto(bytes, size));
        expect(read.rows).toEqual(good);
        expect(read.errors.map(({ line }) => line)).toEqual([2, 4, 6]);
      }
    }
  }
});

test('a line longer than 4 MB is one bad row, and no part of it is read as another', async () => {
  const long = 'a'.repeat(9 * 1024 * 1024);
  for (const lineEnd of Object.values(LINE_ENDS)) {
    const bytes = Buffer.from(`1${lineEnd}${long}${lineEnd}3${lineEnd}`);
    const read = await readRows(parseCopy('MAXERROR 2'), 1, cutInto(bytes, 256 * 1024));
    expect(read.rows).toEqual([['1'], ['3']]);
    expect(read.errors.map(({ line }) => line)).toEqual([2]);
  }
});

test('IGNOREBLANKLINES leaves out lines that are empty, not rows of blanks or of an empty text', async () => {
  const read = await readRows(parseCopy('CSV IGNOREBLANKLINES'), 1, [Buffer.from('a\n\n""\n  \nb\r\n\r\n')]);
  expect(read.rows).toEqual([['a'], [''], ['  '], ['b']]);
});

test('blanks around the quotes of a CSV field are no part of it', async () => {
  const read = await readRows(parseCopy('CSV'), 2, [Buffer.from(' "a b"\t, "c" \n  d  ,e\n')]);
  expect(read.rows).toEqual([
    ['a b', 'c'],
    ['  d  ', 'e'],
  ]);
});

test('an escape character at the end of the file has nothing to escape: an error', async () => {
  const read = await readRows(parseCopy('ESCAPE MAXERROR 2'), 1, [Buffer.from('a\nb\\')]);
  expect(read.rows).toEqual([['a']]);
  expect(read.errors.map(({ line }) => line)).toEqual([2]);
});
