/**
 * decide: with decideRare and decideRequest the only place where a run changes. Pure: takes the run, an event and a context;
 * returns the run to store and the one effect to perform next. Every driver (Lambda, sweep, simulator) calls only these.
 */
import { defined } from './defined.ts';
import { fileWork, proceed } from './claim.ts';
import { believed, doubted } from './completion.ts';
import type { Context, Decision } from './decision.ts';
import {
  ask,
  CLAIM_IS_YOUNG_MS,
  currentStep,
  epochSeconds,
  failureOf,
  groupOf,
  iso,
  nothing,
  READY,
  running,
  stepAt,
  store,
  without,
  working,
} from './decision.ts';
import { handoffOf, waitSecondsOf } from './handoff.ts';
import { deadlineOf, isLongOverdue, overdue } from './limits.ts';
import { onSessionLost, onUnknownOutcome, undecided } from './unknown-outcome.ts';
import type { RunEvent, SlotTaken, StatementEnded, StatementSeen } from './run-event.ts';
import type { ActiveRun, Queued, Run, RunIn, Submitted } from './run.ts';
import {
  isActive,
  isAtRest,
  isBesideQueue,
  isCancelling,
  isQueued,
  isReady,
  isSubmitted,
  isToVerify,
  isUnderway,
  underwayOf,
} from './run.ts';
import { onEnd, onInputChecked, onVerdictRead } from './step-end.ts';
import { needDecision, onActionsDone } from './stop.ts';
import { onSubmitted, record } from './recording.ts';
import { bounded } from './text.ts';

export type { Answer, Context, Decision } from './decision.ts';

/** Between two checks of a running statement, in ms. */
const SHORTEST_PROBE_MS = 60_000;
const LONGEST_PROBE_MS = 300_000;

/** Undefined: the event does not belong to the steady path, and `decideRare` (decide-rare.ts) decides: functions load it when needed. */
export function decide(run: Run, happened: RunEvent, context: Context): Decision | undefined {
  const event = bounded(happened);
  if (event.kind === 'DriveFailed' || event.kind === 'CardMade' || isCancelling(run)) return undefined;
  if (event.kind === 'ActionsDone') return onActionsDone(run, event.actions);
  if (isQueued(run)) return onQueued(run, context, event);
  if (isActive(run)) return onActive(run, context, event);
  return event.kind === 'Woken' && isAtRest(run) && run.life.pendingActions.length > 0
    ? ask(run, { kind: 'PerformActions' })
    : nothing(run, `the run is ${run.life.state}`);
}

function onQueued(run: RunIn<Queued>, context: Context, event: RunEvent): Decision {
  switch (event.kind) {
    case 'Woken':
      return ask(run, { kind: 'TakeSlot' });
    case 'SlotTaken':
      return onSlotTaken(run, context, event);
    default:
      // The run that has it may have released it by now, and found no run in the queue: so it is asked for again.
      return event.kind === 'SlotBusy' && isBesideQueue(run)
        ? store({ ...run, life: { state: 'QUEUED' } }, { kind: 'TakeSlot' })
        : nothing(run, 'waiting for a slot');
  }
}

function onActive(
  run: ActiveRun,
  context: Context,
  event: Exclude<RunEvent, { kind: 'DriveFailed' | 'CardMade' | 'ActionsDone' }>,
): Decision | undefined {
  switch (event.kind) {
    case 'Woken':
      return onWoken(run, context);
    case 'PassedOn': {
      const { statementId } = event;
      const seconds = waitSecondsOf(run, context);
      return isSubmitted(run) && run.life.work.statementId === statementId && seconds > 0
        ? ask(run, { kind: 'Await', statementId, seconds })
        : nothing(run, 'the run no longer waits for this statement');
    }
    case 'StatementEnded': {
      const heard = believed(underwayOf(run), event);
      if (!('work' in heard)) return doubted(run, heard);
      return onTrustedEnd(running(run, heard.work, run.life.nextCheckAt), context, event);
    }
    case 'SlotTaken':
    case 'SlotBusy':
      return nothing(run, 'the run already has its slot');
    case 'SessionOpened': {
      if (!isReady(run) || run.session.state !== 'none') return nothing(run, 'the run already has a session');
      const { sessionId: id, pid } = event;
      return proceed({ ...run, session: { state: 'open', id, ...defined({ pid }) } }, context);
    }
    case 'SessionVerified': {
      if (!isReady(run) || !isToVerify(run)) return nothing(run);
      const { mustVerify: _, ...session } = run.session;
      return proceed({ ...run, session }, context);
    }
    case 'InputChecked':
      return onInputChecked(run, context, event);
    case 'Submitted':
      return onSubmitted(run, context, event);
    case 'StatementSeen':
      return isSubmitted(run)
        ? onStatementSeen(run, context, event)
        : nothing(run, 'the run no longer waits for this statement');
    case 'VerdictRead':
      return onVerdictRead(run, context, event);
    case 'CallRefused':
    case 'SessionOpening':
    case 'SessionSeen':
    case 'NameLookedUp':
    case 'LoadErrorsRead':
    case 'FilesGathered':
    case 'FilesMarked':
    case 'FilesListed':
    case 'FilesChecked':
    case 'LeavingTold':
    case 'RebuildPlanned':
    case 'MarkerProbed':
    case 'VerifyQueryRead':
    case 'CancelSent':
      return undefined;
    default:
      return event satisfies never;
  }
}

function onWoken(run: ActiveRun, context: Context): Decision {
  if (isUnderway(run) && isLongOverdue(run, context)) {
    const failure = overdue(run);
    return needDecision(run, context, undecided(run, failure, 'the warehouse did not answer'));
  }
  const { life } = run;
  if (life.state === 'WAITING' && life.nextCheckAt > epochSeconds(context.now))
    return nothing(run, 'waiting before the next attempt');
  const { work } = life;
  switch (work.phase) {
    case 'READY':
      return proceed(run, context);
    case 'CLAIMED':
      if (work.outcomeUnknownSince !== undefined) {
        const error = failureOf(run, 'unknown', 'the session ended while a step was running in it');
        return onUnknownOutcome(run, context, { status: 'UNKNOWN', error });
      }
      if (life.state === 'RUNNING' && context.now - Date.parse(work.claimedAt) < CLAIM_IS_YOUNG_MS)
        return nothing(run, 'the claim is recent: the driver that made it is still working');
      return ask(run, { kind: 'LookUpName', why: 'old-claim' });
    case 'SUBMITTED':
      // Described again even if its outcome is unknown: it may have ended.
      return ask(run, { kind: 'Describe', statementId: work.statementId });
    default:
      return work satisfies never;
  }
}

function onTrustedEnd(run: ActiveRun<Submitted>, context: Context, event: StatementEnded): Decision {
  const { statementId, status, rows, at } = event;
  // The event has no error text, and does not say what each step of a group did.
  if (status !== 'FINISHED' || groupOf(run, context.plan) > 1)
    return ask(run, { kind: 'Describe', statementId });
  // The row count of a batch's event is meaningless; its history row gets it from the warehouse.
  const isCounted = currentStep(run, context.plan).send === 'single' && rows !== undefined && rows >= 0;
  if (!isCounted && run.rebuild?.todo[0]?.compare === true)
    return ask(run, { kind: 'Describe', statementId });
  return onEnd(run, context, {
    statementId,
    status,
    endedAt: endOf(run.life.work, at, context.now),
    ...(isCounted ? { rows } : {}),
  });
}

/** The event's time has whole seconds: a driver that receives it at once has a better one, and no step ends before it began. */
function endOf({ submittedAt }: Submitted, at: string, now: number): string {
  const told = Date.parse(at);
  if (now >= told && now - told < 1_500) return iso(now);
  return iso(Math.max(told, Date.parse(submittedAt)));
}

function onStatementSeen(run: ActiveRun<Submitted>, context: Context, event: StatementSeen): Decision {
  const { statementId } = event;
  const { work } = run.life;
  if ('end' in event) return onEnd(run, context, event.end);
  if (event.waited === true) return record(run, work);
  if (event.status === 'RUNNING') {
    if (work.timedOut === true) return ask(run, { kind: 'CancelStatement', statementId });
    if (context.now <= deadlineOf(run, context)) return probeLater(run, context);
    return store(working(run, { ...work, timedOut: true }), { kind: 'CancelStatement', statementId });
  }
  const message = `the warehouse no longer knows statement ${statementId} (it keeps statements for 24 hours)`;
  const error = failureOf(run, 'unknown', message, statementId);
  return onUnknownOutcome(run, context, { status: 'UNKNOWN', error });
}

/** A long statement is described less and less often, at least every five minutes; its end sends an event anyway. */
function probeLater(run: ActiveRun<Submitted>, context: Context): Decision {
  const age = context.now - Date.parse(run.life.work.submittedAt);
  const pause = Math.min(Math.max(age / 2, SHORTEST_PROBE_MS), LONGEST_PROBE_MS);
  const nextCheckAt = epochSeconds(Math.min(context.now + pause, deadlineOf(run, context) + 1_000));
  if (run.life.nextCheckAt >= nextCheckAt - 15) return nothing(run, 'the statement is running');
  return { ...store({ ...run, life: { ...run.life, nextCheckAt } }), note: 'the statement is running' };
}

function onSlotTaken(run: RunIn<Queued>, context: Context, { epoch, plan, took = {} }: SlotTaken): Decision {
  const begun: Run = {
    ...without(run, 'handoff', 'took'),
    ...handoffOf(plan ?? context.plan, took, context),
    ...(plan === undefined ? {} : { planHash: plan.hash, steps: plan.steps.length, ...stepAt(0, { plan }) }),
    slot: { held: true, epoch },
    startedAt: run.startedAt ?? iso(context.now),
    timeoutFrom: iso(context.now),
  };
  const active = running(begun, READY, run.life.nextCheckAt ?? epochSeconds(context.now) + 90);
  const { session, slot } = run;
  switch (session.state) {
    case 'none': {
      const files = fileWork(run);
      if (files !== undefined) return store(active, files);
      const open = { kind: 'OpenSession', tries: 0 } as const;
      // Stored with the claim of the first step; sooner if the opener takes long (submission.ts), or a drive has failed: at the end
      // of its patience the run must know its slot.
      return run.failedDrives > 0 ? store(active, open) : ask(active, open);
    }
    case 'lost':
      return { ...proceed(active, context), save: 'version' };
    case 'open': {
      if (slot === undefined || epoch === slot.epoch + 1)
        return store(active, { kind: 'VerifySession', tries: 0 });
      const message = `another run of ${run.pipeline} held the slot in the meantime: the temporary tables of session ${session.id} may be stale`;
      const error = failureOf(run, 'session-lost', message);
      return onSessionLost(active, context, { status: 'UNKNOWN', error });
    }
    default:
      return session satisfies never;
  }
}
