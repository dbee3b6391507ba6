/** What the command reads of runs: the reading half of the store, and its lists. */
import type { Run } from '../../shared/run/run.ts';
import { CommandError, EXIT } from '../exit.ts';
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

/** States that a sparse index has for each pipeline. */
export type IndexedState = 'QUEUED' | 'FAILED' | 'NEEDS_DECISION' | 'PAUSED' | 'CANCELLED' | 'SUPERSEDED';

/** Runs in a state, however many others are stored: from sparse indexes, which lag behind the runs. */
export interface ByState {
  /**
   * Runs of a pipeline, page by page, `atFirst` at most in the first: those that wait by what started them, the newest first;
   * the others by their creation, the newest first.
   * @throws MissingIndexError
   */
  runsIn(pipeline: string, state: IndexedState, atFirst: number): AsyncIterable<readonly Run[]>;
  /** Runs of all pipelines that have a slot and are not at rest, page by page; in no order. */
  activeRuns(): AsyncIterable<readonly Run[]>;
}

/** The deployed table is of a version without this index, or it is not active yet. */
export class MissingIndexError extends CommandError {
  constructor(index: string, reason: string) {
    super(EXIT.unreachable, `the index ${index} cannot be read: ${reason}`, {
      hint: `the index ${index} is created by the first deployment of this version: deploy, and wait until it is active`,
    });
  }
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
