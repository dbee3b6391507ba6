/** All kinds of triggers that start runs, each in its own file. */
import type { RunTrigger } from '../../run/trigger.ts';
import type { RunTriggerKind } from './kind.ts';
import { batch } from './batch.ts';
import { event } from './event.ts';
import { pipeline } from './pipeline.ts';
import { request } from './request.ts';
import { s3 } from './s3.ts';
import { schedule } from './schedule.ts';

type Kinds = { readonly [K in RunTrigger['kind']]: RunTriggerKind<Extract<RunTrigger, { kind: K }>> };

const KINDS: Kinds = { s3, batch, request, schedule, pipeline, event };

export const runTriggerKinds: readonly RunTriggerKind<RunTrigger>[] = Object.values(KINDS);

export function kindOfRun(trigger: RunTrigger): RunTriggerKind<RunTrigger> {
  return KINDS[trigger.kind];
}
