/** The plans that were deployed with the function: `plans.json` beside its bundle. */
import { readFileSync } from 'node:fs';

import type { Plan } from '../pipeline/plan.ts';

let plans: readonly Plan[] | undefined;

/** Read once per cold start: a deploy is a cold start. */
export function todaysPlans(): readonly Plan[] {
  plans ??= (JSON.parse(readFileSync(new URL('plans.json', import.meta.url), 'utf8')) as { plans: Plan[] })
    .plans;
  return plans;
}
