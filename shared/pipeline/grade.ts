/** A pipeline's grade: how much of a lost session it survives without a person. */
import type { Grade, Step } from './plan.ts';
import { rebuildAt } from './rebuild.ts';

export function gradeOf(steps: readonly Step[]): Grade {
  if (steps.some((step) => step.kind === 'opaque' && !step.idempotent)) return 'D';
  const verdicts = new Set(steps.map((_, i) => rebuildAt(steps, i).verdict));
  if (verdicts.has('refused')) return 'C';
  return verdicts.has('proved') ? 'B' : 'A';
}

export const GRADE_WORDS: Readonly<Record<Grade, string>> = {
  A: 'one durable step, the last: a resume is always safe',
  B: 'several durable steps, each proved safe to resume after',
  C: 'needs a manual decision if the session is lost at some step',
  D: 'has opaque steps that are not idempotent',
};
