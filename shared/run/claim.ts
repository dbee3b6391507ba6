/** READY to CLAIMED: the intent and its token are stored before any call, so that a lost reply is never a mystery. */
import type { Context, Decision } from './decision.ts';
import {
  ask,
  CLAIM_IS_YOUNG_MS,
  currentStep,
  epochSeconds,
  iso,
  store,
  SUBMISSION,
  waiting,
  without,
} from './decision.ts';
import { fruitless, isTimeUp, timeIsUp, tooManyWrites } from './limits.ts';
import type { Effect } from './effect.ts';
import type { SeenFile } from './run-event.ts';
import { fail } from './stop.ts';
import type { Failure, Run } from './run.ts';
import { fileOf } from './trigger.ts';

const SUBMIT: Effect = { kind: 'Submit', tries: 0 };

/** What a running run without a claim does next: open a session, prove it, or claim its step. */
export function proceed(run: Run, context: Context): Decision {
  if (isTimeUp(run, context)) return fail(run, context, timeIsUp(run, context));
  // Before its session is replaced: the open transactions of the earlier attempt are known by that session.
  if (isMarkerToCheck(run, context)) return checkMarker(run, context);
  if (run.rebuildFrom !== undefined) {
    const failure = {
      class: 'session-lost' as const,
      message: `the temporary tables that ${run.step ?? '?'} needs must be made again in a new session`,
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
  if (isMarkerToCheck(run, context)) return checkMarker(run, context);
  // The step before was found to be applied while its session was still to be opened or proved.
  if (run.sessionId === undefined || run.proveSession === true || run.rebuildFrom !== undefined)
    return proceed(named, context);
  if (isTimeUp(run, context)) return fail(named, context, timeIsUp(named, context));
  if (tooManyWrites(run)) return fail(named, context, fruitless(named));
  if (loadsFile(run, context))
    return ask({ ...without(named, ...SUBMISSION), phase: 'READY' }, { kind: 'CheckInput' });
  return claimSeen(named, context);
}

/** `seen`: the file that the step loads, as it is now. Kept with the claim: whatever is submitted, was submitted after it. */
export function claimSeen(run: Run, context: Context, seen?: SeenFile): Decision {
  const claimed: Run = {
    // The marker of a later step is still to be read when the run comes to it.
    ...without(run, ...SUBMISSION, ...(isStillToCheck(run) ? [] : (['checkMarkerOf'] as const))),
    state: 'RUNNING',
    phase: 'CLAIMED',
    token: context.chance.token,
    claimedAt: iso(context.now),
    ...lookedAtSoon(run, context),
    ...(seen === undefined ? {} : { inputSeen: kept(seen) }),
  };
  return store(claimed, SUBMIT);
}

/** The current step loads the run's file. */
export function loadsFile(run: Run, context: Context): boolean {
  return currentStep(run, context.plan).usesFile && fileOf(run.trigger) !== undefined;
}

function kept({ modified, versionId }: SeenFile): NonNullable<Run['inputSeen']> {
  return {
    ...(modified === undefined ? {} : { modified }),
    ...(versionId === undefined ? {} : { versionId }),
  };
}

function isMarkerToCheck(run: Run, context: Context): boolean {
  return run.checkMarkerOf === run.cursor && currentStep(run, context.plan).kind === 'durable';
}

function checkMarker(run: Run, context: Context): Decision {
  const { name } = currentStep(run, context.plan);
  const failure: Failure = {
    class: 'unknown',
    message: `an earlier attempt of step ${name} was reported as not applied`,
    step: name,
  };
  const ready: Run = { ...without(run, ...SUBMISSION), phase: 'READY', step: name };
  return ask(ready, { kind: 'ProbeMarker', failure });
}

function isStillToCheck(run: Run): boolean {
  return run.checkMarkerOf !== undefined && run.checkMarkerOf > run.cursor;
}

/**
 * After a long step, or with a short timeout, the sweep would look late. Else the time stands: it is in an index, and a step
 * writes no index.
 */
function lookedAtSoon(run: Run, context: Context): { next?: number } {
  const timeoutMs = (currentStep(run, context.plan).timeoutSeconds + 1) * 1000;
  const soon = epochSeconds(context.now + Math.min(CLAIM_IS_YOUNG_MS, timeoutMs));
  return run.next !== undefined && run.next <= soon ? {} : { next: soon };
}

/**
 * The current step again, under a new token and nonce: its old token is past use, was never seen to start anything, and
 * nobody who could send it is alive any more.
 */
export function claimAnew(run: Run, context: Context): Decision {
  if (isTimeUp(run, context)) return fail(run, context, timeIsUp(run, context));
  return loadsFile(run, context) ? ask(run, { kind: 'CheckInput' }) : claimAnewSeen(run, context);
}

/** `seen`: as for `claimSeen`. */
export function claimAnewSeen(run: Run, context: Context, seen?: SeenFile): Decision {
  const claimed: Run = {
    ...without(run, 'refusedSince', 'doubtSince', 'inputSeen'),
    state: 'RUNNING',
    phase: 'CLAIMED',
    token: context.chance.token,
    nonce: (run.nonce ?? 1) + 1,
    claimedAt: iso(context.now),
    ...lookedAtSoon(run, context),
    ...(seen === undefined ? {} : { inputSeen: kept(seen) }),
  };
  return store(claimed, SUBMIT);
}

/** Backing off with the claim kept: the same token is sent again, no attempt is burnt. */
export function waitWithClaim(run: Run, context: Context, ms: number, why: string): Decision {
  return store({ ...waiting(run, context, ms, why), phase: 'CLAIMED' });
}
