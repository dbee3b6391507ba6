/**
 * A claim without a record, and without a statement of its name. Its token may be sent again while it can be relied on; after
 * that the step is claimed again with another token, but only when the old one can no longer start anything.
 */
import { claimAnew, waitWithClaim } from './claim.ts';
import type { Context, Decision, Unknown } from './decision.ts';
import {
  ask,
  CLAIM_IS_YOUNG_MS,
  currentStep,
  DRIVER_LIFE_MS,
  failureOf,
  store,
  waiting,
} from './decision.ts';
import { onUnknownOutcome } from './unknown-outcome.ts';
import { isPastUse, lastSending } from './judge.ts';
import type { ActiveRun, Claimed, Run } from './run.ts';

/** The name was looked for and not found. */
export function onOldClaim(run: ActiveRun<Claimed>, context: Context): Decision {
  const lastSent = lastSending(run.life.work);
  // The same token returns the same statement, so submitting again is safe while AWS remembers it. Stored first: the driver
  // that claimed it may still abandon it (its submission is rejected), and then it must not start.
  if (context.now < lastSent) {
    const takenUp = waiting(run, context, CLAIM_IS_YOUNG_MS, `${unseen(run)}; submitting it again`);
    return store(takenUp, { kind: 'Submit', tries: 0 });
  }
  if (!isPastUse(run.life.work, context))
    return waitWithClaim(
      run,
      context,
      lastSent + DRIVER_LIFE_MS - context.now + 1_000,
      `${unseen(run)}; it may still arrive`,
    );
  return ask(run, { kind: 'LookUpSession', why: 'old-claim' });
}

/** The name was not found, the token is past use, and the session is idle: the step never started. */
export function onOldClaimInIdleSession(run: ActiveRun<Claimed>, context: Context): Decision {
  const step = currentStep(run, context.plan);
  const message = `step ${step.name} was claimed at ${run.life.work.claimedAt}, and the warehouse has no statement with its name`;
  const unseen: Unknown = { status: 'UNKNOWN', error: failureOf(run, 'unknown', message) };
  switch (step.kind) {
    case 'session':
    case 'check':
      return claimAnew(run, context);
    case 'durable':
      return ask(run, { kind: 'ProbeMarker', about: unseen });
    case 'opaque':
      return step.idempotent ? claimAnew(run, context) : onUnknownOutcome(run, context, unseen);
    default:
      return step.kind satisfies never;
  }
}

function unseen(run: Run): string {
  return `the warehouse has not seen the submission of ${run.step}`;
}
