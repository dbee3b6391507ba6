/**
 * `rate(...)`, `cron(...)` and `at(...)` as EventBridge writes them.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
import { nextInstant } from './cron.ts';
import { LocalTime } from './local-time.ts';

export interface Schedule {
  /** The first time after `after`, or undefined when there is none. Ms since the epoch. */
  next(after: number): number | undefined;
}

export class InvalidScheduleError extends Error {
  override readonly name = 'ValidationException';

  constructor(expression: string, reason: string) {
    super(`Parameter ScheduleExpression is not valid: "${expression}": ${reason}`);
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * `start`: when the schedule came to be, in ms since the epoch: `rate` counts from there.
 * `timeZone`: an IANA name; for `cron` and `at`.
 * @throws InvalidScheduleError
 */
export function parseSchedule(expression: string, start: number, timeZone = 'UTC'): Schedule {
  const match = /^(rate|cron|at)\(([^()]*)\)$/.exec(expression);
  const inside = match?.[2]?.trim() ?? '';
  switch (match?.[1]) {
    case 'rate':
      return parseRate(expression, inside, start);
    case 'cron': {
      const zone = zoneOf(expression, timeZone);
      const cron = nextInstant(inside, (reason) => new InvalidScheduleError(expression, reason));
      return { next: (after) => cron(after, zone) };
    }
    case 'at':
      return parseAt(expression, inside, zoneOf(expression, timeZone));
    default:
      throw new InvalidScheduleError(expression, 'write rate(...), cron(...) or at(...)');
  }
}

function parseRate(expression: string, inside: string, start: number): Schedule {
  const match = /^([1-9][0-9]*) +(minute|hour|day)(s?)$/.exec(inside);
  if (match === null) {
    throw new InvalidScheduleError(expression, 'a rate is a whole number and minutes, hours or days');
  }
  const count = Number(match[1]);
  if ((count === 1) === (match[3] === 's')) {
    throw new InvalidScheduleError(expression, `write ${String(match[2])}${count === 1 ? '' : 's'}`);
  }
  const period = count * (UNIT_MS[match[2] ?? ''] ?? 0);
  return { next: (after) => start + (Math.floor(Math.max(after - start, 0) / period) + 1) * period };
}

function parseAt(expression: string, inside: string, zone: LocalTime): Schedule {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(inside);
  const wall = match === null ? Number.NaN : Date.parse(`${inside}Z`);
  if (Number.isNaN(wall)) throw new InvalidScheduleError(expression, 'at needs yyyy-mm-ddThh:mm:ss');
  const instant = zone.toInstant(wall) ?? wall;
  return { next: (after) => (instant > after ? instant : undefined) };
}

function zoneOf(expression: string, timeZone: string): LocalTime {
  try {
    return new LocalTime(timeZone);
  } catch {
    throw new InvalidScheduleError(expression, `there is no time zone "${timeZone}"`);
  }
}
