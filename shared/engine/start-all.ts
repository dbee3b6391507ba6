/** Starts the runs of a queue's batch, then gives the free slots to them: one look at the pool for each pipeline, however many files. */
import { inLanes } from '../lanes.ts';
import type { Run } from '../run/run.ts';
import { isBesideQueue } from '../run/run.ts';
import type { Engine } from './ports.ts';
import { fillPool } from './slots.ts';
import type { Started } from './start-run.ts';

/** Starts the runs that an arrival triggers. */
export type Start = (engine: Engine) => Promise<readonly Started[]>;

/** Arrivals that are handled at a time. */
const LANES = 5;

/** One outcome for each arrival, in their order: one that fails does not affect the others. */
export async function startAll(
  starts: readonly Start[],
  engine: Engine,
): Promise<PromiseSettledResult<readonly Started[]>[]> {
  const outcomes = await inLanes(starts, LANES, (start) =>
    start(starts.length === 1 && engine.taken !== undefined ? { ...engine, alone: true } : engine),
  );
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  // One of many is woken, like the others: the next messages need not wait for a session to open.
  const { taken: _, ...waker } = engine;
  await giveSlots(
    started.map(({ run }) => run),
    starts.length === 1 ? engine : waker,
  );
  return outcomes;
}

/**
 * Gives free slots to the runs that wait, and to older ones, and wakes those that got one. The others cost nothing while they
 * wait: the end of a run wakes the next. The runs are stored, so what fails here is left to the sweep.
 */
export async function giveSlots(runs: readonly Run[], engine: Engine): Promise<void> {
  const waiting = runs.filter(({ life }) => life.state === 'QUEUED');
  for (const pipeline of new Set(waiting.map((run) => run.pipeline))) {
    try {
      const ours = waiting.filter((run) => run.pipeline === pipeline);
      const given = await fillPool(pipeline, engine, { waiting: ours, drives: true });
      for (const run of ours) if (isBesideQueue(run) && !given.has(run.id)) await putIntoQueue(run, engine);
    } catch (error) {
      engine.log('warn', 'could not fill the slots of a pipeline; the sweep does', { pipeline, error });
    }
  }
}

/** No slot was free. Its drive asks once more, when it is in the queue: the run that had the slot may have looked there before. */
async function putIntoQueue(run: Run, engine: Engine): Promise<void> {
  const { drive } = await import('./drive.ts');
  await drive(run.id, { kind: 'SlotBusy' }, engine, run);
}
