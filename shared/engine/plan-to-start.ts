/** A run that has not begun starts with today's plan: files that waited for a broken pipeline run the repaired one. */
import type { Plan } from '../pipeline/plan.ts';
import type { Run } from '../run/run.ts';
import { fileOf } from '../run/trigger.ts';
import { needsFile, unsuitableParameters } from './given-parameters.ts';
import type { Engine } from './ports.ts';
import { manifestBody, manifestKey } from './values.ts';

/** Stores and returns today's plan if it differs from the run's and accepts the run's parameters and file; else undefined. */
export async function planToStart(run: Run, engine: Engine): Promise<Plan | undefined> {
  if (run.startedAt !== undefined) return undefined;
  const today = engine.plans.today(run.pipeline);
  if (today === undefined || today.hash === run.planHash) return undefined;
  const file = fileOf(run.trigger);
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
  if (file !== undefined && run.batch === undefined && today.steps.some((step) => step.usesManifest))
    await engine.files.putArtifact(manifestKey(run.id), manifestBody([file]));
  await engine.plans.put(today);
  return today;
}
