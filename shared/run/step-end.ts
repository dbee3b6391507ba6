/** A statement ended: advance, retry, or stop. */
import { claim, claimAnewSeen, claimSeen } from './claim.ts';
import type { Context, Decision } from './decision.ts';
import { ask, currentStep, epochSeconds, nothing, store, SUBMISSION, without } from './decision.ts';
import { onDoubt } from './doubt.ts';
import { wrongAfter, wrongBefore } from './input.ts';
import { finishRebuilt, inNewSession, onSessionLost } from './rebuild.ts';
import type { StepView } from './plan-view.ts';
import { backoffMs, LONGEST_PAUSE_MS, policyFor } from './retry.ts';
import type { RunEvent, StatementEnd } from './run-event.ts';
import type { Failure, FinishedStep, Run } from './run.ts';
import { fail, needDecision, succeed } from './stop.ts';

/** The current submission reached a terminal state, `end`; `event` is what told so. */
export function onEnd(run: Run, context: Context, event: RunEvent, end: StatementEnd): Decision {
  if (run.phase !== 'SUBMITTED' || run.statementId !== end.statementId)
    return nothing(run, 'that statement is not awaited any more');
  const step = currentStep(run, context.plan);
  if (end.status !== 'FINISHED') return onFailure(run, context, event, end);
  if (step.usesFile && run.trigger.file !== undefined) return ask(run, { kind: 'CheckInput', end });
  if (step.kind === 'check') return ask(run, { kind: 'ReadVerdict', end });
  return finishStep(run, context, event, end);
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
  if (run.phase !== 'SUBMITTED' || run.statementId !== end.statementId)
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

/** Advance: cursor + 1, the finished step kept as `last`, and the claim of the next step, in one conditional write. */
export function finishStep(run: Run, context: Context, event: RunEvent, end: StatementEnd): Decision {
  if (run.last !== undefined) return ask(run, { kind: 'WriteHistory', row: run.last, afterwards: event });
  const row = finishedStep(run, end);
  if (run.rebuild !== undefined) return finishRebuilt(run, context, event, end, row);
  if (run.cursor + 1 >= run.steps) return succeed(run, context, row);
  return claim(
    { ...without(run, 'rebuilds'), cursor: run.cursor + 1, attempt: 1, firstAttempt: 1, last: row },
    context,
  );
}

/** The statement failed, was stopped, or its result is a failed check: one policy for each class. */
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
  if (failure.class === 'conflict' && policy === 'decide') return onSessionLost(run, context, failure);
  if (policy !== 'retry' || run.attempt - run.firstAttempt + 1 >= step.retry.attempts) {
    return stopAfterStep(run, context, event, end, failure, policy === 'decide');
  }
  if (run.last !== undefined) return ask(run, { kind: 'WriteHistory', row: run.last, afterwards: event });
  const pause = backoffMs(step.retry, run.attempt - run.firstAttempt + 1, context.chance.fraction);
  const waiting: Run = {
    ...without(run, ...SUBMISSION),
    state: 'WAITING',
    phase: 'READY',
    attempt: run.attempt + 1,
    last: finishedStep(run, end, failure),
    next: epochSeconds(context.now + pause),
  };
  return pause <= LONGEST_PAUSE_MS
    ? store(waiting, { kind: 'Pause', ms: pause, afterwards: { kind: 'Wake' } })
    : store(waiting);
}

function onFailure(run: Run, context: Context, event: RunEvent, end: StatementEnd): Decision {
  const step = currentStep(run, context.plan);
  if (end.status === 'ABORTED') {
    const message =
      run.timedOut === true
        ? `${overtime(run, context, step)} and was stopped (timeout: in pipeline.yml)`
        : `the statement was stopped by somebody: ${end.error?.message ?? 'ABORTED'}`;
    return failStep(run, context, event, end, {
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
  if (failure.class === 'unknown' || failure.class === 'session-lost')
    return onDoubt(run, context, failure, end);
  return failStep(run, context, event, end, failure);
}

function overtime(run: Run, context: Context, step: StepView): string {
  const ran = context.now - Date.parse(run.submittedAt ?? run.claimedAt ?? '');
  return ran > step.timeoutSeconds * 1000
    ? `the step ran longer than ${step.timeoutSeconds} s`
    : `the run took longer than ${context.plan.timeoutSeconds} s in all; its step was still running`;
}

function stopAfterStep(
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
    status: failure !== undefined && end.status === 'FINISHED' ? 'FAILED' : end.status,
    startedAt: run.submittedAt ?? run.claimedAt ?? end.endedAt,
    endedAt: end.endedAt,
    statementId: end.statementId,
    ...(end.rows === undefined ? {} : { rows: end.rows }),
    ...(failure === undefined ? {} : { error: failure.message, errorClass: failure.class }),
  };
}
