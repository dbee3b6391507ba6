/** The history row of an attempt: the outcome of the current step. */
import { defined } from './defined.ts';
import type { Outcome } from './decision.ts';
import type { FinishedStep, Run } from './run.ts';
import { statementIdOf, underwayOf } from './run.ts';

/** Identifies the attempt and its step. */
export function attemptOf(run: Run): Pick<FinishedStep, 'index' | 'name' | 'generation' | 'attempt'> {
  return { index: run.cursor, name: run.step, generation: run.generation, attempt: run.attempt };
}

/** `endedAt`: used if no end was seen. ISO 8601. */
export function finishedStep(run: Run, outcome: Outcome, endedAt: string): FinishedStep {
  const work = { submittedAt: undefined, claimedAt: undefined, ...underwayOf(run) };
  const seen = { endedAt, statementId: statementIdOf(run), rows: undefined, ...outcome };
  const { error } = outcome;
  const { seal } = { seal: undefined, ...run.batch };
  return {
    ...attemptOf(run),
    status: outcome.status === 'UNKNOWN' ? 'FAILED' : outcome.status,
    startedAt: work.submittedAt ?? work.claimedAt ?? seen.endedAt,
    endedAt: seen.endedAt,
    ...defined({
      statementId: seen.statementId,
      rows: seen.rows,
      error: error?.message,
      errorClass: error?.class,
      place: error?.place,
      rolledBack: error?.rolledBack,
      seal,
    }),
  };
}
