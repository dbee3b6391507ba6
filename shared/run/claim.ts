/** READY to CLAIMED: the intent and its token are stored before any call, so that a lost reply can always be resolved. */
import { defined } from './defined.ts';
import type { Context, Decision, Effect } from './decision.ts';
import {
  ask,
  CLAIM_IS_YOUNG_MS,
  currentStep,
  epochSeconds,
  failureOf,
  groupOf,
  iso,
  membersOf,
  READY,
  running,
  store,
  waiting,
  without,
  working,
} from './decision.ts';
import { fruitless, isAsFarAsAsked, isTimeUp, timeIsUp, tooManyWrites } from './limits.ts';
import { fail, pause } from './stop.ts';
import type { ActiveRun, Claimed, FileAtClaim, Run } from './run.ts';
import { fileOf } from './trigger.ts';

/** What an active run without a claim does next: open a session, verify it, or claim its step. */
export function proceed(before: ActiveRun, context: Context): Decision {
  // A resume takes today's plan, in which the step may have another name.
  const run = { ...before, step: currentStep(before, context.plan).name, failedDrives: 0 };
  if (isAsFarAsAsked(run, context)) return pause(run, context);
  if (isTimeUp(run, context)) return fail(run, context, timeIsUp(run, context));
  const files = fileWork(run);
  if (files !== undefined) return ask(run, files);
  // Before its session is replaced: the open transactions of the earlier attempt are known by that session.
  if (isMarkerToCheck(run, context)) return checkMarker(run);
  switch (run.session.state) {
    case 'lost': {
      const message = `the temporary tables that ${run.step} needs must be recreated in a new session`;
      const about = { status: 'UNKNOWN' as const, error: { class: 'session-lost' as const, message } };
      return ask(run, { kind: 'PlanRebuild', about });
    }
    case 'none':
      return ask(run, { kind: 'OpenSession', tries: 0 });
    case 'open':
      return run.session.mustVerify === true
        ? ask(run, { kind: 'VerifySession', tries: 0 })
        : claim(run, context);
    default:
      return run.session satisfies never;
  }
}

/** What the run must do about its files before anything is submitted; undefined: nothing. */
export function fileWork({ batch }: Run): Effect | undefined {
  if (batch === undefined) return undefined;
  if (batch.phase === 'GATHER') return { kind: 'GatherFiles' };
  if (batch.phase === 'MARK') return { kind: 'MarkFiles', fresh: false };
  return batch.leaving.length > 0 ? { kind: 'TellLeaving' } : undefined;
}

/** Claims the current step under a fresh token; a pending history row stays until it is written. */
function claim(run: ActiveRun, context: Context): Decision {
  if (tooManyWrites(run)) return fail(run, context, fruitless(run));
  return loadsFile(run, context) ? ask(run, { kind: 'CheckInput' }) : claimSeen(run, context);
}

/** `atClaim`: what the step loads, as it is now. Kept with the claim: every submission is later. */
export function claimSeen(run: ActiveRun, context: Context, atClaim?: FileAtClaim): Decision {
  // The marker of a later step is read when the run reaches that step.
  const kept = isStillToCheck(run) ? run : without(run, 'checkMarkerOf');
  return claimed(kept, context, 1, atClaim);
}

/**
 * Claims the current step again, with a new token and nonce: the old token can no longer be relied on, was not seen to start
 * a statement, and no driver that could send it is still alive.
 */
export function claimAnew(run: ActiveRun<Claimed>, context: Context): Decision {
  if (isTimeUp(run, context)) return fail(run, context, timeIsUp(run, context));
  return loadsFile(run, context) ? ask(run, { kind: 'CheckInput' }) : claimAnewSeen(run, context);
}

/** `atClaim`: as for `claimSeen`. */
export function claimAnewSeen(run: ActiveRun<Claimed>, context: Context, atClaim?: FileAtClaim): Decision {
  return claimed(run, context, run.life.work.nonce + 1, atClaim);
}

function claimed(run: ActiveRun, context: Context, nonce: number, fileAtClaim?: FileAtClaim): Decision {
  const group = groupOf(run, context.plan);
  const claim: Claimed = {
    phase: 'CLAIMED',
    token: context.chance.token,
    claimedAt: iso(context.now),
    nonce,
    ...defined({ fileAtClaim, group: group === 1 ? undefined : group }),
  };
  return store(running(run, claim, lookedAtSoon(run, context)), { kind: 'Submit', tries: 0 });
}

/** The current step, or one of its group, loads the run's file or files. */
export function loadsFile(run: Run, { plan }: Context): boolean {
  const { trigger, batch } = run;
  return (
    membersOf(run, plan).some(({ usesFile }) => usesFile) &&
    (batch !== undefined || fileOf(trigger) !== undefined)
  );
}

function isMarkerToCheck(run: ActiveRun, context: Context): boolean {
  return run.checkMarkerOf === run.cursor && currentStep(run, context.plan).kind === 'durable';
}

function checkMarker(run: ActiveRun): Decision {
  const message = `an earlier attempt of step ${run.step} was reported as not applied`;
  const error = failureOf(run, 'unknown', message);
  return ask(working(run, READY), { kind: 'ProbeMarker', about: { status: 'UNKNOWN', error } });
}

function isStillToCheck(run: ActiveRun): boolean {
  return run.checkMarkerOf !== undefined && run.checkMarkerOf > run.cursor;
}

/**
 * After a long step, or with a short timeout, the sweep would check too late. Otherwise the time is kept: it is in an index,
 * and a step normally writes no index.
 */
function lookedAtSoon(run: ActiveRun, context: Context): number {
  const timeoutMs = (currentStep(run, context.plan).timeoutSeconds + 1) * 1000;
  const soon = epochSeconds(context.now + Math.min(CLAIM_IS_YOUNG_MS, timeoutMs));
  return Math.min(run.life.nextCheckAt, soon);
}

/** Backs off with the claim kept: the same token is sent again, and no attempt is used up. */
export function waitWithClaim(run: ActiveRun<Claimed>, context: Context, ms: number, why: string): Decision {
  return store(waiting(run, context, ms, why));
}
