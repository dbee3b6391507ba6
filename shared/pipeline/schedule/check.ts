/** Validates the schedule of a pipeline before the deployment, with better messages than AWS gives. */
import { didYouMean } from '../nearest.ts';
import { readSchedule, ScheduleError } from './expression.ts';

/** What is wrong with the `cron(...)` or `rate(...)` of a trigger, in one sentence; undefined where nothing is. */
export function expressionProblem(expression: string): string | undefined {
  try {
    const schedule = readSchedule(expression, 0);
    // Searches from 1970 to 2199, all years that AWS supports: the compiler has no clock.
    return schedule.next(-1) === undefined ? 'it is never due: no such day exists' : undefined;
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    return error.message;
  }
}

/** What is wrong with a trigger's time zone; undefined where nothing is. */
export function timezoneProblem(timezone: string, expression: string): string | undefined {
  if (expression.startsWith('rate(')) return 'a rate has no time zone: remove timezone, or use cron(...)';
  // Intl also takes offsets and any case; the zones of Scheduler are those of the tz database, by their names.
  if (/^[A-Z][A-Za-z0-9_+/-]*$/.test(timezone)) {
    try {
      readSchedule('cron(0 0 * * ? *)', 0, timezone);
      return undefined;
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw error;
    }
  }
  const known = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  return `unknown time zone ${JSON.stringify(timezone)}${didYouMean(timezone, known)}: use a name of the tz database, like Europe/Berlin`;
}
