/**
 * A person gives a run up, in whatever phase it is. What is under way in the warehouse is stopped first, and its true end
 * seen, so that the answer can say of the step: applied, not applied, or not known.
 */
import type { Context, Decision } from './decision.ts';
import { ask, DRIVER_LIFE_MS, epochSeconds, iso, nothing, store, TOKEN_WINDOW_MS } from './decision.ts';
import { isLongOverdue } from './limits.ts';
import { answeredBefore, lastRequest, refuse } from './resume.ts';
import type { CancelRequested, RunEvent, StatementEnd } from './run-event.ts';
import type { FinishedStep, Run } from './run.ts';
import { isAtEnd } from './run.ts';
import { giveUp } from './stop.ts';

export function onCancelRequested(run: Run, context: Context, event: CancelRequested): Decision {
  const before = answeredBefore(run, event.requestId);
  if (before !== undefined) return before;
  if (isAtEnd(run)) return refuse(run, `run ${run.id} is ${run.state} already`);
  if (run.state === 'CANCELLING') return refuse(run, `run ${run.id} is being cancelled already`);
  const because = event.reason === undefined ? '' : `: ${event.reason}`;
  if (run.phase === 'READY') {
    const message = `gave up ${run.id}, which was ${run.state}`;
    const asked = { ...run, lastRequest: lastRequest(event, context.now, message) };
    return {
      ...settle(asked, context, `given up by ${event.actor}${because}`),
      answer: { ok: true, message },
    };
  }
  const message = `cancelling ${run.id}: its step ${run.step ?? '?'} is being stopped`;
  const cancelling: Run = {
    ...run,
    state: 'CANCELLING',
    lastRequest: lastRequest(event, context.now, message),
    next: epochSeconds(context.now),
  };
  return { ...store(cancelling), effect: stopIt(cancelling), answer: { ok: true, message } };
}

/** A cancelled run was woken: by the sweep, or by whoever asked for it. */
export function onCancellingWoken(run: Run, context: Context): Decision {
  if (run.phase === 'READY') return settle(run, context, cancelledBy(run));
  return isLongOverdue(run, context) ? settle(run, context, unsure(run)) : ask(run, stopIt(run));
}

/** News of the statement that is being stopped. */
export function onCancelling(run: Run, context: Context, event: RunEvent): Decision {
  switch (event.kind) {
    case 'StatementEnded': {
      if (!event.trusted) return ask(run, stopIt(run));
      // The event does not say why: with a lost connection a commit may have come through.
      if (event.status === 'FAILED') return ask(run, { kind: 'Describe', statementId: event.statementId });
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
      if ('end' in event) return settle(run, context, cancelledBy(run), event.end);
      if (event.status === 'RUNNING') return nothing(run, 'the statement is being stopped');
      return settle(run, context, unsure(run));
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
    default:
      return nothing(run, 'the run is being cancelled');
  }
}

function stopIt(run: Run): NonNullable<Decision['effect']> {
  return run.phase === 'SUBMITTED' && run.statementId !== undefined
    ? { kind: 'CancelStatement', statementId: run.statementId }
    : { kind: 'LookUpName', why: 'cancel' };
}

/** The run ends as CANCELLED; of a statement that ended, with what became of it. */
function settle(run: Run, context: Context, message: string, end?: StatementEnd): Decision {
  const said = end === undefined ? message : outcome(run, message, end);
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

function outcome(run: Run, message: string, end: StatementEnd): string {
  const lost = end.error?.class === 'unknown' || end.error?.class === 'session-lost';
  if (end.status === 'FAILED' && lost) return unsure(run);
  return `${message}; step ${run.step ?? '?'} was ${end.status === 'FINISHED' ? 'applied' : 'not applied'}`;
}

function unsure(run: Run): string {
  return `${cancelledBy(run)}; whether step ${run.step ?? '?'} was applied is not known`;
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
    ...(end.rows === undefined ? {} : { rows: end.rows }),
    ...(end.error === undefined ? {} : { error: end.error.message, errorClass: end.error.class }),
  };
}
