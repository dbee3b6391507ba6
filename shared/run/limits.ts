/** A run's own limits: no loop, no statement and no unknown outcome lasts for ever. */
import type { Context } from './decision.ts';
import { currentStep, failureOf } from './decision.ts';
import type { ActiveRun, Failure, Run, Submitted } from './run.ts';
import { statementIdOf } from './run.ts';

/** After its timeout a run with a statement under way is still checked for this long: then a person decides. */
const GRACE_MS = 3 * 86_400_000;

/** Each step of a run is written a few times; a statement that runs for a day is described 300 times. */
const MOST_WRITES = 10_000;
const MOST_WRITES_OF_A_STEP = 100;

/** Drives in a row that failed with an internal error: at one a minute, four hours. */
export const MOST_FAILED_DRIVES = 240;

/** When the run exceeds its timeout, in ms since the epoch: `timeout:` after it took its slot or was resumed. */
function endOfTime(run: Run, context: Context): number {
  return run.timeoutFrom === undefined
    ? Infinity
    : Date.parse(run.timeoutFrom) + context.plan.timeoutSeconds * 1000;
}

export function isTimeUp(run: Run, context: Context): boolean {
  return context.now > endOfTime(run, context);
}

/** A statement is under way for days: it cannot be cancelled, or its status is unavailable. */
export function isLongOverdue(run: Run, context: Context): boolean {
  return context.now > endOfTime(run, context) + GRACE_MS;
}

/** When the running statement must be cancelled, in ms since the epoch. */
export function deadlineOf(run: ActiveRun<Submitted>, context: Context): number {
  const { timeoutSeconds } = currentStep(run, context.plan);
  return Math.min(Date.parse(run.life.work.submittedAt) + timeoutSeconds * 1000, endOfTime(run, context));
}

export function timeIsUp(run: Run, context: Context): Failure {
  const { waitingFor } = { waitingFor: '', ...run.life };
  return failureOf(
    run,
    'timeout',
    `the run exceeded its timeout of ${context.plan.timeoutSeconds} s (timeout: in pipeline.yml)${waitingFor === '' ? '' : `; it was waiting: ${waitingFor}`}`,
  );
}

export function overdue(run: Run): Failure {
  return failureOf(
    run,
    'unknown',
    `the run exceeded its timeout ${GRACE_MS / 86_400_000} days ago; step ${run.step} could not be cancelled and its status is unavailable`,
    statementIdOf(run),
  );
}

/** The step after which it is to pause is done. A plan without that step: nothing more is done. */
export function isAsFarAsAsked({ until, cursor }: Run, { plan }: Context): boolean {
  return until !== undefined && cursor > plan.steps.findIndex(({ name }) => name === until);
}

/** A backstop: every loop passes through here. */
export function tooManyWrites(run: Run): boolean {
  return run.version > MOST_WRITES + run.steps * MOST_WRITES_OF_A_STEP;
}

export function fruitless(run: Run): Failure {
  return failureOf(
    run,
    'unknown',
    `stopped after ${run.version} state changes without finishing (possible loop). Start the file again`,
  );
}
