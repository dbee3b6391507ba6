/** The type of a function's result, and what must be done so that PostgreSQL gives that type. */
import { UnsupportedSqlError } from '../dialect/errors.ts';
import { largerInteger } from './arithmetic.ts';
import type { ResultRule } from './functions.ts';
import {
  decimal,
  isFloat,
  isInteger,
  isMoment,
  isNumber,
  isString,
  textLength,
  typeText,
  UNKNOWN,
  varchar,
} from './type.ts';
import type { Type } from './type.ts';

export interface CallResult {
  readonly type: Type;
  /** `result`: PostgreSQL's result is cast; `exact`: the argument is made DECIMAL before; `digit`: a whole result is `1.0`. */
  readonly cast?: 'result' | 'exact' | 'digit';
}

const MOST_DIGITS = 38;
const DOUBLE: Type = { kind: 'double precision' };

/** @param ordered the type of what WITHIN GROUP orders by */
export function callResult(
  name: string,
  rule: ResultRule,
  args: readonly Type[],
  ordered: Type | undefined,
  isWindow: boolean,
): CallResult {
  const [first = UNKNOWN, second = UNKNOWN, third = UNKNOWN] = args;
  if (typeof rule === 'object') return { type: varchar(rule.varchar) };
  switch (rule) {
    case 'same':
      return same(name, first);
    case 'text':
      return { type: varchar(textLength(first)) };
    case 'string':
      return { type: isString(first) ? first : varchar(textLength(first)) };
    case 'concat': {
      const [a, b] = [textLength(first), textLength(second)];
      return { type: varchar(a === undefined || b === undefined ? undefined : a + b) };
    }
    case 'sum':
      return sum(first, isWindow);
    case 'average':
      // The shim's has PostgreSQL's average first, and a value of the column as the second.
      return { type: total(args.length > 1 ? second : first) };
    case 'deviation':
      return isFloat(first) ? { type: DOUBLE } : { type: DOUBLE, cast: 'result' };
    case 'median':
      return isInteger(first) ? { type: middle(first), cast: 'digit' } : { type: middle(first) };
    case 'percentile':
      return percentile(ordered ?? first);
    case 'ordered':
      return { type: ordered ?? first };
    case 'trunc':
      return isMoment(first) ? { type: { kind: 'date' } } : same(name, first);
    case 'sign':
      if (first.kind === 'decimal') return { type: decimal(1, 0) };
      return isInteger(first) ? { type: first, cast: 'result' } : { type: first };
    case 'mod':
      if (isInteger(first) && isInteger(second)) return { type: largerInteger(first, second) };
      return { type: first.kind === 'decimal' || second.kind === 'decimal' ? { kind: 'decimal' } : UNKNOWN };
    case 'moved':
      return {
        type: third.kind === 'date' || !isMoment(third) ? { kind: 'timestamp' } : { kind: third.kind },
      };
    case 'truncated moment':
      return { type: { kind: second.kind === 'timestamptz' ? 'timestamptz' : 'timestamp' } };
    case 'extract':
      return { type: second.kind === 'timestamptz' ? DOUBLE : { kind: 'integer' } };
    case 'zone':
      if (second.kind === 'timestamptz') return { type: { kind: 'timestamp' } };
      return {
        type: { kind: second.kind === 'timetz' || second.kind === 'time' ? 'timetz' : 'timestamptz' },
      };
    default:
      return { type: { kind: rule } };
  }
}

const WHOLE_AS_DOUBLE = new Set(['ceil', 'ceiling', 'floor']);
const WITHOUT_SMALLINT = new Set(['round', 'trunc']);

function same(name: string, type: Type): CallResult {
  if (type.kind === 'untyped') return { type: type.length === undefined ? UNKNOWN : varchar(type.length) };
  if (isInteger(type) && WHOLE_AS_DOUBLE.has(name)) return { type, cast: 'exact' };
  if (type.kind === 'smallint' && WITHOUT_SMALLINT.has(name)) return { type, cast: 'result' };
  return { type };
}

function total(type: Type): Type {
  if (isInteger(type)) return { kind: 'bigint' };
  if (isFloat(type)) return DOUBLE;
  if (type.kind !== 'decimal') return UNKNOWN;
  return type.size === undefined ? type : decimal(MOST_DIGITS, type.size.scale);
}

function sum(type: Type, isWindow: boolean): CallResult {
  if (isWindow && type.kind === 'bigint') return { type: decimal(MOST_DIGITS, 0), cast: 'result' };
  const result = total(type);
  return result.size === undefined ? { type: result } : { type: result, cast: 'result' };
}

/** DECIMAL of a size that is not documented, also for integers. */
function middle(type: Type): Type {
  if (isFloat(type)) return DOUBLE;
  if (isNumber(type)) return { kind: 'decimal' };
  if (isString(type) || type.kind === 'boolean')
    throw new UnsupportedSqlError(
      `MEDIAN of ${typeText(type)}`,
      'the conversion is not documented; use CAST',
    );
  return isMoment(type) ? { kind: type.kind } : UNKNOWN;
}

function percentile(type: Type): CallResult {
  if (isMoment(type)) throw new UnsupportedSqlError(`PERCENTILE_CONT of ${typeText(type)}`, 'use MEDIAN');
  if (isInteger(type)) return { type: { kind: 'decimal' }, cast: 'digit' };
  if (type.kind === 'decimal') return { type: { kind: 'decimal' }, cast: 'result' };
  return { type: isFloat(type) ? DOUBLE : UNKNOWN };
}
