/** What becomes of a run whose session is replaced: which step it continues from, and what is still to run again in the new one. */
import type { Context } from './decision.ts';
import { stepAt } from './decision.ts';
import { defined } from './defined.ts';
import type { Failure, Rebuilding, Run } from './run.ts';
import { rebuildTarget } from './run.ts';

/** The session is not used any more: its temporary tables are gone, or not as they should be. */
export function inNewSession<R extends Run>(run: R, rebuildFrom: number = rebuildTarget(run)): R {
  const { session } = run;
  const { id, pid } = { id: undefined, pid: undefined, ...session };
  return { ...run, session: { state: 'lost', rebuildFrom, ...defined({ id, pid }) } };
}

/** What follows a step that was run again: the next one to run again, or the step with which the run continues. */
export function afterRebuilt(
  { resumeAt, attempt, firstAttempt, todo }: Rebuilding,
  context: Context,
): Pick<Run, 'cursor' | 'step' | 'attempt' | 'firstAttempt' | 'rebuild'> {
  const [, ...left] = todo;
  const [following] = left;
  if (following === undefined) return { ...stepAt(resumeAt, context), attempt, firstAttempt };
  const rebuild = { resumeAt, attempt, firstAttempt, todo: left };
  return { ...stepAt(following.index, context), attempt: 1, firstAttempt: 1, rebuild };
}

/** A new session is filled for the next step: the current one is done. */
export function filledForNext<R extends Run>(run: R): R {
  const { session, cursor } = run;
  return session.state === 'lost' && session.rebuildFrom === cursor
    ? { ...run, session: { ...session, rebuildFrom: cursor + 1 } }
    : run;
}

/** The rows of a step that was run again are not those of the first time: nothing continues on them. */
export function diverged(run: Run, before: number | undefined, now: number | undefined): Failure {
  const rows = (count: number | undefined): string => `${count ?? 'an unknown number of'} rows`;
  return {
    class: 'session-lost',
    message:
      `REPLAY_DIVERGED: while rebuilding the session, step ${run.step} returned ${rows(now)}; the first time it returned ${rows(before)}. ` +
      'No later step was run. Cancel the run (baton cancel) and start its file again, or find out what changed its sources',
    step: run.step,
  };
}
