/** A run succeeded: starts one run of every downstream pipeline, however often the event is delivered. */
import type { Engine } from './ports.ts';
import type { Started } from './start-run.ts';
import { startRun } from './start-run.ts';

/**
 * The event is not trusted: anyone who may put events could have sent it. The stored run says whether it succeeded.
 * @throws Error if the stored run has not succeeded: the event is delivered again, and ends in the dead-letter queue
 */
export async function startFollowing(upstreamId: string, engine: Engine): Promise<Started[]> {
  const upstream = await engine.store.load(upstreamId);
  if (upstream?.life.state !== 'SUCCEEDED') {
    throw new Error(
      `received "Run Succeeded" for run ${upstreamId}, but ${upstream === undefined ? 'it does not exist' : `it is ${upstream.life.state}`}`,
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
  for (const plan of followers) started.push(await startRun(plan, trigger, {}, engine));
  return started;
}
