/** A file arrived: one run for every pipeline that it matches exactly. The rule filters by bucket and prefix only. */
import type { ObjectCreated } from '../events/object-created.ts';
import { isFolderMark } from '../events/object-created.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, Ports } from './ports.ts';
import type { Started } from './start-run.ts';
import { startOrReplay } from './start-or-replay.ts';
import { matches } from './triggers/s3.ts';

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
    started.push(await startOrReplay(plan, trigger, ports, plans, driver));
  }
  return started;
}
