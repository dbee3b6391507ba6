/** A step's own `verify:` query: one boolean that says whether it was applied. */
import type { Plan } from '../pipeline/plan.ts';
import { renderStatement } from '../pipeline/render.ts';
import type { RunEvent } from '../run/run-event.ts';
import type { Failure, Run } from '../run/run.ts';
import type { Ports } from './ports.ts';
import { placeholderValues } from './values.ts';

export async function askVerify(run: Run, plan: Plan, failure: Failure, ports: Ports): Promise<RunEvent> {
  const verify = plan.steps[run.cursor]?.verify;
  if (verify === undefined) return { kind: 'VerifyAsked', applied: 'unreadable', failure };
  const asked = await ports.warehouse.ask(
    renderStatement(verify, placeholderValues(run, plan, ports.settings)),
    plan.warehouse,
  );
  if (!asked.ok && asked.refusal.reason !== 'rejected')
    return { kind: 'VerifyAsked', applied: 'later', failure };
  const value = asked.ok ? asked.value[0]?.[0] : undefined;
  const applied =
    value === 'true' || value === 't' || value === '1'
      ? true
      : value === 'false' || value === 'f' || value === '0'
        ? false
        : 'unreadable';
  return { kind: 'VerifyAsked', applied, failure };
}
