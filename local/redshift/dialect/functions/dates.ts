/** Date and time functions. */
import { SqlError } from '../errors.ts';
import { stringLiteral } from '../nodes.ts';
import { asTimestamp, cast, nullAs, plainCall, shim, shimCall, splitAtWord, taking } from './call.ts';
import type { Call, Rule } from './call.ts';
import { datePart, spanPart } from './date-parts.ts';

/** `date_cmp_timestamp` compares a DATE with a TIMESTAMP: its name has the types of both. */
function compared(name: string): Rule {
  const [first = '', second = first] = name.replace('_cmp', '').split('_');
  return (call) =>
    plainCall(call.head, {
      ...call,
      args: [cast(argument(call, 0), first), cast(argument(call, 1), second)],
    });
}

const MOMENTS = ['date', 'timestamp', 'timestamptz'];

const COMPARED = MOMENTS.flatMap((first) =>
  MOMENTS.map((second) => (first === second ? `${first}_cmp` : `${first}_cmp_${second}`)),
);

function argument(call: Call, index: number): Call['args'][number] {
  const found = call.args[index];
  if (found === undefined) throw new SqlError(`wrong number of arguments for function ${call.name}`, '42883');
  return found;
}

function partAndTimes(name: string): Rule {
  return (call) =>
    shimCall(
      name,
      [stringLiteral(spanPart(call.args[0], call.name))],
      ...call.args.slice(1).map((arg) => asTimestamp(arg)),
    );
}

/** The second argument of DATEADD is a number: `'1'` stays as it is. */
const dateAdd: Rule = (call) =>
  shimCall(
    'date_add',
    [stringLiteral(spanPart(call.args[0], call.name))],
    argument(call, 1),
    asTimestamp(argument(call, 2)),
  );

const partOf: Rule = (call) =>
  shimCall('pgdate_part', [stringLiteral(datePart(call.args[0], call.name))], asTimestamp(argument(call, 1)));

const extract: Rule = (call) => {
  const split = splitAtWord(argument(call, 0), 'from');
  if (split === undefined) throw new SqlError('syntax error at or near ")"');
  return shimCall('date_part', [stringLiteral(datePart(split[0], 'extract'))], asTimestamp(split[1]));
};

function ofTimestamps(name?: string): Rule {
  return (call) => shimCall(name ?? call.name, ...call.args.map((arg) => asTimestamp(arg)));
}

/** The last argument is a timestamp, the others are zone names. */
const convertTimezone: Rule = (call) =>
  shimCall(
    'convert_timezone',
    ...call.args.map((arg, index) => (index === call.args.length - 1 ? asTimestamp(arg) : arg)),
  );

export const DATE_FUNCTIONS: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries([...COMPARED, 'interval_cmp'].map((name) => [name, taking(2, 2, compared(name))])),
  to_char: taking(
    2,
    2,
    nullAs('timestamp', (call) => plainCall(call.head, call)),
  ),
  getdate: taking(0, 0, shim()),
  dateadd: taking(3, 3, dateAdd),
  date_add: taking(3, 3, dateAdd),
  datediff: taking(3, 3, partAndTimes('date_diff')),
  date_diff: taking(3, 3, partAndTimes('date_diff')),
  date_trunc: taking(2, 2, partAndTimes('date_trunc')),
  date_part: taking(2, 2, partOf),
  datepart: taking(2, 2, partOf),
  pgdate_part: taking(2, 2, partOf),
  extract: taking(1, 1, extract),
  date_part_year: taking(1, 1, nullAs('timestamp', ofTimestamps())),
  add_months: taking(2, 2, ofTimestamps()),
  last_day: taking(1, 1, ofTimestamps()),
  next_day: taking(
    2,
    2,
    nullAs('timestamp', (call) =>
      shimCall('next_day', asTimestamp(argument(call, 0)), cast(argument(call, 1), 'text')),
    ),
  ),
  months_between: taking(2, 2, ofTimestamps()),
  convert_timezone: taking(2, 3, convertTimezone),
  timeofday: taking(0, 0, shim()),
  to_date: taking(2, 3, shim()),
  to_timestamp: taking(2, 3, shim()),
};
