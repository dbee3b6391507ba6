/**
 * A run that is being cancelled: the running statement is cancelled first and its final status read, so that the answer can
 * say whether the step was applied, was not applied, or has an unknown outcome.
 */
import type { Context, Decision, Effect, Failed, StatementEnd } from './decision.ts';
import {
  ask,
  currentStep,
  DRIVER_LIFE_MS,
  epochSeconds,
  failureOf,
  iso,
  nothing,
  store,
  TOKEN_WINDOW_MS,
} from './decision.ts';
import { finishedStep } from './finished-step.ts';
import { BETWEEN_PROBES_MS, judge, notProbed } from './judge.ts';
import { isLongOverdue } from './limits.ts';
import { isVerdict } from './retry.ts';
import type { MarkerProbed, NameLookedUp, RunEvent, StatementEnded } from './run-event.ts';
import type { CancellingRun, Run, Submitted, Underway } from './run.ts';
import { submitted } from './run.ts';
import { giveUp, storeAtRest } from './stop.ts';

/** A run that is being cancelled was woken, by the sweep or by the request. */
export function onCancellingWoken(run: CancellingRun, context: Context): Decision {
  return isLongOverdue(run, context) ? settle(run, context, unsure(run, context)) : ask(run, stopIt(run));
}

/** An event about the statement that is being cancelled. */
export function onCancelling(run: CancellingRun, context: Context, event: RunEvent): Decision {
  switch (event.kind) {
    case 'CancelSent':
      return run.life.work.phase === 'SUBMITTED'
        ? ask(run, { kind: 'Describe', statementId: run.life.work.statementId })
        : nothing(run);
    case 'StatementSeen':
      if ('end' in event) return onStopped(run, context, event.end);
      if (event.status === 'RUNNING') return nothing(run, 'the statement is being cancelled');
      return settle(run, context, unsure(run, context));
    case 'NameLookedUp':
      return onNameLookedUp(run, context, event);
    case 'MarkerProbed':
      return onStoppedProbed(run, context, event);
    default:
      return nothing(run, 'the run is being cancelled');
  }
}

/** The completion event of the statement that is being cancelled. */
export function onCancelledEnd(
  run: CancellingRun<Submitted>,
  context: Context,
  { statementId, status, at }: StatementEnded,
): Decision {
  // The event does not say why: after a lost connection the commit may have taken effect.
  return status === 'FINISHED'
    ? settle(run, context, cancelledBy(run), { statementId, status, endedAt: at })
    : ask(run, { kind: 'Describe', statementId });
}

function onNameLookedUp(run: CancellingRun, context: Context, event: NameLookedUp): Decision {
  const { work } = run.life;
  if (work.phase !== 'CLAIMED' || event.token !== work.token)
    return nothing(run, 'another driver recorded the claim');
  if (event.statementId !== undefined) {
    const found = working(run, submitted(work, event.statementId));
    return store(found, stopIt(found));
  }
  // No driver starts to send the token now, and every driver that had started is gone.
  if (context.now - Date.parse(work.claimedAt) < TOKEN_WINDOW_MS + DRIVER_LIFE_MS)
    return nothing(run, 'the submission may still arrive');
  return settle(run, context, `${cancelledBy(run)}; step ${run.step} was not seen to start`);
}

/** For a durable step only the marker shows whether it committed before it was cancelled. */
function onStopped(run: CancellingRun, context: Context, end: StatementEnd): Decision {
  if (end.status === 'FINISHED') return settle(run, context, cancelledBy(run), end);
  const { rows: _, ...stopped } = end;
  if (currentStep(run, context.plan).kind !== 'durable')
    return settle(run, context, cancelledBy(run), stopped);
  // A cancelled statement may have committed just before, whatever the error text says.
  const about: Failed =
    end.status === 'ABORTED' ? { ...stopped, error: { ...end.error, class: 'cancelled' } } : stopped;
  return ask(run, { kind: 'ProbeMarker', about });
}

function onStoppedProbed(run: CancellingRun, context: Context, event: MarkerProbed): Decision {
  const { about } = event;
  if (about.status === 'UNKNOWN') return nothing(run, 'the run no longer waits for this statement');
  const { work } = run.life;
  const judgement = judge(work, context, event);
  switch (judgement) {
    case 'applied':
      return settle(run, context, cancelledBy(run), { ...about, status: 'FINISHED' });
    case 'not-applied':
      return settle(run, context, cancelledBy(run), about);
    case 'ask-again':
      return store(probedLater(run, context, notProbed(work)));
    case 'look-again':
      return store(probedLater(run, context, { ...work, outcomeUnknownSince: iso(context.now) }));
    case 'looked-just-now':
      return nothing(run, 'the marker is read again one minute after the first time');
    case 'marker-unreadable':
    case 'transactions-unreadable':
      return settle(run, context, unsure(run, context));
    default:
      return judgement satisfies never;
  }
}

function probedLater(run: CancellingRun, context: Context, work: Underway): CancellingRun {
  const nextCheckAt = epochSeconds(context.now + BETWEEN_PROBES_MS);
  return { ...run, life: { state: 'CANCELLING', work, nextCheckAt } };
}

function working<W extends Underway>(run: CancellingRun, work: W): CancellingRun<W> {
  return { ...run, life: { ...run.life, work } };
}

/** Cancels the statement, or looks up whether there is one. */
export function stopIt({ life: { work } }: CancellingRun): Effect {
  return work.phase === 'SUBMITTED'
    ? { kind: 'CancelStatement', statementId: work.statementId }
    : { kind: 'LookUpName', why: 'cancel' };
}

/** The run ends as CANCELLED; if its statement ended, the message says with which outcome. */
export function settle(run: Run, context: Context, message: string, end?: StatementEnd): Decision {
  const said = end === undefined ? message : outcome(run, context, message, end);
  const ended = giveUp(run, context, failureOf(run, 'cancelled', said));
  if (end === undefined) return storeAtRest(ended);
  // The previous step's row is written first, if it is still pending.
  if (run.lastStep !== undefined) return ask(run, { kind: 'WriteHistory' });
  const row = finishedStep(run, end, context);
  return storeAtRest({ ...ended, lastStep: row });
}

/** The outcome of the step, by its kind. The end of a durable step was judged by its marker. */
function outcome(run: Run, context: Context, message: string, end: StatementEnd): string {
  const step = currentStep(run, context.plan);
  if (isWithoutEffect(run, context)) return `${message}; step ${step.name} ${NO_EFFECT}`;
  const isOpen = end.status !== 'FINISHED' && !isVerdict(end.error.class);
  if (step.kind === 'opaque' && isOpen) return unsure(run, context);
  return `${message}; step ${step.name} was ${end.status === 'FINISHED' ? 'applied' : 'not applied'}`;
}

function unsure(run: Run, context: Context): string {
  const said = isWithoutEffect(run, context)
    ? `step ${run.step} ${NO_EFFECT}`
    : `cannot tell whether step ${run.step} was applied`;
  return `${cancelledBy(run)}; ${said}`;
}

const NO_EFFECT = 'had no lasting effect';

/** However its statement ended: its effects are lost with the session. */
function isWithoutEffect(run: Run, { plan }: Context): boolean {
  const kind = plan.steps[run.cursor]?.kind;
  return kind === 'session' || kind === 'check';
}

function cancelledBy(run: Run): string {
  return `cancelled by ${run.lastRequest?.actor ?? 'an unknown actor'}`;
}
