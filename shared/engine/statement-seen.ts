/** DescribeStatement's answer as an event of the run. */
import { defined } from '../run/defined.ts';
import type { Plan, Step } from '../pipeline/plan.ts';
import type { Failure, Run } from '../run/run.ts';
import type { Described, Effect } from '../run/decision.ts';
import type { StatementSeen } from '../run/run-event.ts';
import type { StatementStatus } from '../warehouse/warehouse.ts';
import { describedSteps, stepsOf, stepWith } from './group.ts';
import { rememberEnd, userRows } from './history.ts';
import type { Engine } from './ports.ts';

/** A report that is not older than this came as soon as it could, in ms. */
const PROMPT_MS = 1_500;

export async function seeStatement(
  statementId: string,
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<StatementSeen> {
  return eventOf(statementId, await engine.warehouse.describe(statementId), run, plan, engine);
}

/** The statement that was just submitted. */
export async function awaitStatement(
  { statementId, seconds }: Effect & { kind: 'Await' },
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<StatementSeen> {
  const seen = await engine.warehouse.describe(statementId, seconds);
  // The Data API may not know it yet.
  if (seen === 'NOT_FOUND' || seen.status === 'RUNNING')
    return { kind: 'StatementSeen', statementId, status: 'RUNNING', waited: true };
  rememberEnd(seen, engine.driver);
  // Its times are of another clock than the submission's, and may have whole seconds.
  const now = new Date(engine.now());
  const isPrompt = Math.abs(now.getTime() - (seen.updatedAt ?? now).getTime()) < PROMPT_MS;
  return eventOf(statementId, isPrompt ? { ...seen, updatedAt: now } : seen, run, plan, engine);
}

async function eventOf(
  statementId: string,
  seen: StatementStatus | 'NOT_FOUND',
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<StatementSeen> {
  if (seen === 'NOT_FOUND') return { kind: 'StatementSeen', statementId, status: 'NOT_FOUND' };
  if (seen.status === 'RUNNING') return { kind: 'StatementSeen', statementId, status: 'RUNNING' };
  const { status } = seen;
  const steps = stepsOf(run, plan);
  const described =
    steps.length > 1 ? { members: describedSteps(seen, steps) } : describedStep(seen, steps[0]);
  const end = {
    statementId,
    endedAt: (seen.updatedAt ?? new Date(engine.now())).toISOString(),
    ...described,
  };
  if (status === 'FINISHED') return { kind: 'StatementSeen', statementId, status, end: { ...end, status } };
  const error = await failureOf(seen, run, plan, engine);
  const member =
    steps.length > 1 && seen.failed !== undefined ? stepWith(seen.failed, steps)?.member : undefined;
  const at = member === undefined ? {} : { at: run.cursor + member };
  return { kind: 'StatementSeen', statementId, status, end: { ...end, status, error, ...at } };
}

function describedStep(seen: StatementStatus, step: Step | undefined): Described {
  const rows = userRows(seen, step?.kind === 'durable');
  return defined({ rows, returned: seen.parts?.length === 1 ? seen.parts[0]?.returned : undefined });
}

/** Its modules are loaded only after a failure. */
async function failureOf(seen: StatementStatus, run: Run, plan: Plan, engine: Engine): Promise<Failure> {
  const about = { step: run.step, statementId: seen.statementId };
  if (seen.error === undefined)
    return { class: 'unknown', message: 'the warehouse gave no error text', ...about };
  const { cleanError, failureClassOf } = await import('../warehouse/failure-class.ts');
  const { failurePlace } = await import('./failure-place.ts');
  const place = failurePlace(seen, run, plan, engine.settings);
  const message = cleanError(seen.error);
  return { class: failureClassOf(message), message, ...about, ...defined({ place }) };
}
