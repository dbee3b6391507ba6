import { describe, expect, test } from 'vitest';

import { commonType, numberResult } from '../../../../local/redshift/types/arithmetic.ts';
import type { Arithmetic } from '../../../../local/redshift/types/arithmetic.ts';
import { decimal, typeOfCatalog, typeText, varchar } from '../../../../local/redshift/types/type.ts';
import type { Type } from '../../../../local/redshift/types/type.ts';

const A = decimal(12, 2);
const INTEGER: Type = { kind: 'integer' };
const BIGINT: Type = { kind: 'bigint' };
const SMALLINT: Type = { kind: 'smallint' };
const REAL: Type = { kind: 'real' };

const ARITHMETIC: readonly (readonly [Type, Arithmetic, Type, string])[] = [
  [decimal(8, 2), '/', decimal(8, 2), 'DECIMAL(17,9)'],
  [decimal(8, 2), '/', decimal(8, 7), 'DECIMAL(17,4)'],
  [decimal(8, 2), '/', SMALLINT, 'DECIMAL(14,8)'],
  [decimal(19, 0), '/', decimal(19, 0), 'DECIMAL(38,19)'],
  [decimal(19, 2), '/', decimal(38, 19), 'DECIMAL(38,4)'],
  [decimal(38, 2), '/', decimal(38, 2), 'DECIMAL(38,4)'],
  [A, '/', INTEGER, 'DECIMAL(23,13)'],
  [A, '/', BIGINT, 'DECIMAL(32,22)'],
  [decimal(38, 2), '/', BIGINT, 'DECIMAL(38,4)'],
  [A, '/', A, 'DECIMAL(25,13)'],
  [decimal(25, 13), '/', INTEGER, 'DECIMAL(36,24)'],
  [INTEGER, '/', decimal(2, 1), 'DECIMAL(15,4)'],
  [A, '*', decimal(2, 1), 'DECIMAL(15,3)'],
  [decimal(25, 4), '*', A, 'DECIMAL(38,6)'],
  [decimal(2, 1), '*', decimal(2, 1), 'DECIMAL(5,2)'],
  [A, '-', A, 'DECIMAL(13,2)'],
  [decimal(38, 0), '+', INTEGER, 'DECIMAL(38,0)'],
  [A, '%', A, 'DECIMAL'],
  [INTEGER, '/', INTEGER, 'INTEGER'],
  [SMALLINT, '+', BIGINT, 'BIGINT'],
  [REAL, '*', REAL, 'REAL'],
  [REAL, '*', INTEGER, 'DOUBLE PRECISION'],
  [A, '+', REAL, 'DOUBLE PRECISION'],
];

test.each(ARITHMETIC)('arithmetic %#: %o %s %o', (a, operator, b, result) => {
  expect(typeText(numberResult(operator, a, b))).toBe(result);
});

describe('the type of values that must have one', () => {
  const COMMON: readonly (readonly [readonly Type[], string])[] = [
    [[decimal(7, 2), decimal(15, 3)], 'DECIMAL(15,3)'],
    [[decimal(10, 2), decimal(8, 4)], 'DECIMAL(12,4)'],
    [[A, INTEGER], 'DECIMAL(12,2)'],
    [[decimal(25, 13), INTEGER], 'DECIMAL(25,13)'],
    [[decimal(18, 2), BIGINT], 'DECIMAL(19,2)'],
    [[decimal(38, 2), decimal(38, 10)], 'DECIMAL(38,10)'],
    [[SMALLINT, BIGINT], 'BIGINT'],
    [[A, { kind: 'double precision' }], 'DOUBLE PRECISION'],
    [[varchar(3), varchar(7)], 'VARCHAR(7)'],
    [[varchar(3), { kind: 'untyped', length: 9 }], 'VARCHAR(9)'],
    [[varchar(3), varchar(undefined)], 'VARCHAR'],
    [[{ kind: 'date' }, { kind: 'timestamp' }], 'TIMESTAMP'],
    [[{ kind: 'untyped' }, INTEGER], 'INTEGER'],
    [[varchar(3), INTEGER], 'UNKNOWN'],
  ];
  test.each(COMMON)('%o is %s', (types, result) => {
    expect(typeText(commonType(types))).toBe(result);
  });
});

test('the catalog’s modifiers hold precision and scale, and lengths', () => {
  expect(typeText(typeOfCatalog('numeric', ((12 << 16) | 2) + 4))).toBe('DECIMAL(12,2)');
  expect(typeText(typeOfCatalog('varchar', 24))).toBe('VARCHAR(20)');
  expect(typeText(typeOfCatalog('numeric', -1))).toBe('DECIMAL');
  expect(typeText(typeOfCatalog('int4', -1))).toBe('INTEGER');
});
