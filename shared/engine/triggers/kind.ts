/** What one kind of trigger is to the engine: which deliveries are the same, and what made a run, in words. */
import type { Plan, Trigger } from '../../pipeline/plan.ts';
import type { RunTrigger } from '../../run/trigger.ts';
import type { Settings } from '../ports.ts';

/** `T`: what made a run. */
export interface RunTriggerKind<T> {
  /** What makes two deliveries the same trigger. */
  identity(trigger: T, onReplay: Plan['onReplay']): readonly string[];
  /** For `runs` and `run`. Texts from outside are in it as they came. */
  words(trigger: T): string;
  /** What a trigger of a plan would make, for showing SQL. Absent: no pipeline.yml names it. */
  example?(trigger: Trigger, time: string, settings: Settings): RunTrigger | undefined;
}
