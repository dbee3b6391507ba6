/** Starts a run for an event that EventBridge may replay: the pipeline's `onReplay` decides what a replay does to an existing run. */
import type { Plan } from '../pipeline/plan.ts';
import type { Run } from '../run/run.ts';
import { isAtRest } from '../run/run.ts';
import type { RunTrigger } from '../run/trigger.ts';
import type { Engine } from './ports.ts';
import type { Started } from './start-run.ts';
import { startRun } from './start-run.ts';
import { todaysView } from './todays-view.ts';
import { wake } from './wake.ts';

export async function startOrReplay(plan: Plan, trigger: RunTrigger, engine: Engine): Promise<Started> {
  const { replayName } = trigger;
  const started = await startRun(plan, trigger, {}, engine);
  if (replayName !== undefined && !started.created && plan.onReplay === 'resume') {
    const decisive = await decisiveRun(started.run, engine);
    if (decisive?.life.state === 'FAILED') await resumeByReplay(decisive, replayName, plan, engine);
  }
  return started;
}

/** The run that loads the file: its own, or its batch. */
async function decisiveRun(run: Run, engine: Engine): Promise<Run | undefined> {
  return run.life.state === 'ABSORBED' ? engine.store.load(run.life.into) : run;
}

/**
 * A replay resumes the failed run, once per replay; finished, cancelled and undecided runs are left alone.
 * @throws Error if the run is still being stopped
 */
async function resumeByReplay(failed: Run, replayName: string, plan: Plan, engine: Engine): Promise<void> {
  const request = {
    verb: 'resume' as const,
    requestId: `replay-${replayName}-${failed.id}`,
    actor: `replay ${replayName}`,
    replayName,
    plan: await todaysView(failed, plan, engine.plans),
  };
  const { driveRequest } = await import('./drive-request.ts');
  const { run, answer } = await driveRequest(failed.id, request, engine);
  if (answer?.ok === false && run !== undefined && isAtRest(run) && run.life.pendingActions.length > 0)
    throw new Error(`${answer.message} (the queue delivers the event again)`);
  if (run !== undefined && !isAtRest(run)) await wake(failed.id, engine);
}
