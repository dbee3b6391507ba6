/** A statement ended: advance, retry, or stop. */
import { afterRebuilt, diverged, inNewSession } from './new-session.ts';
import { defined } from './defined.ts';
import { claimAnewSeen, claimSeen, loadsFile, proceed } from './claim.ts';
import type { Context, Decision, Failed, Finished, Problem, StatementEnd } from './decision.ts';
import {
  ask,
  currentStep,
  failureOf,
  groupOf,
  membersOf,
  nothing,
  READY,
  stepAt,
  store,
  waiting,
  without,
  working,
} from './decision.ts';
import { finishedStep } from './finished-step.ts';
import { tookWith } from './handoff.ts';
import { wrongAfter, wrongBefore } from './input.ts';
import { isRebuiltTooOften, onSessionLost, onUnknownOutcome } from './unknown-outcome.ts';
import type { StepView } from './plan-view.ts';
import { backoffMs, isVerdict, LONGEST_PAUSE_MS, policyFor } from './retry.ts';
import type { InputChecked, VerdictRead } from './run-event.ts';
import { fileOf } from './trigger.ts';
import type { ActiveRun, Failure, Submitted } from './run.ts';
import { isClaimed, isSubmitted } from './run.ts';
import { fail, needDecision, succeed } from './stop.ts';

/** The statement reached its end. */
export function onEnd(run: ActiveRun<Submitted>, context: Context, end: StatementEnd): Decision {
  if (end.status !== 'FINISHED') return onReported(run, context, end);
  return hasCheck(run, context) && !loadsFile(run, context)
    ? ask(run, { kind: 'ReadVerdict', about: end })
    : onApplied(run, context, end);
}

function hasCheck(run: ActiveRun, { plan }: Context): boolean {
  return [currentStep(run, plan), ...membersOf(run, plan)].some(({ kind }) => kind === 'check');
}

/** The step took effect. For a load, the file is checked again before the next step uses its rows. */
export function onApplied(run: ActiveRun, context: Context, end: Finished): Decision {
  return loadsFile(run, context)
    ? ask(run, { kind: 'CheckInput', about: end })
    : finishStep(run, context, end);
}

/** The file of a step was checked: before the step is claimed, or after it finished. Only the object of the event may be loaded. */
export function onInputChecked(run: ActiveRun, context: Context, event: InputChecked): Decision {
  const { about, seen } = event;
  if (about !== undefined) return onInputCheckedAfter(run, context, seen, about);
  if (isSubmitted(run)) return nothing(run, 'the step is already submitted');
  const wrong = wrongBefore(run, context, seen);
  if (wrong !== undefined)
    return fail(run, context, { ...wrong, ...defined({ step: loaderOf(run, context)?.name }) });
  const { versionId } = fileOf(run.trigger) ?? {};
  // A version never changes, and the event's is compared again after the load.
  const atClaim =
    versionId !== undefined && seen?.versionId === versionId
      ? {}
      : defined({ modified: seen?.modified, versionId: seen?.versionId });
  return isClaimed(run) ? claimAnewSeen(run, context, atClaim) : claimSeen(run, context, atClaim);
}

function onInputCheckedAfter(
  run: ActiveRun,
  context: Context,
  seen: InputChecked['seen'],
  end: Finished,
): Decision {
  return afterLoad(run, context, end, wrongAfter(run, context, seen, lasts(run, context)));
}

function lasts(run: ActiveRun, { plan }: Context): boolean {
  const { kind } = currentStep(run, plan);
  return kind === 'durable' || kind === 'opaque';
}

/** The step loaded its files. `wrong`: they may not be those of the events. */
export function afterLoad(run: ActiveRun, context: Context, end: Finished, wrong?: Failure): Decision {
  if (wrong === undefined)
    return hasCheck(run, context)
      ? ask(run, { kind: 'ReadVerdict', about: end })
      : finishStep(run, context, end);
  const isKept = lasts(run, context);
  const error = {
    ...wrong,
    statementId: end.statementId,
    ...(isKept && { outcome: { is: 'applied', because: 'its statement finished' } as const }),
  };
  const failed = notLoaded(run, context, end, error);
  // Its rows are in the session's tables: if the right file were put back, a resume in this session would add its rows to them.
  return isKept
    ? stopAfterStep(run, context, failed, needDecision)
    : stopAfterStep(inNewSession(run, failed.at), context, failed);
}

/** The step finished, but may not have loaded the files of the events. In a group it is the step that loads them. */
export function notLoaded(run: ActiveRun, context: Context, end: Finished, error: Failure): Failed {
  const failed: Failed = { ...end, status: 'FAILED', error };
  const loader = loaderOf(run, context);
  return loader === undefined
    ? failed
    : { ...failed, error: { ...error, step: loader.name }, at: loader.index, isKept: true };
}

/** The step of the group that loads the files; undefined: there is no group. */
export function loaderOf(run: ActiveRun, { plan }: Context): { index: number; name: string } | undefined {
  const members = membersOf(run, plan);
  const at = members.findIndex(({ usesFile }) => usesFile);
  const name = members[at]?.name;
  return members.length === 1 || name === undefined ? undefined : { index: run.cursor + at, name };
}

export function onVerdictRead(run: ActiveRun, context: Context, event: VerdictRead): Decision {
  const { about, at, rows, passed, message } = event;
  const end = { ...about, ...defined({ rows }) };
  if (passed) return finishStep(run, context, end);
  const error = failureOf(run, 'check', message, end.statementId);
  if (at === undefined) return failStep(run, context, { ...end, status: 'FAILED', error });
  const { step } = stepAt(at, context);
  return failStep(run, context, { ...end, status: 'FAILED', error: { ...error, step }, at, isKept: true });
}

/**
 * Advance: cursor + 1, the row of the finished step kept until it is written, and the claim of the next step, in one
 * conditional write. An error in `end` was reported for a step that its marker shows to be applied: it is kept in the row.
 */
export function finishStep(run: ActiveRun, context: Context, end: Finished): Decision {
  if (run.lastStep !== undefined) return ask(run, { kind: 'WriteHistory' });
  const row = finishedStep(run, end, context);
  const done = { ...working(run, READY), lastStep: row };
  const { rebuild } = run;
  if (rebuild !== undefined) {
    const [again] = rebuild.todo;
    if (again?.compare === true && (end.rows === undefined || end.rows !== again.rows))
      return needDecision(run, context, diverged(run, again.rows, end.rows), row);
    return proceed({ ...without(done, 'rebuild'), ...afterRebuilt(rebuild, context) }, context);
  }
  const took = tookWith(run, row);
  const following = run.cursor + groupOf(run, context.plan);
  if (following >= run.steps) return succeed({ ...run, ...defined({ took }) }, context, row);
  const next = stepAt(following, context);
  return proceed(
    { ...done, ...next, ...defined({ took }), rebuilds: 0, attempt: 1, firstAttempt: 1 },
    context,
  );
}

/**
 * The step failed (before its statement, in it, or in a check after it) and had no lasting effect: one policy for each failure
 * class.
 */
export function failStep(run: ActiveRun, context: Context, problem: Problem): Decision {
  const step = currentStep(run, context.plan);
  const { error } = problem;
  const policy = policyFor(error.class, step);
  // After a conflict that cannot be retried alone, the tables that it read must be rebuilt.
  if (policy === 'rebuild') return onSessionLost(run, context, problem);
  if (problem.status !== 'UNKNOWN' && problem.badFiles !== undefined)
    return ask(run, { kind: 'ListAgain', without: problem.badFiles, about: problem });
  const attempts = run.attempt - run.firstAttempt + 1;
  if (policy !== 'retry' || attempts >= step.retry.attempts || isRebuiltTooOften(run))
    return stopAfterStep(run, context, problem);
  if (run.lastStep !== undefined) return ask(run, { kind: 'WriteHistory' });
  const pause = backoffMs(step.retry, attempts, context.chance.fraction);
  const again = {
    ...working(run, READY),
    failedDrives: 0,
    attempt: run.attempt + 1,
    lastStep: finishedStep(run, problem, context),
  };
  const why = `attempt ${run.attempt} of ${step.name} failed: ${error.message}`;
  const waits = waiting(again, context, pause, why);
  return pause <= LONGEST_PAUSE_MS ? { ...store(waits, { kind: 'Wake' }), pauseMs: pause } : store(waits);
}

/** The run stops after its step. A pending history row is written first. */
export function stopAfterStep(
  run: ActiveRun,
  context: Context,
  problem: Problem,
  stop: typeof fail = fail,
): Decision {
  if (run.lastStep !== undefined) return ask(run, { kind: 'WriteHistory' });
  const row = finishedStep(run, problem, context);
  if (problem.status !== 'UNKNOWN' && problem.isKept === true && problem.at !== undefined)
    return stop({ ...run, ...stepAt(problem.at, context) }, context, problem.error, row);
  const count = groupOf(run, context.plan);
  return stop(run, context, { ...problem.error, ...(count > 1 && { group: count }) }, row);
}

/** The warehouse reports that the statement failed or was cancelled. */
function onReported(run: ActiveRun<Submitted>, context: Context, end: Failed): Decision {
  const error = reportedError(run, context, end);
  const { rows: _, ...withoutRows } = end;
  // A statement that was rolled back has no rows.
  const failed: Failed = { ...withoutRows, error };
  return error.class === 'data' && run.session.state !== 'none'
    ? ask(run, { kind: 'ReadLoadErrors', about: failed })
    : onFailed(run, context, failed);
}

function reportedError(run: ActiveRun<Submitted>, context: Context, end: Failed): Failure {
  const { error, statementId } = end;
  if (end.status === 'FAILED') {
    const { step } = end.at === undefined ? run : stepAt(end.at, context);
    return { ...error, step, statementId };
  }
  return run.life.work.timedOut === true
    ? failureOf(
        run,
        'timeout',
        `${overtime(run, context, currentStep(run, context.plan))} and was cancelled (timeout: in pipeline.yml)`,
        statementId,
      )
    : failureOf(run, 'cancelled', `the statement was cancelled outside Baton: ${error.message}`, statementId);
}

/** The statement was reported as failed or cancelled. Did it take effect all the same, and may it be repeated in this session? */
export function onFailed(run: ActiveRun, context: Context, failed: Failed): Decision {
  const step = currentStep(run, context.plan);
  const { class: failureClass } = failed.error;
  // Whatever was reported: only the marker shows that the step was not applied.
  if (step.kind === 'durable') return ask(run, { kind: 'ProbeMarker', about: failed });
  // A conflict would be retried without a person, but it is unknown what the step did before the conflict.
  if (step.kind === 'opaque' && !step.idempotent && (failureClass === 'conflict' || !isVerdict(failureClass)))
    return onUnknownOutcome(run, context, failed);
  if (isVerdict(failureClass)) return failStep(run, context, failed);
  if (failureClass === 'session-lost') return onSessionLost(run, context, failed);
  if (step.kind === 'check') return failStep(run, context, failed);
  // It may have filled its temporary tables: repeated in this session it might load them twice.
  return failStep(inNewSession(run), context, failed);
}

function overtime(run: ActiveRun<Submitted>, context: Context, step: StepView): string {
  const ran = context.now - Date.parse(run.life.work.submittedAt);
  const members = membersOf(run, context.plan);
  const last = members.at(-1)?.name ?? '';
  const what = members.length === 1 ? 'the step' : `the transaction of steps ${step.name} to ${last}`;
  return ran > step.timeoutSeconds * 1000
    ? `${what} exceeded its timeout of ${step.timeoutSeconds} s`
    : `the run exceeded its timeout of ${context.plan.timeoutSeconds} s; ${what} was still running`;
}
