/** A person decides a run that needs a decision: the step was applied, was not applied, or the run is cancelled. */
import { afterRebuilt, filledForNext, inNewSession } from './new-session.ts';
import type { Context, Decision } from './decision.ts';
import { iso, stepAt, without } from './decision.ts';
import { attemptOf } from './finished-step.ts';
import type { ResolveRequest } from './request.ts';
import { answeredBefore, continued, itsState, lastRequest, refuse } from './resume.ts';
import type { FinishedStep, Run, Stopped } from './run.ts';
import { giveUp, storeAtRest, succeed } from './stop.ts';

export function onResolveRequest(run: Run, context: Context, request: ResolveRequest): Decision {
  const before = answeredBefore(run, request.requestId);
  if (before !== undefined) return before;
  const { life } = run;
  if (life.state !== 'NEEDS_DECISION')
    return refuse(run, `${itsState(run)}: only a run in NEEDS_DECISION can be resolved`);
  if (life.pendingActions.length > 0)
    return refuse(run, `run ${run.id} is still being stopped: try again in a moment`);
  const words = {
    applied: 'was applied',
    'not-applied': 'was not applied',
    abandon: 'is abandoned with its run',
  }[request.verdict];
  const message = `step ${run.step} ${words}, according to ${request.actor}`;
  const asked = { ...run, lastRequest: lastRequest(request, context.now, message) };
  return { ...resolved(asked, context, request, life), answer: { ok: true, message } };
}

function resolved(
  run: Run,
  context: Context,
  { verdict, actor }: ResolveRequest,
  { error, endedAt }: Stopped,
): Decision {
  switch (verdict) {
    case 'abandon':
      return storeAtRest(giveUp(run, context, error));
    case 'not-applied': {
      const again: Run = {
        ...run,
        attempt: run.attempt + 1,
        firstAttempt: run.attempt + 1,
        checkMarkerOf: Math.max(run.rebuild?.resumeAt ?? run.cursor, run.checkMarkerOf ?? 0),
      };
      // A step that returned other rows did run: it cannot be repeated in the same session.
      const next = run.rebuild === undefined ? again : inNewSession(again, run.rebuild.resumeAt);
      return { run: continued(next, context), save: 'version' };
    }
    case 'applied':
      return declaredApplied(run, context, actor, endedAt);
    default:
      return verdict satisfies never;
  }
}

function declaredApplied(run: Run, context: Context, actor: string, stoppedAt: string): Decision {
  const row: FinishedStep = {
    ...attemptOf(run),
    status: 'FINISHED',
    startedAt: stoppedAt,
    endedAt: iso(context.now),
    error: `declared applied by ${actor}`,
  };
  // The next steps of the plan may have committed already: the rebuild knows which ones are left.
  if (run.rebuild !== undefined) {
    const next = { ...without(run, 'rebuild'), ...afterRebuilt(run.rebuild, context), lastStep: row };
    return { run: continued(next, context), save: 'version' };
  }
  if (run.cursor + 1 >= run.steps) return succeed(run, context, row);
  const position = { ...stepAt(run.cursor + 1, context), attempt: 1, firstAttempt: 1 };
  const next = { ...filledForNext(run), ...position, lastStep: row };
  return { run: continued(next, context), save: 'version' };
}
