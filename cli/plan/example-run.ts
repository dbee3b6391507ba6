/** A run that has not happened, so that its SQL can be shown. */
import { parseFileUri } from '../../shared/engine/operate.ts';
import type { Settings } from '../../shared/engine/ports.ts';
import { statementsOf } from '../../shared/engine/statements.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { RenderError } from '../../shared/pipeline/render.ts';
import type { Run } from '../../shared/run/run.ts';
import type { RunFile } from '../../shared/run/trigger.ts';
import { usageError } from '../exit.ts';

export interface ShownStep {
  readonly step: string;
  readonly send: 'single' | 'transaction';
  readonly statements: readonly string[];
}

/** Of a stage that need not exist. */
export function exampleSettings(stage: string): Settings {
  return {
    stage,
    service: 'baton',
    landingBucket: `baton-${stage}-landing`,
    artifactsBucket: `baton-${stage}-artifacts`,
    copyRole: 'default',
  };
}

function fileOf(plan: Plan, uri: string | undefined, settings: Settings): RunFile | undefined {
  if (uri !== undefined) {
    try {
      return { ...parseFileUri(uri), size: 0, etag: '' };
    } catch (error) {
      throw usageError(error instanceof Error ? error.message : String(error));
    }
  }
  const trigger = plan.triggers.find((one) => one.kind === 's3');
  if (trigger === undefined) return undefined;
  const key = `${trigger.prefix}example${trigger.suffix}`;
  return { bucket: trigger.bucket ?? settings.landingBucket, key, size: 0, etag: '' };
}

function exampleTrigger(plan: Plan, file: RunFile | undefined, time: string): Run['trigger'] {
  if (file !== undefined) return { kind: 's3', time, file };
  const [trigger] = plan.triggers;
  if (trigger?.kind === 'schedule') return { kind: 'schedule', time, schedule: trigger.expression };
  if (trigger?.kind !== 'pipeline') return { kind: 'request', time, requestId: 'example', actor: 'plan' };
  const { pipeline } = trigger;
  return { kind: 'pipeline', time, upstream: { pipeline, runId: `${pipeline}-example` } };
}

function exampleRun(
  plan: Plan,
  file: RunFile | undefined,
  parameters: Readonly<Record<string, string>>,
): Run {
  const now = new Date().toISOString();
  return {
    id: `${plan.pipeline}-example`,
    pipeline: plan.pipeline,
    planHash: plan.hash,
    steps: plan.steps.length,
    birth: '00000000000000000000000000000000',
    trigger: exampleTrigger(plan, file, now),
    parameters,
    state: 'RUNNING',
    phase: 'READY',
    cursor: 0,
    attempt: 1,
    generation: 1,
    firstAttempt: 1,
    createdAt: now,
    startedAt: now,
    version: 1,
    by: 'plan',
  };
}

/**
 * Every statement as it would be sent for one file, with an example's id, time and marker.
 * @throws CommandError (exit 2) where a placeholder has no value, or one that cannot be written
 */
export function sqlOf(
  plan: Plan,
  settings: Settings,
  given: { file?: string; parameters: Readonly<Record<string, string>> },
): ShownStep[] {
  const run = exampleRun(plan, fileOf(plan, given.file, settings), given.parameters);
  return plan.steps.map((step) => {
    try {
      return { step: step.name, send: step.send, statements: statementsOf(run, plan, step, settings) };
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      throw usageError(`${plan.pipeline}/${step.name}: ${error.message}`, 'give it with --file or --param');
    }
  });
}
