/** The clock that drives what went quiet: due runs, and the heads of the queues. O(active), never O(history). */
import { drive } from './drive.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, Ports } from './ports.ts';

/** Runs looked at in one round; a warehouse has 500 sessions at most. */
const ROUND = 2_000;

/** Driven at once, so that one slow run does not hold up the others. */
const LANES = 10;

/** Time kept back at the end of an invocation. */
const RESERVE_MS = 10_000;

/** How many runs were driven. One that throws is logged and left to the next sweep. */
export async function sweep(ports: Ports, plans: PlanCache, driver: Driver): Promise<number> {
  const due = await ports.store.findDue(Math.floor(ports.now() / 1000), ROUND);
  const heads = await ports.store.findQueueHeads();
  const unaware = await Promise.all(heads.map((head) => unawareHolders(head.pipeline, ports)));
  const all = [...new Set([...due, ...heads.map((head) => head.runId), ...unaware.flat()])];
  // Begun somewhere else each time, so that a round that runs out of time leaves nobody behind for good.
  const first = Math.floor(ports.randomFraction() * all.length);
  const waiting = [...all.slice(first), ...all.slice(0, first)];
  let driven = 0;
  const lane = async (): Promise<void> => {
    for (let runId = waiting.shift(); runId !== undefined; runId = waiting.shift()) {
      if (driver.remainingMs() < RESERVE_MS) return;
      try {
        await drive(runId, { kind: 'Woken' }, ports, plans, driver);
      } catch (error) {
        ports.log('error', 'the run could not be driven', {
          run: runId,
          error: error instanceof Error ? error.message : String(error),
        });
      }
      driven += 1;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return driven;
}

/** Runs that took a slot and were cut off before they could note it: they are in neither index for long, and block the rest. */
async function unawareHolders(pipeline: string, ports: Ports): Promise<string[]> {
  const { holders } = await ports.store.loadPool(pipeline);
  const runs = await Promise.all(Object.keys(holders).map((runId) => ports.store.load(runId)));
  return runs.flatMap((run) => (run?.state === 'QUEUED' ? [run.id] : []));
}
