/** A statement of several steps: which part of it is whose, by position. What later statements report after a failure is not known. */
import { defined } from '../run/defined.ts';
import type { Plan, Step } from '../pipeline/plan.ts';
import type { Described } from '../run/decision.ts';
import { membersOf } from '../run/decision.ts';
import type { Run } from '../run/run.ts';
import type { StatementStatus } from '../warehouse/warehouse.ts';

/** The steps of the run's claim: one, or a group. */
export function stepsOf(run: Run, plan: Plan): readonly Step[] {
  return plan.steps.slice(run.cursor, run.cursor + membersOf(run, plan).length);
}

/** Of each of these steps, in order, which were sent as one transaction: what its statements did. */
export function describedSteps(seen: StatementStatus, steps: readonly Step[]): readonly Described[] {
  let from = 0;
  return steps.map(({ statements }) => {
    const to = from + statements.length;
    const parts = seen.parts?.slice(from, to) ?? [];
    const times = parts.map(({ ms }) => ms);
    const isTimed = times.length > 0 && !times.includes(undefined);
    const described = defined({
      rows: sumOf(seen.rows.slice(from, to)),
      ms: isTimed ? Math.round(sumOf(times) ?? 0) : undefined,
      returned: statements.length === 1 ? parts[0]?.returned : undefined,
    });
    from = to;
    return described;
  });
}

/** The known ones; undefined: none is known. */
export function sumOf(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

/** The step with the nth statement, from 0, and the number of that statement in it. Undefined: none of these steps has it. */
export function stepWith(
  statement: number,
  steps: readonly Step[],
): { readonly step: Step; readonly member: number; readonly statement: number } | undefined {
  let left = statement;
  for (const [member, step] of steps.entries()) {
    if (left < step.statements.length) return { step, member, statement: left };
    left -= step.statements.length;
  }
  return undefined;
}
