/** What the command reads of runs: the reading half of the store. */
import type { Run } from '../../shared/run/run.ts';
import type { HistoryRow, RunStore } from '../../shared/store/run-store.ts';

export type RunReader = Pick<RunStore, 'load' | 'history' | 'listRuns' | 'loadPool' | 'loadPlan'>;

/** What is said of a whole stage needs these beside. */
export type StageReader = RunReader & Pick<RunStore, 'findDue' | 'countQueued'>;

/** Every run of a pipeline however old, page by page, the oldest first. */
export interface EveryRun {
  everyRun(pipeline: string): AsyncIterable<readonly Run[]>;
}

export type { HistoryRow };
