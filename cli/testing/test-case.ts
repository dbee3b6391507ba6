/** A test of a pipeline: what is there before, which files arrive, what must be there afterwards. */
import type { FailureClass } from '../../shared/run/run.ts';
import type { CsvCell, CsvTable } from './csv.ts';
import type { Tolerance } from './tolerance.ts';

export interface TestCase {
  readonly pipeline: string;
  readonly name: string;
  /** Its test.yml, below the SQL folder. */
  readonly file: string;
  /** Run before the rows are inserted. */
  readonly setup: readonly SetupStatement[];
  /** Inserted in this order. */
  readonly given: readonly GivenTable[];
  /** One after another: each when the runs of the one before have ended. */
  readonly when: readonly Action[];
  /** Of the last run of the pipeline; every other run must succeed. */
  readonly run: ExpectedRun;
  /** Of the same run: how many rows its steps returned or changed. */
  readonly steps: readonly ExpectedStep[];
  readonly tables: readonly ExpectedTable[];
  readonly files: readonly ExpectedFiles[];
  /** For the whole test. */
  readonly timeoutSeconds: number;
}

export interface SetupStatement {
  readonly sql: string;
  /** Where it begins, from 1: in its file, or in the text of test.yml. */
  readonly line: number;
}

/** A list or an object within a row, as JSON text. */
interface Nested {
  readonly json: string;
}

/** Undefined: the row does not name the column, which has its default. */
export type GivenCell = CsvCell | Nested | undefined;

export interface GivenTable {
  /** With its schema, where written. */
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly GivenCell[])[];
}

/** Where an expectation is written, for `--update`. */
export interface Origin {
  readonly form: 'csv' | 'json' | 'jsonl' | 'content';
  /** Below the SQL folder; absent: test.yml. */
  readonly file?: string;
  /** In test.yml: of the rows, or of what names the file. */
  readonly path: readonly (string | number)[];
}

export interface ExpectedRows extends CsvTable {
  /** By column of the rows. */
  readonly within: ReadonlyMap<string, Tolerance>;
  /** By columns that the rows do not name: what every row must have there. */
  readonly matches: ReadonlyMap<string, RegExp>;
  readonly origin: Origin;
}

export interface ExpectedTable extends ExpectedRows {
  readonly table: string;
}

/** Files of a bucket: one whose key is `key`, or all whose keys begin so. */
export interface ExpectedFiles {
  readonly bucket: string;
  readonly key: string;
  readonly expected: ExpectedFileRows | ExpectedContent;
}

interface ExpectedFileRows extends ExpectedRows {
  readonly kind: 'rows';
  readonly header: boolean;
  readonly delimiter: string;
}

interface ExpectedContent {
  readonly kind: 'content';
  readonly content: string;
  readonly origin: Origin;
}

/** What happens in a test. `pipeline`: of which it starts or continues a run. Times are ms since the epoch. */
export type Action =
  | FileAction
  /** One after another, without waiting. */
  | { readonly kind: 'drop-all'; readonly files: readonly FileAction[] }
  | {
      readonly kind: 'start';
      readonly pipeline: string;
      readonly parameters: Readonly<Record<string, string>>;
      /** A key of the landing bucket, or `s3://bucket/key`. */
      readonly file?: string;
    }
  | {
      readonly kind: 'schedule';
      readonly pipeline: string;
      readonly time: number;
      /** That is due then. */
      readonly expression: string;
    }
  | { readonly kind: 'upstream'; readonly upstream: string; readonly runId: string }
  | {
      readonly kind: 'event';
      /** That it starts, each by a rule of its own. */
      readonly pipelines: readonly string[];
      readonly id: string;
      readonly source: string;
      readonly detailType: string;
      readonly detail: Readonly<Record<string, unknown>>;
      /** Absent: when it happens. */
      readonly time?: number;
    }
  | { readonly kind: 'resume'; readonly pipeline: string; readonly from?: string }
  | { readonly kind: 'sql'; readonly statements: readonly SetupStatement[] }
  /** `isFirst`: it may go back to it. */
  | { readonly kind: 'clock'; readonly time: number; readonly isFirst: boolean }
  | { readonly kind: 'advance'; readonly ms: number };

/** `put` starts nothing. */
export interface FileAction {
  readonly kind: 'drop' | 'put';
  readonly bucket: string;
  readonly key: string;
  readonly bytes: Uint8Array;
}

export interface ExpectedRun {
  readonly state: 'SUCCEEDED' | 'FAILED' | 'NEEDS_DECISION';
  readonly class?: FailureClass;
  /** File name of the step at which the run stopped. */
  readonly step?: string;
}

export interface ExpectedStep {
  readonly name: string;
  readonly rows: number;
}
