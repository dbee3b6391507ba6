/** Follows one run by reading it again and again, calmly: often while something happens, once a second otherwise. */
import { setTimeout as sleep } from 'node:timers/promises';

import { defined } from '../../shared/run/defined.ts';
import { isAtRest, type PendingAction, type Run } from '../../shared/run/run.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { HistoryRow, RunReader } from './run-reader.ts';

export interface FollowOptions {
  /** A step ended: called once for each attempt, in the order they ended. */
  readonly onStep?: (row: HistoryRow) => void;
  /** The run as read, each time it changed. */
  readonly onRun?: (run: Run) => void;
  /** Told at each look that brought nothing new; a returned reason ends the wait. */
  readonly onQuiet?: (run: Run, quietMs: number) => Promise<'stop' | 'go on'> | 'stop' | 'go on';
  /** Rows already shown, as keys of `rowKey`: a resume shows only new ones. */
  readonly seen?: Iterable<string>;
  readonly signal?: AbortSignal;
  readonly pause?: (ms: number) => Promise<void>;
  readonly now?: () => number;
}

const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** How long the last rows of a run at rest are waited for: they are written just after the state. */
const LAST_ROWS_MS = 5000;

export function rowKey(row: HistoryRow): string {
  return `${row.index}/${row.generation}/${row.attempt}/${row.status}`;
}

function inOrder(a: HistoryRow, b: HistoryRow): number {
  return a.startedAt.localeCompare(b.startedAt) || a.index - b.index || a.attempt - b.attempt;
}

/**
 * Waits until the run is at an end, or stopped until a person acts; answers it as last read.
 * @throws CommandError when there is no such run
 */
export async function followRun(reader: RunReader, runId: string, options: FollowOptions = {}): Promise<Run> {
  const { signal, now = Date.now } = options;
  const pause = options.pause ?? ((ms: number) => sleep(ms, undefined, defined({ signal })));
  const seen = new Set(options.seen);
  let version = -1;
  let pauseMs = SHORTEST_PAUSE_MS;
  let newsAt = now();
  let restAt: number | undefined;
  for (;;) {
    const run = await reader.load(runId);
    if (run === undefined) throw new CommandError(EXIT.usage, `run ${runId} not found`);
    const changed = run.version !== version;
    version = run.version;
    if (changed) options.onRun?.(run);
    const pendingActions: readonly PendingAction[] = isAtRest(run) ? run.life.pendingActions : [];
    const owesRows = pendingActions.includes('history');
    let told = 0;
    // The row of a step may be written after the state that it led to: look again while one is missing.
    if (changed || restAt !== undefined || run.lastStep !== undefined || owesRows) {
      const rows = (await reader.history(runId)).filter((row) => !seen.has(rowKey(row)));
      for (const row of rows.sort(inOrder)) {
        seen.add(rowKey(row));
        options.onStep?.(row);
        told += 1;
      }
    }
    if (isAtRest(run)) {
      restAt ??= now();
      if (!owesRows || now() - restAt > LAST_ROWS_MS) return run;
    } else restAt = undefined;
    if (changed || told > 0) {
      newsAt = now();
      pauseMs = SHORTEST_PAUSE_MS;
    } else {
      if ((await options.onQuiet?.(run, now() - newsAt)) === 'stop') return run;
      pauseMs = Math.min(pauseMs * 1.25, LONGEST_PAUSE_MS);
    }
    await pause(pauseMs);
  }
}
