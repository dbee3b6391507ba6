/**
 * How a run goes from step to step: by the completion event, by a wait in the call that submitted the statement, or with several
 * steps in one statement. Decided by the durations of earlier runs when a run takes its slot, and fixed for it.
 */
import type { PlanView, StepView } from './plan-view.ts';
import type { Context } from './decision.ts';
import { FUSED } from './decision.ts';
import { defined } from './defined.ts';
import type { Durations, FinishedStep, Run } from './run.ts';

/** Longer ones count as so long, in ms: whatever decides by durations asks for less. */
const LONGEST_MS = 120_000;

/** Steps whose durations are kept for the pipeline. */
const MOST_KNOWN = 60;

/** A wait is longer than the average by so much at least, in ms: else it would often run out. */
const WAIT_MARGIN_MS = 300;

/** A wait for one step, and for a group, which saves a wait for each of its steps. */
const MOST_SECONDS = 2;
const MOST_SECONDS_OF_GROUP = 5;

/** So many waits in a row that ran out: by event, until the average falls. */
const MOST_RUN_OUT = 2;

/**
 * One letter for each step: `e` by its completion event, `w` and `W` after a wait of at most one or two seconds, `3` to `5` of so
 * many, `+` together with the step before it. Absent: all by event.
 */
function lettersOf(steps: readonly StepView[], known: Durations, { autoWaitMs = 0 }: Context): string {
  return groupsOf(steps, known)
    .map((group) => {
      const [first] = group;
      const together = group.reduce((sum, { name }) => sum + averageOf(known[name] ?? 0), 0);
      const duration = together + runOutOf((first && known[first.name]) ?? 0);
      return first === undefined
        ? ''
        : letterOf(first, duration, group.length, autoWaitMs).padEnd(group.length, FUSED);
    })
    .join('');
}

/** A failure rolls back its whole group: the steps before its last one may take so long together, in ms. */
const MOST_ROLLED_BACK_MS = 10_000;

/** A step that takes longer is sent alone, in ms. */
const MOST_OF_A_MEMBER_MS = 60_000;

/** The steps that are sent together, in order: those that may be, and whose durations are known and short. */
function groupsOf(steps: readonly StepView[], known: Durations): StepView[][] {
  const groups: StepView[][] = [];
  let before = 0;
  for (const step of steps) {
    const own = averageOf(known[step.name] ?? 0);
    const group = groups.at(-1);
    const isShort = before > 0 && before <= MOST_ROLLED_BACK_MS && own > 0 && own <= MOST_OF_A_MEMBER_MS;
    if (group?.[0]?.kind === 'session' && step.fusible === true && isShort) {
      group.push(step);
      before += own;
    } else {
      groups.push([step]);
      before = own;
    }
  }
  return groups;
}

function letterOf({ handoff }: StepView, duration: number, members: number, autoWaitMs: number): string {
  const average = averageOf(duration);
  if (handoff === 'wait') return average === 0 ? 'W' : letterFor(average, members);
  if (handoff === 'event' || autoWaitMs === 0) return 'e';
  const longest = Math.min(autoWaitMs * members, MOST_SECONDS_OF_GROUP * 1000 - WAIT_MARGIN_MS);
  return average > longest || runOutOf(duration) >= MOST_RUN_OUT ? 'e' : letterFor(average, members);
}

function letterFor(average: number, members: number): string {
  const most = members === 1 ? MOST_SECONDS : MOST_SECONDS_OF_GROUP;
  const seconds = Math.min(most, Math.ceil((average + WAIT_MARGIN_MS) / 1000));
  return seconds === 1 ? 'w' : seconds === 2 ? 'W' : String(seconds);
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

/** How long the driver may wait for the end of the step that it submitted, in seconds, up to 5; 0: not at all. */
export function waitSecondsOf(run: Run, { mayWait }: Context): number {
  // A rebuild repeats steps whose tables may have grown meanwhile; a run that backed off is not on its steady path.
  if (mayWait !== true || run.rebuild !== undefined || run.life.state !== 'RUNNING') return 0;
  return secondsOf(run.handoff?.[run.cursor]);
}

/**
 * This driver may not wait for the step that it submitted, and one that may is worth an invocation: it saves the delay of an event.
 * Not in a run of two statements: the last one is followed by none.
 */
export function isToPassOn(run: Run, context: Context): boolean {
  if (context.mayWait === true || waitSecondsOf(run, { ...context, mayWait: true }) === 0) return false;
  const later = run.handoff?.slice(run.cursor + 1).replaceAll(FUSED, '') ?? '';
  return later.length >= 2;
}

function secondsOf(letter = 'e'): number {
  if (letter === 'w') return 1;
  return letter === 'W' ? 2 : Number(/^[3-5]$/.exec(letter)?.[0] ?? 0);
}

/** The run's durations with those of the steps that finished. */
export function tookWith({ handoff, took = [] }: Run, row: FinishedStep): readonly number[] | undefined {
  const { index, startedAt, endedAt, error, fused } = row;
  const whole = Date.parse(endedAt) - Date.parse(startedAt);
  // Its end was not seen as it happened, or by a clock that is off.
  if (error !== undefined || whole <= 0 || index >= MOST_KNOWN) return took.length === 0 ? undefined : took;
  const next = Array.from({ length: Math.max(took.length, index + 1) }, (_, i) => took[i] ?? 0);
  const first = fused?.first ?? index;
  for (let i = first; i <= index; i += 1) {
    const ms = fused === undefined ? whole : fused.counts?.[i - first]?.ms;
    if (ms !== undefined) next[i] = averaged(next[i] ?? 0, Math.min(ms, LONGEST_MS));
  }
  // Of a group its first step has the letter.
  next[first] = averageOf(next[first] ?? 0) + ranOut(took[first] ?? 0, whole, secondsOf(handoff?.[first]));
  return next.some((duration) => duration > 0) ? next : undefined;
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

/** The moving average with one more duration, of which a quarter counts. */
function averaged(before: number, ms: number): number {
  const known = averageOf(before);
  const average = known === 0 ? ms : known + (ms - known) / 4;
  return Math.max(10, Math.round(average / 10) * 10);
}

/** `waitedSeconds`: as of the step's letter. */
function ranOut(before: number, ms: number, waitedSeconds: number): number {
  const inARow = runOutOf(before);
  if (waitedSeconds > 0) return ms > waitedSeconds * 1000 ? Math.min(MOST_RUN_OUT, inARow + 1) : 0;
  return ms < averageOf(before) ? 0 : inARow;
}

function withoutUnknownEnd(took: readonly number[]): readonly number[] {
  return took.slice(0, Math.min(MOST_KNOWN, took.findLastIndex((duration) => duration > 0) + 1));
}
