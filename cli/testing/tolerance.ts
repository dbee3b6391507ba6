/** How far a value may be from the expected one: `0.01`, `1%`, and for times `5s`. Pure. */
import { parseDuration } from '../../shared/pipeline/duration.ts';

export type Tolerance =
  /** `most`: a decimal number, as text. */
  | { readonly kind: 'number'; readonly most: string }
  /** Of the expected number. */
  | { readonly kind: 'percent'; readonly most: string }
  | { readonly kind: 'time'; readonly seconds: number };

export const TOLERANCE_WORDS =
  'a number like 0.01, a part of the expected number like 1%, or for times a duration like 5s';

const AMOUNT = /^(\d+(?:\.\d+)?)(%?)$/;

/** Undefined: it is none. */
export function parseTolerance(text: string): Tolerance | undefined {
  const [, most, percent] = AMOUNT.exec(text) ?? [];
  if (most !== undefined) return { kind: percent === '' ? 'number' : 'percent', most };
  const seconds = parseDuration(text);
  return seconds === undefined ? undefined : { kind: 'time', seconds };
}

const TIMES = new Set(['timestamp', 'timestamptz', 'date']);
const EXACT = new Set(['int2', 'int4', 'int8', 'numeric']);
const FLOATING = new Set(['float4', 'float8']);

/** Whether values of the warehouse's type can have it. */
export function suits({ kind }: Tolerance, type: string): boolean {
  const name = type.toLowerCase();
  return kind === 'time' ? TIMES.has(name) : EXACT.has(name) || FLOATING.has(name);
}

/** Of a type that suits; what is no value of it is never near. */
export function isNear(expected: string, found: string, tolerance: Tolerance, type: string): boolean {
  if (tolerance.kind === 'time') {
    const [a, b] = [millis(expected), millis(found)];
    return a !== undefined && b !== undefined && Math.abs(a - b) <= tolerance.seconds * 1000;
  }
  const share = tolerance.kind === 'percent';
  if (FLOATING.has(type.toLowerCase())) {
    const [a, b, most] = [Number(expected), Number(found), Number(tolerance.most)];
    // A float has errors of its own.
    const limit = (share ? (Math.abs(a) * most) / 100 : most) * (1 + 1e-9);
    return expected.trim() !== '' && Math.abs(a - b) <= limit;
  }
  const [a, b, most] = [decimal(expected), decimal(found), decimal(tolerance.most)];
  if (a === undefined || b === undefined || most === undefined) return false;
  const digits = Math.max(a.digits, b.digits);
  const [from, to] = [scaled(a, digits), scaled(b, digits)];
  const apart = absolute(from - to);
  return share
    ? apart * 100n * 10n ** BigInt(most.digits) <= absolute(from) * most.units
    : apart * 10n ** BigInt(most.digits) <= most.units * 10n ** BigInt(digits);
}

interface Decimal {
  readonly units: bigint;
  /** After the point. */
  readonly digits: number;
}

function decimal(text: string): Decimal | undefined {
  const [all, sign, whole = '', fraction = ''] = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text.trim()) ?? [];
  if (all === undefined || whole + fraction === '') return undefined;
  const units = BigInt(whole + fraction);
  return { units: sign === '-' ? -units : units, digits: fraction.length };
}

function scaled({ units, digits }: Decimal, to: number): bigint {
  return units * 10n ** BigInt(to - digits);
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

const MOMENT = /^(\d{4,}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** A time without an offset is UTC: both sides are of one type. */
function millis(text: string): number | undefined {
  const [, day, time = '00:00', zone = 'Z'] = MOMENT.exec(text.trim()) ?? [];
  if (day === undefined) return undefined;
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const at = Date.parse(`${day}T${time}${offset}`);
  return Number.isNaN(at) ? undefined : at;
}
