/**
 * A claim without a record, and no statement of its name. Its token may be sent again while it can be relied on; after
 * that the step is claimed anew, under another token, but only when nothing of the old one can start any more.
 */
import { claimAnew, waitWithClaim } from './claim.ts';
import type { Context, Decision } from './decision.ts';
import {
  ask,
  CLAIM_IS_YOUNG_MS,
  currentStep,
  DRIVER_LIFE_MS,
  store,
  TOKEN_WINDOW_MS,
  waiting,
} from './decision.ts';
import { onDoubt } from './doubt.ts';
import type { Failure, Run } from './run.ts';

/** A token that is refused for so long, in an idle session, is not sent any more: the first refusal may have used it up. */
const REFUSED_LONG_MS = 60_000;

/** The name was looked for and not found. */
export function onOldClaim(run: Run, context: Context): Decision {
  const lastSent = lastSending(run, context);
  // The same token returns the same statement, so submitting again is safe while AWS remembers it. Stored first: whoever
  // claimed it may yet give it up (its submission is rejected), and then nothing of it may begin.
  if (context.now < lastSent) {
    const takenUp = waiting(run, context, CLAIM_IS_YOUNG_MS, `${unseen(run)}; it is submitted again`);
    return store(takenUp, { kind: 'Submit', tries: 0 });
  }
  if (!isPastUse(run, context))
    return waitWithClaim(
      run,
      context,
      lastSent + DRIVER_LIFE_MS - context.now + 1_000,
      `${unseen(run)}, and may still come`,
    );
  return ask(run, { kind: 'LookUpSession', why: 'old-claim' });
}

/** Nobody begins to send the token any more, and everybody who had begun is gone. */
export function isPastUse(run: Run, context: Context): boolean {
  return context.now >= lastSending(run, context) + DRIVER_LIFE_MS;
}

/** The name was not found, the token is past use, and the session does nothing: the step never started. */
export function onOldClaimInIdleSession(run: Run, context: Context): Decision {
  const step = currentStep(run, context.plan);
  const failure: Failure = {
    class: 'unknown',
    message: `step ${step.name} was claimed at ${run.claimedAt ?? '?'}, and the warehouse knows no statement of its name`,
    step: step.name,
  };
  switch (step.kind) {
    case 'session':
    case 'check':
      return claimAnew(run, context);
    case 'durable':
      return ask(run, { kind: 'ProbeMarker', failure });
    case 'opaque':
      return step.idempotent ? claimAnew(run, context) : onDoubt(run, context, failure);
    default:
      return step.kind satisfies never;
  }
}

function unseen(run: Run): string {
  return `the submission of ${run.step ?? '?'} was not seen by the warehouse`;
}

/** Until when the token is sent, in ms since the epoch. */
function lastSending(run: Run, context: Context): number {
  const claimed = run.claimedAt === undefined ? context.now : Date.parse(run.claimedAt);
  const refused = run.refusedSince === undefined ? Infinity : Date.parse(run.refusedSince);
  return Math.min(claimed + TOKEN_WINDOW_MS, refused + REFUSED_LONG_MS);
}
