/**
 * `rate(...)`, `cron(...)` and `at(...)`, and when they fall due. Pure: it reads no clock.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
import { nextInstant } from './cron.ts';
import { LocalTime } from './local-time.ts';

export interface Schedule {
  /** The first time after `after`, or undefined when there is none. Ms since the epoch. */
  next(after: number): number | undefined;
}

/** What is wrong with an expression or a time zone, and how it is written right. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Of EventBridge Scheduler's model. Characters. */
const LONGEST = 256;

/**
 * `start`: when the schedule came to be, in ms since the epoch: `rate` falls due then, and again and again from there.
 * `timeZone`: an IANA name; for `cron` and `at`. A time that the zone's clocks skip is left out; one that they show
 * twice counts once, the first time.
 * @throws ScheduleError
 */
export function readSchedule(expression: string, start: number, timeZone = 'UTC'): Schedule {
  if (expression.length > LONGEST)
    throw new ScheduleError(`it has ${expression.length} characters; at most ${LONGEST} are allowed`);
  const [, kind, inside = ''] = /^(rate|cron|at)\(([^()]*)\)$/.exec(expression) ?? [];
  switch (kind) {
    case 'rate':
      return readRate(inside.trim(), start);
    case 'cron': {
      const zone = zoneOf(timeZone);
      const cron = nextInstant(inside.trim(), (reason) => new ScheduleError(reason));
      return { next: (after) => cron(after, zone) };
    }
    case 'at':
      return readAt(inside.trim(), zoneOf(timeZone));
    default:
      throw new ScheduleError('it must be rate(...), cron(...) or at(...)');
  }
}

function readRate(inside: string, start: number): Schedule {
  const [, digits = '', unit = '', plural] = /^([1-9][0-9]*) +(minute|hour|day)(s?)$/.exec(inside) ?? [];
  if (digits === '')
    throw new ScheduleError('a rate must be a whole number of minutes, hours or days, like rate(15 minutes)');
  const count = Number(digits);
  if ((count === 1) === (plural === 's'))
    throw new ScheduleError(`write rate(${digits} ${unit}${count === 1 ? '' : 's'})`);
  const period = count * (UNIT_MS[unit] ?? 0);
  return {
    next: (after) => (after < start ? start : start + (Math.floor((after - start) / period) + 1) * period),
  };
}

function readAt(inside: string, zone: LocalTime): Schedule {
  const wall = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inside) ? Date.parse(`${inside}Z`) : Number.NaN;
  if (Number.isNaN(wall)) throw new ScheduleError('at needs yyyy-mm-ddThh:mm:ss');
  const instant = zone.toInstant(wall) ?? wall;
  return { next: (after) => (instant > after ? instant : undefined) };
}

function zoneOf(timeZone: string): LocalTime {
  try {
    return new LocalTime(timeZone);
  } catch {
    throw new ScheduleError(`unknown time zone "${timeZone}"`);
  }
}
