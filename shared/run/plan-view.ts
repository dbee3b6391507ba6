/** The part of a plan that the core uses. The compiled plan (shared/pipeline/plan.ts) has this shape. */
export interface PlanView {
  readonly hash: string;
  readonly steps: readonly StepView[];
  readonly session: { readonly keepAliveSeconds: number };
  readonly onFailure: 'hold' | 'continue';
  readonly timeoutSeconds: number;
  /** How many files of a batch are set aside at most because they cannot be loaded. Absent: one such file fails the run. */
  readonly isolateFiles?: number;
}

export interface StepView {
  readonly name: string;
  readonly kind: 'session' | 'durable' | 'check' | 'opaque';
  readonly send: 'single' | 'transaction';
  readonly timeoutSeconds: number;
  readonly retry: { readonly attempts: number; readonly baseSeconds: number; readonly maxSeconds: number };
  readonly usesFile: boolean;
  readonly conflictRetry: boolean;
  readonly idempotent: boolean;
  /** May be sent in one transaction with the step before it. */
  readonly fusible?: true;
  /** How the run goes on after it. Absent: as earlier durations suggest. */
  readonly handoff?: 'event' | 'wait';
  /** If present: a query that returns whether the step was applied. */
  readonly verify?: unknown;
  readonly hash: string;
}

/** Steps that are sent as one transaction, as one step: with the first one's name and the limits that all of them have. */
export function asOne(steps: readonly StepView[]): StepView | undefined {
  const [first] = steps;
  return first === undefined || steps.length === 1
    ? first
    : {
        ...first,
        send: 'transaction',
        usesFile: steps.some(({ usesFile }) => usesFile),
        conflictRetry: steps.every(({ conflictRetry }) => conflictRetry),
      };
}
