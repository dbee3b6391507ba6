/**
 * A date and a time of day as the named parts of a match give them: `year` (four digits, or two), `bc`, `month` or `name`
 * or `dayOfYear` or `julian`, `day`, `hour`, `minute`, `second`, `fraction`, `half` (am or pm), and `sign`, `zoneHour`,
 * `zoneMinute` or `zone`. Only what there is comes of it, written so that PostgreSQL takes it.
 */

/** Expressions with such parts. */
export type Forms = readonly RegExp[];

export interface Moment {
  readonly year: number;
  readonly bc: boolean;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** With its point; empty: none. */
  readonly fraction: string;
  /** `+hh:mm` or a name; empty: none. */
  readonly zone: string;
}

/** What the value says by the first form that fits it and gives a date and a time that there are. */
export function momentBy(forms: Forms, value: string): Moment | undefined {
  for (const form of forms) {
    const groups = form.exec(value)?.groups;
    const moment = groups === undefined ? undefined : momentOf(groups);
    if (moment !== undefined && isDay(moment) && isTime(moment) && isZone(moment)) return moment;
  }
  return undefined;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** What is not in the value is that of 0001-01-01 00:00:00. Undefined: its parts contradict each other. */
function momentOf(groups: Readonly<Record<string, string | undefined>>): Moment | undefined {
  const { year = '0001', name, half, sign, zoneHour = '', zoneMinute = '00' } = groups;
  const number = (part: string, otherwise: number): number => Number(groups[part] ?? otherwise);
  const hour = number('hour', 0);
  // The database reads an offset after AM or PM as something else.
  if (half !== undefined && (hour < 1 || hour > 12 || sign !== undefined)) return undefined;
  const found: Moment = {
    year: year.length === 2 ? century(Number(year), groups['bc'] !== undefined) : Number(year),
    bc: groups['bc'] !== undefined,
    month: name === undefined ? number('month', 1) : MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1,
    day: number('day', 1),
    hour: half === undefined ? hour : (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0),
    minute: number('minute', 0),
    second: number('second', 0),
    // A digit more than is kept, by which PostgreSQL rounds.
    fraction: (groups['fraction'] ?? '').slice(0, 8).replace(/\.$/, ''),
    zone: sign === undefined ? (groups['zone'] ?? '') : `${sign}${zoneHour.padStart(2, '0')}:${zoneMinute}`,
  };
  const { julian, dayOfYear } = groups;
  if (found.bc && (julian !== undefined || dayOfYear !== undefined)) return undefined;
  if (julian !== undefined) return { ...found, ...daysAfter(JULIAN_0, Number(julian)) };
  if (dayOfYear === undefined) return found;
  const counted = { ...found, ...daysAfter(utc(found.year, 0, 1), Number(dayOfYear) - 1) };
  return counted.year === found.year && Number(dayOfYear) > 0 ? counted : undefined;
}

/** Two digits of a year: 70 to 99 are of the last century. Before Christ they are the year. */
function century(year: number, bc: boolean): number {
  return bc ? year : year + (year < 70 ? 2000 : 1900);
}

const DAY_MS = 86_400_000;
const JULIAN_0 = utc(-4713, 10, 24);

/** `Date.UTC` takes the years 0 to 99 for those of the last century. */
function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day);
}

function daysAfter(start: number, days: number): Pick<Moment, 'year' | 'bc' | 'month' | 'day'> {
  const date = new Date(start + days * DAY_MS);
  const year = date.getUTCFullYear();
  return {
    year: year > 0 ? year : 1 - year,
    bc: year <= 0,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
  };
}

/** In UTC. */
export function momentAt(date: Date): Moment {
  return {
    ...daysAfter(date.getTime(), 0),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    fraction: `.${String(date.getUTCMilliseconds()).padStart(3, '0')}`,
    zone: '+00:00',
  };
}

function isDay({ year, bc, month, day }: Moment): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const counted = bc ? 1 - year : year;
  const leap = (counted % 4 === 0 && counted % 100 !== 0) || counted % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day <= days && (!bc || year < 4713);
}

/** 24:00:00 is the end of the day. */
function isTime({ hour, minute, second, fraction }: Moment): boolean {
  const ends = hour === 24 && minute === 0 && second === 0 && !/[1-9]/.test(fraction);
  return (hour < 24 && minute < 60 && second < 60) || ends;
}

/** As far from UTC as PostgreSQL takes it. */
function isZone({ zone }: Moment): boolean {
  const [, hour, minute] = /^[+-](\d+):(\d+)$/.exec(zone) ?? [];
  return hour === undefined || (Number(hour) < 16 && Number(minute) < 60);
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

export function dayText({ year, month, day }: Moment): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

export function dateText(moment: Moment): string {
  return `${dayText(moment)}${moment.bc ? ' BC' : ''}`;
}

export function timeText({ hour, minute, second, fraction, zone }: Moment, zoned: boolean): string {
  const time = `${two(hour)}:${two(minute)}:${two(second)}${fraction}`;
  return !zoned || zone === ''
    ? time
    : `${time}${zone.startsWith('+') || zone.startsWith('-') ? '' : ' '}${zone}`;
}
