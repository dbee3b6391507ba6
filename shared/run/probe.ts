/**
 * The answers that end a doubt: the marker, once the statement is known to be dead; for what has no marker its own
 * `verify:` query; else a person.
 */
import { claimAnew, proceed } from './claim.ts';
import type { Context, Decision } from './decision.ts';
import { iso, epochSeconds, nothing, store, waiting, without } from './decision.ts';
import { undecided } from './doubt.ts';
import { isPastUse } from './old-claim.ts';
import { onSessionLost } from './rebuild.ts';
import { isVerdict } from './retry.ts';
import type { MarkerProbed, RunEvent, StatementEnd } from './run-event.ts';
import type { Failure, Run } from './run.ts';
import { failStep, NOT_SEEN, onApplied, stopAfterStep } from './step-end.ts';
import { needDecision } from './stop.ts';

/** Between two probes of a closed session: a commit may land after the session looks closed. */
const BETWEEN_PROBES_MS = 60_000;

/** The marker of a step that was submitted: an unknown outcome, or a report of a failure that is not believed without it. */
export function onMarkerProbed(run: Run, context: Context, event: MarkerProbed): Decision {
  if (run.phase === 'READY') return onMarkerChecked(run, context, event);
  const { failure, end } = event;
  const judgement = judge(run, context, event);
  switch (judgement) {
    case 'applied':
      return onApplied(
        run,
        context,
        event,
        appliedEnd(run, context, end, end === undefined ? undefined : failure),
      );
    case 'not-applied':
      return onNotApplied(run, context, event);
    case 'ask-again':
      return store(waitsToAskAgain(run, context, failure));
    case 'look-again':
      return store(waitsToLookAgain(run, context, failure));
    case 'looked-just-now':
      return nothing(run, 'the marker is read again a minute after the first time');
    case 'marker-unreadable':
      // The database's verdict stands; a resume reads the marker before it submits the step again.
      if (end !== undefined && isVerdict(failure.class))
        return stopAfterStep(run, context, event, end, failure, false);
      return needDecision(
        run,
        context,
        undecided(run, context, failure, 'baton.step_marker could not be read'),
      );
    case 'transactions-unreadable':
      return needDecision(
        run,
        context,
        undecided(
          run,
          context,
          failure,
          'the marker is absent, but whether its transaction is still open could not be read',
        ),
      );
    default:
      return judgement satisfies never;
  }
}

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

/** What the marker says. Absence proves something only when the statement is known to be dead, and its commit cannot land any more. */
export function judge(run: Run, context: Context, event: MarkerProbed): Judgement {
  const { marker, session, open, end, failure } = event;
  if (marker === 'present') return 'applied';
  if (marker === 'unreadable') return 'marker-unreadable';
  if (marker === 'later') return 'ask-again';
  if (end !== undefined && open === 'some') return 'ask-again';
  // It was seen to end, by the database's own verdict: it was rolled back.
  if (end !== undefined && isVerdict(failure.class)) return 'not-applied';
  if (session === 'BUSY') return 'ask-again';
  if (session === 'AVAILABLE' && end === undefined) {
    // A session does one thing at a time: if it is idle, the statement is over. One that was not seen to be submitted may
    // still come: every driver that could send it must be gone first.
    return run.phase === 'SUBMITTED' || isPastUse(run, context) ? 'not-applied' : 'ask-again';
  }
  if (open === 'some') return 'ask-again';
  if (open === 'unreadable' && session !== 'AVAILABLE') return 'transactions-unreadable';
  const since = run.doubtSince;
  if (since === undefined) return 'look-again';
  return context.now - Date.parse(since) >= BETWEEN_PROBES_MS ? 'not-applied' : 'looked-just-now';
}

function onNotApplied(run: Run, context: Context, event: MarkerProbed): Decision {
  const { failure, end, session } = event;
  if (session === 'AVAILABLE' && run.phase === 'CLAIMED') return claimAnew(run, context);
  const gone = session === 'CLOSED' || session === 'UNKNOWN';
  return end === undefined || (gone && failure.class === 'session-lost')
    ? onSessionLost(run, context, failure)
    : failStep(run, context, event, end, { ...failure, rolledBack: true });
}

/** The question is put again from its beginning. */
function waitsToAskAgain(run: Run, context: Context, failure: Failure): Run {
  return waiting(askedAgain(run, context), context, BETWEEN_PROBES_MS, unknownYet(run, failure));
}

/** A second probe follows. */
function waitsToLookAgain(run: Run, context: Context, failure: Failure): Run {
  return waiting(lookedAgain(run, context), context, BETWEEN_PROBES_MS, unknownYet(run, failure));
}

function unknownYet(run: Run, { message }: Failure): string {
  return `whether step ${run.step ?? '?'} was applied is not known yet, its marker is read again: ${message}`;
}

/** When the question is put again from its beginning. */
export function askedAgain(run: Run, context: Context): Run {
  return { ...without(run, 'doubtSince'), next: epochSeconds(context.now + BETWEEN_PROBES_MS) };
}

/** When a second probe follows the first. */
export function lookedAgain(run: Run, context: Context): Run {
  return { ...run, doubtSince: iso(context.now), next: epochSeconds(context.now + BETWEEN_PROBES_MS) };
}

/** The marker of a step that is to be claimed again after a person's request: what they believe is not enough. */
function onMarkerChecked(run: Run, context: Context, event: MarkerProbed): Decision {
  const { failure } = event;
  switch (event.marker) {
    case 'present': {
      // A session that is to be filled anew is filled for the next step.
      const next = run.rebuildFrom === run.cursor ? { ...run, rebuildFrom: run.cursor + 1 } : run;
      return onApplied(next, context, event, appliedEnd(run, context, undefined, failure));
    }
    case 'absent':
      return onAbsenceChecked(run, context, event);
    case 'later':
      return store(waitsToAskAgain(run, context, failure));
    case 'unreadable':
      // They were asked because it cannot be read.
      return run.lastRequest?.verb === 'resolve'
        ? onAbsenceChecked(run, context, event)
        : needDecision(run, context, undecided(run, context, failure, 'baton.step_marker could not be read'));
    default:
      return event.marker satisfies never;
  }
}

/** Where a transaction of what they call dead is open, its commit may still land. */
function onAbsenceChecked(run: Run, context: Context, { open, failure }: MarkerProbed): Decision {
  if (open === 'some') return store(waitsToAskAgain(run, context, failure));
  return proceed(without(run, 'checkMarkerOf'), context);
}

export function onVerifyAsked(
  run: Run,
  context: Context,
  event: RunEvent & { kind: 'VerifyAsked' },
): Decision {
  if (run.phase === 'READY') return nothing(run);
  if (event.applied === 'later') return store(waitsToAskAgain(run, context, event.failure));
  if (event.applied === true) return onApplied(run, context, event, appliedEnd(run, context, undefined));
  const why =
    event.applied === false
      ? 'its verify: query says that it was not applied, but it may still run'
      : 'its verify: query could not be read';
  return needDecision(run, context, undecided(run, context, event.failure, why));
}

/** `reported`: what the warehouse said of it, which is not true. */
function appliedEnd(
  run: Run,
  context: Context,
  end: StatementEnd | undefined,
  reported?: Failure,
): StatementEnd {
  return {
    statementId: run.statementId ?? end?.statementId ?? NOT_SEEN,
    status: 'FINISHED',
    endedAt: end?.endedAt ?? iso(context.now),
    ...(reported === undefined ? {} : { error: reported }),
  };
}
