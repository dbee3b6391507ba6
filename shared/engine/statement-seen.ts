/** DescribeStatement's answer as an event of the run. */
import type { Plan, Step } from '../pipeline/plan.ts';
import type { Failure, Run } from '../run/run.ts';
import type { RunEvent } from '../run/run-event.ts';
import type { StatementStatus } from '../warehouse/warehouse.ts';
import type { failurePlace } from './failure-place.ts';
import { userRows } from './history.ts';
import type { Ports } from './ports.ts';

export async function seeStatement(
  seen: StatementStatus | 'NOT_FOUND',
  statementId: string,
  run: Run,
  plan: Plan,
  step: Step,
  { now, settings }: Pick<Ports, 'now' | 'settings'>,
): Promise<RunEvent> {
  if (seen === 'NOT_FOUND') return { kind: 'StatementSeen', statementId, status: 'NOT_FOUND' };
  if (seen.status === 'RUNNING') return { kind: 'StatementSeen', statementId, status: 'RUNNING' };
  const rows = userRows(seen, step.kind === 'durable');
  const error =
    seen.error === undefined ? undefined : await failureOf(seen.error, seen, run, plan, step, settings);
  return {
    kind: 'StatementSeen',
    statementId,
    status: seen.status,
    end: {
      statementId,
      status: seen.status,
      endedAt: (seen.updatedAt ?? new Date(now())).toISOString(),
      ...(rows === undefined ? {} : { rows }),
      ...(error === undefined ? {} : { error: { ...error, step: step.name, statementId } }),
    },
  };
}

/** Loaded when something failed. */
async function failureOf(
  error: string,
  ...where: Parameters<typeof failurePlace>
): Promise<Pick<Failure, 'class' | 'message' | 'place'>> {
  const { cleanError, failureClassOf } = await import('../warehouse/failure-class.ts');
  const place = (await import('./failure-place.ts')).failurePlace(...where);
  const message = cleanError(error);
  return { class: failureClassOf(message), message, ...(place === undefined ? {} : { place }) };
}
