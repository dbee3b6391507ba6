/** Performs the effects of a batch. Loaded when a run has one. */
import { listOf } from '../../run/batch.ts';
import type { Plan } from '../../pipeline/plan.ts';
import type { Effect } from '../../run/decision.ts';
import type { RunEvent } from '../../run/run-event.ts';
import type { Listed, Run } from '../../run/run.ts';
import type { Engine } from '../ports.ts';
import { wake } from '../wake.ts';
import { absorbAll, markFiles } from './absorb.ts';
import { checkFiles } from './check-files.ts';
import { gatherFiles } from './gather.ts';
import { listAgain, tellLeaving } from './leave.ts';

export type BatchEffect = Extract<
  Effect,
  { kind: 'GatherFiles' | 'MarkFiles' | 'ListAgain' | 'TellLeaving' | 'CheckInput' }
>;

export async function performBatch(
  effect: BatchEffect,
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<RunEvent> {
  switch (effect.kind) {
    case 'GatherFiles':
      return gatherFiles(run, plan, engine);
    case 'MarkFiles':
      return markFiles(run, listedOf(run), effect.fresh, plan, engine);
    case 'ListAgain':
      return listAgain(run, listedOf(run), effect.without, effect.about, engine);
    case 'TellLeaving':
      return tellLeaving(run, listedOf(run), engine);
    case 'CheckInput':
      return checkFiles(run, listedOf(run), effect.about, engine);
    default:
      return effect satisfies never;
  }
}

/** For an ended batch: every file it listed belongs to it, and those that left know it. `unfinished`: the next driver continues. */
export async function settleMembers(run: Run, engine: Engine): Promise<'unfinished' | undefined> {
  const batch = listedOf(run);
  if (batch.phase === 'MARK' && (await absorbAll(run, batch.list, false, engine)) === 'unfinished') {
    await wake(run.id, engine);
    return 'unfinished';
  }
  await tellLeaving(run, batch, engine);
  return undefined;
}

function listedOf(run: Run): Listed {
  const list = listOf(run);
  if (list === undefined) throw new Error(`run ${run.id} has no list of files`);
  return list;
}
