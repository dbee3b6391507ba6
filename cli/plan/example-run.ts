/** A run that has not happened, so that its SQL can be shown. */
import { parseFileUri } from '../../shared/engine/file-uri.ts';
import type { Settings } from '../../shared/engine/ports.ts';
import { statementsOf } from '../../shared/engine/statements.ts';
import { runTriggerKinds } from '../../shared/engine/triggers/table.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { RenderError } from '../../shared/pipeline/render.ts';
import type { Run } from '../../shared/run/run.ts';
import type { RunTrigger } from '../../shared/run/trigger.ts';
import { usageError } from '../exit.ts';

export interface ShownStep {
  readonly step: string;
  readonly send: 'single' | 'transaction';
  readonly statements: readonly string[];
}

/** Of a stage that need not exist: account and Region of its buckets' names are not known. */
export function exampleSettings(stage: string): Settings {
  const buckets = stage === 'local' ? 'baton-local' : `baton-${stage}-account-region`;
  return {
    stage,
    service: 'baton',
    landingBucket: `${buckets}-landing`,
    artifactsBucket: `${buckets}-artifacts`,
    copyRole: 'default',
    historyDays: 400,
  };
}

/** What would make a run: the file that is named, else the first trigger of the plan, a file before all others. */
function exampleTrigger(plan: Plan, uri: string | undefined, settings: Settings): RunTrigger {
  const time = new Date().toISOString();
  if (uri !== undefined) {
    try {
      return { kind: 's3', time, file: { ...parseFileUri(uri), size: 0, etag: '' } };
    } catch (error) {
      throw usageError(messageOf(error));
    }
  }
  const examples = plan.triggers.flatMap((trigger) =>
    runTriggerKinds.flatMap((kind) => kind.example?.(trigger, time, settings) ?? []),
  );
  const request = { kind: 'request' as const, time, requestId: 'example', actor: 'plan' };
  return examples.find(({ kind }) => kind === 's3') ?? examples[0] ?? request;
}

function exampleRun(plan: Plan, trigger: RunTrigger, parameters: Readonly<Record<string, string>>): Run {
  const now = trigger.time;
  return {
    id: `${plan.pipeline}-example`,
    pipeline: plan.pipeline,
    planHash: plan.hash,
    steps: plan.steps.length,
    incarnationId: '00000000000000000000000000000000',
    trigger,
    parameters,
    life: { state: 'RUNNING', work: { phase: 'READY' }, nextCheckAt: 0 },
    session: { state: 'none' },
    cursor: 0,
    step: plan.steps[0]?.name ?? '',
    attempt: 1,
    generation: 1,
    firstAttempt: 1,
    rebuilds: 0,
    failedDrives: 0,
    failures: 0,
    replays: [],
    createdAt: now,
    startedAt: now,
    version: 1,
    writerId: 'plan',
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
  const run = exampleRun(plan, exampleTrigger(plan, given.file, settings), given.parameters);
  return plan.steps.map((step) => {
    try {
      return { step: step.name, send: step.send, statements: statementsOf(run, plan, step, settings) };
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      throw usageError(`${plan.pipeline}/${step.name}: ${error.message}`, 'set it with --file or --param');
    }
  });
}
