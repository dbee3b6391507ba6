/**
 * AWS's cron: six fields (minutes, hours, day of month, month, day of week, year), with `,` `-` `*` `/` `?` `L` `W`
 * and `#`. Sunday is 1.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
 */
import type { LocalTime } from './local-time.ts';

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const FIRST_YEAR = 1970;
const LAST_YEAR = 2199;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

interface FieldKind {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Names of the values from `from` on. */
  readonly names?: readonly string[];
}

const MINUTES: FieldKind = { name: 'minutes', from: 0, to: 59 };
const HOURS: FieldKind = { name: 'hours', from: 0, to: 23 };
const DAYS: FieldKind = { name: 'day-of-month', from: 1, to: 31 };
const MONTH: FieldKind = { name: 'month', from: 1, to: 12, names: MONTHS };
const WEEK: FieldKind = { name: 'day-of-week', from: 1, to: 7, names: WEEKDAYS };
const YEARS: FieldKind = { name: 'year', from: FIRST_YEAR, to: LAST_YEAR };

/** A day by its parts, in the schedule's zone. */
interface Day {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 1 is Sunday. */
  readonly weekday: number;
  /** Number of days of the month. */
  readonly length: number;
}

type DayTest = (day: Day) => boolean;
type Refuse = (reason: string) => Error;

/** Compiles the text between the brackets. The result gives the first instant after one, in a zone. */
export function nextInstant(
  text: string,
  refuse: Refuse,
): (after: number, zone: LocalTime) => number | undefined {
  const fields = text.split(/\s+/);
  const [minuteText, hourText, dayText, monthText, weekText, yearText] = fields;
  if (
    fields.length !== 6 ||
    minuteText === undefined ||
    hourText === undefined ||
    dayText === undefined ||
    monthText === undefined ||
    weekText === undefined ||
    yearText === undefined
  ) {
    throw refuse(
      `cron has six fields (minutes, hours, day-of-month, month, day-of-week, year); this one has ${fields[0] === '' ? 0 : fields.length}`,
    );
  }
  if ((dayText === '?') === (weekText === '?')) {
    throw refuse('exactly one of day-of-month and day-of-week (the third and the fifth field) must be ?');
  }
  const minutes = sorted(valuesOf(minuteText, MINUTES, refuse));
  const hours = sorted(valuesOf(hourText, HOURS, refuse));
  const months = valuesOf(monthText, MONTH, refuse);
  const years = valuesOf(yearText, YEARS, refuse);
  const fitsDay = dayText === '?' ? weekTest(weekText, refuse) : dayTest(dayText, refuse);
  const lastYear = Math.max(...years);

  return (after, zone) => {
    const start = Math.floor(zone.toWall(after) / DAY_MS) * DAY_MS;
    for (let at = start; ; at += DAY_MS) {
      const day = dayOf(at);
      if (day.year > lastYear) return undefined;
      if (!years.has(day.year)) {
        at = Date.UTC(day.year, 11, 31);
      } else if (!months.has(day.month)) {
        at = Date.UTC(day.year, day.month - 1, day.length);
      } else if (fitsDay(day)) {
        const instant = firstTime(at, hours, minutes, after, zone);
        if (instant !== undefined) return instant;
      }
    }
  };
}

function firstTime(
  day: number,
  hours: readonly number[],
  minutes: readonly number[],
  after: number,
  zone: LocalTime,
): number | undefined {
  for (const hour of hours) {
    for (const minute of minutes) {
      const instant = zone.toInstant(day + (hour * 60 + minute) * MINUTE_MS);
      if (instant !== undefined && instant > after) return instant;
    }
  }
  return undefined;
}

function dayOf(at: number): Day {
  const date = new Date(at);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth() + 1;
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { year, month, day: date.getUTCDate(), weekday: date.getUTCDay() + 1, length };
}

/** `L`, `3W`, `LW` or a set of days. */
function dayTest(text: string, refuse: Refuse): DayTest {
  if (text === 'L') return (day) => day.day === day.length;
  const beforeEnd = /^L-(\d{1,2})$/.exec(text);
  if (beforeEnd !== null) return (day) => day.day === day.length - Number(beforeEnd[1]);
  const near = /^(\d{1,2}|L)W$/.exec(text);
  if (near !== null) {
    const wanted = near[1] === 'L' ? 31 : valueOf(near[1] ?? '', DAYS, refuse);
    return (day) => day.day === nearestWeekday(Math.min(wanted, day.length), day);
  }
  const days = valuesOf(text, DAYS, refuse);
  return (day) => days.has(day.day);
}

/** The weekday nearest to day `wanted`, within its month. */
function nearestWeekday(wanted: number, day: Day): number {
  const weekday = ((((day.weekday - 1 + wanted - day.day) % 7) + 7) % 7) + 1;
  if (weekday === 7) return wanted === 1 ? 3 : wanted - 1;
  if (weekday === 1) return wanted === day.length ? wanted - 2 : wanted + 1;
  return wanted;
}

/** `L` (Saturday), `5L` (the last Thursday), `3#2` (the second Tuesday) or a set of weekdays. */
function weekTest(text: string, refuse: Refuse): DayTest {
  if (text === 'L') return (day) => day.weekday === 7;
  const last = /^([1-7]|[A-Za-z]{3})L$/.exec(text);
  if (last !== null) {
    const weekday = valueOf(last[1] ?? '', WEEK, refuse);
    return (day) => day.weekday === weekday && day.day + 7 > day.length;
  }
  const nth = /^([1-7]|[A-Za-z]{3})#([1-5])$/.exec(text);
  if (nth !== null) {
    const weekday = valueOf(nth[1] ?? '', WEEK, refuse);
    return (day) => day.weekday === weekday && Math.ceil(day.day / 7) === Number(nth[2]);
  }
  const weekdays = valuesOf(text, WEEK, refuse);
  return (day) => weekdays.has(day.weekday);
}

function valuesOf(text: string, kind: FieldKind, refuse: Refuse): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\*|[0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?(?:\/([0-9]+))?$/.exec(part);
    const first = match?.[1];
    if (first === undefined || (first === '*' && match?.[2] !== undefined)) {
      throw refuse(`"${part}" is not valid in the ${kind.name} field`);
    }
    const step = match?.[3] === undefined ? undefined : Number(match[3]);
    if (step === 0) throw refuse(`"${part}": a step must be at least 1`);
    const from = first === '*' ? kind.from : valueOf(first, kind, refuse);
    let to = from;
    if (match?.[2] !== undefined) to = valueOf(match[2], kind, refuse);
    else if (first === '*' || step !== undefined) to = kind.to;
    // FRI-MON wraps around.
    const span = to >= from ? to - from : to - from + (kind.to - kind.from + 1);
    for (let offset = 0; offset <= span; offset += step ?? 1) {
      values.add(((from - kind.from + offset) % (kind.to - kind.from + 1)) + kind.from);
    }
  }
  return values;
}

function valueOf(text: string, kind: FieldKind, refuse: Refuse): number {
  const named = kind.names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? named + kind.from : Number(text);
  if (!Number.isInteger(value) || value < kind.from || value > kind.to) {
    throw refuse(
      `"${text}" is not valid in the ${kind.name} field (${String(kind.from)} to ${String(kind.to)})`,
    );
  }
  return value;
}

function sorted(values: ReadonlySet<number>): readonly number[] {
  return [...values].sort((a, b) => a - b);
}
