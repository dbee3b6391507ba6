/**
 * The input that EventBridge Scheduler sends to `start-run` when a pipeline's schedule is due. The template defines it as
 * the target's input; Scheduler fills in the time (Scheduler user guide: Adding context attributes).
 */
import { instant, LONGEST_NAME, RefusedInputError, text } from './read.ts';
import type { JsonObject } from './read.ts';

export const SCHEDULE_SOURCE = 'baton.schedule';

export interface ScheduleDue {
  readonly pipeline: string;
  /** `cron(...)` or `rate(...)`. */
  readonly expression: string;
  /** The scheduled time, not the time of delivery. ISO 8601, UTC. */
  readonly time: string;
}

/** @throws RefusedInputError */
export function parseScheduleDue(event: JsonObject, stage: string): ScheduleDue {
  const itsStage = text(event, 'stage');
  if (itsStage !== stage)
    throw new RefusedInputError(`expected a schedule of stage ${stage}; got one of stage ${itsStage}`);
  return {
    pipeline: text(event, 'pipeline', LONGEST_NAME),
    expression: text(event, 'trigger', LONGEST_NAME),
    // Rejected if Scheduler did not fill it in: then it is still the keyword itself.
    time: instant(event, 'scheduledTime'),
  };
}
