/**
 * How a run goes from step to step: by the completion event, or by a wait in the call that submitted the statement. Decided by
 * the durations of earlier runs when a run takes its slot, and fixed for it.
 */
import type { PlanView, StepView } from './plan-view.ts';
import type { Context } from './decision.ts';
import { defined } from './defined.ts';
import type { Durations, FinishedStep, Run } from './run.ts';

/** Longer ones count as so long, in ms: whatever decides by durations asks for less. */
const LONGEST_MS = 120_000;

/** Steps whose durations are kept for the pipeline. */
const MOST_KNOWN = 60;

/** Above this average a wait of one second would often run out, in ms. */
const ONE_SECOND_UP_TO_MS = 700;

/** So many waits in a row that ran out: by event, until the average falls. */
const MOST_RUN_OUT = 2;

/**
 * One letter for each step: `e` by its completion event, `w` and `W` after a wait of at most one or two seconds. Absent: all
 * by event.
 */
function lettersOf(steps: readonly StepView[], known: Durations, { autoWaitMs = 0 }: Context): string {
  return steps.map((step) => letterOf(step, known[step.name] ?? 0, autoWaitMs)).join('');
}

function letterOf({ handoff }: StepView, duration: number, autoWaitMs: number): 'e' | 'w' | 'W' {
  const average = averageOf(duration);
  if (handoff === 'wait') return average === 0 || average > ONE_SECOND_UP_TO_MS ? 'W' : 'w';
  if (handoff === 'event' || autoWaitMs === 0 || average > autoWaitMs) return 'e';
  if (runOutOf(duration) >= MOST_RUN_OUT) return 'e';
  return average > ONE_SECOND_UP_TO_MS ? 'W' : 'w';
}

/** What a run that takes its slot keeps of this: the letters, and the durations by the steps' index (0: not known). */
export function handoffOf(plan: PlanView, known: Durations, context: Context): Pick<Run, 'handoff' | 'took'> {
  const letters = lettersOf(plan.steps, known, context);
  const took = plan.steps.map(({ name }) => known[name] ?? 0);
  return defined({
    handoff: /^e*$/.test(letters) ? undefined : letters,
    took: took.some((duration) => duration > 0) ? withoutUnknownEnd(took) : undefined,
  });
}

/** How long the driver may wait for the end of the step that it submitted, in seconds; 0: not at all. */
export function waitSecondsOf(run: Run, { mayWait }: Context): 0 | 1 | 2 {
  // A rebuild repeats steps whose tables may have grown meanwhile; a run that backed off is not on its steady path.
  if (mayWait !== true || run.rebuild !== undefined || run.life.state !== 'RUNNING') return 0;
  return secondsOf(run.handoff?.[run.cursor]);
}

function secondsOf(letter: string | undefined): 0 | 1 | 2 {
  if (letter === 'w') return 1;
  return letter === 'W' ? 2 : 0;
}

/** The run's durations with that of a step that finished. */
export function tookWith({ handoff, took = [] }: Run, row: FinishedStep): readonly number[] | undefined {
  const { index, startedAt, endedAt, error } = row;
  const ms = Date.parse(endedAt) - Date.parse(startedAt);
  // Its end was not seen as it happened, or by a clock that is off.
  if (error !== undefined || ms <= 0 || index >= MOST_KNOWN) return took.length === 0 ? undefined : took;
  const next = Array.from({ length: Math.max(took.length, index + 1) }, (_, i) => took[i] ?? 0);
  next[index] = averaged(next[index] ?? 0, Math.min(ms, LONGEST_MS), secondsOf(handoff?.[index]));
  return next;
}

/** For the pool, by name. */
export function durationsOf({ took = [] }: Run, { steps }: PlanView): Durations | undefined {
  const known = took.flatMap((duration, i): [string, number][] => {
    const name = steps[i]?.name;
    return name === undefined || duration === 0 ? [] : [[name, duration]];
  });
  return known.length === 0 ? undefined : Object.fromEntries(known.slice(0, MOST_KNOWN));
}

/**
 * A duration is stored as one whole number: an average in tens of milliseconds, and in its last digit how many waits in a row ran
 * out. 0: not known.
 */
export function averageOf(duration: number): number {
  return duration - runOutOf(duration);
}

function runOutOf(duration: number): number {
  return duration % 10;
}

/** The moving average with one more duration, of which a quarter counts. `waitedSeconds`: as of its letter. */
function averaged(before: number, ms: number, waitedSeconds: number): number {
  const known = averageOf(before);
  const average = known === 0 ? ms : known + (ms - known) / 4;
  return Math.max(10, Math.round(average / 10) * 10) + ranOut(before, ms, waitedSeconds);
}

function ranOut(before: number, ms: number, waitedSeconds: number): number {
  const inARow = runOutOf(before);
  if (waitedSeconds > 0) return ms > waitedSeconds * 1000 ? Math.min(MOST_RUN_OUT, inARow + 1) : 0;
  return ms < averageOf(before) ? 0 : inARow;
}

function withoutUnknownEnd(took: readonly number[]): readonly number[] {
  return took.slice(0, Math.min(MOST_KNOWN, took.findLastIndex((duration) => duration > 0) + 1));
}
