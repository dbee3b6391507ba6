/** The item of a run as it is stored; a run is read-only, so its item is made once: simulations ask for it at every step. */
import type { Run } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { storedRun } from '../../shared/store/stored-run.ts';

const items = new WeakMap<Run, StoredRun>();

export function itemOf(run: Run): StoredRun {
  let item = items.get(run);
  if (item === undefined) {
    item = storedRun(run);
    items.set(run, item);
  }
  return item;
}
