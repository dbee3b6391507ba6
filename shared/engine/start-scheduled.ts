/** A schedule fell due: one run, however often its invocation is delivered. */
import { RefusedInputError } from '../events/read.ts';
import type { ScheduleDue } from '../events/schedule-due.ts';
import type { Engine } from './ports.ts';
import type { Started } from './start-run.ts';
import { startRun } from './start-run.ts';
import { wake } from './wake.ts';

/**
 * The schedule's expression need not be one of today's: an invocation may come late, behind a deployment that changed it.
 * @throws RefusedInputError where the pipeline is not there or has no schedule any more: its SQL may count on a file
 */
export async function startScheduled(due: ScheduleDue, engine: Engine): Promise<Started> {
  const { pipeline, expression, time } = due;
  const plan = engine.plans.today(pipeline);
  if (plan === undefined)
    throw new RefusedInputError(
      `${expression} was due at ${time}, but there is no pipeline "${pipeline}" any more`,
    );
  if (!plan.triggers.some((trigger) => trigger.kind === 'schedule'))
    throw new RefusedInputError(
      `${expression} was due at ${time}, but pipeline ${pipeline} is on no schedule any more`,
    );
  const trigger = { kind: 'schedule' as const, time, schedule: expression };
  const started = await startRun(plan, trigger, {}, engine);
  if (started.run.life.state === 'QUEUED') await wake(started.run.id, engine);
  return started;
}
