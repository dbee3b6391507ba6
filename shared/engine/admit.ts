/** A file arrived: one run for every pipeline that it matches exactly. The rule filters by bucket and prefix only. */
import type { ObjectCreated } from '../events/object-created.ts';
import { isFolderMark } from '../events/object-created.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { Run } from '../run/run.ts';
import { isAtRest } from '../run/run.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, Ports } from './ports.ts';
import type { Started } from './start-run.ts';
import { startRun } from './start-run.ts';
import { todaysView } from './todays-view.ts';
import { matches } from './triggers/s3.ts';
import { wake } from './wake.ts';

export async function admit(
  created: ObjectCreated,
  today: readonly Plan[],
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<Started[]> {
  const { file, time, replayName } = created;
  if (isFolderMark(file)) {
    ports.log('info', 'ignored the mark of a folder', { key: file.key });
    return [];
  }
  if (file.bucket === ports.settings.artifactsBucket) {
    ports.log('warn', 'ignored a file in the artifacts bucket', { key: file.key });
    return [];
  }
  const matching = today.filter((plan) =>
    plan.triggers.some((trigger) => matches(trigger, file, ports.settings.landingBucket)),
  );
  if (matching.length === 0)
    ports.log('info', 'no pipeline wants this file', { bucket: file.bucket, key: file.key });
  const started: Started[] = [];
  for (const plan of matching) {
    const trigger = { kind: 's3' as const, time, file, ...(replayName === undefined ? {} : { replayName }) };
    const one = await startRun(plan, trigger, {}, ports, plans, driver);
    if (
      replayName !== undefined &&
      !one.created &&
      plan.onReplay === 'resume' &&
      one.run.state === 'FAILED'
    ) {
      await resumeByReplay(one.run, replayName, plan, ports, plans, driver);
    }
    // A redelivered event wakes its run too: the first wake-up may be what was lost.
    if (one.run.state === 'QUEUED') await wake(one.run.id, ports);
    started.push(one);
  }
  return started;
}

/**
 * A replayed file resumes its failed run, once for each replay; finished, cancelled and undecided runs are left alone.
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
