/** What `decide` gives back, and the small words with which its parts are written. */
import type { Effect } from './effect.ts';
import type { PlanView, StepView } from './plan-view.ts';
import type { Run } from './run.ts';
import { shortened } from './text.ts';

export interface Decision {
  readonly run: Run;
  /**
   * `version`: store the run if it is as it was read. `record`: store it if the claim still carries the token,
   * whoever wrote since. `none`: nothing to store.
   */
  readonly save: 'none' | 'version' | 'record';
  readonly effect?: Effect;
  /** Answer to a request. */
  readonly answer?: Answer;
  /** For the log: why nothing happened, or what is remarkable. */
  readonly note?: string;
}

export type Answer =
  | { readonly ok: true; readonly message: string }
  | { readonly ok: false; readonly code: 'refused'; readonly message: string };

/** What the core cannot know by itself, handed in: the plan, the time, chance, the stage's name. */
export interface Context {
  readonly plan: PlanView;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly chance: {
    /** A fresh token: 52 random characters of a-z2-7. */
    readonly token: string;
    /** 0 <= fraction < 1. */
    readonly fraction: number;
  };
  readonly stage: string;
}

/** Bytes of `waitingFor`. */
const LONGEST_REASON = 500;

/** A claim younger than this belongs to its claimer: other drivers leave it alone. */
export const CLAIM_IS_YOUNG_MS = 90_000;

/** Beyond this age a token is not relied on any more (AWS keeps it for 8 hours). */
export const TOKEN_WINDOW_MS = 30 * 60_000;

/** No driver outlives this: the functions end after 60 s (serverless.yml); the rest is for clocks that differ. */
export const DRIVER_LIFE_MS = 90_000;

export function nothing(run: Run, note?: string): Decision {
  return note === undefined ? { run, save: 'none' } : { run, save: 'none', note };
}

export function ask(run: Run, effect: Effect): Decision {
  return { run, save: 'none', effect };
}

/** The run, waiting: it is retried after `ms` without a request. `why`: for people. */
export function waiting(run: Run, context: Context, ms: number, why: string): Run {
  return {
    ...run,
    state: 'WAITING',
    next: epochSeconds(context.now + ms),
    waitingFor: shortened(why, LONGEST_REASON),
  };
}

/** What a run waits for is true only while it waits. */
export function tidy(decision: Decision): Decision {
  const { run } = decision;
  if (run.state === 'WAITING' || run.waitingFor === undefined) return decision;
  return { ...decision, run: without(run, 'waitingFor') };
}

export function store(run: Run, effect?: Effect): Decision {
  return effect === undefined ? { run, save: 'version' } : { run, save: 'version', effect };
}

/** The run without these attributes. */
export function without<K extends keyof Run>(run: Run, ...names: readonly K[]): Omit<Run, K> & Partial<Run> {
  const copy: Partial<Run> = { ...run };
  for (const name of names) delete copy[name];
  return copy as Omit<Run, K> & Partial<Run>;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function epochSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** The current step. The engine only decides with the plan that the run names, so the cursor is within it. */
export function currentStep(run: Run, plan: PlanView): StepView {
  const step = plan.steps[run.cursor];
  if (step === undefined) throw new Error(`run ${run.id}: step ${run.cursor} is not in plan ${plan.hash}`);
  return step;
}

/** Attributes that belong to one submission and end with it. */
export const SUBMISSION = [
  'token',
  'claimedAt',
  'nonce',
  'inputSeen',
  'refusedSince',
  'troubles',
  'statementId',
  'submittedAt',
  'timedOut',
  'doubtSince',
] as const;
