/**
 * Dates and times of a load: DATEFORMAT, TIMEFORMAT and ACCEPTANYDATE ("DATEFORMAT and TIMEFORMAT strings", "Using
 * automatic recognition" of Redshift's guide). Every value is read here and written in ISO form, so PostgreSQL never
 * refuses one: that would break the whole load off.
 */
import { UnsupportedSqlError } from '../dialect/errors.ts';
import { FieldProblem, LOAD_ERROR } from './field-problem.ts';
import { dateText, dayText, momentAt, momentBy, timeText } from './moment.ts';
import type { Forms, Moment } from './moment.ts';

/** Undefined: ACCEPTANYDATE loads NULL. */
type Reader = (value: string) => string | FieldProblem | undefined;

const DATE: Forms = [/^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[ T].*)?$/];

const TIMESTAMP = String.raw`^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?: (?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?<fraction>\.\d+)?)?)?`;
const OFFSET = String.raw`(?<sign>[+-])(?<zoneHour>\d{1,2})(?::?(?<zoneMinute>\d{2}))?`;
const ZONE = ` ?(?:${OFFSET}|(?<zone>z|utc|gmt))`;

/** Names that PostgreSQL also accepts. */
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
    (value) => momentBy(TIME, value),
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
  return (value) => momentBy(forms, value);
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

/** @param unit in milliseconds */
function epochReader(unit: number): (value: string) => Moment | undefined {
  return (value) => {
    const date = new Date(/^\d+$/.test(value) ? Number(value) * unit : Number.NaN);
    if (Number.isNaN(date.getTime())) return undefined;
    return momentAt(date);
  };
}
