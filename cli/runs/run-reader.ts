/** What the command reads of runs: the reading half of the store. */
import type { HistoryRow, RunStore } from '../../shared/store/run-store.ts';

export type RunReader = Pick<RunStore, 'load' | 'history' | 'listRuns' | 'loadPool'>;

/** What is said of a whole stage needs these beside. */
export type StageReader = RunReader & Pick<RunStore, 'findDue' | 'countQueued'>;

export type { HistoryRow };
