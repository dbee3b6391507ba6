/** What a marker that was read says of its step: applied, not applied, or nothing yet. */
import type { Context } from './decision.ts';
import { DRIVER_LIFE_MS, TOKEN_WINDOW_MS } from './decision.ts';
import { isVerdict } from './retry.ts';
import type { MarkerProbed } from './run-event.ts';
import type { Claim, Underway, Work } from './run.ts';

/** Between two probes of a closed session: a commit may land after the session looks closed. */
export const BETWEEN_PROBES_MS = 60_000;

/** A token that is refused for so long, in an idle session, is not sent any more: the first refusal may have used it up. */
const REFUSED_LONG_MS = 60_000;

export type Judgement =
  | 'applied'
  | 'not-applied'
  /** Nothing can be concluded yet: the whole question is put again a minute later. */
  | 'ask-again'
  /** The first probe found nothing; a second one, a minute later, proves it. */
  | 'look-again'
  | 'looked-just-now'
  | 'marker-unreadable'
  | 'transactions-unreadable';

/** Absence proves something only when the statement is known to be dead, and its commit cannot land any more. */
export function judge(work: Underway, context: Context, event: MarkerProbed): Judgement {
  const { marker, session, open, about } = event;
  const wasSeenToEnd = about.status !== 'UNKNOWN';
  if (marker === 'present') return 'applied';
  if (marker === 'unreadable') return 'marker-unreadable';
  if (marker === 'later') return 'ask-again';
  if (wasSeenToEnd && open === 'some') return 'ask-again';
  // It was seen to end, by the database's own verdict: it was rolled back.
  if (wasSeenToEnd && isVerdict(about.error.class)) return 'not-applied';
  if (session === 'BUSY') return 'ask-again';
  if (session === 'AVAILABLE' && !wasSeenToEnd) {
    // A session does one thing at a time: if it is idle, the statement is over. One that was not seen to be submitted may
    // still come: every driver that could send it must be gone first.
    return work.phase === 'SUBMITTED' || isPastUse(work, context) ? 'not-applied' : 'ask-again';
  }
  if (open === 'some') return 'ask-again';
  if (open === 'unreadable' && session !== 'AVAILABLE') return 'transactions-unreadable';
  const since = work.outcomeUnknownSince;
  if (since === undefined) return 'look-again';
  return context.now - Date.parse(since) >= BETWEEN_PROBES_MS ? 'not-applied' : 'looked-just-now';
}

/** As if the marker had not been probed yet: the question is put again from its beginning. */
export function notProbed<W extends Work>(work: W): W {
  const { outcomeUnknownSince: _, ...rest } = { outcomeUnknownSince: undefined, ...work };
  return rest as unknown as W;
}

/** Nobody begins to send the token any more, and everybody who had begun is gone. */
export function isPastUse(claim: Claim, context: Context): boolean {
  return context.now >= lastSending(claim) + DRIVER_LIFE_MS;
}

/** Until when the token is sent, in ms since the epoch. */
export function lastSending({ claimedAt, refusedSince }: Claim): number {
  const refused = refusedSince === undefined ? Infinity : Date.parse(refusedSince);
  return Math.min(Date.parse(claimedAt) + TOKEN_WINDOW_MS, refused + REFUSED_LONG_MS);
}
