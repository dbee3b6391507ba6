/** Everything that the engine needs from outside. The real implementations are wired in shared/middleware/wiring.ts. */
import type { RunFile } from '../run/trigger.ts';
import type { RunStore } from '../store/run-store.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Taken } from './taken.ts';

/** `modified`: LastModified, ISO 8601. */
export type FoundFile = RunFile & { readonly modified?: string };

/** The current object of a key. `versionId`: `null` where the bucket keeps no versions. */
export type ListedFile = FoundFile & { readonly modified: string };

export interface ListedPage {
  /** In the order of their keys; keys that were deleted are left out. */
  readonly files: readonly ListedFile[];
  /** The last key that was listed, deleted or not; absent: none. */
  readonly last?: string;
  readonly isLast: boolean;
  /** When it was answered, by S3's clock, in whole seconds. ISO 8601. Absent: S3 did not say. */
  readonly at?: string;
}

export interface FileStore {
  /** The current object, which a COPY would read; undefined if there is none. */
  find(bucket: string, key: string): Promise<FoundFile | undefined>;
  /** Undefined: there is none. */
  getArtifact(key: string): Promise<string | undefined>;
  /** At most `limit` (1 to 1,000) of the objects whose keys begin with `prefix` and come after `after`, in the order of UTF-8. */
  list(bucket: string, prefix: string, after: string | undefined, limit: number): Promise<ListedPage>;
  /** The text of an object of a landing bucket; undefined: there is none. */
  read(bucket: string, key: string): Promise<string | undefined>;
  /** The beginning of an object as text, some megabytes at most; undefined: there is none, or it is no text. */
  readStart(bucket: string, key: string): Promise<{ text: string; isWhole: boolean } | undefined>;
  /** Puts a small text object into the artifacts bucket. Idempotent. */
  putArtifact(key: string, body: string): Promise<void>;
}

/** An entry for EventBridge's default bus. */
export interface Publication {
  readonly source: 'baton' | 'baton.request';
  readonly type: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Publisher {
  /** At least once. */
  publish(entries: readonly Publication[]): Promise<void>;
}

export interface Settings {
  readonly stage: string;
  readonly service: string;
  readonly landingBucket: string;
  readonly artifactsBucket: string;
  /** The IAM role of COPY: an ARN, or `default`. */
  readonly copyRole: string;
  /** Of the functions; absent: this machine, which has no CloudWatch. */
  readonly region?: string;
  /** Days until an ended run is deleted. */
  readonly historyDays: number;
  /** Up to which average duration a step is waited for where nothing else is set, in ms. Absent: none is. */
  readonly autoWaitMs?: number;
  /** The reserved concurrency of run-step; absent: none. */
  readonly runStepConcurrency?: number;
}

/** Has the queue of the pipeline looked at after so many seconds, at most 900. At most once: the sweep looks, too. */
export type Later = (pipeline: string, seconds: number) => Promise<void>;

export interface Ports {
  readonly store: RunStore;
  readonly warehouse: Warehouse;
  readonly files: FileStore;
  readonly publisher: Publisher;
  readonly later: Later;
  readonly settings: Settings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 52 random characters of a-z2-7. */
  readonly randomToken: () => string;
  /** 0 <= fraction < 1. */
  readonly randomFraction: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Adds to a metric, of one pipeline or of the whole stage. */
  readonly meter: (name: MetricName, value: number, pipeline?: string) => void;
  /** One structured line. */
  readonly log: (
    level: 'info' | 'warn' | 'error',
    message: string,
    fields: Readonly<Record<string, unknown>>,
  ) => void;
}

/** The metrics of alarms and the dashboard. All are counts except the age, which is in seconds. */
export type MetricName =
  | 'RunsStarted'
  | 'RunsSucceeded'
  | 'RunsFailed'
  | 'RunsNeedingDecision'
  | 'RunsCancelled'
  /** Calls that the warehouse refused because it is throttled, full, paused or resizing. */
  | 'Throttles'
  /** Runs that the sweep advanced after an event or a driver was lost. */
  | 'SweepRecovered'
  /** Drives that ended with an internal error. */
  | 'RunTroubles'
  /** The age of the oldest unfinished run, whether it has begun or waits. */
  | 'OldestUnfinishedRun'
  | 'FilesWaiting'
  /** Of these, files that wait for a person: a stopped run holds its slot, or the pipeline is paused. */
  | 'FilesHeldBack';

/** One invocation: its id, and the time that it has left. */
export interface Driver {
  /** Stored as `writerId`. Unique to this invocation. */
  readonly id: string;
  readonly remainingMs: () => number;
  /** It drives one run, and no caller waits for its answer: it may wait for statements. */
  readonly waits?: true;
}

/** Everything that one invocation works with. */
export interface Engine extends Ports {
  readonly plans: PlanCache;
  readonly driver: Driver;
  /** What it works on arrived alone: a run may begin without being put into the queue first. */
  readonly alone?: true;
  /** Runs that it drives before it ends (taken.ts). Absent: it drives none beside its own, and others are woken. */
  readonly taken?: Taken[];
}
