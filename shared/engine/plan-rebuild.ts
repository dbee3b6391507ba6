/** What must run again in a new session, from the plan's lineage and the run's own history. Loaded only when a session is lost. */
import { defined } from '../run/defined.ts';
import type { Plan, Step } from '../pipeline/plan.ts';
import { rebuildAt } from '../pipeline/rebuild.ts';
import type { RebuildPlanned } from '../run/run-event.ts';
import type { RebuildItem, Run } from '../run/run.ts';
import { firstLoad, listOf } from '../run/batch.ts';
import { rebuildTarget } from '../run/run.ts';
import type { HistoryRow } from '../store/run-store.ts';
import { writeLastStep } from './history.ts';
import type { Engine } from './ports.ts';

export async function planRebuild(
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<Pick<RebuildPlanned, 'verdict' | 'todo' | 'reasons'>> {
  const { verdict, rerun, recheck, reasons } = rebuildAt(plan.steps, rebuildTarget(run));
  // The previous step's row is written in parallel with a submission and may still be missing; row counts are compared with it.
  await writeLastStep(run, plan, engine);
  // A step that depends on the files of a batch gave other rows when the list had more of them.
  const from = firstLoad(plan);
  const seal = listOf(run)?.seal;
  const history = (await engine.store.history(run.id)).filter((row) => row.index < from || row.seal === seal);
  const again = new Set([...rerun, ...recheck]);
  const todo = plan.steps.flatMap((step, index): RebuildItem[] =>
    again.has(step.name) ? [item(step, index, verdict, history)] : [],
  );
  return { verdict, todo, reasons };
}

function item(
  step: Step,
  index: number,
  verdict: RebuildPlanned['verdict'],
  history: readonly HistoryRow[],
): RebuildItem {
  const first = history.find((row) => row.index === index && row.status === 'FINISHED');
  // Before any durable step, different rows do no harm; and a table that is only declared has none to count.
  const compare = verdict === 'proved' && step.kind === 'session' && hasRows(step);
  return { index, compare, ...defined({ rows: first?.rows }) };
}

function hasRows({ lineage, usesFile }: Step): boolean {
  return (
    usesFile ||
    lineage.reads.length > 0 ||
    lineage.readsTemp.length > 0 ||
    (lineage.unpinned ?? []).length > 0
  );
}
