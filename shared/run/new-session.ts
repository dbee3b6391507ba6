/** A run whose session is replaced: from which step it continues, and which steps must run again in the new session. */
import type { Context } from './decision.ts';
import { stepAt } from './decision.ts';
import { defined } from './defined.ts';
import type { Failure, Rebuilding, Run } from './run.ts';
import { rebuildTarget } from './run.ts';

/** The session is no longer used: its temporary tables are gone, or may be wrong. */
export function inNewSession<R extends Run>(run: R, rebuildFrom: number = rebuildTarget(run)): R {
  const { session } = run;
  const { id, pid } = { id: undefined, pid: undefined, ...session };
  return { ...run, session: { state: 'lost', rebuildFrom, ...defined({ id, pid }) } };
}

/** What follows a step that was re-run: the next one to re-run, or the step with which the run continues. */
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

/** The current step is done: a new session must be rebuilt for the next one. */
export function filledForNext<R extends Run>(run: R): R {
  const { session, cursor } = run;
  return session.state === 'lost' && session.rebuildFrom === cursor
    ? { ...run, session: { ...session, rebuildFrom: cursor + 1 } }
    : run;
}

/** A re-run step returned another number of rows than the first time: the run must not continue with them. */
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
