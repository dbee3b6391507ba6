/** `on: - pipeline:` another pipeline, each time a run of it has succeeded. */
import type { PipelineTrigger } from '../plan.ts';
import { PIPELINE_NAME } from '../shape.ts';
import type { TriggerKind } from './kind.ts';
import { member, texts } from './kind.ts';

export const pipeline: TriggerKind<PipelineTrigger> = {
  key: {
    description: 'Another pipeline, each time a run of it has succeeded.',
    shape: { kind: 'text', pattern: PIPELINE_NAME, words: 'the name of a pipeline' },
  },
  triggerOf: (setting) => ({ kind: 'pipeline', pipeline: setting as string }),
  problems: (trigger, _, own) =>
    trigger.pipeline === own
      ? [{ path: [], message: `${own} cannot start after itself: this is an endless loop` }]
      : [],
  starter: (trigger) => `the pipeline ${trigger.pipeline}`,
  supplies: {
    names: ['upstream_run_id'],
    missing:
      ':upstream_run_id is the run of an upstream pipeline, and this pipeline has none: add `- pipeline: NAME` to on',
  },
  upstream: (trigger) => trigger.pipeline,
  words: (trigger) => `success of ${trigger.pipeline}`,
  deliveredBy: (pattern) =>
    texts(member(pattern, 'detail-type')).includes('Run Succeeded')
      ? texts(member(member(pattern, 'detail'), 'pipeline')).map((name) => ({
          text: `success of ${name}`,
          covers: (trigger) => trigger.pipeline === name,
        }))
      : [],
  needed: (trigger, follower) => `the success of ${trigger.pipeline}, which starts ${follower}`,
};
