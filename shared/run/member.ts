/** What becomes of the run of a waiting file that does not go with a batch: it left the batch, or was replaced by a newer upload. */
import type { Context, Decision } from './decision.ts';
import { iso, nothing, store } from './decision.ts';
import type { Leaving, Run } from './run.ts';
import { isQueued } from './run.ts';
import { setAside } from './stop.ts';

/** The batch's list no longer has the file of this run. It is left alone if it has learnt that before. */
export function leaveBatch(run: Run, context: Context, batchId: string, { error }: Leaving): Decision {
  const { into } = { into: undefined, ...run.life };
  if (into !== batchId) return nothing(run, 'the file has left the batch before');
  return error === undefined ? supersede(run, context) : setAside(run, context, error);
}

/** A newer upload of its key was admitted while the run waited. */
export function supersedeWaiting(run: Run, context: Context): Decision {
  return isQueued(run) ? supersede(run, context) : nothing(run, `the run is ${run.life.state}`);
}

function supersede(run: Run, context: Context): Decision {
  return store({ ...run, life: { state: 'SUPERSEDED', endedAt: iso(context.now), pendingActions: [] } });
}
