/** DescribeStatement's answer as an event of the run. */
import type { Step } from '../pipeline/plan.ts';
import type { RunEvent } from '../run/run-event.ts';
import { cleanError, failureClassOf } from '../warehouse/failure-class.ts';
import type { StatementStatus } from '../warehouse/warehouse.ts';
import { userRows } from './history.ts';

export function seeStatement(
  seen: StatementStatus | 'NOT_FOUND',
  statementId: string,
  step: Step,
  now: number,
): RunEvent {
  if (seen === 'NOT_FOUND') return { kind: 'StatementSeen', statementId, status: 'NOT_FOUND' };
  if (seen.status === 'RUNNING') return { kind: 'StatementSeen', statementId, status: 'RUNNING' };
  const rows = userRows(seen, step.kind === 'durable');
  const error = seen.error === undefined ? undefined : cleanError(seen.error);
  return {
    kind: 'StatementSeen',
    statementId,
    status: seen.status,
    end: {
      statementId,
      status: seen.status,
      endedAt: (seen.updatedAt ?? new Date(now)).toISOString(),
      ...(rows === undefined ? {} : { rows }),
      ...(error === undefined
        ? {}
        : { error: { class: failureClassOf(error), message: error, step: step.name, statementId } }),
    },
  };
}
