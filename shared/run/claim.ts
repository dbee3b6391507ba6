/** READY to CLAIMED: the intent and its token are stored before any call, so that a lost reply is never a mystery. */
import type { Context, Decision } from './decision.ts';
import { ask, currentStep, iso, store, SUBMISSION, without } from './decision.ts';
import { fail } from './stop.ts';
import type { Run } from './run.ts';

/** What a running run without a claim does next: open a session, prove it, or claim its step. */
export function proceed(run: Run, context: Context): Decision {
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
  if (isRunTimeUp(run, context)) {
    return fail(run, context, {
      class: 'timeout',
      message: `the run's time is up: it may take ${context.plan.timeoutSeconds} s in all (timeout: in pipeline.yml)`,
      step: step.name,
    });
  }
  const claimed: Run = {
    ...without(run, ...SUBMISSION),
    state: 'RUNNING',
    phase: 'CLAIMED',
    step: step.name,
    token: context.chance.token,
    claimedAt: iso(context.now),
  };
  return store(
    claimed,
    step.usesFile && run.trigger.file !== undefined ? { kind: 'CheckInput' } : { kind: 'Submit', tries: 0 },
  );
}

function isRunTimeUp(run: Run, context: Context): boolean {
  return (
    run.startedAt !== undefined &&
    context.now > Date.parse(run.startedAt) + context.plan.timeoutSeconds * 1000
  );
}
