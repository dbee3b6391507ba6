import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Token } from '../../shared/pipeline/lexer.ts';
import { isBlank, splitStatements, tokenize, UnclosedTokenError } from '../../shared/pipeline/lexer.ts';

const kinds = (sql: string): string[] =>
  tokenize(sql)
    .filter((token) => !isBlank(token))
    .map((token) => `${token.kind}:${token.text}`);

function tokensOrError(sql: string): Token[] | UnclosedTokenError {
  try {
    return tokenize(sql);
  } catch (error) {
    if (error instanceof UnclosedTokenError) return error;
    throw error;
  }
}

it('the joined tokens of any text are the text itself', () => {
  const piece = fc.oneof(
    fc.constantFrom("'", '"', '$$', '$a$', '--', '/*', '*/', '\n', '\\', ';', ':a', '::', '#t', '1.5e3', 'é'),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
      const sql = pieces.join('');
      const cut = tokensOrError(sql);
      fc.pre(!(cut instanceof UnclosedTokenError));
      expect(cut.map((token) => token.text).join('')).toBe(sql);
      for (const token of cut) expect(sql.slice(token.start, token.end)).toBe(token.text);
    }),
    { numRuns: 2000 },
  );
});

describe('the lexer', () => {
  it.each<[string, string[]]>([
    ["'a''b' 'c\\'d'", ["string:'a''b'", "string:'c\\'d'"]],
    ['"x""y"', ['quoted:"x""y"']],
    ['$$a;b$$ $t$ $$ $t$', ['dollar:$$a;b$$', 'dollar:$t$ $$ $t$']],
    ['a::int :b', ['word:a', 'mark:::', 'word:int', 'param::b']],
    ['#temp.x', ['word:#temp', 'mark:.', 'word:x']],
    ['1.5e-3+.5', ['number:1.5e-3', 'mark:+', 'number:.5']],
    ['straße', ['word:straße']],
    ['a -- b\rc -- d\r\ne', ['word:a', 'word:c', 'word:e']],
  ])('of %s', (sql, expected) => {
    expect(kinds(sql)).toEqual(expected);
  });

  it.each([
    ["SELECT 'a", 'string', 7],
    [String.raw`SELECT 'a\'`, 'string', 7],
    ['SELECT "a', 'quoted name', 7],
    ['SELECT /* /* */', 'comment', 7],
    ['SELECT $x$ $$', 'dollar quote', 7],
  ])('%s is an unclosed %s', (sql, what, offset) => {
    expect(() => tokenize(sql)).toThrow(expect.objectContaining({ what, offset }));
  });
});

it('statements end at semicolons outside strings and comments, and empty ones are left out', () => {
  const sql = "-- a;b\nSELECT ';' ;; /* ; */ ; CREATE PROCEDURE p() AS $$ BEGIN; END; $$ LANGUAGE plpgsql";
  const statements = splitStatements(tokenize(sql)).map((tokens) =>
    tokens
      .map((token) => token.text)
      .join('')
      .trim(),
  );
  expect(statements).toEqual([
    "-- a;b\nSELECT ';'",
    'CREATE PROCEDURE p() AS $$ BEGIN; END; $$ LANGUAGE plpgsql',
  ]);
});
