/** What was measured, as it is kept in `figures.json` and shown in the documents. */
import type { Spread } from '../statistics.ts';

export interface WayFigures {
  /** Finish -> next submission, in ms. */
  readonly gap: Spread;
  /** A step of a group of four: (a gap between groups + three within) / 4, in ms. */
  readonly gapInFours?: number;
  /** Means of one run. */
  readonly calls: number;
  readonly transitions?: number;
  /** Of a whole run. */
  readonly seconds?: number;
  readonly invocations?: number;
  /** All functions ran together so long in a run. */
  readonly functionSeconds?: number;
  readonly writeUnits?: number;
  readonly reads?: number;
  readonly submissions?: number;
  /** USD per 1,000 runs. */
  readonly usd?: number;
  /** The same, by what it is for. */
  readonly usdParts?: Readonly<Record<string, number>>;
}

/** Of runs with statements of one duration. */
export interface Measured {
  readonly seconds: number;
  readonly steps: number;
  readonly latencies: string;
  /** ISO 8601. */
  readonly at: string;
  /** What else the machine did meanwhile. */
  readonly beside: string;
  readonly ways: Readonly<Record<string, WayFigures>>;
  /** Alternative -> USD per 1,000 runs; null: it cannot run so long. */
  readonly alternatives: Readonly<Record<string, number | null>>;
}

/** A run of five steps over one small file: the one in the middle of several. */
export interface FileRun {
  readonly calls: number;
  readonly invocations: number;
  readonly writeUnits: number;
  /** `dynamodb.PutItem` -> calls. */
  readonly byOperation: Readonly<Record<string, number>>;
  /** USD per 1,000 runs, by what it is for. */
  readonly usdParts: Readonly<Record<string, number>>;
}

export type FileRuns = Readonly<Record<string, FileRun>>;

export interface Figures {
  /** `as on AWS, 0.2 s` -> what was measured. */
  readonly naps: Readonly<Record<string, Measured>>;
  /** Mode -> its run. */
  readonly files: FileRuns;
}
