/** A run's own limits: no loop, no statement and no doubt goes on for ever. */
import type { Context } from './decision.ts';
import type { StepView } from './plan-view.ts';
import type { Failure, Run } from './run.ts';

/** After its time a run is still looked at for so long, while something of it is under way: then a person decides. */
const GRACE_MS = 3 * 86_400_000;

/** Each step of a run is written a few times; a statement of a day is asked about 300 times. */
const MOST_WRITES = 10_000;
const MOST_WRITES_OF_A_STEP = 100;

/** Drives in a row that failed with an error of our own: at one a minute four hours. */
export const MOST_TROUBLES = 240;

/** When the run's time ends, in ms since the epoch: `timeout:` after it took its slot or was resumed. */
function endOfTime(run: Run, context: Context): number {
  const from = run.countsFrom ?? run.startedAt;
  return from === undefined ? Infinity : Date.parse(from) + context.plan.timeoutSeconds * 1000;
}

export function isTimeUp(run: Run, context: Context): boolean {
  return context.now > endOfTime(run, context);
}

/** Something of the run is under way for days: its statement cannot be stopped, or nobody can be asked about it. */
export function isLongOverdue(run: Run, context: Context): boolean {
  return context.now > endOfTime(run, context) + GRACE_MS;
}

/** When the statement that is under way must be stopped, in ms since the epoch. */
export function deadlineOf(run: Run, step: StepView, context: Context): number {
  const submittedAt = run.submittedAt === undefined ? context.now : Date.parse(run.submittedAt);
  return Math.min(submittedAt + step.timeoutSeconds * 1000, endOfTime(run, context));
}

export function timeIsUp(run: Run, context: Context): Failure {
  return {
    class: 'timeout',
    message: `the run's time is up: it may take ${context.plan.timeoutSeconds} s in all (timeout: in pipeline.yml)`,
    ...named(run),
  };
}

export function overdue(run: Run): Failure {
  return {
    class: 'unknown',
    message: `the run's time is up for ${GRACE_MS / 86_400_000} days, and step ${run.step ?? '?'} could neither be stopped nor asked about`,
    ...named(run),
    ...(run.statementId === undefined ? {} : { statementId: run.statementId }),
  };
}

/** A backstop: whatever goes round in circles, goes round through here. */
export function tooManyWrites(run: Run): boolean {
  return run.version > MOST_WRITES + run.steps * MOST_WRITES_OF_A_STEP;
}

export function fruitless(run: Run): Failure {
  return {
    class: 'unknown',
    message: `the run was stored ${run.version} times without coming to its end: something goes round in circles. Start its file again`,
    ...named(run),
  };
}

function named(run: Run): { step?: string } {
  return run.step === undefined ? {} : { step: run.step };
}
