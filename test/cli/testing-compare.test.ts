/** Tolerances and patterns of the rows that a test expects, and what an updated expectation would be. */
import { describe, expect, it } from 'vitest';

import { compareRows, type FoundRows } from '../../cli/testing/compare.ts';
import { parseCsv } from '../../cli/testing/csv.ts';
import { matchUp } from '../../cli/testing/match-up.ts';
import { isNear, parseTolerance, suits } from '../../cli/testing/tolerance.ts';

describe('a tolerance', () => {
  const near = (within: string, type: string, expected: string, found: string): boolean => {
    const tolerance = parseTolerance(within);
    if (tolerance === undefined) throw new Error(`no tolerance: ${within}`);
    return suits(tolerance, type) && isNear(expected, found, tolerance, type);
  };

  it.each([
    ['0.1', 'numeric', '1.0', '1.1'],
    ['0.1', 'numeric', '-0.05', '0.05'],
    ['0', 'numeric', '1.50', '1.5'],
    ['1', 'int8', '9007199254740993', '9007199254740992'],
    ['0.1', 'float8', '1', '1.1'],
    ['0.01', 'float4', '0.3', '0.30999'],
    ['1%', 'numeric', '200', '202'],
    ['1%', 'numeric', '-200', '-198.00'],
    ['0.5%', 'float8', '1000', '1005'],
    ['5s', 'timestamp', '2026-01-01', '2026-01-01 00:00:05'],
    ['1m', 'timestamptz', '2026-01-01T10:00:30Z', '2026-01-01 10:00:00+00'],
    ['1m', 'timestamptz', '2026-01-01 12:00+02', '2026-01-01 10:00:59.5+00'],
    ['1d', 'date', '2026-02-28', '2026-03-01'],
  ])('of %s for a %s takes %s and %s as equal', (within, type, expected, found) => {
    expect(near(within, type, expected, found)).toBe(true);
  });

  it.each([
    ['0.1', 'numeric', '1.0', '1.1001'],
    ['0.1', 'numeric', '1.0', 'NaN'],
    ['0.1', 'numeric', '', '0'],
    ['0.1', 'float8', '', '0'],
    ['1', 'int8', '9007199254740993', '9007199254740991'],
    ['1%', 'numeric', '200', '202.01'],
    ['1%', 'numeric', '0', '0.001'],
    ['5s', 'timestamp', '2026-01-01', '2026-01-01 00:00:05.1'],
    ['5s', 'timestamp', 'soon', '2026-01-01'],
    ['1', 'varchar', '1', '1'],
    ['1s', 'numeric', '1', '1'],
  ])('of %s for a %s keeps %s and %s apart', (within, type, expected, found) => {
    expect(near(within, type, expected, found)).toBe(false);
  });

  it.each(['', '-1', '1e3', '.5', '5 s', '1 %', 'x'])('is not %j', (text) => {
    expect(parseTolerance(text)).toBeUndefined();
  });
});

describe('rows with a tolerance', () => {
  const TYPES = ['int4', 'numeric'];
  const within = new Map([['b', { kind: 'number', most: '0.1' } as const]]);
  const compared = (csv: string, rows: FoundRows['rows'], types = TYPES) =>
    compareRows({ ...parseCsv(csv), within }, { types, rows });

  it('are equal where every other column is equal', () => {
    expect(
      compared('a,b\n1,1.00\n2,', [
        [2, null],
        [1, '1.05'],
      ]),
    ).toBeUndefined();
    expect(compared('a,b\n1,1.00', [[2, '1.00']])?.difference.changed).toHaveLength(1);
    expect(compared('a,b\n1,\n', [[1, '0']])?.difference.changed).toMatchObject([{ differs: [false, true] }]);
  });

  it('find a partner each, even where the first that fits is the only one for another', () => {
    expect(
      compared('a,b\n1,1.0\n1,1.1', [
        [1, '1.1'],
        [1, '1.2'],
      ]),
    ).toBeUndefined();
    expect(
      compared('a,b\n1,1.1\n1,1.0', [
        [1, '1.2'],
        [1, '1.1'],
      ]),
    ).toBeUndefined();
    const chain = Array.from({ length: 30 }, (_, i) => i);
    const csv = `a,b\n${chain.map((i) => `1,${i / 10}`).join('\n')}`;
    expect(
      compared(
        csv,
        chain.map((i) => [1, String((i + 1) / 10)]),
      ),
    ).toBeUndefined();
  });

  it('find as many partners as there can be', () => {
    const best = (
      from: readonly number[],
      to: readonly number[],
      isSame: (a: number, b: number) => boolean,
    ): number => {
      const [first, ...rest] = from;
      if (first === undefined) return 0;
      const without = best(rest, to, isSame);
      const withOne = to.map((one, i) =>
        isSame(first, one) ? 1 + best(rest, to.toSpliced(i, 1), isSame) : 0,
      );
      return Math.max(without, ...withOne);
    };
    let seed = 7;
    const next = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 300; round += 1) {
      // Numbers of one list differ, so that a map can hold them.
      const from = [0, 1, 2, 3, 4, 5].map((i) => next(12) + i / 100);
      const to = [0, 1, 2, 3, 4, 5].map((i) => next(12) + i / 100);
      const isSame = (a: number, b: number): boolean => Math.abs(Math.floor(a) - Math.floor(b)) <= 1;
      const partners = matchUp(from, to, { keyOf: () => '', isSame });
      expect(new Set(partners.values()).size).toBe(partners.size);
      expect([...partners].every(([a, b]) => isSame(a, b))).toBe(true);
      expect(partners.size).toBe(best(from, to, isSame));
    }
  });
});

it('a pattern describes a column that the rows leave out, in every row', () => {
  const expectation = { ...parseCsv('a\n1\n2'), matches: new Map([['at', /^2026-/u]]) };
  const found = (rows: FoundRows['rows']) => compareRows(expectation, { types: ['int4', 'timestamp'], rows });
  expect(
    found([
      [2, '2026-01-01'],
      [1, '2026-02-01'],
    ]),
  ).toBeUndefined();
  expect(
    found([
      [2, '2025-01-01'],
      [1, null],
    ])?.difference,
  ).toEqual({
    missing: [],
    unexpected: [],
    changed: [
      { expected: ['1', '/^2026-/u'], found: ['1', null], differs: [false, true] },
      { expected: ['2', '/^2026-/u'], found: ['2', '2025-01-01'], differs: [false, true] },
    ],
  });
});

it('values of a SUPER column are equal as JSON, whatever the order of the members', () => {
  const found = (csv: string, value: string) =>
    compareRows(parseCsv(csv), { types: ['super'], rows: [[value]] });
  expect(found('a\n"{""b"": 1, ""c"": [1, 2.0]}"', '{"c":[1,2],"b":1}')).toBeUndefined();
  expect(found('a\nx', '"x"')).toBeUndefined();
  expect(found('a\n"[1,2]"', '[2,1]')).toBeDefined();
});

it('an updated expectation keeps right rows as they stand, changes cells, drops what is missing and adds what is new', () => {
  const expectation = {
    ...parseCsv('id,name,amount\n1,Ada,010.0\n2,Bob,20.0\n3,Kim,30\n4,Lea,40'),
    within: new Map([['amount', { kind: 'number', most: '1' } as const]]),
    matches: new Map([['at', /^2026-/u]]),
  };
  const at = '2026-01-01 00:00:00';
  const comparison = compareRows(expectation, {
    types: ['int4', 'varchar', 'numeric', 'timestamp'],
    rows: [
      [9, 'Zoe', '90.00', at],
      [2, 'Rob', '20.50', at],
      [3, 'Kim', '35.00', at],
      [1, 'Ada', '10.00', at],
    ],
  });
  expect(comparison?.updated).toEqual([
    { cells: ['1', 'Ada', '010.0'], from: 0, changed: [] },
    { cells: ['2', 'Rob', '20.0'], from: 1, changed: [1] },
    { cells: ['3', 'Kim', '35.00'], from: 2, changed: [2] },
    { cells: ['9', 'Zoe', '90.00'] },
  ]);
});
