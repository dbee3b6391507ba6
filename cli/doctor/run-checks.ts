/** Runs that want a person, and runs that nobody drives. */
import { isAtRest, type Run } from '../../shared/run/run.ts';
import type { StageReader } from '../runs/run-reader.ts';
import { countOf, duration } from '../runs/units.ts';
import { finding, ok, type Check } from './check.ts';
import type { Stage } from './stage-checks.ts';

/** The sweep looks every minute; with less it may just be on its way. */
const OVERDUE_MS = 5 * 60_000;
const LOOKED_AT = 100;
const SHOWN = 5;

function listed(ids: readonly string[]): string {
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '';
  return ids.slice(0, SHOWN).join(', ') + more;
}

/** Due runs that no sweep has looked at for minutes. */
export async function sweepCheck(reader: StageReader, now: number, stage: Stage): Promise<Check> {
  const due = await reader.findDue(Math.floor((now - OVERDUE_MS) / 1000), LOOKED_AT);
  const runs = await Promise.all(due.map((id) => reader.load(id)));
  // The index tells candidates; what it says may be old.
  const overdue = runs.filter(
    (run): run is Run => run?.next !== undefined && now - run.next * 1000 >= OVERDUE_MS,
  );
  const troubled = overdue.filter((run) => (run.troubles ?? 0) > 0);
  const log = `look into the log of ${stage.names.table}-sweep: docs/operations.md, "The sweep"`;
  if (troubled.length > 0) {
    return finding('sweep', `cannot drive ${listed(troubled.map((run) => run.id))}`, log);
  }
  if (overdue.length === 0) return ok('sweep', 'no run waits for it');
  const oldest = Math.max(...overdue.map((run) => now - (run.next ?? 0) * 1000));
  const ids = listed(overdue.map((run) => run.id));
  return finding('sweep', `does not run: since ${duration(oldest)} it should have looked at ${ids}`, log);
}

/** Runs that stopped and hold a slot, with what waits behind them. `pipelines`: which to look at. */
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
        (run): run is Run => run !== undefined && isAtRest(run) && run.slot === true,
      );
      const waiting = stopped.length === 0 ? 0 : await reader.countQueued(pipeline);
      return stopped.map((run) => {
        const behind = waiting === 0 ? '' : `; ${countOf(waiting, 'file')} held back behind it`;
        const why = run.error === undefined ? '' : ` (${run.error.class})`;
        return finding(
          'runs',
          `${run.id} is ${run.state}${why}${behind}`,
          `baton run ${run.id}${onStage}, then what it says: resume, resolve or cancel`,
        );
      });
    }),
  );
  const all = found.flat();
  return all.length === 0 ? [ok('runs', 'none has stopped and waits for a person')] : all;
}
