/** Between the claim and the record: refusals, lost replies, and statements found again by their name. */
import { waitWithClaim } from './claim.ts';
import type { Context, Decision } from './decision.ts';
import { ask, currentStep, iso, nothing, store, waiting, without } from './decision.ts';
import { onDoubt } from './doubt.ts';
import { onOldClaim, onOldClaimInIdleSession } from './old-claim.ts';
import { onSessionLost } from './rebuild.ts';
import { SESSION_PAUSES_MS } from './retry.ts';
import type { LookUpReason, Refusal, RunEvent } from './run-event.ts';
import type { Failure, Run } from './run.ts';
import { attemptEnded, fail } from './stop.ts';

const BUSY = 'the session is busy';
const UNAVAILABLE = 'the session is not available';

/** So often a full or throttled warehouse is asked again inside one invocation; then the sweep goes on. */
const PAUSES_INSIDE = 2;

export function onSubmitted(run: Run, context: Context, event: RunEvent & { kind: 'Submitted' }): Decision {
  if (run.phase !== 'CLAIMED' || run.token !== event.token)
    return nothing(run, 'the claim was recorded by somebody else');
  const kept = event.historyWritten ? without(run, 'last') : run;
  const recorded: Run = {
    ...kept,
    state: 'RUNNING',
    phase: 'SUBMITTED',
    statementId: event.statementId,
    submittedAt: run.claimedAt ?? iso(context.now),
  };
  return recordOf(run, recorded);
}

/**
 * A record leaves the state alone: the run may be in course of being cancelled. One that was backing off goes on.
 */
function recordOf(before: Run, recorded: Run): Decision {
  return { run: recorded, save: before.state === 'WAITING' ? 'version' : 'record' };
}

/** A statement of exactly the claim's name was looked for. */
export function onNameLookedUp(
  run: Run,
  context: Context,
  event: RunEvent & { kind: 'NameLookedUp' },
): Decision {
  if (run.phase !== 'CLAIMED' || run.token !== event.token)
    return nothing(run, 'the claim was recorded by somebody else');
  if (event.statementId !== undefined) {
    const recorded: Run = {
      ...run,
      state: 'RUNNING',
      phase: 'SUBMITTED',
      statementId: event.statementId,
      submittedAt: run.claimedAt ?? iso(context.now),
    };
    return { ...recordOf(run, recorded), effect: { kind: 'Describe', statementId: event.statementId } };
  }
  return onNameNotFound(run, context, event.why);
}

function onNameNotFound(run: Run, context: Context, why: LookUpReason): Decision {
  const step = currentStep(run, context.plan);
  switch (why) {
    case 'cancel':
      return nothing(run);
    case 'unavailable':
      return waitWithClaim(without(run, 'refusedSince'), context, 5_000, BUSY);
    case 'session-gone':
      return onDoubt(run, context, sessionLost(run, step.name));
    case 'old-claim':
      return onOldClaim(run, context);
    default:
      return why satisfies never;
  }
}

export function onSessionSeen(
  run: Run,
  context: Context,
  event: RunEvent & { kind: 'SessionSeen' },
): Decision {
  const gone = event.status === 'CLOSED' || event.status === 'UNKNOWN';
  if (run.phase === 'CLAIMED') {
    if (gone) return ask(run, { kind: 'LookUpName', why: 'session-gone' });
    if (event.why === 'old-claim') {
      return event.status === 'BUSY'
        ? waitWithClaim(without(run, 'refusedSince'), context, 60_000, BUSY)
        : onOldClaimInIdleSession(run, context);
    }
    // BUSY: with our own statement, if the reply was lost. AVAILABLE: a moment too early; or the refusal used the token up.
    return event.status === 'BUSY'
      ? ask(run, { kind: 'LookUpName', why: 'unavailable' })
      : waitWithClaim(
          { ...run, refusedSince: run.refusedSince ?? iso(context.now) },
          context,
          5_000,
          UNAVAILABLE,
        );
  }
  if (run.proveSession !== true) return nothing(run);
  if (gone) return onSessionLost(run, context, sessionLost(run, currentStep(run, context.plan).name));
  return waitReady(run, context, 5_000, UNAVAILABLE);
}

export function onCallRefused(
  run: Run,
  context: Context,
  event: RunEvent & { kind: 'CallRefused' },
): Decision {
  switch (event.call) {
    case 'open':
      return onOpenRefused(run, context, event.refusal, event.tries);
    case 'prove':
      return onProveRefused(run, context, event.refusal, event.tries);
    case 'submit':
      return onSubmitRefused(run, context, event.refusal, event.tries);
    default:
      return event.call satisfies never;
  }
}

function onOpenRefused(run: Run, context: Context, refusal: Refusal, tries: number): Decision {
  if (refusal.reason === 'rejected')
    return fail(run, context, { class: refusal.class, message: refusal.message, ...named(run) });
  if (tries < PAUSES_INSIDE) {
    return ask(run, {
      kind: 'Pause',
      ms: patience(tries, context),
      afterwards: { kind: 'OpenSession', tries: tries + 1 },
    });
  }
  return waitReady(run, context, patience(tries, context), refusal.message);
}

function onProveRefused(run: Run, context: Context, refusal: Refusal, tries: number): Decision {
  switch (refusal.reason) {
    case 'session-unavailable': {
      const ms = SESSION_PAUSES_MS[tries];
      if (ms === undefined) return ask(run, { kind: 'LookUpSession', why: 'unavailable' });
      return ask(run, { kind: 'Pause', ms, afterwards: { kind: 'ProveSession', tries: tries + 1 } });
    }
    case 'session-unknown':
      return onSessionLost(run, context, sessionLost(run, currentStep(run, context.plan).name));
    case 'throttled':
    case 'outcome-unknown':
      return waitReady(run, context, patience(tries, context), refusal.message);
    case 'rejected':
      return fail(run, context, { class: refusal.class, message: refusal.message, ...named(run) });
    default:
      return refusal.reason satisfies never;
  }
}

function onSubmitRefused(run: Run, context: Context, refusal: Refusal, tries: number): Decision {
  if (run.phase !== 'CLAIMED') return nothing(run, 'the claim was recorded by somebody else');
  switch (refusal.reason) {
    case 'session-unavailable': {
      const ms = SESSION_PAUSES_MS[tries];
      if (ms === undefined) return ask(run, { kind: 'LookUpSession', why: 'unavailable' });
      return ask(run, { kind: 'Pause', ms, afterwards: { kind: 'Submit', tries: tries + 1 } });
    }
    case 'session-unknown':
      return ask(run, { kind: 'LookUpName', why: 'session-gone' });
    case 'throttled':
      if (tries < PAUSES_INSIDE) {
        return ask(run, {
          kind: 'Pause',
          ms: patience(tries, context),
          afterwards: { kind: 'Submit', tries: tries + 1 },
        });
      }
      return waitWithClaim(run, context, patience(tries, context), refusal.message);
    case 'outcome-unknown':
      // The claim stays: the same token may be sent again, and a statement that did start is found by its name.
      if (tries === 0) return ask(run, { kind: 'Pause', ms: 500, afterwards: { kind: 'Submit', tries: 1 } });
      return nothing(run, `the outcome of the submission is not known yet: ${refusal.message}`);
    case 'rejected': {
      // An earlier sending may have had its effect: its name is looked up once the claim is old.
      if (tries > 0) return nothing(run, `the submission was refused: ${refusal.message}`);
      const failure: Failure = { class: refusal.class, message: refusal.message, ...named(run) };
      if (run.last !== undefined) return fail(run, context, failure);
      return fail(run, context, failure, attemptEnded(run, context, failure));
    }
    default:
      return refusal.reason satisfies never;
  }
}

function waitReady(run: Run, context: Context, ms: number, why: string): Decision {
  return store({ ...waiting(run, context, ms, why), phase: 'READY' });
}

/** 2 s to a minute, jittered: for a warehouse that is throttled, full, paused or resizing. */
function patience(tries: number, context: Context): number {
  return Math.min(60_000, 2_000 * 2 ** tries) * (0.5 + context.chance.fraction / 2);
}

function named(run: Run): { step?: string } {
  return run.step === undefined ? {} : { step: run.step };
}

function sessionLost(run: Run, step: string): Failure {
  return {
    class: 'session-lost',
    message: `session ${run.sessionId ?? '?'} is gone, and its temporary tables with it; step ${step} was not seen to start`,
    step,
  };
}
