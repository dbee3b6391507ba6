/** A run for something that EventBridge delivers, and may replay: the pipeline says what a replay does where it is there already. */
import type { Plan } from '../pipeline/plan.ts';
import type { Run } from '../run/run.ts';
import { isAtRest } from '../run/run.ts';
import type { RunTrigger } from '../run/trigger.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, Ports } from './ports.ts';
import type { Started } from './start-run.ts';
import { startRun } from './start-run.ts';
import { todaysView } from './todays-view.ts';
import { wake } from './wake.ts';

export async function startOrReplay(
  plan: Plan,
  trigger: RunTrigger,
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<Started> {
  const { replayName } = trigger;
  const started = await startRun(plan, trigger, {}, ports, plans, driver);
  const { run, created } = started;
  if (replayName !== undefined && !created && plan.onReplay === 'resume' && run.state === 'FAILED')
    await resumeByReplay(run, replayName, plan, ports, plans, driver);
  // A redelivered event wakes its run too: the first wake-up may be what was lost.
  if (run.state === 'QUEUED') await wake(run.id, ports);
  return started;
}

/**
 * A replay resumes the failed run, once for each replay; finished, cancelled and undecided runs are left alone.
 * @throws Error where the run is just being stopped
 */
async function resumeByReplay(
  failed: Run,
  replayName: string,
  plan: Plan,
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<void> {
  const actor = `replay ${replayName}`;
  const runId = failed.id;
  const requestId = `replay-${replayName}-${runId}`;
  const today = await todaysView(failed, plan, plans);
  const { driveRequest } = await import('./drive-request.ts');
  const { run, answer } = await driveRequest(
    runId,
    { kind: 'ResumeRequested', requestId, actor, replayName, plan: today },
    ports,
    plans,
    driver,
  );
  if (answer?.ok === false && run?.owed !== undefined)
    throw new Error(`${answer.message} (the queue delivers the event again)`);
  if (run !== undefined && !isAtRest(run)) await wake(runId, ports);
}
