/**
 * `rate(...)`, `cron(...)` and `at(...)` as EventBridge takes them, refused in its words.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
import { messageOf } from '../../shared/errors.ts';
import { readSchedule, type Schedule } from '../../shared/pipeline/schedule/expression.ts';

export type { Schedule } from '../../shared/pipeline/schedule/expression.ts';

class InvalidScheduleError extends Error {
  override readonly name = 'ValidationException';

  constructor(expression: string, reason: string) {
    super(`Parameter ScheduleExpression is not valid: "${expression}": ${reason}`);
  }
}

/**
 * `start`: when the schedule came to be, in ms since the epoch: `rate` counts from there.
 * `timeZone`: an IANA name; for `cron` and `at`.
 * @throws InvalidScheduleError
 */
export function parseSchedule(expression: string, start: number, timeZone = 'UTC'): Schedule {
  try {
    return readSchedule(expression, start, timeZone);
  } catch (error) {
    throw new InvalidScheduleError(expression, messageOf(error));
  }
}
