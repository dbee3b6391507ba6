/**
 * A run that is being cancelled: what is under way in the warehouse is stopped first, and its true end seen, so that the answer
 * can say of the step: applied, not applied, or not known.
 */
import type { Context, Decision } from './decision.ts';
import { ask, currentStep, DRIVER_LIFE_MS, iso, nothing, store, TOKEN_WINDOW_MS } from './decision.ts';
import { isLongOverdue } from './limits.ts';
import { isVerdict } from './retry.ts';
import { askedAgain, judge, lookedAgain } from './probe.ts';
import type { MarkerProbed, RunEvent, StatementEnd } from './run-event.ts';
import type { Failure, FinishedStep, Run } from './run.ts';
import { giveUp } from './stop.ts';

/** A cancelled run was woken: by the sweep, or by whoever asked for it. */
export function onCancellingWoken(run: Run, context: Context): Decision {
  if (run.phase === 'READY') return settle(run, context, cancelledBy(run));
  return isLongOverdue(run, context) ? settle(run, context, unsure(run, context)) : ask(run, stopIt(run));
}

/** News of the statement that is being stopped. */
export function onCancelling(run: Run, context: Context, event: RunEvent): Decision {
  switch (event.kind) {
    case 'StatementEnded': {
      if (!event.trusted) return ask(run, stopIt(run));
      // The event does not say why: with a lost connection a commit may have come through.
      if (event.status !== 'FINISHED') return ask(run, { kind: 'Describe', statementId: event.statementId });
      const end: StatementEnd = { statementId: event.statementId, status: event.status, endedAt: event.at };
      return settle(run, context, cancelledBy(run), end);
    }
    case 'CancelSent':
      return run.statementId === undefined
        ? nothing(run)
        : ask(run, { kind: 'Describe', statementId: run.statementId });
    case 'StatementSeen':
      if (event.statementId !== run.statementId)
        return nothing(run, 'that statement is not awaited any more');
      if ('end' in event) return onStopped(run, context, event.end);
      if (event.status === 'RUNNING') return nothing(run, 'the statement is being stopped');
      return settle(run, context, unsure(run, context));
    case 'NameLookedUp': {
      if (run.phase !== 'CLAIMED' || event.token !== run.token)
        return nothing(run, 'the claim was recorded by somebody else');
      if (event.statementId !== undefined) {
        const found: Run = {
          ...run,
          phase: 'SUBMITTED',
          statementId: event.statementId,
          submittedAt: run.claimedAt ?? iso(context.now),
        };
        return store(found, stopIt(found));
      }
      const age = context.now - Date.parse(run.claimedAt ?? iso(context.now));
      // Nobody begins to send it any more, and everybody who had begun is gone.
      if (age < TOKEN_WINDOW_MS + DRIVER_LIFE_MS)
        return nothing(run, 'the submission may still be on its way');
      return settle(run, context, `${cancelledBy(run)}; step ${run.step ?? '?'} was not seen to start`);
    }
    case 'MarkerProbed':
      return onStoppedProbed(run, context, event);
    default:
      return nothing(run, 'the run is being cancelled');
  }
}

/** Of a durable step only the marker tells whether it committed before it was stopped. */
function onStopped(run: Run, context: Context, end: StatementEnd): Decision {
  if (end.status === 'FINISHED' || currentStep(run, context.plan).kind !== 'durable')
    return settle(run, context, cancelledBy(run), end);
  const failure: Failure = {
    message: `the statement ended as ${end.status}`,
    ...end.error,
    // What was stopped may have committed just before, whatever the words say.
    class: end.status === 'ABORTED' ? 'cancelled' : (end.error?.class ?? 'cancelled'),
  };
  return ask(run, { kind: 'ProbeMarker', failure, end });
}

function onStoppedProbed(run: Run, context: Context, event: MarkerProbed): Decision {
  const { end } = event;
  if (run.phase !== 'SUBMITTED' || end === undefined || end.statementId !== run.statementId)
    return nothing(run, 'that statement is not awaited any more');
  const judgement = judge(run, context, event);
  switch (judgement) {
    case 'applied':
      return settle(run, context, cancelledBy(run), { ...end, status: 'FINISHED' });
    case 'not-applied':
      return settle(run, context, cancelledBy(run), end);
    case 'ask-again':
      return store(askedAgain(run, context));
    case 'look-again':
      return store(lookedAgain(run, context));
    case 'looked-just-now':
      return nothing(run, 'the marker is read again a minute after the first time');
    case 'marker-unreadable':
    case 'transactions-unreadable':
      return settle(run, context, unsure(run, context));
    default:
      return judgement satisfies never;
  }
}

/** Stops the statement, or finds out whether there is one. */
export function stopIt(run: Run): NonNullable<Decision['effect']> {
  return run.phase === 'SUBMITTED' && run.statementId !== undefined
    ? { kind: 'CancelStatement', statementId: run.statementId }
    : { kind: 'LookUpName', why: 'cancel' };
}

/** The run ends as CANCELLED; of a statement that ended, with what became of it. */
export function settle(run: Run, context: Context, message: string, end?: StatementEnd): Decision {
  const said = end === undefined ? message : outcome(run, context, message, end);
  const failure = {
    class: 'cancelled' as const,
    message: said,
    ...(run.step === undefined ? {} : { step: run.step }),
  };
  const given = giveUp(run, context, failure);
  const ended: Run = end === undefined ? given : { ...given, last: rowOf(run, end) };
  // The row of the step before is written first, where it was not written yet.
  const { last } = run;
  if (end !== undefined && last !== undefined) {
    const again: RunEvent = { kind: 'StatementSeen', statementId: end.statementId, status: end.status, end };
    return ask(
      { ...run, statementId: end.statementId },
      { kind: 'WriteHistory', row: last, afterwards: again },
    );
  }
  return store(ended, { kind: 'PerformDuty', duty: 'history' });
}

/** What became of the step, by its kind. The end of a durable one was judged by its marker. */
function outcome(run: Run, context: Context, message: string, end: StatementEnd): string {
  const step = currentStep(run, context.plan);
  if (isWithoutEffect(run, context)) return `${message}; step ${step.name} ${NO_EFFECT}`;
  const isRefused = end.error !== undefined && isVerdict(end.error.class);
  const isOpen = end.status !== 'FINISHED' && !isRefused;
  if (step.kind === 'opaque' && isOpen) return unsure(run, context);
  return `${message}; step ${step.name} was ${end.status === 'FINISHED' ? 'applied' : 'not applied'}`;
}

function unsure(run: Run, context: Context): string {
  const said = isWithoutEffect(run, context)
    ? `step ${run.step ?? '?'} ${NO_EFFECT}`
    : `whether step ${run.step ?? '?'} was applied is not known`;
  return `${cancelledBy(run)}; ${said}`;
}

const NO_EFFECT = 'changed nothing that lasts';

/** However its statement ended: what it did went with the session. */
function isWithoutEffect(run: Run, { plan }: Context): boolean {
  const kind = plan.steps[run.cursor]?.kind;
  return kind === 'session' || kind === 'check';
}

function cancelledBy(run: Run): string {
  return `cancelled by ${run.lastRequest?.actor ?? 'somebody'}`;
}

function rowOf(run: Run, end: StatementEnd): FinishedStep {
  return {
    index: run.cursor,
    name: run.step ?? '',
    generation: run.generation,
    attempt: run.attempt,
    status: end.status,
    startedAt: run.submittedAt ?? run.claimedAt ?? end.endedAt,
    endedAt: end.endedAt,
    statementId: end.statementId,
    ...(end.rows === undefined || end.status !== 'FINISHED' ? {} : { rows: end.rows }),
    ...(end.error === undefined ? {} : { error: end.error.message, errorClass: end.error.class }),
  };
}
