/**
 * A submission whose outcome is not known: it may have committed or not. Its marker says, once the statement is known
 * to be dead; for what has no marker its own `verify:` query does; else a person.
 */
import type { Context, Decision } from './decision.ts';
import { ask, currentStep, epochSeconds, iso, nothing, store } from './decision.ts';
import { onSessionLost } from './rebuild.ts';
import type { MarkerProbed, RunEvent, StatementEnd } from './run-event.ts';
import type { Failure, Run } from './run.ts';
import { failStep, finishStep } from './step-end.ts';
import { needDecision } from './stop.ts';

/** Between two probes of a closed session: a commit may land after the session looks closed. */
const BETWEEN_PROBES_MS = 60_000;

export function onDoubt(run: Run, context: Context, failure: Failure, end?: StatementEnd): Decision {
  const step = currentStep(run, context.plan);
  switch (step.kind) {
    case 'session':
    case 'check':
      // Whatever it did went with the session.
      return onSessionLost(run, context, failure);
    case 'durable':
      return ask(run, { kind: 'ProbeMarker', failure, ...(end === undefined ? {} : { end }) });
    case 'opaque':
      if (step.idempotent) return onSessionLost(run, context, failure);
      if (step.verify !== undefined) return ask(run, { kind: 'AskVerify', failure });
      return needDecision(
        run,
        context,
        undecided(run, failure, 'the step is opaque, has no marker and no verify: query'),
      );
    default:
      return step.kind satisfies never;
  }
}

export function onMarkerProbed(run: Run, context: Context, event: MarkerProbed): Decision {
  const { failure, end } = event;
  switch (event.marker) {
    case 'present':
      return finishStep(run, context, event, appliedEnd(run, context, end));
    case 'unreadable':
      return needDecision(run, context, undecided(run, failure, 'baton.step_marker could not be read'));
    case 'absent':
      return onMarkerAbsent(run, context, event);
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
  if (event.session === 'AVAILABLE') return onSessionLost(run, context, failure);
  if (event.session === 'BUSY') return look(run, context, run.doubtSince);
  if (event.open === 'unreadable') {
    return needDecision(
      run,
      context,
      undecided(
        run,
        failure,
        'the marker is absent, but whether its transaction is still open could not be read',
      ),
    );
  }
  const since = run.doubtSince;
  const longEnough = since !== undefined && context.now - Date.parse(since) >= BETWEEN_PROBES_MS;
  if (longEnough && event.open === 'none') return onSessionLost(run, context, failure);
  return look(run, context, event.open === 'none' ? since : undefined);
}

/** Looks again a minute later. */
function look(run: Run, context: Context, since: string | undefined): Decision {
  const doubtSince = since ?? iso(context.now);
  return store({ ...run, state: 'WAITING', doubtSince, next: epochSeconds(context.now + BETWEEN_PROBES_MS) });
}

export function onVerifyAsked(
  run: Run,
  context: Context,
  event: RunEvent & { kind: 'VerifyAsked' },
): Decision {
  if (run.phase === 'READY') return nothing(run);
  if (event.applied === true) return finishStep(run, context, event, appliedEnd(run, context, undefined));
  const why =
    event.applied === false
      ? 'its verify: query says that it was not applied, but it may still run'
      : 'its verify: query could not be read';
  return needDecision(run, context, undecided(run, event.failure, why));
}

function appliedEnd(run: Run, context: Context, end: StatementEnd | undefined): StatementEnd {
  return {
    statementId: run.statementId ?? end?.statementId ?? 'unknown',
    status: 'FINISHED',
    endedAt: end?.endedAt ?? iso(context.now),
  };
}

function undecided(run: Run, failure: Failure, why: string): Failure {
  return {
    ...failure,
    message:
      `${failure.message}. Whether step ${run.step ?? '?'} was applied is not known: ${why}. Look at its tables, then say it: ` +
      `baton resolve ${run.id} --applied | --not-applied | --abandon`,
  };
}
