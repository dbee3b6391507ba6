/** A run succeeded: one run of every pipeline that starts behind its pipeline, however often that is told. */
import type { Plan } from '../pipeline/plan.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, Ports } from './ports.ts';
import type { Started } from './start-run.ts';
import { startRun } from './start-run.ts';
import { wake } from './wake.ts';

/**
 * The event only says where to look: anybody who may put events could have made it. The run itself says what it is.
 * @throws Error where the table does not know that the run succeeded: the event comes again, and is kept at last
 */
export async function startFollowing(
  upstreamId: string,
  today: readonly Plan[],
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<Started[]> {
  const upstream = await ports.store.load(upstreamId);
  if (upstream?.state !== 'SUCCEEDED') {
    throw new Error(
      `an event says that run ${upstreamId} succeeded; ${upstream === undefined ? 'there is no such run' : `it is ${upstream.state}`}`,
    );
  }
  const { pipeline } = upstream;
  const trigger = {
    kind: 'pipeline' as const,
    time: upstream.trigger.time,
    upstream: { pipeline, runId: upstream.id },
  };
  const followers = today.filter((plan) =>
    plan.triggers.some((one) => one.kind === 'pipeline' && one.pipeline === pipeline),
  );
  if (followers.length === 0) ports.log('info', 'no pipeline starts behind this run', { run: upstream.id });
  const started: Started[] = [];
  for (const plan of followers) {
    const one = await startRun(plan, trigger, {}, ports, plans, driver);
    if (one.run.state === 'QUEUED') await wake(one.run.id, ports);
    started.push(one);
  }
  return started;
}
