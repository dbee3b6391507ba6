/** Between the claim and the record: refusals, lost replies, and statements found by their name. */
import { waitWithClaim } from './claim.ts';
import { record, RECORDED } from './recording.ts';
import type { Context, Decision, LookUpReason, Unknown } from './decision.ts';
import { ask, failureOf, iso, nothing, store, waiting, working } from './decision.ts';
import { onOldClaim, onOldClaimInIdleSession } from './old-claim.ts';
import { onSessionLost, onUnknownOutcome } from './unknown-outcome.ts';
import { SESSION_PAUSES_MS } from './retry.ts';
import type { CallRefused, NameLookedUp, Refusal, SessionOpening, SessionSeen } from './run-event.ts';
import type { ActiveRun, Claimed } from './run.ts';
import { isClaimed, isReady, isToVerify, submitted } from './run.ts';
import { stopAfterStep } from './step-end.ts';
import { fail } from './stop.ts';

const BUSY = 'the session is busy';
const UNAVAILABLE = 'the session is not available';

/** Retries inside one invocation while the warehouse is full or throttled; then the sweep continues. */
const PAUSES_INSIDE = 2;

/** A statement of exactly the claim's name was looked for. */
export function onNameLookedUp(run: ActiveRun, context: Context, event: NameLookedUp): Decision {
  if (!isClaimed(run) || run.life.work.token !== event.token) return nothing(run, RECORDED);
  const { statementId } = event;
  if (statementId === undefined) return onNameNotFound(run, context, event.why);
  const recorded = record(run, submitted(run.life.work, statementId));
  return { ...recorded, effect: { kind: 'Describe', statementId } };
}

function onNameNotFound(run: ActiveRun<Claimed>, context: Context, why: LookUpReason): Decision {
  switch (why) {
    case 'cancel':
      return nothing(run);
    case 'unavailable':
      return waitWithClaim(notRefused(run), context, 5_000, BUSY);
    case 'session-gone':
      return onUnknownOutcome(run, context, sessionLost(run));
    case 'old-claim':
      return onOldClaim(run, context);
    default:
      return why satisfies never;
  }
}

export function onSessionSeen(run: ActiveRun, context: Context, event: SessionSeen): Decision {
  const gone = event.status === 'CLOSED' || event.status === 'UNKNOWN';
  if (isClaimed(run)) {
    if (gone) return ask(run, { kind: 'LookUpName', why: 'session-gone' });
    if (event.why === 'old-claim') {
      return event.status === 'BUSY'
        ? waitWithClaim(notRefused(run), context, 60_000, BUSY)
        : onOldClaimInIdleSession(run, context);
    }
    // BUSY: with the run's own statement, if the reply was lost. AVAILABLE: the call came too early, or the refusal used the token up.
    if (event.status === 'BUSY') return ask(run, { kind: 'LookUpName', why: 'unavailable' });
    const { work } = run.life;
    const refused = { ...work, refusedSince: work.refusedSince ?? iso(context.now) };
    return waitWithClaim(working(run, refused), context, 5_000, UNAVAILABLE);
  }
  if (!isToVerify(run)) return nothing(run);
  if (gone) return onSessionLost(run, context, sessionLost(run));
  return store(waiting(run, context, 5_000, UNAVAILABLE));
}

/** The session is busy: that explains why the token was refused. */
function notRefused(run: ActiveRun<Claimed>): ActiveRun<Claimed> {
  const { refusedSince: _, ...work } = run.life.work;
  return working(run, work);
}

export function onCallRefused(run: ActiveRun, context: Context, event: CallRefused): Decision {
  const { call, refusal, tries } = event;
  switch (call) {
    case 'open':
      return onOpenRefused(run, context, refusal, tries);
    case 'verify':
      return onVerifyRefused(run, context, refusal, tries);
    case 'submit':
      return isClaimed(run) ? onSubmitRefused(run, context, refusal, tries) : nothing(run, RECORDED);
    default:
      return call satisfies never;
  }
}

/** Until now only the pool may show that the run has begun. */
export function onSessionOpening(run: ActiveRun, { pending, tries }: SessionOpening): Decision {
  return isReady(run) && run.session.state === 'none'
    ? store(run, { kind: 'OpenSession', tries, pending })
    : nothing(run, 'the run already has a session');
}

function onOpenRefused(run: ActiveRun, context: Context, refusal: Refusal, tries: number): Decision {
  if (refusal.reason === 'rejected') return fail(run, context, refused(run, refusal).error);
  const pause = patience(tries, context);
  if (tries >= PAUSES_INSIDE) return store(waiting(run, context, pause, refusal.message));
  const again = { kind: 'OpenSession', tries: tries + 1 } as const;
  return tries === 0 ? { ...store(run, again), pauseMs: pause } : ask(run, again, pause);
}

function onVerifyRefused(run: ActiveRun, context: Context, refusal: Refusal, tries: number): Decision {
  switch (refusal.reason) {
    case 'session-unavailable': {
      const pause = SESSION_PAUSES_MS[tries];
      return pause === undefined
        ? ask(run, { kind: 'LookUpSession', why: 'unavailable' })
        : ask(run, { kind: 'VerifySession', tries: tries + 1 }, pause);
    }
    case 'session-unknown':
      return onSessionLost(run, context, sessionLost(run));
    case 'throttled':
    case 'outcome-unknown':
      return store(waiting(run, context, patience(tries, context), refusal.message));
    case 'rejected':
      return fail(run, context, refused(run, refusal).error);
    default:
      return refusal.reason satisfies never;
  }
}

function onSubmitRefused(
  run: ActiveRun<Claimed>,
  context: Context,
  refusal: Refusal,
  tries: number,
): Decision {
  const again = { kind: 'Submit' as const, tries: tries + 1 };
  switch (refusal.reason) {
    case 'session-unavailable': {
      const pause = SESSION_PAUSES_MS[tries];
      return pause === undefined
        ? ask(run, { kind: 'LookUpSession', why: 'unavailable' })
        : ask(run, again, pause);
    }
    case 'session-unknown':
      return ask(run, { kind: 'LookUpName', why: 'session-gone' });
    case 'throttled': {
      const pause = patience(tries, context);
      return tries < PAUSES_INSIDE
        ? ask(run, again, pause)
        : waitWithClaim(run, context, pause, refusal.message);
    }
    case 'outcome-unknown':
      // The claim stays: the same token may be sent again, and a statement that did start is found by its name.
      return tries === 0
        ? ask(run, again, 500)
        : nothing(run, `the outcome of the submission is not known yet: ${refusal.message}`);
    case 'rejected':
      // An earlier call may have taken effect: its name is looked up once the claim is old.
      return tries > 0
        ? nothing(run, `the submission was refused: ${refusal.message}`)
        : stopAfterStep(run, context, refused(run, refusal));
    default:
      return refusal.reason satisfies never;
  }
}

/** The pause for a warehouse that is throttled, full, paused or resizing: 2 s to a minute, with jitter. */
function patience(tries: number, context: Context): number {
  return Math.min(60_000, 2_000 * 2 ** tries) * (0.5 + context.chance.fraction / 2);
}

function refused(run: ActiveRun, refusal: Refusal): Unknown {
  return { status: 'UNKNOWN', error: failureOf(run, refusal.class, refusal.message) };
}

function sessionLost(run: ActiveRun): Unknown {
  const id = 'id' in run.session ? run.session.id : '?';
  const message = `session ${id} has ended, and its temporary tables are lost; step ${run.step} was not seen to start`;
  return { status: 'UNKNOWN', error: failureOf(run, 'session-lost', message) };
}
