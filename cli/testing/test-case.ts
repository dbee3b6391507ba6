/** A test of a pipeline: what is there before, which files arrive, what must be there afterwards. */
import type { FailureClass } from '../../shared/run/run.ts';
import type { CsvTable } from './csv.ts';

export interface TestCase {
  readonly pipeline: string;
  readonly name: string;
  /** Its test.yml, below the SQL folder. */
  readonly file: string;
  /** Inserted in this order. */
  readonly given: readonly TestTable[];
  /** One after another: each when the runs of the one before have ended. */
  readonly when: readonly Action[];
  /** Of the last run of the pipeline; every other run must succeed. */
  readonly run: ExpectedRun;
  readonly tables: readonly TestTable[];
  /** For the whole test. */
  readonly timeoutSeconds: number;
}

export interface TestTable extends CsvTable {
  /** With its schema, where written. */
  readonly table: string;
}

/** What happens in a test. */
export interface Action {
  readonly kind: 'drop';
  /** In the landing bucket. */
  readonly key: string;
  readonly bytes: Uint8Array;
}

export interface ExpectedRun {
  readonly state: 'SUCCEEDED' | 'FAILED' | 'NEEDS_DECISION';
  readonly class?: FailureClass;
  /** File name of the step at which the run stopped. */
  readonly step?: string;
}
