/** A schedule is due: starts one run, however often its invocation is delivered. */
import { RefusedInputError } from '../events/read.ts';
import type { ScheduleDue } from '../events/schedule-due.ts';
import type { Engine } from './ports.ts';
import type { Started } from './start-run.ts';
import { startRun } from './start-run.ts';

/**
 * The expression need not be one of today's: an invocation may arrive late, after a deployment that changed it.
 * @throws RefusedInputError if the pipeline no longer exists or no longer has a schedule: its SQL may need a file
 */
export async function startScheduled(due: ScheduleDue, engine: Engine): Promise<Started> {
  const { pipeline, expression, time } = due;
  const plan = engine.plans.today(pipeline);
  if (plan === undefined)
    throw new RefusedInputError(
      `${expression} was due at ${time}, but pipeline ${pipeline} no longer exists`,
    );
  if (!plan.triggers.some((trigger) => trigger.kind === 'schedule'))
    throw new RefusedInputError(
      `${expression} was due at ${time}, but pipeline ${pipeline} no longer has a schedule`,
    );
  const trigger = { kind: 'schedule' as const, time, schedule: expression };
  return startRun(plan, trigger, {}, engine);
}
