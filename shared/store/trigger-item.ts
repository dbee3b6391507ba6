/**
 * What started a run, in an item of its own, where the run's item would otherwise be larger than 1 KB: it never changes, and each of the
 * many writes of the run would pay for it. It is put before the run is created, read once by each instance that drives the run, and expires
 * with the run.
 */
import type { Run } from '../run/run.ts';
import { fileOf } from '../run/trigger.ts';
import { fileKey } from './file-index.ts';
import { itemSize } from './item-size.ts';
import type { Item } from './run-item.ts';
import { runItem, runKey } from './run-item.ts';

/** What one write unit covers, in bytes. */
const ONE_UNIT = 1_024;

/**
 * What comes into an item while its run succeeds, in bytes: session, slot, claim, times, the last step, what is pending at the end; how
 * the steps are handed on and how long they took. `test/store/item-size.test.ts` holds it.
 */
const WHILE_IT_RUNS = 402;
const PER_STEP = 5;

export const triggerKey = (runId: string) => ({ pk: runKey(runId).pk, sk: 'trigger' });

/** Would the item of a new run become larger than one write unit covers, on the way to a success? `steps`: the names of its steps. */
export function isLarge(run: Run, steps: readonly string[]): boolean {
  const { queue: _, queuedAt: __, ...item } = runItem(run);
  const longest = Math.max(0, ...steps.map((name) => Buffer.byteLength(name)));
  const names = 2 * longest - Buffer.byteLength(run.step);
  return itemSize(item) + WHILE_IT_RUNS + PER_STEP * run.steps + names > ONE_UNIT;
}

/** `expiresAt`: of the run, if it ended when it was created. The file is in the index `by-file`. */
export function triggerItem(run: Run, expiresAt: unknown): Item {
  const file = fileOf(run.trigger);
  const byFile = file === undefined ? {} : { fileKey: fileKey(file.key, run.trigger.time) };
  const { pipeline, trigger, parameters } = run;
  return { ...triggerKey(run.id), pipeline, ...byFile, trigger, parameters, expiresAt };
}
