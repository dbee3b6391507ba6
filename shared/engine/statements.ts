/** The SQL of a step as it is submitted: comment, rendered placeholders, and the marker at the end of a durable step. */
import type { Plan, Step } from '../pipeline/plan.ts';
import { renderStatement } from '../pipeline/render.ts';
import type { Run } from '../run/run.ts';
import { markerInsert } from '../warehouse/marker.ts';
import type { Settings } from './ports.ts';
import { placeholderValues } from './values.ts';

/** Precedes every statement: for joining the warehouse's cost and query log with runs. */
export function commentOf(run: Run, step: Step): string {
  return `/* baton run=${run.id} step=${step.name} attempt=${run.attempt} */\n`;
}

/**
 * @throws Error if a placeholder has no value, for example `:manifest` in a run without a file.
 */
export function statementsOf(run: Run, plan: Plan, step: Step, settings: Settings): string[] {
  const values = placeholderValues(run, plan, settings);
  const comment = commentOf(run, step);
  const sqls = step.statements.map((statement) => comment + renderStatement(statement, values));
  if (step.kind !== 'durable') return sqls;
  const marker = markerInsert({
    runId: run.id,
    birth: run.incarnationId,
    step: step.name,
    generation: run.generation,
    attempt: run.attempt,
    statementHash: step.hash,
  });
  return [...sqls, comment + marker];
}
