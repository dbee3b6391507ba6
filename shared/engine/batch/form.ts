/** Makes a batch run for a waiting file that has company. Its id is a hash of the oldest file's run, so that it is made once. */
import type { Plan } from '../../pipeline/plan.ts';
import type { Run } from '../../run/run.ts';
import { isActive, isQueued } from '../../run/run.ts';
import type { Pool } from '../../store/run-store.ts';
import type { Engine } from '../ports.ts';
import { newRun, runIdOf } from '../start-run.ts';
import { batchTriggerOf } from '../triggers/s3.ts';
import { isWaitingFile } from './gather.ts';

/** No run of the pipeline starts now. `waitMs`: how long the oldest file still waits for others. */
type Wait = 'later' | { readonly waitMs: number };

/** Waiting runs that are read to find company; the index may name some that wait no longer. */
const LOOKED_AT = 20;

/**
 * The batch that gets the slot; `answered`: see `fillPool`. Undefined: the oldest waiting run goes alone. `later`: a batch is being made that will take it.
 */
export async function formBatch(
  head: Run,
  others: readonly string[],
  plan: Plan,
  { holders }: Pool,
  answered: string | undefined,
  engine: Engine,
): Promise<Run | Wait | undefined> {
  if (!isWaitingFile(head)) return undefined;
  const { settings, store } = engine;
  const common = batchTriggerOf(plan, head.trigger.file, settings.landingBucket);
  if (common === undefined) return undefined;
  const { files, waitSeconds } = common.batch;
  const waitsUntil = Date.parse(head.createdAt) + waitSeconds * 1000;
  const waitMs = waitsUntil - engine.now();
  // Without `wait:` the clocks of two drivers are not compared.
  if (waitSeconds > 0 && waitMs > 0 && (await store.countQueued(head.pipeline)) < files) return { waitMs };
  if (others.length === 0) return undefined;
  const trigger = {
    kind: 'batch' as const,
    time: head.trigger.time,
    head: { runId: head.id, version: head.version },
  };
  const id = runIdOf(plan, trigger, settings);
  const there = await store.load(id);
  if (there !== undefined) return afterBatch(there, head, holders, answered, engine);
  const candidates = await store.loadAll(others.slice(0, LOOKED_AT));
  const hasCompany = candidates.some(
    (run) =>
      isWaitingFile(run) &&
      holders[run.id] === undefined &&
      batchTriggerOf(plan, run.trigger.file, settings.landingBucket) === common,
  );
  if (!hasCompany) return undefined;
  await engine.plans.put(plan);
  const run: Run = { ...newRun(id, plan, trigger, {}, engine), batch: { phase: 'GATHER' } };
  const created = await store.create(run);
  if (created.outcome === 'exists') return afterBatch(created.run, head, holders, answered, engine);
  engine.log('info', 'batch created', { run: id, pipeline: plan.pipeline, oldest: head.id });
  return run;
}

/** A batch for this head was made before. If it has its files now and the head is not one of them, the head goes alone. */
async function afterBatch(
  batch: Run,
  head: Run,
  holders: Pool['holders'],
  answered: string | undefined,
  engine: Engine,
): Promise<Run | 'later' | undefined> {
  if (isQueued(batch) && holders[batch.id] === undefined) return batch;
  // One that was resumed has its files, though it is queued.
  const hasFiles = batch.batch?.phase === 'SEALED' || batch.id === answered;
  if ((isQueued(batch) || isActive(batch)) && !hasFiles) return 'later';
  const now = await engine.store.load(head.id);
  return now !== undefined && isQueued(now) ? undefined : 'later';
}
