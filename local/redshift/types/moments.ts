/** What arithmetic with dates, times and intervals gives. */
import type { Arithmetic } from './arithmetic.ts';
import type { Kind } from './type.ts';

export interface Temporal {
  readonly kind: Kind;
  /** The other side is a number of days. */
  readonly days: boolean;
}

const NUMBERS: ReadonlySet<Kind> = new Set([
  'smallint',
  'integer',
  'bigint',
  'decimal',
  'real',
  'double precision',
]);
const STAMPS: ReadonlySet<Kind> = new Set(['date', 'timestamp', 'timestamptz']);

/** By the kinds of both sides, `number` for all numbers. */
const RESULTS: Readonly<Record<string, Kind>> = {
  'date + number': 'date',
  'number + date': 'date',
  'date - number': 'date',
  'date - date': 'integer',
  'date - untyped': 'integer',
  'untyped - date': 'integer',
  'date + time': 'timestamp',
  'time + date': 'timestamp',
  'date + timetz': 'timestamptz',
  'timetz + date': 'timestamptz',
  'interval + time': 'time',
  'interval + timetz': 'timetz',
  'time - time': 'interval',
  'time + interval': 'time',
  'time - interval': 'time',
  'timetz + interval': 'timetz',
  'timetz - interval': 'timetz',
  'interval + interval': 'interval',
  'interval - interval': 'interval',
  'interval * number': 'interval',
  'number * interval': 'interval',
  'interval / number': 'interval',
};

export function temporalResult(operator: Arithmetic, a: Kind, b: Kind): Temporal | undefined {
  const [left, right] = [a, b].map((kind) => (NUMBERS.has(kind) ? 'number' : kind));
  const found = RESULTS[`${String(left)} ${operator} ${String(right)}`];
  if (found !== undefined) return { kind: found, days: a === 'date' || b === 'date' };
  const moved = (stamp: Kind): Temporal => ({ kind: stamp === 'date' ? 'timestamp' : stamp, days: false });
  if (STAMPS.has(a) && b === 'interval' && (operator === '+' || operator === '-')) return moved(a);
  if (a === 'interval' && STAMPS.has(b) && operator === '+') return moved(b);
  const both = STAMPS.has(a) && STAMPS.has(b);
  return both && operator === '-' ? { kind: 'interval', days: false } : undefined;
}
