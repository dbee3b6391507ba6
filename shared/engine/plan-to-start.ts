/** A run that has not begun starts with today's plan: files that waited for a broken pipeline run the repaired one. */
import type { Plan } from '../pipeline/plan.ts';
import type { Run } from '../run/run.ts';
import type { RunFile } from '../run/trigger.ts';
import { fileOf } from '../run/trigger.ts';
import { needsFile, unsuitableParameters } from './given-parameters.ts';
import type { Engine } from './ports.ts';
import { batchTriggerOf } from './triggers/s3.ts';
import { manifestBody, manifestKey } from './values.ts';

/** A file that could have gone with a batch, and goes alone, has no manifest yet (`createRun`). */
async function hasBatches(
  { planHash }: Run,
  today: Plan | undefined,
  file: RunFile,
  { plans, settings }: Engine,
): Promise<boolean> {
  const candidates = [today, today?.hash === planHash ? undefined : await plans.find(planHash)];
  return candidates.some(
    (plan) => plan !== undefined && batchTriggerOf(plan, file, settings.landingBucket) !== undefined,
  );
}

/** Stores and returns today's plan if it differs from the run's and accepts the run's parameters and file; else undefined. */
export async function planToStart(run: Run, engine: Engine): Promise<Plan | undefined> {
  if (run.startedAt !== undefined) return undefined;
  const today = engine.plans.today(run.pipeline);
  const file = run.batch === undefined ? fileOf(run.trigger) : undefined;
  if (file !== undefined && (await hasBatches(run, today, file, engine)))
    await engine.files.putArtifact(manifestKey(run.id), manifestBody([file]));
  if (today === undefined || today.hash === run.planHash) return undefined;
  const misfit =
    unsuitableParameters(today.parameters, run.parameters) ??
    (file === undefined && run.batch === undefined && needsFile(today)
      ? 'it needs a file, and the run has none'
      : undefined);
  if (misfit !== undefined) {
    engine.log('warn', 'the run keeps the plan it was created with', {
      run: run.id,
      pipeline: run.pipeline,
      why: misfit,
    });
    return undefined;
  }
  if (file !== undefined && today.steps.some((step) => step.usesManifest))
    await engine.files.putArtifact(manifestKey(run.id), manifestBody([file]));
  await engine.plans.put(today);
  return today;
}
