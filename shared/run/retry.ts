/** Whether and when a failed attempt is retried. Pure: the random fraction is passed in. */
import type { FailureClass } from './run.ts';
import type { StepView } from './plan-view.ts';

/**
 * The pause before attempt `attempt + 1`, in ms: exponential with full jitter, so that runs that failed at the same time do not
 * all retry at the same time.
 */
export function backoffMs(retry: StepView['retry'], attempt: number, fraction: number): number {
  const ceiling = Math.min(retry.maxSeconds, retry.baseSeconds * 2 ** Math.max(attempt - 1, 0));
  return Math.round(ceiling * 1000 * fraction);
}

/**
 * Is it the database's own error about the statement, so that it was rolled back? Every other reported failure leaves open
 * whether it committed: the connection may have been lost, or the statement cancelled, a moment after its commit.
 */
export function isVerdict(failure: FailureClass): boolean {
  return failure === 'sql' || failure === 'data' || failure === 'conflict' || failure === 'permission';
}

export type Policy = 'retry' | 'rebuild' | 'fail';

/** What follows a statement that is known to have had no effect, by class; `retry` also needs an attempt left. */
export function policyFor(failure: FailureClass, step: StepView): Policy {
  switch (failure) {
    case 'transient':
    case 'session-lost':
      return 'retry';
    case 'conflict':
      return step.conflictRetry ? 'retry' : 'rebuild';
    case 'unknown':
    case 'sql':
    case 'data':
    case 'check':
    case 'permission':
    case 'timeout':
    case 'cancelled':
    case 'input':
      return 'fail';
    default:
      return failure satisfies never;
  }
}

/** The pauses after a submission that found its session unavailable, in ms, inside one invocation. */
export const SESSION_PAUSES_MS: readonly number[] = [200, 400, 800, 1600];

/** A longer pause than this is left to the sweep. */
export const LONGEST_PAUSE_MS = 10_000;
