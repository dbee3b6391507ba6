/** A schedule fell due and made the run. */
import type { ScheduleTrigger } from '../../run/trigger.ts';
import type { RunTriggerKind } from './kind.ts';

export const schedule: RunTriggerKind<ScheduleTrigger> = {
  // Not the expression: two schedules of a pipeline that are due at once are one run, and a changed one none more.
  identity: ({ kind, time }) => [kind, time],
  words: ({ time, schedule: expression }) => `due ${time.replace(/\.000Z$/, 'Z')}, ${expression}`,
  example: (trigger, time) =>
    trigger.kind === 'schedule' ? { kind: 'schedule', time, schedule: trigger.expression } : undefined,
};
