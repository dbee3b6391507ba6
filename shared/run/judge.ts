/** What a marker read shows about its step: applied, not applied, or nothing yet. */
import type { Context } from './decision.ts';
import { DRIVER_LIFE_MS, TOKEN_WINDOW_MS } from './decision.ts';
import { isVerdict } from './retry.ts';
import type { MarkerProbed } from './run-event.ts';
import type { Claim, Underway, Work } from './run.ts';

/** Between two probes of a closed session: a commit may land after the session looks closed. */
export const BETWEEN_PROBES_MS = 60_000;

/** A token that is refused for this long in an idle session is no longer sent: the first refusal may have used it up. */
const REFUSED_LONG_MS = 60_000;

export type Judgement =
  | 'applied'
  | 'not-applied'
  /** Nothing can be concluded yet: everything is checked again a minute later. */
  | 'ask-again'
  /** The first probe found nothing; a second one, a minute later, proves it. */
  | 'look-again'
  | 'looked-just-now'
  | 'marker-unreadable'
  | 'transactions-unreadable';

/** Absence proves something only if the statement is known to be over and its commit can no longer take effect. */
export function judge(work: Underway, context: Context, event: MarkerProbed): Judgement {
  const { marker, session, open, about } = event;
  const wasSeenToEnd = about.status !== 'UNKNOWN';
  if (marker === 'present') return 'applied';
  if (marker === 'unreadable') return 'marker-unreadable';
  if (marker === 'later') return 'ask-again';
  if (wasSeenToEnd && open === 'some') return 'ask-again';
  // It ended with an error of the database itself: it was rolled back.
  if (wasSeenToEnd && isVerdict(about.error.class)) return 'not-applied';
  if (session === 'BUSY') return 'ask-again';
  if (session === 'AVAILABLE' && !wasSeenToEnd) {
    // A session runs one statement at a time: if it is idle, the statement is over. One that was not seen to be submitted
    // may still arrive: every driver that could send it must be gone first.
    return work.phase === 'SUBMITTED' || isPastUse(work, context) ? 'not-applied' : 'ask-again';
  }
  if (open === 'some') return 'ask-again';
  if (open === 'unreadable' && session !== 'AVAILABLE') return 'transactions-unreadable';
  const since = work.outcomeUnknownSince;
  if (since === undefined) return 'look-again';
  return context.now - Date.parse(since) >= BETWEEN_PROBES_MS ? 'not-applied' : 'looked-just-now';
}

/** Forgets earlier probes of the marker: the check starts again from the beginning. */
export function notProbed<W extends Work>(work: W): W {
  const { outcomeUnknownSince: _, ...rest } = { outcomeUnknownSince: undefined, ...work };
  return rest as unknown as W;
}

/** No driver starts to send the token now, and every driver that had started is gone. */
export function isPastUse(claim: Claim, context: Context): boolean {
  return context.now >= lastSending(claim) + DRIVER_LIFE_MS;
}

/** When the token is sent at the latest, in ms since the epoch. */
export function lastSending({ claimedAt, refusedSince }: Claim): number {
  const refused = refusedSince === undefined ? Infinity : Date.parse(refusedSince);
  return Math.min(Date.parse(claimedAt) + TOKEN_WINDOW_MS, refused + REFUSED_LONG_MS);
}
