/** `on: - schedule:` a time, by EventBridge Scheduler's expressions. */
import type { ScheduleTrigger } from '../plan.ts';
import { expressionProblem, timezoneProblem } from '../schedule/check.ts';
import { readSchedule } from '../schedule/expression.ts';
import { LocalTime } from '../schedule/local-time.ts';
import type { SettingProblem, TriggerKind } from './kind.ts';

const TIMEZONE = 'UTC';

interface Setting {
  readonly expression: string;
  readonly timezone?: string;
}

export const schedule: TriggerKind<ScheduleTrigger> = {
  key: {
    description: 'A schedule: cron(...) or rate(...), alone or with a time zone.',
    shape: {
      kind: 'short',
      key: 'expression',
      of: {
        kind: 'object',
        keys: {
          expression: {
            shape: {
              kind: 'text',
              pattern: '^(?:cron|rate)\\(.*\\)$',
              words: 'cron(minutes hours day-of-month month day-of-week year) or a rate like rate(1 hour)',
            },
            description:
              'An EventBridge Scheduler expression: cron(0 6 * * ? *) is every day at 06:00, rate(1 hour) every hour. In cron, day-of-month or day-of-week must be ?, and Sunday is 1.',
            required: true,
          },
          timezone: {
            shape: { kind: 'text' },
            description:
              'The time zone of a cron, for example Europe/Berlin. A local time skipped by a clock change is skipped; one that occurs twice starts one run.',
            default: TIMEZONE,
          },
        },
      },
    },
  },
  triggerOf: (setting) => {
    const { expression, timezone = TIMEZONE } = setting as Setting;
    // The same schedule is one text, however it was spaced.
    return { kind: 'schedule', expression: expression.replaceAll(/\s+/g, ' '), timezone };
  },
  problems: ({ expression }, setting) => {
    // A rate has none, also where the default is given.
    const { timezone } = setting as Setting;
    const problems: SettingProblem[] = [];
    const wrong = expressionProblem(expression);
    if (wrong !== undefined) problems.push({ path: ['expression'], message: `${expression}: ${wrong}` });
    const wrongZone = timezone === undefined ? undefined : timezoneProblem(timezone, expression);
    if (wrongZone !== undefined) problems.push({ path: ['timezone'], message: wrongZone });
    return problems;
  },
  starter: () => 'a schedule',
  words: ({ expression, timezone }, now) => `${expression}${nextTimes(expression, timezone, now)}`,
};

/** When a cron falls due next, in its own zone. A rate counts from its deployment, which is not known here. */
function nextTimes(expression: string, timezone: string, now: number): string {
  if (!expression.startsWith('cron(')) return ', counted from the deployment';
  const next = readSchedule(expression, now, timezone).next(now);
  if (next === undefined) return ` ${timezone}, no further time`;
  const wall = new Date(new LocalTime(timezone).toWall(next)).toISOString().slice(0, 16).replace('T', ' ');
  return ` ${timezone}, next ${wall}`;
}
