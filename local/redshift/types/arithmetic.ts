/** Result types of operators and of values that must have one type, by the developer guide's formulas. */
import {
  decimal,
  isFloat,
  isInteger,
  isMoment,
  isNumber,
  isString,
  textLength,
  UNKNOWN,
  varchar,
} from './type.ts';
import type { DecimalSize, Kind, Type } from './type.ts';

const MOST_DIGITS = 38;
/** A DECIMAL of so many digits or fewer is kept in 8 bytes. */
const DIGITS_OF_8_BYTES = 19;
const MOST_SCALE_OF_DIVISION = 100;
const LEAST_SCALE_OF_DIVISION = 4;

const INTEGER_DIGITS: Readonly<Partial<Record<Kind, number>>> = { smallint: 5, integer: 10, bigint: 19 };
const INTEGERS_BY_SIZE: readonly Kind[] = ['smallint', 'integer', 'bigint'];

/** An integer counts as a DECIMAL without a scale. Undefined: no size is known. */
export function decimalSize(type: Type): DecimalSize | undefined {
  const digits = INTEGER_DIGITS[type.kind];
  return digits === undefined ? type.size : { precision: digits, scale: 0 };
}

export type Arithmetic = '+' | '-' | '*' | '/' | '%';

const RESULTS: Readonly<Record<string, (a: DecimalSize, b: DecimalSize) => DecimalSize>> = {
  '+': sum,
  '-': sum,
  '*': (a, b) => ({ precision: a.precision + b.precision + 1, scale: a.scale + b.scale }),
  '/': quotient,
};

/** Undefined: no page has a formula. Precision may be above 38: the caller limits it, and checks for overflow. */
export function decimalResult(operator: Arithmetic, a: DecimalSize, b: DecimalSize): DecimalSize | undefined {
  return RESULTS[operator]?.(a, b);
}

function sum(a: DecimalSize, b: DecimalSize): DecimalSize {
  const scale = Math.max(a.scale, b.scale);
  return { precision: Math.max(a.precision - a.scale, b.precision - b.scale) + 1 + scale, scale };
}

function quotient(a: DecimalSize, b: DecimalSize): DecimalSize {
  let scale = Math.max(LEAST_SCALE_OF_DIVISION, a.scale + b.precision - b.scale + 1);
  let precision = a.precision - a.scale + b.scale + scale;
  if (scale > MOST_SCALE_OF_DIVISION) {
    precision -= scale - MOST_SCALE_OF_DIVISION;
    scale = MOST_SCALE_OF_DIVISION;
  }
  if (precision > MOST_DIGITS) {
    scale = Math.max(MOST_DIGITS + scale - precision, LEAST_SCALE_OF_DIVISION);
    precision = MOST_DIGITS;
  }
  return { precision, scale };
}

/** More than 38 digits are 38, with the same scale; a value that does not fit is an error when it is computed. */
function limited({ precision, scale }: DecimalSize): DecimalSize {
  return { precision: Math.min(precision, MOST_DIGITS), scale };
}

export function largerInteger(a: Type, b: Type): Type {
  const at = Math.max(INTEGERS_BY_SIZE.indexOf(a.kind), INTEGERS_BY_SIZE.indexOf(b.kind));
  return { kind: INTEGERS_BY_SIZE[at] ?? 'bigint' };
}

/** Of two numbers. */
export function numberResult(operator: Arithmetic, a: Type, b: Type): Type {
  if (isFloat(a) || isFloat(b))
    return { kind: a.kind === 'real' && b.kind === 'real' ? 'real' : 'double precision' };
  if (isInteger(a) && isInteger(b)) return largerInteger(a, b);
  const [left, right] = [decimalSize(a), decimalSize(b)];
  const size = left && right && decimalResult(operator, left, right);
  return size === undefined ? { kind: 'decimal' } : { kind: 'decimal', size: limited(size) };
}

function commonDecimal(a: DecimalSize, b: DecimalSize): DecimalSize {
  const scale = Math.max(a.scale, b.scale);
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale;
  const small = a.precision <= DIGITS_OF_8_BYTES && b.precision <= DIGITS_OF_8_BYTES;
  return { precision: Math.min(precision, small ? DIGITS_OF_8_BYTES : MOST_DIGITS), scale };
}

const MOMENTS_BY_RANK: readonly Kind[] = ['date', 'timestamp', 'timestamptz'];

/** The type that UNION, CASE, COALESCE and their like give values of these types. */
export function commonType(types: readonly Type[]): Type {
  const typed = types.filter(({ kind }) => kind !== 'untyped');
  if (typed.length === 0) return literalType(types);
  const [first = UNKNOWN, ...rest] = typed;
  let common = rest.reduce(commonOfTwo, first);
  if (isString(common) && common.length !== undefined) {
    const lengths = types.map(({ length }) => length ?? 0);
    common = { ...common, length: Math.max(common.length, ...lengths) };
  }
  return types.some(({ ofTable }) => ofTable === true) ? { ...common, ofTable: true } : common;
}

/** Literals alone stay literals. */
function literalType(types: readonly Type[]): Type {
  const lengths = types.flatMap(({ length }) => (length === undefined ? [] : [length]));
  return lengths.length === 0 ? { kind: 'untyped' } : { kind: 'untyped', length: Math.max(...lengths) };
}

function commonOfTwo(a: Type, b: Type): Type {
  if (isNumber(a) && isNumber(b)) return commonNumber(a, b);
  if (isString(a) && isString(b)) {
    const lengths = [textLength(a), textLength(b)];
    const length = lengths.includes(undefined) ? undefined : Math.max(...lengths.map((each) => each ?? 0));
    if (a.kind === 'char' && b.kind === 'char')
      return length === undefined ? { kind: 'char' } : { kind: 'char', length };
    return varchar(length);
  }
  if (a.kind === b.kind) return { kind: a.kind };
  if (isMoment(a) && isMoment(b)) {
    const at = [a, b].map(({ kind }) => MOMENTS_BY_RANK.indexOf(kind));
    if (!at.includes(-1)) return { kind: MOMENTS_BY_RANK[Math.max(...at)] ?? 'timestamp' };
  }
  return UNKNOWN;
}

function commonNumber(a: Type, b: Type): Type {
  if (isFloat(a) || isFloat(b)) return { kind: a.kind === b.kind ? a.kind : 'double precision' };
  if (isInteger(a) && isInteger(b)) return largerInteger(a, b);
  const [left, right] = [decimalSize(a), decimalSize(b)];
  if (left === undefined || right === undefined) return { kind: 'decimal' };
  const { precision, scale } = commonDecimal(left, right);
  return decimal(precision, scale);
}
