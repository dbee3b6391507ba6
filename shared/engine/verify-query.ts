/** Runs a step's `verify:` query, which returns one boolean: whether the step was applied. */
import type { Plan } from '../pipeline/plan.ts';
import { renderStatement } from '../pipeline/render.ts';
import type { VerifyQueryRead } from '../run/run-event.ts';
import type { Run } from '../run/run.ts';
import type { Engine } from './ports.ts';
import { placeholderValues } from './values.ts';

export async function runVerifyQuery(
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<VerifyQueryRead['applied']> {
  const verify = plan.steps[run.cursor]?.verify;
  if (verify === undefined) return 'unreadable';
  const sql = renderStatement(verify, placeholderValues(run, plan, engine.settings));
  const asked = await engine.warehouse.ask(sql, plan.warehouse);
  if (!asked.ok && asked.refusal.reason !== 'rejected') return 'later';
  const value = asked.ok ? asked.value[0]?.[0] : undefined;
  if (value === 'true' || value === 't' || value === '1') return true;
  return value === 'false' || value === 'f' || value === '0' ? false : 'unreadable';
}
