/** Date parts and their abbreviations ("Date parts for date or timestamp functions" in the developer guide). */
import { UnsupportedSqlError } from '../errors.ts';
import { render } from '../nodes.ts';
import type { Node } from '../nodes.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  millennium: ['millennia', 'mil', 'mils'],
  century: ['centuries', 'c', 'cent', 'cents'],
  decade: ['decades', 'dec', 'decs'],
  epoch: [],
  year: ['years', 'y', 'yr', 'yrs'],
  quarter: ['quarters', 'qtr', 'qtrs'],
  month: ['months', 'mon', 'mons'],
  week: ['weeks', 'w'],
  dow: ['dayofweek', 'dw', 'weekday'],
  doy: ['dayofyear', 'dy', 'yearday'],
  day: ['days', 'd'],
  hour: ['hours', 'h', 'hr', 'hrs'],
  minute: ['minutes', 'm', 'min', 'mins'],
  second: ['seconds', 's', 'sec', 'secs'],
  millisecond: [
    'milliseconds',
    'ms',
    'msec',
    'msecs',
    'msecond',
    'mseconds',
    'millisec',
    'millisecs',
    'millisecon',
  ],
  microsecond: ['microseconds', 'us', 'usec', 'usecs', 'usecond', 'useconds', 'microsec', 'microsecs'],
  timezone: [],
  timezone_hour: [],
  timezone_minute: [],
};

const CANONICAL = new Map(
  Object.entries(NAMES).flatMap(([name, others]) => [name, ...others].map((other) => [other, name] as const)),
);

const NOT_A_SPAN = new Set(['epoch', 'dow', 'doy', 'timezone', 'timezone_hour', 'timezone_minute']);

/**
 * The full name of a date part, written as a word or a string.
 * @throws UnsupportedSqlError if it is none
 */
export function datePart(nodes: readonly Node[] | undefined, functionName: string): string {
  const [only] = nodes ?? [];
  const written = nodes?.length === 1 && only !== undefined && only.kind !== 'group' ? only.value : undefined;
  const part = written === undefined ? undefined : CANONICAL.get(written.toLowerCase());
  if (part === undefined) {
    throw new UnsupportedSqlError(`the date part ${render(nodes ?? [])} of ${functionName.toUpperCase()}`);
  }
  return part;
}

/** A part that is a length of time, for DATEADD, DATEDIFF and DATE_TRUNC. */
export function spanPart(nodes: readonly Node[] | undefined, functionName: string): string {
  const part = datePart(nodes, functionName);
  if (NOT_A_SPAN.has(part)) {
    throw new UnsupportedSqlError(`the date part ${part} of ${functionName.toUpperCase()}`);
  }
  return part;
}
