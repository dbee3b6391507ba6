/** DATEFORMAT and TIMEFORMAT ("DATEFORMAT and TIMEFORMAT strings" of Redshift's guide). */
import { UnsupportedSqlError } from '../dialect/errors.ts';
import { FieldProblem, LOAD_ERROR } from './field-problem.ts';

/** Undefined: ACCEPTANYDATE loads NULL. */
type Reader = (value: string) => string | FieldProblem | undefined;

const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[ T].*)?$/;
const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})(?: (\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?$/;
const ZONE = /^(.*?) ?(?:([+-]\d{2}(?::?\d{2})?)|Z|UTC|GMT)$/i;

export function dateReader(format: string | undefined, acceptAny: boolean): Reader {
  const problem = acceptAny
    ? undefined
    : new FieldProblem(LOAD_ERROR.date, 'Invalid Date Format - length must be 10 or more');
  if (format?.toLowerCase() === 'auto') return freely(problem);
  const own = format === undefined ? undefined : pattern(format, 'DATEFORMAT');
  return (value) => {
    const match = own === undefined ? DATE.exec(value) : undefined;
    const found =
      own === undefined
        ? match === null || match === undefined
          ? undefined
          : { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) }
        : own(value);
    return found === undefined || !isDay(found.year, found.month, found.day)
      ? problem
      : dateText(found.year, found.month, found.day);
  };
}

export function timestampReader(format: string | undefined, zoned: boolean, acceptAny: boolean): Reader {
  const shown = format ?? 'YYYY-MM-DD HH24:MI:SS';
  const problem = acceptAny
    ? undefined
    : new FieldProblem(LOAD_ERROR.timestamp, `Invalid timestamp format or value [${shown}]`);
  switch (format?.toLowerCase()) {
    case 'auto':
      return freely(problem);
    case 'epochsecs':
      return (value) => (/^\d+$/.test(value) ? epoch(Number(value) * 1000) : problem);
    case 'epochmillisecs':
      return (value) => (/^\d+$/.test(value) ? epoch(Number(value)) : problem);
    case undefined:
      return (value) => {
        const zone = zoned ? ZONE.exec(value) : null;
        const local = zone?.[1] ?? value;
        const match = TIMESTAMP.exec(local);
        if (match === null || !isDay(Number(match[1]), Number(match[2]), Number(match[3]))) return problem;
        if (!isTime(Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0))) return problem;
        return zone === null ? local : `${local}${zone[2] ?? '+00'}`;
      };
    default:
      return byPattern(pattern(format ?? '', 'TIMEFORMAT'), problem);
  }
}

function byPattern(read: (value: string) => Parts | undefined, problem: FieldProblem | undefined): Reader {
  return (value) => {
    const p = read(value);
    if (p === undefined || !isDay(p.year, p.month, p.day) || !isTime(p.hour, p.minute, p.second))
      return problem;
    const time = [p.hour, p.minute, p.second].map((n) => String(n).padStart(2, '0')).join(':');
    return `${dateText(p.year, p.month, p.day)} ${time}${p.fraction}`;
  };
}

/** 'auto': PostgreSQL reads these forms as Redshift does; others are refused before it can guess. */
const AUTO = [
  /^\d{4}-\d{1,2}-\d{1,2}(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?(?:[+-]\d{2}(?::?\d{2})?|Z|UTC))?)?$/i,
  /^\d{8}(?:[ T]\d{6}(?:\.\d+)?)?$/,
  /^(?:\d{1,2}[ -](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]\d{4}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]\d{1,2},? \d{4})(?: \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/i,
  /^\d{1,2}\/\d{1,2}\/\d{4}(?: \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/,
];

function freely(problem: FieldProblem | undefined): Reader {
  return (value) => (AUTO.some((form) => form.test(value)) ? value : problem);
}

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  fraction: string;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The words of a format and what they match. */
const FIELDS: Readonly<
  Record<string, { readonly match: string; readonly put: (parts: Parts, text: string) => void }>
> = {
  YYYY: { match: String.raw`(\d{4})`, put: (p, t) => (p.year = Number(t)) },
  YY: { match: String.raw`(\d{2})`, put: (p, t) => (p.year = 2000 + Number(t)) },
  MM: { match: String.raw`(\d{1,2})`, put: (p, t) => (p.month = Number(t)) },
  MON: { match: '([A-Za-z]{3})', put: (p, t) => (p.month = MONTHS.indexOf(t.toLowerCase()) + 1) },
  MONTH: {
    match: '([A-Za-z]{3,9})',
    put: (p, t) => (p.month = MONTHS.indexOf(t.slice(0, 3).toLowerCase()) + 1),
  },
  DD: { match: String.raw`(\d{1,2})`, put: (p, t) => (p.day = Number(t)) },
  HH24: { match: String.raw`(\d{1,2})`, put: (p, t) => (p.hour = Number(t)) },
  HH12: { match: String.raw`(\d{1,2})`, put: (p, t) => (p.hour = Number(t)) },
  HH: { match: String.raw`(\d{1,2})`, put: (p, t) => (p.hour = Number(t)) },
  MI: { match: String.raw`(\d{1,2})`, put: (p, t) => (p.minute = Number(t)) },
  SS: {
    match: String.raw`(\d{1,2}(?:\.\d+)?)`,
    put: (p, t) => {
      p.second = Math.trunc(Number(t));
      p.fraction = t.includes('.') ? t.slice(t.indexOf('.')) : '';
    },
  },
  AM: { match: '([AaPp][Mm])', put: halfDay },
  PM: { match: '([AaPp][Mm])', put: halfDay },
};

const WORDS = /YYYY|YY|MONTH|MON|MM|DD|HH24|HH12|HH|MI|SS|AM|PM/gi;

/** Throws UnsupportedSqlError for a word that is not known here. */
function pattern(format: string, option: string): (value: string) => Parts | undefined {
  const puts: ((parts: Parts, text: string) => void)[] = [];
  const between = format.replaceAll(WORDS, '');
  if (/[A-Z0-9]/i.test(between.replace(/T/, '')))
    throw new UnsupportedSqlError(`COPY … ${option} '${format}'`);
  let source = '';
  let at = 0;
  for (const { 0: word, index } of format.matchAll(WORDS)) {
    const field = FIELDS[word.toUpperCase()];
    if (field === undefined) continue;
    source += escapeRegExp(format.slice(at, index)) + field.match;
    puts.push(field.put);
    at = index + word.length;
  }
  const expression = new RegExp(`^${source}${escapeRegExp(format.slice(at))}$`);
  return (value) => {
    const match = expression.exec(value);
    if (match === null) return undefined;
    const parts: Parts = { year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0, fraction: '' };
    for (const [index, put] of puts.entries()) put(parts, match[index + 1] ?? '');
    return parts;
  };
}

function halfDay(parts: Parts, text: string): void {
  const afternoon = text.toLowerCase() === 'pm';
  parts.hour = (parts.hour % 12) + (afternoon ? 12 : 0);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year >= 1 && day <= days;
}

function isTime(hour: number, minute: number, second: number): boolean {
  return hour < 24 && minute < 60 && second < 60;
}

function dateText(year: number, month: number, day: number): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function epoch(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
}
