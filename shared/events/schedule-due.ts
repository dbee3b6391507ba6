/**
 * What EventBridge Scheduler hands to `start-run` when the schedule of a pipeline falls due. The template writes it as
 * the target's input; Scheduler fills the time in (Scheduler user guide: Adding context attributes).
 */
import { instant, LONGEST_NAME, RefusedInputError, text } from './read.ts';
import type { JsonObject } from './read.ts';

export const SCHEDULE_SOURCE = 'baton.schedule';

export interface ScheduleDue {
  readonly pipeline: string;
  /** `cron(...)` or `rate(...)`. */
  readonly expression: string;
  /** For which it was due, not when it came. ISO 8601, UTC. */
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
    // Refused where Scheduler did not fill it in: it is the keyword itself then.
    time: instant(event, 'scheduledTime'),
  };
}
