/**
 * Dates and times of a load: DATEFORMAT, TIMEFORMAT and ACCEPTANYDATE ("DATEFORMAT and TIMEFORMAT strings", "Using
 * automatic recognition" of Redshift's guide). Every value is read here and written in ISO form, so PostgreSQL never
 * refuses one: that would break the whole load off.
 */
import { UnsupportedSqlError } from '../dialect/errors.ts';
import { FieldProblem, LOAD_ERROR } from './field-problem.ts';

/** Undefined: ACCEPTANYDATE loads NULL. */
type Reader = (value: string) => string | FieldProblem | undefined;

/** The forms of an option and what the named parts of a match are; see `momentOf`. */
type Forms = readonly RegExp[];

interface Moment {
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

const DATE: Forms = [/^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[ T].*)?$/];

const TIMESTAMP = String.raw`^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?: (?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?<fraction>\.\d+)?)?)?`;
const OFFSET = String.raw`(?<sign>[+-])(?<zoneHour>\d{1,2})(?::?(?<zoneMinute>\d{2}))?`;
const ZONE = ` ?(?:${OFFSET}|(?<zone>z|utc|gmt))`;

/** Names that PostgreSQL knows, too. */
const ANY_ZONE = ` ?(?:${OFFSET}|(?<zone>z|utc|gmt|[ecmp][sd]t|ak[sd]t|hst|wet|cet|cest|eet|eest|bst|msk|jst))`;

const CLOCK = String.raw`(?:(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{1,2})(?<fraction>\.\d*)?)?(?: ?(?<half>[ap]m))?)`;
const PLAIN_CLOCK = String.raw`(?:(?<hour>\d{2})(?<minute>\d{2})(?<second>\d{2})(?<fraction>\.\d*)?)`;
const MONTH_NAME =
  '(?<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
const YEAR = String.raw`(?<year>\d{4}|\d{2})`;

/** Nearly every value, so these are the quick way: they are what is written, too. */
const PLAIN_DATE = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])$/;
const PLAIN_TIMESTAMP =
  /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/;

/** What 'auto' takes as a date; each of them may be followed by a time, a zone and BC. */
const AUTO_DATES = [
  String.raw`(?<year>\d{4})[-/](?<month>\d{1,2})[-/](?<day>\d{1,2})`,
  String.raw`(?<month>\d{1,2})(?<mark>[-/.])(?<day>\d{1,2})\k<mark>(?<year>\d{4})`,
  String.raw`(?<day>\d{1,2})[ -]${MONTH_NAME}[ -]${YEAR}`,
  String.raw`${MONTH_NAME}[ -](?<day>\d{1,2})(?:,? |-)${YEAR}`,
  String.raw`(?<year>\d{4})-${MONTH_NAME}-(?<day>\d{1,2})`,
  String.raw`(?<year>\d{4}|\d{2})(?<month>\d{2})(?<day>\d{2})`,
  String.raw`(?<year>\d{4})\.(?<dayOfYear>\d{3})`,
  String.raw`j(?<julian>\d{1,7})`,
];

const AUTO: Forms = [
  ...AUTO_DATES.flatMap((date) =>
    [CLOCK, PLAIN_CLOCK].map(
      (clock) => new RegExp(`^${date}(?:(?: +|t)${clock}(?:${ANY_ZONE})?)?(?<bc> ?bc)?$`, 'i'),
    ),
  ),
  new RegExp(`^(?<day>\\d{1,2}) ${MONTH_NAME} ${CLOCK} ${YEAR}(?:${ANY_ZONE})?$`, 'i'),
];

const TIME: Forms = [CLOCK, PLAIN_CLOCK].map((clock) => new RegExp(`^${clock}(?:${ANY_ZONE})?$`, 'i'));

export function dateReader(format: string | undefined, acceptAny: boolean): Reader {
  const read = reader(formsOf(format, 'DATEFORMAT', DATE), dateText, {
    acceptAny,
    code: LOAD_ERROR.date,
    message: 'Invalid Date Format - length must be 10 or more',
  });
  return format === undefined ? (value) => (PLAIN_DATE.test(value) ? value : read(value)) : read;
}

export function timestampReader(format: string | undefined, zoned: boolean, acceptAny: boolean): Reader {
  const problem = {
    acceptAny,
    code: LOAD_ERROR.timestamp,
    message: `Invalid timestamp format or value [${format ?? 'YYYY-MM-DD HH24:MI:SS'}]`,
  };
  const write = (moment: Moment): string =>
    `${dayText(moment)} ${timeText(moment, zoned)}${moment.bc ? ' BC' : ''}`;
  const name = format?.toLowerCase();
  if (name === 'epochsecs' || name === 'epochmillisecs') {
    return reader(epochReader(name === 'epochsecs' ? 1000 : 1), write, problem);
  }
  const usual = [new RegExp(`${TIMESTAMP}${zoned ? `(?:${ZONE})?` : ''}$`, 'i')];
  const read = reader(formsOf(format, 'TIMEFORMAT', usual), write, problem);
  return format === undefined ? (value) => (PLAIN_TIMESTAMP.test(value) ? value : read(value)) : read;
}

/** TIME and TIMETZ: no option of COPY is about them. */
export function timeReader(zoned: boolean): Reader {
  return reader(
    (value) => firstOf(TIME, value, (moment) => moment.hour === 24 && isMidnight(moment)),
    (moment) => timeText(moment, zoned),
    { acceptAny: false, code: LOAD_ERROR.timestamp, message: 'Invalid time format or value [HH24:MI:SS]' },
  );
}

interface ProblemOptions {
  readonly acceptAny: boolean;
  readonly code: number;
  readonly message: string;
}

function reader(
  read: (value: string) => Moment | undefined,
  write: (moment: Moment) => string,
  { acceptAny, code, message }: ProblemOptions,
): Reader {
  const problem = acceptAny ? undefined : new FieldProblem(code, message);
  return (value) => {
    const moment = read(value);
    return moment === undefined ? problem : write(moment);
  };
}

/** Throws UnsupportedSqlError for a word of the format that is not known here. */
function formsOf(
  format: string | undefined,
  option: string,
  usual: Forms,
): (value: string) => Moment | undefined {
  const forms =
    format === undefined ? usual : format.toLowerCase() === 'auto' ? AUTO : [pattern(format, option)];
  return (value) => firstOf(forms, value);
}

/** What the value says by the first form that fits it and gives a date and a time that there are. */
function firstOf(
  forms: Forms,
  value: string,
  orElse: (moment: Moment) => boolean = () => false,
): Moment | undefined {
  for (const form of forms) {
    const groups = form.exec(value)?.groups;
    const moment = groups === undefined ? undefined : momentOf(groups);
    if (moment !== undefined && isDay(moment) && isZone(moment) && (isTime(moment) || orElse(moment))) {
      return moment;
    }
  }
  return undefined;
}

/** The words of a format and what they match. */
const FIELDS: Readonly<Record<string, string>> = {
  YYYY: String.raw`(?<year>\d{4})`,
  YY: String.raw`(?<year>\d{2})`,
  MM: String.raw`(?<month>\d{1,2})`,
  MON: MONTH_NAME,
  MONTH: MONTH_NAME,
  DD: String.raw`(?<day>\d{1,2})`,
  HH24: String.raw`(?<hour>\d{1,2})`,
  HH12: String.raw`(?<hour>\d{1,2})`,
  HH: String.raw`(?<hour>\d{1,2})`,
  MI: String.raw`(?<minute>\d{1,2})`,
  SS: String.raw`(?<second>\d{1,2})(?<fraction>\.\d+)?`,
  AM: '(?<half>[ap]m)',
  PM: '(?<half>[ap]m)',
};

const WORDS = /YYYY|YY|MONTH|MON|MM|DD|HH24|HH12|HH|MI|SS|AM|PM/gi;

function pattern(format: string, option: string): RegExp {
  const between = format.replaceAll(WORDS, '');
  const unsupported = new UnsupportedSqlError(`COPY … ${option} '${format}'`);
  if (/[A-Z0-9]/i.test(between.replace(/T/, ''))) throw unsupported;
  let source = '';
  let at = 0;
  for (const { 0: word, index } of format.matchAll(WORDS)) {
    source += escapeRegExp(format.slice(at, index)) + (FIELDS[word.toUpperCase()] ?? '');
    at = index + word.length;
  }
  try {
    return new RegExp(`^${source}${escapeRegExp(format.slice(at))}$`, 'i');
  } catch {
    // The same part twice.
    throw unsupported;
  }
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
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

/** @param unit in milliseconds */
function epochReader(unit: number): (value: string) => Moment | undefined {
  return (value) => {
    const date = new Date(/^\d+$/.test(value) ? Number(value) * unit : Number.NaN);
    if (Number.isNaN(date.getTime())) return undefined;
    return {
      ...daysAfter(date.getTime(), 0),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      fraction: `.${String(date.getUTCMilliseconds()).padStart(3, '0')}`,
      zone: '+00:00',
    };
  };
}

function isDay({ year, bc, month, day }: Moment): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const counted = bc ? 1 - year : year;
  const leap = (counted % 4 === 0 && counted % 100 !== 0) || counted % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day <= days && (!bc || year < 4713);
}

function isTime({ hour, minute, second }: Moment): boolean {
  return hour < 24 && minute < 60 && second < 60;
}

function isMidnight({ minute, second, fraction }: Moment): boolean {
  return minute === 0 && second === 0 && !/[1-9]/.test(fraction);
}

/** As far from UTC as PostgreSQL takes it. */
function isZone({ zone }: Moment): boolean {
  const [, hour, minute] = /^[+-](\d+):(\d+)$/.exec(zone) ?? [];
  return hour === undefined || (Number(hour) < 16 && Number(minute) < 60);
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function dayText({ year, month, day }: Moment): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

function dateText(moment: Moment): string {
  return `${dayText(moment)}${moment.bc ? ' BC' : ''}`;
}

function timeText({ hour, minute, second, fraction, zone }: Moment, zoned: boolean): string {
  const time = `${two(hour)}:${two(minute)}:${two(second)}${fraction}`;
  return !zoned || zone === ''
    ? time
    : `${time}${zone.startsWith('+') || zone.startsWith('-') ? '' : ' '}${zone}`;
}
