/** A statement ended: advance, retry, or stop. */
import { claim, claimAnewSeen, claimSeen, loadsFile } from './claim.ts';
import type { Context, Decision } from './decision.ts';
import { ask, currentStep, nothing, store, SUBMISSION, waiting, without } from './decision.ts';
import { onDoubt } from './doubt.ts';
import { wrongAfter, wrongBefore } from './input.ts';
import { finishRebuilt, inNewSession, isRebuiltInVain, onSessionLost } from './rebuild.ts';
import type { StepView } from './plan-view.ts';
import { backoffMs, isVerdict, LONGEST_PAUSE_MS, policyFor } from './retry.ts';
import type { RunEvent, StatementEnd } from './run-event.ts';
import type { Failure, FinishedStep, Run } from './run.ts';
import { errorOf, fail, needDecision, succeed } from './stop.ts';

/** Of a submission whose statement was never seen. */
export const NOT_SEEN = 'unknown';

/** The current submission reached a terminal state, `end`; `event` is what told so. */
export function onEnd(run: Run, context: Context, event: RunEvent, end: StatementEnd): Decision {
  if (run.phase !== 'SUBMITTED' || run.statementId !== end.statementId)
    return nothing(run, 'that statement is not awaited any more');
  const step = currentStep(run, context.plan);
  if (end.status !== 'FINISHED') return onFailure(run, context, event, end);
  return step.kind === 'check' && !loadsFile(run, context)
    ? ask(run, { kind: 'ReadVerdict', end })
    : onApplied(run, context, event, end);
}

/** The step took effect. The file of a load is checked again before the next step uses its rows. */
export function onApplied(run: Run, context: Context, event: RunEvent, end: StatementEnd): Decision {
  return loadsFile(run, context)
    ? ask(run, { kind: 'CheckInput', end })
    : finishStep(run, context, event, end);
}

/** The file of a step was looked at: before the step is claimed, and when it finished (`end`). Only the bytes of the event may go on. */
export function onInputChecked(
  run: Run,
  context: Context,
  event: RunEvent & { kind: 'InputChecked' },
): Decision {
  const { end, seen } = event;
  if (end === undefined) {
    if (run.phase === 'SUBMITTED') return nothing(run, 'the step is submitted already');
    const wrong = wrongBefore(run, context, seen);
    if (wrong !== undefined) return fail(run, context, wrong);
    return run.phase === 'READY' ? claimSeen(run, context, seen) : claimAnewSeen(run, context, seen);
  }
  if ((run.statementId ?? NOT_SEEN) !== end.statementId)
    return nothing(run, 'that statement is not awaited any more');
  const step = currentStep(run, context.plan);
  const lasts = step.kind === 'durable' || step.kind === 'opaque';
  const wrong = wrongAfter(run, context, seen, lasts);
  if (wrong === undefined) {
    return step.kind === 'check'
      ? ask(run, { kind: 'ReadVerdict', end })
      : finishStep(run, context, event, end);
  }
  const failure = { ...wrong, statementId: end.statementId };
  // Its rows are in the session's tables: were the right file put back, a resume there would load it beside them.
  const stopping = lasts ? run : inNewSession(run, run.rebuild?.resumeAt ?? run.cursor);
  return stopAfterStep(stopping, context, event, end, failure, lasts);
}

/**
 * Advance: cursor + 1, the finished step kept as `last`, and the claim of the next step, in one conditional write. An error in
 * `end` is what the warehouse reported of a step that its marker shows to be applied: it is kept.
 */
export function finishStep(run: Run, context: Context, event: RunEvent, end: StatementEnd): Decision {
  if (run.last !== undefined) return ask(run, { kind: 'WriteHistory', row: run.last, afterwards: event });
  const row = finishedStep(run, end, end.error);
  if (run.rebuild !== undefined) return finishRebuilt(run, context, event, end, row);
  if (run.cursor + 1 >= run.steps) return succeed(run, context, row);
  return claim(
    { ...without(run, 'rebuilds'), cursor: run.cursor + 1, attempt: 1, firstAttempt: 1, last: row },
    context,
  );
}

/** The statement failed or was stopped, and had no effect that lasts; or its result is a failed check: one policy for each class. */
export function failStep(
  run: Run,
  context: Context,
  event: RunEvent,
  end: StatementEnd,
  failure: Failure,
): Decision {
  const step = currentStep(run, context.plan);
  const policy = policyFor(failure.class, step);
  // A conflict that cannot be retried alone: what it read must be derived again.
  if (policy === 'rebuild') return onSessionLost(run, context, failure);
  const attempts = run.attempt - run.firstAttempt + 1;
  if (policy !== 'retry' || attempts >= step.retry.attempts || isRebuiltInVain(run))
    return stopAfterStep(run, context, event, end, failure, false);
  if (run.last !== undefined) return ask(run, { kind: 'WriteHistory', row: run.last, afterwards: event });
  const pause = backoffMs(step.retry, attempts, context.chance.fraction);
  const again: Run = {
    ...without(run, ...SUBMISSION),
    phase: 'READY',
    attempt: run.attempt + 1,
    last: finishedStep(run, end, failure),
  };
  const waits = waiting(
    again,
    context,
    pause,
    `attempt ${run.attempt} of ${step.name} failed: ${failure.message}`,
  );
  return pause <= LONGEST_PAUSE_MS
    ? store(waits, { kind: 'Pause', ms: pause, afterwards: { kind: 'Wake' } })
    : store(waits);
}

function onFailure(run: Run, context: Context, event: RunEvent, end: StatementEnd): Decision {
  const step = currentStep(run, context.plan);
  if (end.status === 'ABORTED') {
    const message =
      run.timedOut === true
        ? `${overtime(run, context, step)} and was stopped (timeout: in pipeline.yml)`
        : `the statement was stopped by somebody: ${end.error?.message ?? 'ABORTED'}`;
    return onFailed(run, context, event, end, {
      class: run.timedOut === true ? 'timeout' : 'cancelled',
      message,
      step: step.name,
      statementId: end.statementId,
    });
  }
  const failure: Failure = {
    ...(end.error ?? { class: 'unknown', message: 'the warehouse gave no error text' }),
    step: step.name,
    statementId: end.statementId,
  };
  if (failure.class === 'data' && run.sessionId !== undefined) {
    return ask(run, { kind: 'ReadLoadErrors', end: { ...end, error: failure } });
  }
  return onFailed(run, context, event, end, failure);
}

/** The warehouse says that the statement failed or was stopped. Had it an effect all the same, and may it be repeated here? */
export function onFailed(
  run: Run,
  context: Context,
  event: RunEvent,
  end: StatementEnd,
  failure: Failure,
): Decision {
  const step = currentStep(run, context.plan);
  // Whatever the report says: only the marker tells that the step was not applied.
  if (step.kind === 'durable') return ask(run, { kind: 'ProbeMarker', failure, end });
  // A verdict of a conflict would be retried without a person: what it did before that is not known either.
  if (
    step.kind === 'opaque' &&
    !step.idempotent &&
    (failure.class === 'conflict' || !isVerdict(failure.class))
  )
    return onDoubt(run, context, failure);
  if (isVerdict(failure.class)) return failStep(run, context, event, end, failure);
  if (failure.class === 'session-lost') return onSessionLost(run, context, failure);
  if (step.kind === 'check') return failStep(run, context, event, end, failure);
  // Its temporary tables may be as after it: repeated in this session it might load them twice.
  return failStep(inNewSession(run, run.rebuild?.resumeAt ?? run.cursor), context, event, end, failure);
}

function overtime(run: Run, context: Context, step: StepView): string {
  const ran = context.now - Date.parse(run.submittedAt ?? run.claimedAt ?? '');
  return ran > step.timeoutSeconds * 1000
    ? `the step ran longer than ${step.timeoutSeconds} s`
    : `the run took longer than ${context.plan.timeoutSeconds} s in all; its step was still running`;
}

/** The run stops behind the step, whose row is written first. */
export function stopAfterStep(
  run: Run,
  context: Context,
  event: RunEvent,
  end: StatementEnd,
  failure: Failure,
  decide: boolean,
): Decision {
  if (run.last !== undefined) return ask(run, { kind: 'WriteHistory', row: run.last, afterwards: event });
  const row = finishedStep(run, end, failure);
  return decide ? needDecision(run, context, failure, row) : fail(run, context, failure, row);
}

function finishedStep(run: Run, end: StatementEnd, failure?: Failure): FinishedStep {
  return {
    index: run.cursor,
    name: run.step ?? '',
    generation: run.generation,
    attempt: run.attempt,
    status: end.status === 'FINISHED' && failure !== end.error ? 'FAILED' : end.status,
    startedAt: run.submittedAt ?? run.claimedAt ?? end.endedAt,
    endedAt: end.endedAt,
    statementId: end.statementId,
    // What was rolled back has no rows.
    ...(end.rows === undefined || end.status !== 'FINISHED' ? {} : { rows: end.rows }),
    ...(failure === undefined ? {} : errorOf(failure)),
  };
}
