/**
 * The answers that end a doubt: the marker, once the statement is known to be dead; for what has no marker its own
 * `verify:` query; else a person.
 */
import { claimAnew } from './claim.ts';
import type { Context, Decision } from './decision.ts';
import { iso, epochSeconds, nothing, store, without } from './decision.ts';
import { undecided } from './doubt.ts';
import { isPastUse } from './old-claim.ts';
import { onSessionLost } from './rebuild.ts';
import type { MarkerProbed, RunEvent, StatementEnd } from './run-event.ts';
import type { Run } from './run.ts';
import { failStep, finishStep } from './step-end.ts';
import { needDecision } from './stop.ts';

/** Between two probes of a closed session: a commit may land after the session looks closed. */
const BETWEEN_PROBES_MS = 60_000;

export function onMarkerProbed(run: Run, context: Context, event: MarkerProbed): Decision {
  const { failure, end } = event;
  switch (event.marker) {
    case 'present':
      return finishStep(run, context, event, appliedEnd(run, context, end));
    case 'unreadable':
      return needDecision(
        run,
        context,
        undecided(run, context, failure, 'baton.step_marker could not be read'),
      );
    case 'absent':
      return onMarkerAbsent(run, context, event);
    case 'later':
      return askAgain(run, context);
    default:
      return event.marker satisfies never;
  }
}

/** Absence proves something only when the statement is known to be dead. */
function onMarkerAbsent(run: Run, context: Context, event: MarkerProbed): Decision {
  const { failure, end } = event;
  if (end !== undefined) {
    // It was seen to end, and left no marker: it was not applied, so it may be tried again.
    return failStep(run, context, event, end, { ...failure, class: 'transient' });
  }
  // A session does one thing at a time: if it is idle, the statement is over.
  if (event.session === 'AVAILABLE') {
    if (run.phase === 'SUBMITTED') return onSessionLost(run, context, failure);
    // Not submitted, or not seen to be: whoever could still send the token must be gone first.
    return isPastUse(run, context) ? claimAnew(run, context) : askAgain(run, context);
  }
  if (event.session === 'BUSY') return askAgain(run, context);
  if (event.open === 'unreadable') {
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
  }
  if (event.open === 'some') return askAgain(run, context);
  const since = run.doubtSince;
  const longEnough = since !== undefined && context.now - Date.parse(since) >= BETWEEN_PROBES_MS;
  return longEnough ? onSessionLost(run, context, failure) : lookAgain(run, context, since);
}

/** Nothing can be concluded yet: the whole question is put again a minute later. */
function askAgain(run: Run, context: Context): Decision {
  return store({
    ...without(run, 'doubtSince'),
    state: 'WAITING',
    next: epochSeconds(context.now + BETWEEN_PROBES_MS),
  });
}

/** The first probe found nothing; a second one, a minute later, proves it. */
function lookAgain(run: Run, context: Context, since: string | undefined): Decision {
  const doubtSince = since ?? iso(context.now);
  return store({ ...run, state: 'WAITING', doubtSince, next: epochSeconds(context.now + BETWEEN_PROBES_MS) });
}

export function onVerifyAsked(
  run: Run,
  context: Context,
  event: RunEvent & { kind: 'VerifyAsked' },
): Decision {
  if (run.phase === 'READY') return nothing(run);
  if (event.applied === 'later') return askAgain(run, context);
  if (event.applied === true) return finishStep(run, context, event, appliedEnd(run, context, undefined));
  const why =
    event.applied === false
      ? 'its verify: query says that it was not applied, but it may still run'
      : 'its verify: query could not be read';
  return needDecision(run, context, undecided(run, context, event.failure, why));
}

function appliedEnd(run: Run, context: Context, end: StatementEnd | undefined): StatementEnd {
  return {
    statementId: run.statementId ?? end?.statementId ?? 'unknown',
    status: 'FINISHED',
    endedAt: end?.endedAt ?? iso(context.now),
  };
}
