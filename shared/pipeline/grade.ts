/** A pipeline's grade: how well it recovers from a lost session without a manual decision. */
import type { Grade, Step } from './plan.ts';
import { rebuildAt } from './rebuild.ts';

export function gradeOf(steps: readonly Step[]): Grade {
  if (steps.some((step) => step.kind === 'opaque' && !step.idempotent)) return 'D';
  const verdicts = new Set(steps.map((_, i) => rebuildAt(steps, i).verdict));
  if (verdicts.has('refused')) return 'C';
  return verdicts.has('proved') ? 'B' : 'A';
}
