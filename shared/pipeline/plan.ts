/**
 * A plan: a pipeline folder compiled. Immutable and content-hashed; a run keeps the plan it started with.
 * This file is data only: what the compiler makes, what the engine sends and what the core decides from.
 */

/** A statement of user SQL, split at its placeholders so that rendering needs no SQL lexer. */
export interface StatementTemplate {
  /**
   * Text and placeholders in order. A placeholder stands outside every string literal and comment, except
   * `inQuotes`: it stands inside the quoted query of an UNLOAD, so its literal is escaped once more.
   */
  readonly parts: readonly (string | Placeholder)[];
  /** Where it begins in its step's file, from 1; for people. Absent in plans of earlier versions, and of `verify:`. */
  readonly at?: { readonly line: number; readonly column: number };
}

export interface Placeholder {
  readonly param: string;
  readonly inQuotes?: true;
}

/**
 * - `session`: touches only temporary tables and session settings; may run again when a session is rebuilt
 * - `durable`: changes permanent tables, in one transaction with its marker
 * - `check`: one query, reads only, passes or fails the run
 * - `opaque`: one statement that cannot run in a transaction or cannot be seen through
 */
export type StepKind = 'session' | 'durable' | 'check' | 'opaque';

/** What a check expects of its query: no row, at least one row, or one row whose first column is true. */
export type Expectation = 'no_rows' | 'rows' | 'true';

export interface RetryPolicy {
  /** Total number of attempts, including the first. 1 to 10. */
  readonly attempts: number;
  /** The first delay, doubled with each retry, with full jitter. Seconds. */
  readonly baseSeconds: number;
  /** The maximum delay. Seconds. */
  readonly maxSeconds: number;
}

/** What the SQL of a step reads and changes. Table names are lower case unless quoted, with their schema where written. */
export interface Lineage {
  readonly createsTemp: readonly string[];
  readonly readsTemp: readonly string[];
  readonly writesTemp: readonly string[];
  readonly reads: readonly string[];
  /** `everything`: an opaque statement that declares nothing may have written any table. */
  readonly writes: readonly string[] | 'everything';
  /** SET or RESET of a session setting: re-run in every rebuilt session. */
  readonly setsSession: boolean;
  /** Permanent tables of which only the definition is read: `LIKE t`. Rows written to them change nothing here. */
  readonly shapes?: readonly string[];
  /** Permanent tables and views made, altered, renamed or dropped; all of them are in `writes` too. */
  readonly redefines?: readonly string[];
  /** Inputs outside the warehouse that are not exactly the run's own file, for example a fixed `s3://` address. */
  readonly unpinned?: readonly string[];
  /** No GETDATE, RANDOM, unordered LIMIT and the like: running it again gives the same rows. */
  readonly deterministic: boolean;
  /** Why it is not deterministic, for people. */
  readonly varies?: readonly string[];
}

export interface Step {
  /** The file's name, for example `10_stage.sql`. */
  readonly name: string;
  readonly kind: StepKind;
  readonly statements: readonly StatementTemplate[];
  /** `single`: one ExecuteStatement. `transaction`: one BatchExecuteStatement, ExecutionMode TRANSACTION. */
  readonly send: 'single' | 'transaction';
  readonly expect?: Expectation;
  readonly timeoutSeconds: number;
  readonly retry: RetryPolicy;
  readonly idempotent: boolean;
  readonly repeatable: boolean;
  /** How a run goes on after it: by its completion event, or after a wait in the call. Absent: as the durations of earlier runs suggest. */
  readonly handoff?: 'event' | 'wait';
  /** A query that answers, with one boolean, whether this step was applied. */
  readonly verify?: StatementTemplate;
  readonly lineage: Lineage;
  /** Uses `:manifest` or `:file_uri`: its input is pinned by check before and after. */
  readonly usesFile: boolean;
  /** Uses `:manifest`. */
  readonly usesManifest: boolean;
  /** May be sent in one transaction with the step before it. Absent: it may not, or the pipeline has `fuse: off`. */
  readonly fusible?: true;
  /** A conflict (1023) of this step may be retried alone; false: it would need a rebuild. */
  readonly conflictRetry: boolean;
  /** Its identity: SHA-256 (hex) of what its author wrote, the SQL and the options (shared/pipeline/identity.ts). */
  readonly hash: string;
}

export interface S3Trigger {
  readonly kind: 's3';
  /** Absent: the landing bucket. */
  readonly bucket?: string;
  readonly prefix: string;
  readonly suffix: string;
  /** Files that wait are loaded together, up to these limits. Absent: each file by a run of its own. */
  readonly batch?: BatchLimits;
  /** The file name that completes a folder: only such a file starts a run, which loads the folder. Never with `batch`. */
  readonly marker?: string;
}

/** How much one batch takes at most. */
export interface BatchLimits {
  /** 2 to 10,000. */
  readonly files: number;
  /** Bytes, at least 1. The oldest file is taken even if it alone is larger. */
  readonly bytes: number;
  /** How long the oldest file waits for others, from its arrival, if the batch is not full. Seconds, 0 to 900. */
  readonly waitSeconds: number;
}

/** A schedule, as an expression of EventBridge Scheduler. */
export interface ScheduleTrigger {
  readonly kind: 'schedule';
  /** `cron(...)` or `rate(...)`. */
  readonly expression: string;
  /** IANA name. */
  readonly timezone: string;
}

/** Every run of another pipeline that succeeds. */
export interface PipelineTrigger {
  readonly kind: 'pipeline';
  readonly pipeline: string;
}

/** Every event of the default bus that EventBridge matches with the pattern. */
export interface EventTrigger {
  readonly kind: 'event';
  readonly pattern: EventPattern;
}

/** As EventBridge takes it; `source` and `detail-type` without operators. */
export interface EventPattern {
  readonly source: readonly string[];
  readonly 'detail-type'?: readonly string[];
  readonly detail?: Readonly<Record<string, unknown>>;
}

export type Trigger = S3Trigger | ScheduleTrigger | PipelineTrigger | EventTrigger;

export type ParameterType = 'string' | 'number' | 'boolean' | 'date' | 'timestamp';

export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  /** As text; strings may contain `{run_id}`, `{event_date}`, `{stage}`. Absent: must be given at start. */
  readonly default?: string;
}

/**
 * A: one durable step, last; resume is always safe. B: several, all proved safe. C: needs a person after a lost
 * session. D: has opaque steps that are not idempotent.
 */
export type Grade = 'A' | 'B' | 'C' | 'D';

export interface Plan {
  /** 1: the steps' hashes are over the whole compiled step; 2: over what its author wrote. */
  readonly schema: 1 | 2;
  readonly pipeline: string;
  readonly description: string;
  readonly triggers: readonly Trigger[];
  readonly steps: readonly Step[];
  readonly session: {
    readonly keepAliveSeconds: number;
    /** Setting -> its value as SQL text, quoted and escaped where needed: `SET <setting> TO <value>`. */
    readonly set: Readonly<Record<string, string>>;
  };
  readonly parameters: readonly Parameter[];
  /** How many runs of the pipeline may hold a slot at once. */
  readonly concurrency: number;
  readonly onFailure: 'hold' | 'continue';
  readonly onReplay: 'resume' | 'rerun' | 'skip';
  /** How many bad files of one batch may be set aside, 1 to 100. Absent: a bad file fails its run. */
  readonly isolateFiles?: number;
  /** `Run Started` is published. Absent: it is not. */
  readonly startedEvent?: true;
  /** Absent: steps are fused where that pays. */
  readonly fuse?: 'off';
  /** The whole run's limit. Seconds. */
  readonly timeoutSeconds: number;
  readonly warehouse?: string;
  readonly grade: Grade;
  /** SHA-256 (hex) over the canonical JSON of everything above, but the places of statements. */
  readonly hash: string;
}
