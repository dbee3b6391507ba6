/** Runs started by a schedule. */
import type { ScheduleTrigger } from '../../run/trigger.ts';
import type { RunTriggerKind } from './kind.ts';

export const schedule: RunTriggerKind<ScheduleTrigger> = {
  // Without the expression: two schedules of a pipeline due at the same time start one run, and a changed expression starts no second one.
  identity: ({ kind, time }) => [kind, time],
  words: ({ time, schedule: expression }) => `due ${time.replace(/\.000Z$/, 'Z')}, ${expression}`,
  example: (trigger, time) =>
    trigger.kind === 'schedule' ? { kind: 'schedule', time, schedule: trigger.expression } : undefined,
};
