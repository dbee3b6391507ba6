/** A file arrived: starts a run of every pipeline that it matches exactly. The EventBridge rule filters by bucket and prefix only. */
import { defined } from '../run/defined.ts';
import type { ObjectCreated } from '../events/object-created.ts';
import { isFolderMark } from '../events/object-created.ts';
import type { Engine } from './ports.ts';
import type { Started } from './start-run.ts';
import { startOrReplay } from './start-or-replay.ts';
import { matches } from './triggers/s3.ts';

export async function admit(created: ObjectCreated, engine: Engine): Promise<Started[]> {
  const { file, time, replayName } = created;
  if (isFolderMark(file)) {
    engine.log('info', 'ignored a folder placeholder object', { key: file.key });
    return [];
  }
  if (file.bucket === engine.settings.artifactsBucket) {
    engine.log('warn', 'ignored a file in the artifacts bucket', { key: file.key });
    return [];
  }
  const matching = engine.plans
    .all()
    .filter((plan) => plan.triggers.some((trigger) => matches(trigger, file, engine.settings.landingBucket)));
  if (matching.length === 0)
    engine.log('info', 'no pipeline matches this file', { bucket: file.bucket, key: file.key });
  const started: Started[] = [];
  for (const plan of matching) {
    const trigger = defined({ kind: 's3' as const, time, file, replayName });
    started.push(await startOrReplay(plan, trigger, engine));
  }
  return started;
}
