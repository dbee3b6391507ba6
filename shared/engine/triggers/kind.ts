/** What the engine needs to know of one kind of trigger: which deliveries are duplicates, and how to describe it to people. */
import type { Plan, Trigger } from '../../pipeline/plan.ts';
import type { RunTrigger } from '../../run/trigger.ts';
import type { Settings } from '../ports.ts';

/** `T`: the trigger that started a run. */
export interface RunTriggerKind<T> {
  /** What makes two deliveries the same trigger. */
  identity(trigger: T, onReplay: Plan['onReplay']): readonly string[];
  /** For `runs` and `run`. Contains texts from outside, not escaped. */
  words(trigger: T): string;
  /** An example for showing SQL, from a trigger of a plan. Absent: pipeline.yml cannot name this kind. */
  example?(trigger: Trigger, time: string, settings: Settings): RunTrigger | undefined;
}
