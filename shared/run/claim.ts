/** READY to CLAIMED: the intent and its token are stored before any call, so that a lost reply is never a mystery. */
import type { Context, Decision } from './decision.ts';
import { ask, currentStep, epochSeconds, iso, store, SUBMISSION, without } from './decision.ts';
import { fruitless, isTimeUp, timeIsUp, tooManyWrites } from './limits.ts';
import type { Effect } from './effect.ts';
import type { StepView } from './plan-view.ts';
import { fail } from './stop.ts';
import type { Run } from './run.ts';

/** What a running run without a claim does next: open a session, prove it, or claim its step. */
export function proceed(run: Run, context: Context): Decision {
  if (isTimeUp(run, context)) return fail(run, context, timeIsUp(run, context));
  if (run.rebuildFrom !== undefined) {
    const failure = {
      class: 'session-lost' as const,
      message: `${run.lastRequest?.actor ?? 'somebody'} wants to go on from ${run.step ?? '?'} in a new session`,
    };
    return ask(run, { kind: 'PlanRebuild', target: run.rebuildFrom, failure });
  }
  if (run.sessionId === undefined) return ask(run, { kind: 'OpenSession', tries: 0 });
  if (run.proveSession === true) return ask(run, { kind: 'ProveSession', tries: 0 });
  return claim(run, context);
}

/** Claims the current step under a fresh token; `last` stays until its history row is written. */
export function claim(run: Run, context: Context): Decision {
  const step = currentStep(run, context.plan);
  const named = { ...run, step: step.name };
  if (isTimeUp(run, context)) return fail(named, context, timeIsUp(named, context));
  if (tooManyWrites(run)) return fail(named, context, fruitless(named));
  const claimed: Run = {
    ...without(run, ...SUBMISSION),
    state: 'RUNNING',
    phase: 'CLAIMED',
    step: step.name,
    token: context.chance.token,
    claimedAt: iso(context.now),
  };
  return store(claimed, firstEffect(run, step));
}

/**
 * The current step again, under a new token and nonce: its old token is past use, was never seen to start anything, and
 * nobody who could send it is alive any more.
 */
export function claimAnew(run: Run, context: Context): Decision {
  if (isTimeUp(run, context)) return fail(run, context, timeIsUp(run, context));
  const claimed: Run = {
    ...without(run, 'refusedSince', 'doubtSince'),
    state: 'RUNNING',
    phase: 'CLAIMED',
    token: context.chance.token,
    nonce: (run.nonce ?? 1) + 1,
    claimedAt: iso(context.now),
  };
  return store(claimed, firstEffect(run, currentStep(run, context.plan)));
}

/** Backing off with the claim kept: the same token is sent again, no attempt is burnt. */
export function waitWithClaim(run: Run, context: Context, ms: number): Decision {
  return store({ ...run, state: 'WAITING', phase: 'CLAIMED', next: epochSeconds(context.now + ms) });
}

function firstEffect(run: Run, step: StepView): Effect {
  return step.usesFile && run.trigger.file !== undefined
    ? { kind: 'CheckInput' }
    : { kind: 'Submit', tries: 0 };
}
