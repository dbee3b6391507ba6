import { describe, expect, it } from 'vitest';

import { tokenize } from '../../shared/pipeline/lexer.ts';
import type { MadeTemplate } from '../../shared/pipeline/template.ts';
import { makeTemplate, templateBytes } from '../../shared/pipeline/template.ts';

const made = (sql: string): MadeTemplate => makeTemplate(tokenize(sql), new Set(['a', 'manifest', 'day']));
const parts = (sql: string): readonly unknown[] => made(sql).template.parts;
const a = { param: 'a' };

describe('a placeholder', () => {
  it.each<[string, readonly unknown[]]>([
    ['SELECT :a', ['SELECT ', a]],
    ['SELECT :a, :a', ['SELECT ', a, ', ', a]],
    ['SELECT x::a', ['SELECT x::a']],
    ['SELECT :a::date', ['SELECT ', a, '::date']],
    ["SELECT ':a x'", ["SELECT ':a x'"]],
    ["SELECT 'it''s :a', :a", ["SELECT 'it''s :a', ", a]],
    [String.raw`SELECT 'c:\\', :a`, [String.raw`SELECT 'c:\\', `, a]],
    [String.raw`SELECT 'x\' :a'`, [String.raw`SELECT 'x\' :a'`]],
    ['SELECT "a:a"', ['SELECT "a:a"']],
    ['SELECT $$ :a $$', ['SELECT $$ :a $$']],
    ['SELECT $x$ :a $$ $x$', ['SELECT $x$ :a $$ $x$']],
    ['SELECT 1 -- :a\n, :a', ['SELECT 1 -- :a\n, ', a]],
    ['SELECT 1 /* :a /* :a */ :a */ + :a', ['SELECT 1 /* :a /* :a */ :a */ + ', a]],
    ['-- before :a\nSELECT 1 -- behind :a', ['SELECT 1']],
    ['SELECT f(:a)+:a', ['SELECT f(', a, ')+', a]],
    ["SELECT '10:30'::time", ["SELECT '10:30'::time"]],
    ['SELECT x := 1', ['SELECT x := 1']],
  ])('in %j', (sql, expected) => {
    expect(parts(sql)).toEqual(expected);
  });

  it("inside UNLOAD's quoted query is marked, with correct offsets despite escapes", () => {
    const sql = String.raw`UNLOAD ('SELECT ''x:y'', \'z\' FROM t WHERE d = :day AND s > ''::'' ') TO :a IAM_ROLE default`;
    const { template, uses } = made(sql);
    expect(template.parts).toEqual([
      String.raw`UNLOAD ('SELECT ''x:y'', \'z\' FROM t WHERE d = `,
      { param: 'day', inQuotes: true },
      " AND s > ''::'' ') TO ",
      a,
      ' IAM_ROLE default',
    ]);
    expect(uses).toEqual([
      { name: 'day', offset: sql.indexOf(':day') },
      { name: 'a', offset: sql.indexOf(':a IAM') },
    ]);
  });

  it('cannot be used between the dollar quotes of an UNLOAD', () => {
    expect(made("UNLOAD ($$SELECT :a$$) TO 's3://b/x'").problems).toMatchObject([
      { severity: 'error', message: expect.stringContaining('dollar quotes') },
    ]);
    expect(made("UNLOAD ($$SELECT x::a$$) TO 's3://b/x'").problems).toEqual([]);
  });

  it.each([
    'SELECT x:a',
    "SELECT 'x':a",
    'SELECT :a:a',
    "SELECT :a'x'",
    'SELECT 1:a',
    'SELECT "q":a',
    'SELECT U&:a',
  ])('that would join with its neighbor is refused: %s', (sql) => {
    expect(made(sql).problems).toMatchObject([
      { severity: 'error', message: expect.stringContaining('needs a space around it') },
      ...(sql === 'SELECT :a:a' ? [{ severity: 'error' }] : []),
    ]);
  });

  it('in quotes is reported as a likely mistake', () => {
    expect(made("COPY t FROM ':manifest'").problems).toMatchObject([
      { severity: 'warning', offset: 12, message: expect.stringContaining('write :manifest without quotes') },
    ]);
    expect(made("SELECT ':other'").problems).toEqual([]);
  });
});

it('statement sizes are counted in bytes, not characters', () => {
  expect(templateBytes(made("SELECT '東', :a").template)).toBe("SELECT '東', :a".length + 2);
});
