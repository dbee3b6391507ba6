/** Runs started by the success of an upstream pipeline. */
import type { PipelineTrigger } from '../../run/trigger.ts';
import type { RunTriggerKind } from './kind.ts';

export const pipeline: RunTriggerKind<PipelineTrigger> = {
  identity: ({ kind, upstream }) => [kind, upstream.runId],
  words: ({ upstream }) => `after ${upstream.runId}`,
  example: (trigger, time) =>
    trigger.kind === 'pipeline'
      ? {
          kind: 'pipeline',
          time,
          upstream: { pipeline: trigger.pipeline, runId: `${trigger.pipeline}-example` },
        }
      : undefined,
};
