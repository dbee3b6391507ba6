/** The failed runs of a stage: found however old they are, listed for a person, oldest first. */
import type { FailureClass, Run } from '../../shared/run/run.ts';
import { queueOrder } from '../../shared/run/run.ts';
import { formatTable } from '../table.ts';
import { endedAtOf, errorOf, stepNameOf } from './run-parts.ts';
import { restingRuns, type StateReader } from './find-runs.ts';
import { MissingIndexError } from './run-reader.ts';
import { count } from './units.ts';

const CLASSES: Readonly<Record<FailureClass, true>> = {
  transient: true,
  conflict: true,
  'session-lost': true,
  sql: true,
  data: true,
  check: true,
  permission: true,
  timeout: true,
  cancelled: true,
  input: true,
  unknown: true,
};

export const FAILURE_CLASSES = Object.keys(CLASSES) as readonly FailureClass[];

/** Progress is printed after this many runs. */
const TOLD_AFTER = 2000;

/**
 * Every FAILED run of the pipelines, in the order of what started them: the order in which they would have run. From their index;
 * `every`, or where the table does not have the index yet: among all runs that are stored.
 */
export async function findFailedRuns(
  reader: StateReader,
  pipelines: readonly string[],
  cls: FailureClass | undefined,
  options: {
    readonly every: boolean;
    readonly signal: AbortSignal;
    readonly onProgress: (text: string) => void;
  },
): Promise<Run[]> {
  const failed: Run[] = [];
  let seen = 0;
  let toldAt = TOLD_AFTER;
  const collect = async (pages: AsyncIterable<readonly Run[]>): Promise<void> => {
    for await (const page of pages) {
      options.signal.throwIfAborted();
      for (const run of page) {
        if (run.life.state === 'FAILED' && (cls === undefined || run.life.error.class === cls))
          failed.push(run);
      }
      seen += page.length;
      if (seen < toldAt) continue;
      options.onProgress(`${count(seen)} runs read, ${count(failed.length)} failed`);
      toldAt = seen + TOLD_AFTER;
    }
  };
  for (const pipeline of pipelines) {
    if (options.every) await collect(reader.everyRun(pipeline));
    else {
      const before = failed.length;
      try {
        await collect(restingRuns(reader, pipeline, 'FAILED', Infinity));
      } catch (error) {
        if (!(error instanceof MissingIndexError)) throw error;
        failed.length = before;
        await collect(reader.everyRun(pipeline));
      }
    }
  }
  const order = new Map(failed.map((run) => [run, queueOrder(run)]));
  return failed.sort((a, b) => ((order.get(a) ?? '') < (order.get(b) ?? '') ? -1 : 1));
}

/** Since when the run is stopped. */
export function failedSince(run: Run): string {
  return endedAtOf(run) ?? run.createdAt;
}

const seconds = (instant: string): string => instant.replace(/\.\d+Z$/, 'Z');

/** How many failed where and why: a line for each pipeline, class and step, the oldest first. */
export function failedTable(runs: readonly Run[]): string {
  const groups = new Map<string, { runs: number; row: readonly string[]; since: string }>();
  for (const run of runs) {
    const row = [run.pipeline, errorOf(run)?.class ?? '', stepNameOf(run)];
    const key = row.join('\0');
    const since = failedSince(run);
    const group = groups.get(key) ?? { runs: 0, row, since };
    groups.set(key, { row, runs: group.runs + 1, since: since < group.since ? since : group.since });
  }
  return formatTable(
    [
      { title: 'RUNS', right: true },
      { title: 'PIPELINE' },
      { title: 'CLASS' },
      { title: 'STEP' },
      { title: 'SINCE' },
    ],
    [...groups.values()].map(({ runs: number, row, since }) => [count(number)].concat(row, seconds(since))),
  );
}
