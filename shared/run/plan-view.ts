/** What the core needs to know of a plan. The compiled plan (shared/pipeline/plan.ts) has this shape. */
export interface PlanView {
  readonly hash: string;
  readonly steps: readonly StepView[];
  readonly session: { readonly keepAliveSeconds: number };
  readonly onFailure: 'hold' | 'continue';
  readonly timeoutSeconds: number;
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
  /** Present: a query that tells whether the step was applied. */
  readonly verify?: unknown;
  readonly hash: string;
}
