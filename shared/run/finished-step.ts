/** The history row of an attempt: the outcome of the current step, or of a group of steps that were sent together. */
import { defined } from './defined.ts';
import type { Context, Outcome } from './decision.ts';
import { groupOf, iso, stepAt } from './decision.ts';
import type { FinishedStep, Fused, Run } from './run.ts';
import { statementIdOf, underwayOf } from './run.ts';

/** Identifies the attempt and its step. */
export function attemptOf(run: Run): Pick<FinishedStep, 'index' | 'name' | 'generation' | 'attempt'> {
  return { index: run.cursor, name: run.step, generation: run.generation, attempt: run.attempt };
}

/** If no end was seen, it ends now. */
export function finishedStep(run: Run, outcome: Outcome, context: Context): FinishedStep {
  const work = { submittedAt: undefined, claimedAt: undefined, ...underwayOf(run) };
  const seen = { endedAt: iso(context.now), statementId: statementIdOf(run), rows: undefined, ...outcome };
  const { error } = outcome;
  const { seal } = { seal: undefined, ...run.batch };
  const { rows, ...group } = ofGroup(run, outcome, context) ?? { rows: seen.rows };
  return {
    ...attemptOf(run),
    ...group,
    status: outcome.status === 'UNKNOWN' ? 'FAILED' : outcome.status,
    startedAt: work.submittedAt ?? work.claimedAt ?? seen.endedAt,
    endedAt: seen.endedAt,
    ...defined({
      statementId: seen.statementId,
      rows,
      error: error?.message,
      errorClass: error?.class,
      place: error?.place,
      rolledBack: error?.rolledBack,
      seal,
    }),
  };
}

interface OfGroup {
  readonly index: number;
  readonly name: string;
  readonly rows: number | undefined;
  readonly fused?: Fused;
}

/** The step of a group that the outcome is about: the last one, or the one that failed. Undefined: no step of a group is known. */
function ofGroup(run: Run, outcome: Outcome, context: Context): OfGroup | undefined {
  const count = groupOf(run, context.plan);
  if (count === 1 || outcome.status === 'UNKNOWN') return undefined;
  const { cursor: first } = run;
  const isFinished = outcome.status === 'FINISHED';
  const { at = first, isKept = false } = isFinished ? { at: first + count - 1, isKept: true } : outcome;
  const { cursor: index, step: name } = stepAt(at, context);
  const described = isKept ? outcome.members?.slice(0, at - first + 1) : undefined;
  const counts = described?.map(({ rows, ms }) => defined({ rows, ms }));
  const fused: Fused = { first, status: isKept ? 'FINISHED' : 'ROLLED_BACK', ...defined({ counts }) };
  const rows = isFinished ? counts?.at(-1)?.rows : outcome.rows;
  return { index, name, rows, ...(index > first && { fused }) };
}
