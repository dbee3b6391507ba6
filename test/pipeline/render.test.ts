import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { tokenize } from '../../shared/pipeline/lexer.ts';
import type { ParameterValue } from '../../shared/pipeline/render.ts';
import { quoteLiteral, RenderError, renderStatement, renderValue } from '../../shared/pipeline/render.ts';
import { stringValue } from '../../shared/pipeline/sql-string.ts';
import { makeTemplate } from '../../shared/pipeline/template.ts';

const values = (entries: Record<string, ParameterValue>): Map<string, ParameterValue> =>
  new Map(Object.entries(entries));

const render = (sql: string, entries: Record<string, ParameterValue>): string =>
  renderStatement(makeTemplate(tokenize(sql), new Set(Object.keys(entries))).template, values(entries));

/** Any text without control characters and halves of surrogate pairs, rich in what is dangerous. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '\\',
        '"',
        '$$',
        '--',
        '/*',
        '*/',
        ';',
        ':',
        'é',
        '東',
        '🙂',
        ' ',
        'x',
        '%27',
        '\u2028',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))
  .filter((whole) => !/[\p{Cc}\p{Cs}]/u.test(whole));

describe('quoteLiteral', () => {
  it.each([
    ['plain', "'plain'"],
    ['', "''"],
    ["O'Hara", "'O''Hara'"],
    ['a\\', String.raw`'a\\'`],
    [String.raw`x\' or`, String.raw`'x\\'' or'`],
    ["a'; drop table x;--.csv", "'a''; drop table x;--.csv'"],
    ['東京 🙂', "'東京 🙂'"],
  ])('%j is %s', (given, expected) => {
    expect(quoteLiteral(given)).toBe(expected);
  });

  it.each(['\0', '\n', '\r', '\t', '\u001b', '\u007f', '\u0085', '\ud800'])(
    'refuses %j and names the parameter',
    (character) => {
      expect(() => quoteLiteral(`a${character}b`, ':key')).toThrow(RenderError);
      expect(() => quoteLiteral(`a${character}b`, ':key')).toThrow(
        /^:key contains the control character U\+/,
      );
      expect(() => quoteLiteral(character)).toThrow(/^the text contains/);
    },
  );

  it('makes one string token of any text, with that text as its value', () => {
    fc.assert(
      fc.property(text, (given) => {
        const literal = quoteLiteral(given);
        expect(tokenize(literal)).toEqual([{ kind: 'string', text: literal, start: 0, end: literal.length }]);
        expect(stringValue(literal).text).toBe(given);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('renderStatement', () => {
  it('keeps every byte of a value inside one literal, wherever the placeholder is', () => {
    const around = fc.constantFrom(
      ['SELECT ', ' FROM t'],
      ['SELECT x FROM t WHERE a = ', '::varchar /* end */ = 1'],
      ["SELECT 'it''s', ", ', /* :no */ "q:x"'],
      ['COPY t FROM ', ' IAM_ROLE default'],
      ['SELECT f(', ') || $$ :no $$'],
    );
    fc.assert(
      fc.property(around, text, ([before = '', behind = ''], given) => {
        const sql = render(`${before}:p${behind}`, { p: { type: 'string', text: given } });
        const placeholder = tokenize(`${before}:p${behind}`);
        const rendered = tokenize(sql);
        // The same tokens but for one, which is the value's literal.
        expect(rendered.map((token) => token.kind)).toEqual(
          placeholder.map((token) => (token.kind === 'param' ? 'string' : token.kind)),
        );
        const at = placeholder.findIndex((token) => token.kind === 'param');
        expect(stringValue(rendered[at]?.text ?? '').text).toBe(given);
        expect(rendered.filter((_, i) => i !== at).map((token) => token.text)).toEqual(
          placeholder.filter((_, i) => i !== at).map((token) => token.text),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps every byte of a value inside one literal of UNLOAD's quoted query", () => {
    fc.assert(
      fc.property(text, (given) => {
        const sql = render(String.raw`UNLOAD ('SELECT ''a:b'', \'c\' FROM t WHERE x = :p') TO 's3://b/x'`, {
          p: { type: 'string', text: given },
        });
        const [quoted, target] = tokenize(sql).filter((token) => token.kind === 'string');
        expect(target?.text).toBe("'s3://b/x'");
        const inner = tokenize(stringValue(quoted?.text ?? '').text).filter(
          (token) => token.kind === 'string',
        );
        expect(inner.map((token) => stringValue(token.text).text)).toEqual(['a:b', 'c', given]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[ParameterValue, string]>([
    [{ type: 'number', text: '12' }, '12'],
    [{ type: 'number', text: '+1.50' }, '1.50'],
    [{ type: 'number', text: '-7' }, '(-7)'],
    [{ type: 'number', text: '1e-3' }, '1e-3'],
    [{ type: 'boolean', text: 'true' }, 'true'],
    [{ type: 'date', text: '2026-01-31' }, "'2026-01-31'"],
    [{ type: 'timestamp', text: '2026-01-31 23:59:00.123' }, "'2026-01-31 23:59:00.123'"],
    [{ type: 'word', text: 'default' }, 'default'],
  ])('%j is %s', (value, expected) => {
    expect(renderValue('p', value)).toBe(expected);
  });

  it('does not start a comment with a negative number', () => {
    const sql = render('SELECT 1 -:n', { n: { type: 'number', text: '-7' } });
    expect(sql).toBe('SELECT 1 -(-7)');
    expect(tokenize(sql).some((token) => token.kind === 'comment')).toBe(false);
  });

  it.each<[ParameterValue, RegExp]>([
    [{ type: 'number', text: '1; DROP TABLE x' }, /:p must be a number; it is "1; DROP TABLE x"/],
    [{ type: 'number', text: 'NaN' }, /a number/],
    [{ type: 'number', text: '1\n' }, /a number/],
    [{ type: 'boolean', text: 'TRUE' }, /true or false/],
    [{ type: 'date', text: "2026-01-31'" }, /a date/],
    [{ type: 'timestamp', text: 'now' }, /a timestamp/],
    [{ type: 'word', text: 'default; --' as 'default' }, /the word default/],
  ])('%j is refused', (value, message) => {
    expect(() => renderValue('p', value)).toThrow(message);
  });

  it('reports the placeholder that has no value', () => {
    expect(() => renderStatement({ parts: ['COPY t FROM ', { param: 'manifest' }] }, new Map())).toThrow(
      ':manifest has no value in this run',
    );
  });
});
