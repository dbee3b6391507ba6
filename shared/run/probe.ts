/**
 * The answers that settle an unknown outcome: the marker, once the statement is known to be over; for a step without a marker
 * its `verify:` query; else a person.
 */
import { filledForNext } from './new-session.ts';
import { defined } from './defined.ts';
import { claimAnew, proceed } from './claim.ts';
import type { Context, Decision, Finished, Problem } from './decision.ts';
import { iso, nothing, store, waiting, without, working } from './decision.ts';
import type { Judgement } from './judge.ts';
import { BETWEEN_PROBES_MS, judge, notProbed } from './judge.ts';
import { onSessionLost, undecided } from './unknown-outcome.ts';
import { isVerdict } from './retry.ts';
import type { MarkerProbed, VerifyQueryRead } from './run-event.ts';
import type { ActiveRun, Failure, Underway } from './run.ts';
import { isClaimed, isUnderway, statementIdOf } from './run.ts';
import { failStep, onApplied, stopAfterStep } from './step-end.ts';
import { needDecision } from './stop.ts';

/** The id of a statement that was never seen. */
const NOT_SEEN = 'unknown';

/** The marker of a submitted step was read: its outcome is unknown, or its reported failure must be confirmed. */
export function onMarkerProbed(run: ActiveRun, context: Context, event: MarkerProbed): Decision {
  return isUnderway(run) ? onJudged(run, context, event) : onMarkerChecked(run, context, event);
}

function onJudged(run: ActiveRun<Underway>, context: Context, event: MarkerProbed): Decision {
  const { about } = event;
  const { work } = run.life;
  const judgement: Judgement = judge(work, context, event);
  switch (judgement) {
    case 'applied':
      return onApplied(
        run,
        context,
        applied(run, context, about, about.status === 'UNKNOWN' ? undefined : about.error),
      );
    case 'not-applied':
      return onNotApplied(run, context, event);
    case 'ask-again':
      return store(waitsToAskAgain(run, context, about));
    case 'look-again': {
      const looked = working(run, { ...work, outcomeUnknownSince: iso(context.now) });
      return store(waiting(looked, context, BETWEEN_PROBES_MS, unknownYet(run, about)));
    }
    case 'looked-just-now':
      return nothing(run, 'the marker is read again one minute after the first time');
    case 'marker-unreadable':
      // The database's own error is final; a resume reads the marker before it submits the step again.
      if (about.status !== 'UNKNOWN' && isVerdict(about.error.class))
        return stopAfterStep(run, context, about);
      return stopUndecided(run, context, about, 'baton.step_marker could not be read');
    case 'transactions-unreadable': {
      const why = 'the marker is absent, but whether its transaction is still open could not be determined';
      return stopUndecided(run, context, about, why);
    }
    default:
      return judgement satisfies never;
  }
}

function stopUndecided(run: ActiveRun, context: Context, { error }: Problem, why: string): Decision {
  return needDecision(run, context, undecided(run, error, why));
}

function onNotApplied(run: ActiveRun, context: Context, event: MarkerProbed): Decision {
  const { about, session } = event;
  if (session === 'AVAILABLE' && isClaimed(run)) return claimAnew(run, context);
  const gone = session === 'CLOSED' || session === 'UNKNOWN';
  return about.status === 'UNKNOWN' || (gone && about.error.class === 'session-lost')
    ? onSessionLost(run, context, about)
    : failStep(run, context, { ...about, error: { ...about.error, rolledBack: true } });
}

/** The check starts again from the beginning. */
function waitsToAskAgain(run: ActiveRun, context: Context, problem: Problem): ActiveRun {
  const asked = working(run, notProbed(run.life.work));
  return waiting(asked, context, BETWEEN_PROBES_MS, unknownYet(run, problem));
}

function unknownYet(run: ActiveRun, { error }: Problem): string {
  return `cannot tell yet whether step ${run.step} was applied; its marker is read again: ${error.message}`;
}

/** The marker of a step that is claimed again after a person's request: their statement alone is not enough. */
function onMarkerChecked(run: ActiveRun, context: Context, event: MarkerProbed): Decision {
  const { about } = event;
  switch (event.marker) {
    case 'present':
      return onApplied(filledForNext(run), context, applied(run, context, about, about.error));
    case 'absent':
      return onAbsenceChecked(run, context, event);
    case 'later':
      return store(waitsToAskAgain(run, context, about));
    case 'unreadable':
      // The person was asked because it cannot be read.
      return run.lastRequest?.verb === 'resolve'
        ? onAbsenceChecked(run, context, event)
        : stopUndecided(run, context, about, 'baton.step_marker could not be read');
    default:
      return event.marker satisfies never;
  }
}

/** If a transaction of the old session is still open, its commit may still take effect. */
function onAbsenceChecked(run: ActiveRun, context: Context, { open, about }: MarkerProbed): Decision {
  if (open === 'some') return store(waitsToAskAgain(run, context, about));
  return proceed(without(run, 'checkMarkerOf'), context);
}

export function onVerifyQueryRead(run: ActiveRun, context: Context, event: VerifyQueryRead): Decision {
  const { about } = event;
  if (event.applied === 'later') return store(waitsToAskAgain(run, context, about));
  if (event.applied === true) return onApplied(run, context, applied(run, context, about));
  const why =
    event.applied === false
      ? 'its verify: query returned false, but the step may still be running'
      : 'its verify: query could not be read';
  return stopUndecided(run, context, about, why);
}

/** `reported`: the failure that the warehouse reported, which turned out to be wrong. */
function applied(run: ActiveRun, context: Context, problem: Problem, reported?: Failure): Finished {
  const seen = { statementId: NOT_SEEN, endedAt: iso(context.now), ...problem };
  return {
    statementId: statementIdOf(run) ?? seen.statementId,
    status: 'FINISHED',
    endedAt: seen.endedAt,
    ...defined({ error: reported }),
  };
}
