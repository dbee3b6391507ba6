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
    description: 'A time: cron(...) or rate(...), alone or with a time zone.',
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
              words:
                'cron(minutes hours day-of-month month day-of-week year) or a rate like rate(1 hour), for a pipeline starts again and again',
            },
            description:
              "When a run starts, as EventBridge Scheduler writes it: cron(0 6 * * ? *) is every day at six, rate(1 hour) every hour. One of cron's day-of-month and day-of-week is ?, and Sunday is 1.",
            required: true,
          },
          timezone: {
            shape: { kind: 'text' },
            description:
              'Whose clocks a cron follows, for example Europe/Berlin. A time that they skip is left out; one that they show twice counts once.',
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
