import { assert, pre, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseNodes, render, unescapeString } from '../../../../local/redshift/dialect/nodes.ts';

function rewritten(sql: string): string {
  return render(parseNodes(sql));
}

describe('nodes', () => {
  test.each([
    ['select a.b, c::int from t where x >= 1.5e3', 'select a.b, c::int from t where x >= 1.5e3'],
    ['select 1 -- the first\n, 2 /* two */ + 3', 'select 1\n, 2 + 3'],
    ['select $1 + $2', 'select $1 + $2'],
    ['for i in 1..10', 'for i in 1..10'],
    ['a !~* b', 'a !~* b'],
    ['select "Ab""C"', 'select "ab""c"'],
    ['#Tmp', '"#tmp"'],
    ["'a'\n'b'", "'a'\n'b'"],
    ["E'\\t' N'x'", "'\t' 'x'"],
  ])('%s', (sql, expected) => {
    expect(rewritten(sql)).toBe(expected);
  });

  test('backslashes escape as in Redshift', () => {
    expect(unescapeString(String.raw`a\'b\\c\n\t\101\q''`)).toBe("a'b\\c\n\tAq'");
  });

  test('any text comes through a literal that escapes quote and backslash', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        pre(!text.includes('\0'));
        const literal = `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`;
        const [node] = parseNodes(literal);
        expect(node).toMatchObject({ kind: 'string', value: text });
        expect(rewritten(literal)).toBe(`'${text.replaceAll("'", "''")}'`);
      }),
    );
  });

  test('NUL cannot be sent', () => {
    expect(() => rewritten(String.raw`'\0'`)).toThrow('invalid byte sequence');
  });
});
