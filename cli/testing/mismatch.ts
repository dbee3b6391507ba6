/** What was not as a test expects, and how a test ends where something could not be done. */
import { CommandError } from '../exit.ts';
import type { Difference, UpdatedRow } from './compare.ts';
import type { Origin } from './test-case.ts';
import { TestTimeout } from './test-stage.ts';

/** What was not as expected. */
export type Mismatch =
  /** Something could not be done, or did not come. */
  | { readonly kind: 'error'; readonly text: string }
  /** A run ended in another way; `error`: why it failed. */
  | { readonly kind: 'run'; readonly runId: string; readonly text: string; readonly error?: string }
  /** A step of the run returned or changed another number of rows; `found` is undefined where the step did not run. */
  | {
      readonly kind: 'step';
      readonly runId: string;
      readonly step: string;
      readonly expectedRows: number;
      readonly foundRows: number | undefined;
      readonly update: Update;
    }
  | {
      readonly kind: 'table';
      readonly table: string;
      readonly columns: readonly string[];
      readonly expectedRows: number;
      readonly foundRows: number;
      readonly difference: Difference;
      readonly update: RowsUpdate;
    }
  | {
      readonly kind: 'content';
      readonly file: string;
      readonly difference: string;
      readonly update: ContentUpdate;
    };

/** For `--update`: where an expectation is written, and what would be right. */
interface Update {
  readonly origin: Origin;
}

interface RowsUpdate extends Update {
  readonly updated: readonly UpdatedRow[];
  /** The warehouse's types of the columns. */
  readonly types: readonly string[];
}

interface ContentUpdate extends Update {
  readonly found: string;
}

/** A mismatch that ends the test. */
export class Said extends Error {}

/** What work cannot do is said of `what`. @throws Said */
export async function orSaid<T>(what: string, work: Promise<T>, between = ': '): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CommandError || error instanceof TestTimeout)
      throw new Said(`${what}${between}${error.message}`, { cause: error });
    throw error;
  }
}
