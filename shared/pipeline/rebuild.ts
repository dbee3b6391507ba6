/**
 * What a resume would have to re-run after the session is lost, and whether that is proved safe. Pure, and independent of SQL:
 * `plan` prints it, the grade is derived from it, and the engine calls it with what a run really did.
 */
import type { Step } from './plan.ts';
import { meeting, nameKey } from './table-name.ts';

/** The data of a step that the rules need. */
export type RebuildStep = Pick<Step, 'name' | 'kind' | 'repeatable' | 'lineage'>;

export interface Rebuild {
  /** The step at which the run resumes. */
  readonly step: string;
  /** Earlier session steps to re-run, in order: they built temporary tables that are still needed. */
  readonly rerun: readonly string[];
  /** Earlier checks to repeat, in order: everything they read exists and is unchanged. */
  readonly recheck: readonly string[];
  /** Earlier steps whose effects are permanent and that are never re-run. */
  readonly kept: readonly string[];
  /**
   * - `always`: nothing durable was done yet, so it is like a new run on the same input
   * - `proved`: every step to re-run gives the same result as before
   * - `refused`: this is not proved; a manual decision is needed
   */
  readonly verdict: 'always' | 'proved' | 'refused';
  /** Why it is refused; one sentence each. */
  readonly reasons: readonly string[];
}

/**
 * @param index of the step at which the run resumes
 * @param hadEffect which durable and opaque steps before it are not proved to have had no effect; all, where left out
 */
export function rebuildAt(
  steps: readonly RebuildStep[],
  index: number,
  hadEffect: (step: RebuildStep) => boolean = () => true,
): Rebuild {
  const before = steps.slice(0, index);
  const kept = before.filter((step) => changesWarehouse(step) && hadEffect(step));
  const rerun = stepsToRerun(steps, index);
  const recheck = before.filter((step) => step.kind === 'check' && canRecheck(step, steps, rerun, kept));
  const reasons = kept.length === 0 ? [] : whyRefused(steps, index, rerun, kept);
  return {
    step: steps[index]?.name ?? '',
    rerun: rerun.map((step) => step.name),
    recheck: recheck.map((step) => step.name),
    kept: kept.map((step) => step.name),
    verdict: kept.length === 0 ? 'always' : reasons.length === 0 ? 'proved' : 'refused',
    reasons,
  };
}

function changesWarehouse(step: RebuildStep): boolean {
  return step.kind === 'durable' || step.kind === 'opaque';
}

function tempNamesOf(step: RebuildStep): string[] {
  const { createsTemp, readsTemp, writesTemp } = step.lineage;
  return [...createsTemp, ...readsTemp, ...writesTemp].map(nameKey);
}

function madeBy(step: RebuildStep): string[] {
  return [...step.lineage.createsTemp, ...step.lineage.writesTemp].map(nameKey);
}

/** Session steps before `index` whose temporary output is used, through others too, from there on; and every SET. */
function stepsToRerun(steps: readonly RebuildStep[], index: number): RebuildStep[] {
  const needed = new Set(steps.slice(index).flatMap(tempNamesOf));
  const rerun: RebuildStep[] = [];
  for (const step of steps.slice(0, index).toReversed()) {
    if (step.kind !== 'session') continue;
    if (!step.lineage.setsSession && !madeBy(step).some((name) => needed.has(name))) continue;
    rerun.unshift(step);
    for (const name of tempNamesOf(step)) needed.add(name);
  }
  return rerun;
}

function canRecheck(
  check: RebuildStep,
  steps: readonly RebuildStep[],
  rerun: readonly RebuildStep[],
  kept: readonly RebuildStep[],
): boolean {
  const at = steps.indexOf(check);
  const made = new Set(rerun.filter((step) => steps.indexOf(step) < at).flatMap(madeBy));
  const later = kept.filter((step) => steps.indexOf(step) > at);
  return (
    check.lineage.readsTemp.every((name) => made.has(nameKey(name))) &&
    later.every((step) => meeting(check.lineage.reads, step.lineage.writes).length === 0)
  );
}

function whyRefused(
  steps: readonly RebuildStep[],
  index: number,
  rerun: readonly RebuildStep[],
  kept: readonly RebuildStep[],
): string[] {
  const reasons: string[] = [];
  for (const step of rerun) {
    const at = steps.indexOf(step);
    for (const other of kept) if (steps.indexOf(other) > at) reasons.push(...whyStale(step, other));
    const { reads, unpinned = [], deterministic, varies = [] } = step.lineage;
    if (!step.repeatable && reads.length > 0) {
      reasons.push(
        `${step.name} reads ${reads.join(', ')}, which may have changed meanwhile (declare repeatable: true if it cannot)`,
      );
    }
    if (!step.repeatable && unpinned.length > 0) {
      reasons.push(
        `${step.name} reads ${unpinned.join(', ')}, which is not exactly the run's own file (declare repeatable: true if it cannot change)`,
      );
    }
    if (!deterministic) {
      const what = varies.length === 0 ? '' : `: ${varies.join(', ')}`;
      reasons.push(
        `${step.name} may give different rows when re-run${what} (use :run_started_at for the time)`,
      );
    }
  }
  reasons.push(...whyTempIsLost(steps, index, rerun, kept));
  return reasons;
}

/** `kept` was done after `step`: does `step` read what it changed? */
function whyStale(step: RebuildStep, kept: RebuildStep): string[] {
  const { reads, shapes = [] } = step.lineage;
  const { writes, redefines = [] } = kept.lineage;
  if (writes === 'everything') return [`${kept.name} may have changed anything that ${step.name} reads`];
  const changed = meeting(reads, writes);
  const remade = meeting(shapes, redefines);
  const together = `put both into one file, so that they commit together`;
  return [
    ...(changed.length === 0
      ? []
      : [`${step.name} reads ${changed.join(', ')}, which ${kept.name} has changed since: ${together}`]),
    ...(remade.length === 0
      ? []
      : [`${step.name} copies the columns of ${remade.join(', ')}, which ${kept.name} has redefined since`]),
  ];
}

/** Temporary tables that a kept step created or changed cannot be recreated. */
function whyTempIsLost(
  steps: readonly RebuildStep[],
  index: number,
  rerun: readonly RebuildStep[],
  kept: readonly RebuildStep[],
): string[] {
  const needed = new Set([...rerun, ...steps.slice(index)].flatMap((step) => tempNamesOf(step)));
  return kept.flatMap((step) => {
    const at = steps.indexOf(step);
    const isUsedLater = (name: string): boolean =>
      [...rerun, ...steps.slice(index)].some(
        (other) => steps.indexOf(other) > at && tempNamesOf(other).includes(name),
      );
    const lost = madeBy(step).filter((name) => needed.has(name) && isUsedLater(name));
    return lost.length === 0
      ? []
      : [`${step.name} created or changed the temporary table ${lost.join(', ')}, and is not re-run`];
  });
}
