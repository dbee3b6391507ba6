/** What the command reads of runs: the reading half of the store, and its lists. */
import type { Run } from '../../shared/run/run.ts';
import type { RunFile } from '../../shared/run/trigger.ts';
import type { HistoryRow, RunStore } from '../../shared/store/run-store.ts';

export type RunReader = Pick<RunStore, 'load' | 'history' | 'loadPool' | 'loadPlan'> & RunList;

/** A list leaves out items that cannot be read; the reader reports each of them. */
interface RunList {
  /** Newest first. */
  listRuns(pipeline: string, limit: number): Promise<Run[]>;
}

/** What is said of a whole stage needs these beside. */
export type StageReader = RunReader & Pick<RunStore, 'findDue' | 'countQueued'>;

/** Every run of a pipeline however old, page by page. */
export interface EveryRun {
  /** The newest first; `atFirst`: at most so many in the first page. */
  newestRuns(pipeline: string, atFirst: number): AsyncIterable<readonly Run[]>;
  /** The oldest first. */
  everyRun(pipeline: string): AsyncIterable<readonly Run[]>;
}

/** One upload that a pipeline received. */
export interface FileEntry {
  readonly pipeline: string;
  readonly file: Pick<RunFile, 'bucket' | 'key'> & Partial<RunFile>;
  /** The time of its event. ISO 8601. */
  readonly arrivedAt: string;
  readonly runId: string;
  /** The run that was made for this file alone; absent for a part of a marked folder. */
  readonly run?: Run;
}

export interface FileReader {
  /**
   * The files of a pipeline whose key begins with `prefix`, page by page: the last key first, of one key the newest upload first.
   * Runs that versions without the index stored are not in it.
   */
  files(pipeline: string, prefix: string): AsyncIterable<readonly FileEntry[]>;
}

export type { HistoryRow };
