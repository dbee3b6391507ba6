/** A run's own limits: no loop, no statement and no doubt goes on for ever. */
import type { Context } from './decision.ts';
import { currentStep, failureOf } from './decision.ts';
import type { ActiveRun, Failure, Run, Submitted } from './run.ts';
import { statementIdOf } from './run.ts';

/** After its time a run is still looked at for so long, while something of it is under way: then a person decides. */
const GRACE_MS = 3 * 86_400_000;

/** Each step of a run is written a few times; a statement of a day is asked about 300 times. */
const MOST_WRITES = 10_000;
const MOST_WRITES_OF_A_STEP = 100;

/** Drives in a row that failed with an error of our own: at one a minute four hours. */
export const MOST_FAILED_DRIVES = 240;

/** When the run's time ends, in ms since the epoch: `timeout:` after it took its slot or was resumed. */
function endOfTime(run: Run, context: Context): number {
  return run.timeoutFrom === undefined
    ? Infinity
    : Date.parse(run.timeoutFrom) + context.plan.timeoutSeconds * 1000;
}

export function isTimeUp(run: Run, context: Context): boolean {
  return context.now > endOfTime(run, context);
}

/** Something of the run is under way for days: its statement cannot be stopped, or nobody can be asked about it. */
export function isLongOverdue(run: Run, context: Context): boolean {
  return context.now > endOfTime(run, context) + GRACE_MS;
}

/** When the statement that is under way must be stopped, in ms since the epoch. */
export function deadlineOf(run: ActiveRun<Submitted>, context: Context): number {
  const { timeoutSeconds } = currentStep(run, context.plan);
  return Math.min(Date.parse(run.life.work.submittedAt) + timeoutSeconds * 1000, endOfTime(run, context));
}

export function timeIsUp(run: Run, context: Context): Failure {
  return failureOf(
    run,
    'timeout',
    `the run exceeded its timeout of ${context.plan.timeoutSeconds} s (timeout: in pipeline.yml)`,
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

/** A backstop: whatever goes round in circles, goes round through here. */
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
