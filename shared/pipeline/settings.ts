/** A checked `pipeline.yml`: durations in seconds, sizes in bytes, everything else as written. */
import type { Expectation, ParameterType, StepKind } from './plan.ts';

export interface RetrySettings {
  readonly attempts?: number;
  readonly base?: number;
  readonly max?: number;
}

/** How a run goes on after a step. */
type Handoff = 'auto' | 'event' | 'wait';

export interface StepSettings {
  readonly kind?: StepKind;
  readonly expect?: Expectation;
  readonly timeout?: number;
  readonly retry?: RetrySettings;
  readonly idempotent?: boolean;
  readonly repeatable?: boolean;
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  readonly handoff?: Handoff;
  readonly verify?: string;
}

/** One of the kinds of triggers, by its name, and what stands under it. */
export type TriggerSettings = Readonly<Record<string, unknown>>;

export interface PipelineSettings {
  readonly description?: string;
  readonly on: readonly TriggerSettings[];
  readonly steps?: Readonly<Record<string, StepSettings>>;
  readonly session?: { readonly keepAlive?: number; readonly set?: Readonly<Record<string, string>> };
  readonly parameters?: Readonly<
    Record<string, { readonly type: ParameterType; readonly default?: string; readonly description?: string }>
  >;
  readonly concurrency?: number;
  readonly onFailure?: 'hold' | 'continue';
  readonly onReplay?: 'resume' | 'rerun' | 'skip';
  readonly onBadFile?: 'fail' | 'isolate';
  readonly isolate?: { readonly files?: number };
  readonly startedEvent?: boolean;
  readonly fuse?: 'auto' | 'off';
  readonly timeout?: number;
  readonly retry?: RetrySettings;
  readonly handoff?: Handoff;
  readonly warehouse?: string;
}
