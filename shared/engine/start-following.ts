/** A run succeeded: one run of every pipeline that starts behind its pipeline, however often that is told. */
import type { Engine } from './ports.ts';
import type { Started } from './start-run.ts';
import { startRun } from './start-run.ts';
import { wake } from './wake.ts';

/**
 * The event only says where to look: anybody who may put events could have made it. The run itself says what it is.
 * @throws Error where the table does not know that the run succeeded: the event comes again, and is kept at last
 */
export async function startFollowing(upstreamId: string, engine: Engine): Promise<Started[]> {
  const upstream = await engine.store.load(upstreamId);
  if (upstream?.life.state !== 'SUCCEEDED') {
    throw new Error(
      `an event says that run ${upstreamId} succeeded; ${upstream === undefined ? 'there is no such run' : `it is ${upstream.life.state}`}`,
    );
  }
  const { pipeline } = upstream;
  const trigger = {
    kind: 'pipeline' as const,
    time: upstream.trigger.time,
    upstream: { pipeline, runId: upstream.id },
  };
  const followers = engine.plans
    .all()
    .filter((plan) => plan.triggers.some((one) => one.kind === 'pipeline' && one.pipeline === pipeline));
  if (followers.length === 0) engine.log('info', 'no pipeline starts after this run', { run: upstream.id });
  const started: Started[] = [];
  for (const plan of followers) {
    const one = await startRun(plan, trigger, {}, engine);
    if (one.run.life.state === 'QUEUED') await wake(one.run.id, engine);
    started.push(one);
  }
  return started;
}
