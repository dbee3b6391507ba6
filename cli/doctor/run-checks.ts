/** Runs that wait for a manual action, and runs that the sweep does not drive. */
import { isAtRest, type Run } from '../../shared/run/run.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { pausedPipelines, pauseLine } from '../runs/paused.ts';
import { errorOf } from '../runs/run-parts.ts';
import type { StageReader } from '../runs/run-reader.ts';
import { countOf, duration } from '../runs/units.ts';
import { finding, ok, type Check } from './check.ts';
import type { Stage } from './stage-checks.ts';

/** The sweep runs every minute; a smaller limit could report a sweep that is about to start. */
const OVERDUE_MS = 5 * 60_000;
const LOOKED_AT = 100;
const SHOWN = 5;

function listed(ids: readonly string[]): string {
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '';
  return ids.slice(0, SHOWN).join(', ') + more;
}

/** How long the run has been due, in ms; negative: it is not due yet, or never. */
function overdueMs(run: Run, now: number): number {
  const { nextCheckAt: next = Infinity } = storedRun(run);
  return now - next * 1000;
}

/** Runs that have been due for minutes without being swept. */
export async function sweepCheck(reader: StageReader, now: number, stage: Stage): Promise<Check> {
  const due = await reader.findDue(Math.floor((now - OVERDUE_MS) / 1000), LOOKED_AT);
  const runs = await Promise.all(due.map((id) => reader.load(id)));
  // The index is eventually consistent: these are only candidates.
  const overdue = runs.filter((run): run is Run => run !== undefined && overdueMs(run, now) >= OVERDUE_MS);
  const troubled = overdue.filter((run) => run.failedDrives > 0);
  const log = `check the log of ${stage.names.table}-sweep: docs/operations.md, "The sweep"`;
  if (troubled.length > 0) {
    return finding('sweep', `cannot drive ${listed(troubled.map((run) => run.id))}`, log);
  }
  if (overdue.length === 0) return ok('sweep', 'no run is overdue');
  const oldest = Math.max(...overdue.map((run) => overdueMs(run, now)));
  const ids = listed(overdue.map((run) => run.id));
  return finding('sweep', `not running: ${ids} overdue for ${duration(oldest)}`, log);
}

/** Pipelines that are paused: their files wait until a person unpauses them. */
export async function pausedCheck(
  reader: StageReader,
  pipelines: readonly string[],
  stage: Stage,
): Promise<Check[]> {
  const onStage = stage.name === 'local' ? '' : ` --stage ${stage.name}`;
  return (await pausedPipelines(reader, pipelines)).map((paused) =>
    finding(
      'runs',
      `${paused.pipeline} is ${pauseLine(paused)}`,
      `run baton unpause ${paused.pipeline}${onStage} when its cause is gone`,
    ),
  );
}

/** Runs that stopped and hold a slot, with the number of files that wait for them. `pipelines`: which to check. */
export async function stoppedRuns(
  reader: StageReader,
  pipelines: readonly string[],
  stage: Stage,
): Promise<Check[]> {
  const onStage = stage.name === 'local' ? '' : ` --stage ${stage.name}`;
  const found = await Promise.all(
    pipelines.map(async (pipeline) => {
      const { holders } = await reader.loadPool(pipeline);
      const runs = await Promise.all(Object.keys(holders).map((id) => reader.load(id)));
      const stopped = runs.filter(
        (run): run is Run => run !== undefined && isAtRest(run) && run.slot?.held === true,
      );
      const waiting = stopped.length === 0 ? 0 : await reader.countQueued(pipeline);
      return stopped.map((run) => {
        const behind = waiting === 0 ? '' : `; ${countOf(waiting, 'file')} waiting for it`;
        const error = errorOf(run);
        const why = error === undefined ? '' : ` (${error.class})`;
        return finding(
          'runs',
          `${run.id} is ${run.life.state}${why}${behind}`,
          `run baton run ${run.id}${onStage}, then resume, resolve or cancel the run as it suggests`,
        );
      });
    }),
  );
  const all = found.flat();
  return all.length === 0 ? [ok('runs', 'no run has stopped and waits for a manual action')] : all;
}
