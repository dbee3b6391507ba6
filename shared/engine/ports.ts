/** What the engine needs of the world, all of it. The real ones are wired in shared/middleware/wiring.ts. */
import type { RunFile } from '../run/trigger.ts';
import type { RunStore } from '../store/run-store.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import type { PlanCache } from './plan-cache.ts';

/** `modified`: LastModified, ISO 8601. */
export type FoundFile = RunFile & { readonly modified?: string };

export interface FileStore {
  /** What lies there now, and a COPY would read; undefined where there is nothing. */
  find(bucket: string, key: string): Promise<FoundFile | undefined>;
  /** Puts a small text object of our own into the artifacts bucket. Idempotent. */
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
}

export interface Ports {
  readonly store: RunStore;
  readonly warehouse: Warehouse;
  readonly files: FileStore;
  readonly publisher: Publisher;
  readonly settings: Settings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 52 random characters of a-z2-7. */
  readonly randomToken: () => string;
  /** 0 <= fraction < 1. */
  readonly randomFraction: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Adds to a metric; of one pipeline, or of the stage alone. */
  readonly meter: (name: MetricName, value: number, pipeline?: string) => void;
  /** One structured line. */
  readonly log: (
    level: 'info' | 'warn' | 'error',
    message: string,
    fields: Readonly<Record<string, unknown>>,
  ) => void;
}

/** What alarms and the dashboard are fed with. Each is a count, but the age, which is in seconds. */
export type MetricName =
  | 'RunsStarted'
  | 'RunsSucceeded'
  | 'RunsFailed'
  | 'RunsNeedingDecision'
  | 'RunsCancelled'
  /** Calls of the warehouse that were refused because it is throttled, full, paused or resizing. */
  | 'Throttles'
  /** Runs that the sweep brought on though nothing was due: an event or a driver was lost. */
  | 'SweepRecovered'
  /** Drives that ended with an error of our own. */
  | 'RunTroubles'
  /** Of a run that has begun, or waits to. */
  | 'OldestUnfinishedRun'
  | 'FilesWaiting'
  /** Of these, behind a run that stopped and holds its slot until a person acts. */
  | 'FilesHeldBack';

/** One invocation: who it is, and how long it may still take. */
export interface Driver {
  /** Written into `by`. Unique to this invocation. */
  readonly id: string;
  readonly remainingMs: () => number;
}

/** Everything that one invocation works with. */
export interface Engine extends Ports {
  readonly plans: PlanCache;
  readonly driver: Driver;
}
