/** Today's plan in the form in which a resumed run compares it with its own. */
import type { Plan } from '../pipeline/plan.ts';
import type { PlanView } from '../run/plan-view.ts';
import type { Run } from '../run/run.ts';
import type { PlanCache } from './plan-cache.ts';

export async function todaysView(
  run: Pick<Run, 'planHash'>,
  today: Plan,
  plans: PlanCache,
): Promise<PlanView> {
  const before = await plans.get(run.planHash);
  if (before.schema !== 1) return today;
  // Only plans stored by earlier versions need the SQL lexer here.
  const { comparableWith } = await import('../pipeline/identity.ts');
  return comparableWith(before, today);
}
