/** The clock that drives what went quiet: due runs, and the heads of the queues. O(active), never O(history). */
import { drive } from './drive.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, Ports } from './ports.ts';

/** Runs looked at in one page of the sweep. */
const PAGE = 100;

/** Driven at once, so that one slow run does not hold up the others. */
const LANES = 10;

/** Time kept back at the end of an invocation. */
const RESERVE_MS = 10_000;

/** How many runs were driven. One that throws is logged and left to the next sweep. */
export async function sweep(ports: Ports, plans: PlanCache, driver: Driver): Promise<number> {
  const due = await ports.store.findDue(Math.floor(ports.now() / 1000), PAGE);
  const heads = await ports.store.findQueueHeads();
  const waiting = [...new Set([...due, ...heads.map((head) => head.runId)])];
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
