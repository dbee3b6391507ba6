/** What a run has only in some states of its life, for those who show runs in any state. */
import { isStopped, underwayOf, type Failure, type Run, type Stopped } from '../../shared/run/run.ts';

/** Of a run that failed, needs a decision or was cancelled. */
export function errorOf({ life }: Run): Failure | undefined {
  return 'error' in life ? life.error : undefined;
}

/** Of a run that is stopped until a person acts. */
export function resumeWithOf({ life }: Run): Stopped['resumeWith'] | undefined {
  return 'resumeWith' in life ? life.resumeWith : undefined;
}

/** Of a run that ended or stopped. */
export function endedAtOf({ life }: Run): string | undefined {
  return 'endedAt' in life ? life.endedAt : undefined;
}

/** Its step; of a stopped run the one that failed, which may be a later one of its group. Empty when all steps are done. */
export function stepNameOf(run: Run): string {
  return isStopped(run) ? (run.life.error.step ?? run.step) : run.step;
}

/** Of a run that paused after a step, as it was asked to: what it did last, and the commands that look into it and continue it. */
export function pausedLines(run: Run): readonly string[] {
  if (run.life.state !== 'PAUSED') return [];
  return [
    `paused after ${run.until ?? '?'}, as --until asked; the next step is ${run.step}`,
    `to see its temporary tables, run:  npx baton query --run ${run.id} "SELECT ..."`,
    `to continue it, run:  npx baton resume ${run.id}`,
  ];
}

/** Of the statement that is under way. */
export function statementIdOf(run: Run): string | undefined {
  const work = underwayOf(run);
  return work?.phase === 'SUBMITTED' ? work.statementId : undefined;
}

/** The failure card of a run that is stopped, as it was sent; absent in runs that an earlier version stopped. */
export function cardOf({ life }: Run): string | undefined {
  return 'card' in life ? life.card?.text : undefined;
}
