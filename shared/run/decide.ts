/**
 * decide: with decideRequest the only place where a run changes. Pure: the run, what happened, and a context in; the run to store and
 * the one effect to perform next out. Every driver (Lambda, sweep, simulator) calls this and nothing else.
 */
import { onCancelling, onCancellingWoken } from './cancel.ts';
import { claim, proceed } from './claim.ts';
import type { Context, Decision } from './decision.ts';
import {
  ask,
  CLAIM_IS_YOUNG_MS,
  currentStep,
  epochSeconds,
  iso,
  nothing,
  store,
  tidy,
  without,
} from './decision.ts';
import { onDoubt, undecided } from './doubt.ts';
import { deadlineOf, isLongOverdue, overdue } from './limits.ts';
import { onMarkerProbed, onVerifyAsked } from './probe.ts';
import { onRebuildPlanned, onSessionLost } from './rebuild.ts';
import type { RunEvent } from './run-event.ts';
import type { PlanView } from './plan-view.ts';
import type { Failure, Run } from './run.ts';
import { isAtRest } from './run.ts';
import { failStep, finishStep, onEnd, onFailed, onInputChecked } from './step-end.ts';
import { needDecision, onDutyDone } from './stop.ts';
import { onCallRefused, onNameLookedUp, onSessionSeen, onSubmitted } from './submission.ts';
import { onDriveFailed } from './trouble.ts';
import { bounded, LONGEST_TEXT, shortened } from './text.ts';

export type { Answer, Context, Decision } from './decision.ts';

/** Between two looks at a running statement, in ms. */
const SHORTEST_PROBE_MS = 60_000;
const LONGEST_PROBE_MS = 300_000;

export function decide(run: Run, happened: RunEvent, context: Context): Decision {
  return tidy(decideOn(run, bounded(happened), context));
}

function decideOn(run: Run, event: RunEvent, context: Context): Decision {
  switch (event.kind) {
    case 'Woken':
      return onWoken(run, context);
    case 'StatementEnded':
      return onStatementEnded(run, context, event);
    case 'DriveFailed':
      return onDriveFailed(run, context, event.message);
    case 'DutyDone':
      return onDutyDone(run, event.duty);
    case 'HistoryWritten':
      return decide(run.last === undefined ? run : without(run, 'last'), event.afterwards, context);
    default:
      if (isAtRest(run)) return nothing(run, `the run is ${run.state}`);
      return run.state === 'CANCELLING' ? onCancelling(run, context, event) : onAnswer(run, event, context);
  }
}

type NewsKind = 'Woken' | 'StatementEnded' | 'DriveFailed' | 'DutyDone' | 'HistoryWritten';

function onAnswer(run: Run, event: Exclude<RunEvent, { kind: NewsKind }>, context: Context): Decision {
  switch (event.kind) {
    case 'SlotTaken':
      return onSlotTaken(run, context, event);
    case 'SlotBusy':
      return nothing(run, 'waits for a slot');
    case 'SessionOpened':
      if (run.phase !== 'READY' || run.sessionId !== undefined)
        return nothing(run, 'the run has a session already');
      return claim(
        { ...run, sessionId: event.sessionId, ...(event.pid === undefined ? {} : { pid: event.pid }) },
        context,
      );
    case 'SessionProved':
      if (run.proveSession !== true || run.phase !== 'READY') return nothing(run);
      return claim(without(run, 'proveSession'), context);
    case 'CallRefused':
      return onCallRefused(run, context, event);
    case 'SessionSeen':
      return onSessionSeen(run, context, event);
    case 'InputChecked':
      return onInputChecked(run, context, event);
    case 'Submitted':
      return onSubmitted(run, context, event);
    case 'NameLookedUp':
      return onNameLookedUp(run, context, event);
    case 'StatementSeen':
      return onStatementSeen(run, context, event);
    case 'VerdictRead': {
      if (run.phase !== 'SUBMITTED' || run.statementId !== event.end.statementId) return nothing(run);
      if (event.passed) return finishStep(run, context, event, event.end);
      return failStep(
        run,
        context,
        event,
        event.end,
        failureOf(run, 'check', event.message, event.end.statementId),
      );
    }
    case 'LoadErrorsRead': {
      if (run.phase !== 'SUBMITTED' || run.statementId !== event.end.statementId) return nothing(run);
      const said = [event.end.error?.message, event.message];
      const whole = said.filter((part) => part !== undefined && part !== '').join('\n');
      const message = shortened(whole, LONGEST_TEXT);
      return onFailed(run, context, event, event.end, failureOf(run, 'data', message, event.end.statementId));
    }
    case 'RebuildPlanned':
      return onRebuildPlanned(run, context, event);
    case 'MarkerProbed':
      return onMarkerProbed(run, context, event);
    case 'VerifyAsked':
      return onVerifyAsked(run, context, event);
    case 'CancelSent':
      return nothing(run, 'asked the warehouse to stop the statement');
    default:
      return event satisfies never;
  }
}

function onWoken(run: Run, context: Context): Decision {
  const duty = run.owed?.[0];
  if (duty !== undefined) return ask(run, { kind: 'PerformDuty', duty });
  if (isAtRest(run)) return nothing(run, `the run is ${run.state}`);
  if (run.state === 'QUEUED') return ask(run, { kind: 'TakeSlot' });
  if (run.state === 'CANCELLING') return onCancellingWoken(run, context);
  if (run.phase !== 'READY' && isLongOverdue(run, context))
    return needDecision(run, context, undecided(run, context, overdue(run), 'nobody could be asked'));
  if (run.state === 'WAITING' && run.next !== undefined && run.next > epochSeconds(context.now))
    return nothing(run, 'backs off');
  // Of a submission its statement is asked about again first: it may have been seen to end.
  if (run.doubtSince !== undefined && run.phase === 'CLAIMED') {
    return onDoubt(run, context, failureOf(run, 'unknown', 'the session is gone while a step was in it'));
  }
  switch (run.phase) {
    case 'READY':
      return proceed(run, context);
    case 'CLAIMED':
      if (run.state === 'RUNNING' && isClaimYoung(run, context))
        return nothing(run, 'the claim is young: its claimer is at work');
      return ask(run, { kind: 'LookUpName', why: 'old-claim' });
    case 'SUBMITTED':
      return run.statementId === undefined
        ? nothing(run)
        : ask(run, { kind: 'Describe', statementId: run.statementId });
    default:
      return run.phase satisfies never;
  }
}

function isClaimYoung(run: Run, context: Context): boolean {
  return run.claimedAt !== undefined && context.now - Date.parse(run.claimedAt) < CLAIM_IS_YOUNG_MS;
}

/** The completion event: believed only if it carries the current token and, where recorded, the same statement. */
function onStatementEnded(
  run: Run,
  context: Context,
  event: RunEvent & { kind: 'StatementEnded' },
): Decision {
  if (isAtRest(run)) return nothing(run, `the run is ${run.state}`);
  if (run.token === undefined || !run.token.startsWith(event.tokenStart) || event.tokenStart.length < 10) {
    return nothing(run, 'an event of an earlier submission, or of somebody else');
  }
  if (run.phase === 'CLAIMED') {
    if (!event.trusted) return nothing(run, 'an event of another principal');
    // The event outran the record of the submission: it may record as well as anybody.
    const adopted: Run = {
      ...run,
      state: 'RUNNING',
      phase: 'SUBMITTED',
      statementId: event.statementId,
      submittedAt: run.claimedAt ?? event.at,
    };
    return run.state === 'CANCELLING'
      ? onCancelling({ ...adopted, state: 'CANCELLING' }, context, event)
      : onTrustedEnd(adopted, context, event);
  }
  if (run.phase !== 'SUBMITTED' || run.statementId === undefined) return nothing(run);
  if (!event.trusted || run.statementId !== event.statementId)
    return ask(run, { kind: 'Describe', statementId: run.statementId });
  return run.state === 'CANCELLING' ? onCancelling(run, context, event) : onTrustedEnd(run, context, event);
}

function onTrustedEnd(run: Run, context: Context, event: RunEvent & { kind: 'StatementEnded' }): Decision {
  // The event has no error text.
  if (event.status !== 'FINISHED') return ask(run, { kind: 'Describe', statementId: event.statementId });
  // Of a batch the event's row count means nothing; its history row asks the warehouse.
  const single =
    currentStep(run, context.plan).send === 'single' && event.rows !== undefined && event.rows >= 0;
  return onEnd(run, context, event, {
    statementId: event.statementId,
    status: 'FINISHED',
    endedAt: endOf(run, event.at, context.now),
    ...(single ? { rows: event.rows } : {}),
  });
}

/** The event's time has whole seconds: a driver that hears at once knows better, and no step ends before it began. */
function endOf(run: Run, at: string, now: number): string {
  const told = Date.parse(at);
  if (now >= told && now - told < 1_500) return iso(now);
  return iso(Math.max(told, Date.parse(run.submittedAt ?? at)));
}

function onStatementSeen(run: Run, context: Context, event: RunEvent & { kind: 'StatementSeen' }): Decision {
  if (run.phase !== 'SUBMITTED' || run.statementId !== event.statementId)
    return nothing(run, 'that statement is not awaited any more');
  const step = currentStep(run, context.plan);
  if ('end' in event) return onEnd(run, context, event, event.end);
  if (event.status === 'RUNNING') {
    if (run.timedOut === true) return ask(run, { kind: 'CancelStatement', statementId: event.statementId });
    const submittedAt = Date.parse(run.submittedAt ?? iso(context.now));
    const deadline = deadlineOf(run, step, context);
    if (context.now <= deadline) return probeLater(run, context, submittedAt, deadline);
    return store({ ...run, timedOut: true }, { kind: 'CancelStatement', statementId: event.statementId });
  }
  return onDoubt(
    run,
    context,
    failureOf(
      run,
      'unknown',
      `the warehouse does not know statement ${event.statementId} any more (it keeps them for 24 hours)`,
      event.statementId,
    ),
  );
}

/** A long statement is asked about less and less often, up to every five minutes; its end is news of its own anyway. */
function probeLater(run: Run, context: Context, submittedAt: number, deadline: number): Decision {
  const pause = Math.min(Math.max((context.now - submittedAt) / 2, SHORTEST_PROBE_MS), LONGEST_PROBE_MS);
  const next = epochSeconds(Math.min(context.now + pause, deadline + 1_000));
  if (run.next !== undefined && run.next >= next - 15) return nothing(run, 'the statement is running');
  return { ...store({ ...run, next }), note: 'the statement is running' };
}

function onSlotTaken(run: Run, context: Context, event: RunEvent & { kind: 'SlotTaken' }): Decision {
  if (run.state !== 'QUEUED') return nothing(run, 'the run has its slot already');
  const { epoch } = event;
  const running: Run = {
    ...run,
    ...(event.plan === undefined ? {} : startOf(event.plan)),
    state: 'RUNNING',
    phase: 'READY',
    slot: true,
    epoch,
    startedAt: run.startedAt ?? iso(context.now),
    countsFrom: iso(context.now),
    next: epochSeconds(context.now) + 90,
  };
  if (run.rebuildFrom !== undefined) return { ...proceed(running, context), run: running, save: 'version' };
  if (run.sessionId !== undefined && run.epoch !== undefined && epoch !== run.epoch + 1) {
    return onSessionLost(
      running,
      context,
      failureOf(
        running,
        'session-lost',
        `another run of ${run.pipeline} held the slot meanwhile: the temporary tables of session ${run.sessionId} may be stale`,
      ),
    );
  }
  return store(
    running,
    running.sessionId === undefined ? { kind: 'OpenSession', tries: 0 } : { kind: 'ProveSession', tries: 0 },
  );
}

/** The beginning of a plan, for a run that has done nothing yet. */
function startOf({ hash, steps }: PlanView): Pick<Run, 'planHash' | 'steps' | 'step'> {
  const step = steps[0]?.name;
  return { planHash: hash, steps: steps.length, ...(step === undefined ? {} : { step }) };
}

function failureOf(run: Run, failureClass: Failure['class'], message: string, statementId?: string): Failure {
  return {
    class: failureClass,
    message,
    ...(run.step === undefined ? {} : { step: run.step }),
    ...(statementId === undefined ? {} : { statementId }),
  };
}
