/** What a run that ended or stopped still owes the world, one duty at a time, each idempotent. */
import type { Plan } from '../pipeline/plan.ts';
import type { Duty, Run } from '../run/run.ts';
import { isAtEnd, isAtRest } from '../run/run.ts';
import { fileOf } from '../run/trigger.ts';
import { CLOSING_KEEP_ALIVE_SECONDS } from '../warehouse/warehouse.ts';
import { historyRow } from './history.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Ports, Publication } from './ports.ts';
import { fillPool } from './slots.ts';

export async function performDuty(
  duty: Duty,
  run: Run,
  plan: Plan,
  ports: Ports,
  plans: PlanCache,
): Promise<void> {
  switch (duty) {
    case 'history':
      if (run.last !== undefined)
        await ports.store.putHistory(run.id, await historyRow(run.last, plan, ports.warehouse));
      return;
    case 'release':
      await release(run, ports);
      return;
    case 'wake':
      await fillPool(run.pipeline, ports, plans);
      return;
    case 'publish':
      await publish(run, ports);
      return;
    case 'close':
      await closeSession(run, ports);
      return;
    default:
      duty satisfies never;
  }
}

/** A run at its end may hold a slot that it never came to know of; one that can be resumed only gives back its own. */
async function release(run: Run, ports: Ports): Promise<void> {
  const epoch = isAtEnd(run) ? (await ports.store.loadPool(run.pipeline)).holders[run.id] : run.epoch;
  if (epoch !== undefined) await ports.store.releaseSlot(run.pipeline, run.id, epoch);
}

/** Pauses while the session is still busy with the statement that has just ended, in ms. */
const CLOSE_PAUSES_MS = [200, 400, 800];

/** There is no CloseSession: a last effect-free statement with a keep-alive of one second (Redshift management guide: Data API sessions). */
async function closeSession(run: Run, ports: Ports): Promise<void> {
  if (run.sessionId === undefined) return;
  for (const pause of [...CLOSE_PAUSES_MS, undefined]) {
    const closed = await ports.warehouse.runSmall(run.sessionId, 'SELECT 1', CLOSING_KEEP_ALIVE_SECONDS);
    if (closed.ok || closed.refusal.reason === 'session-unknown') return;
    if (closed.refusal.reason !== 'session-unavailable' || pause === undefined) {
      // Gone already, or still busy: in both cases its keep-alive ends it.
      ports.log('info', 'the session was left to its keep-alive', {
        run: run.id,
        session: run.sessionId,
        error: closed.refusal.message,
      });
      return;
    }
    await ports.pause(pause);
  }
}

const TYPES: Readonly<Partial<Record<Run['state'], string>>> = {
  SUCCEEDED: 'Run Succeeded',
  FAILED: 'Run Failed',
  NEEDS_DECISION: 'Run Needs Decision',
  CANCELLED: 'Run Cancelled',
  SUPERSEDED: 'Run Superseded',
};

/** What became of the run; of one that stopped and holds its slot, also how many files wait behind it. */
export async function publish(run: Run, ports: Ports): Promise<void> {
  const waiting =
    isAtRest(run) && run.slot === true ? await ports.store.countQueued(run.pipeline) : undefined;
  await ports.publisher.publish([publicationOf(run, ports.settings.stage, waiting)]);
}

function publicationOf(run: Run, stage: string, waiting: number | undefined): Publication {
  const file = fileOf(run.trigger);
  return {
    source: 'baton',
    type: TYPES[run.state] ?? 'Run Changed',
    detail: {
      stage,
      runId: run.id,
      pipeline: run.pipeline,
      state: run.state,
      ...(file === undefined ? {} : { file: { bucket: file.bucket, key: file.key } }),
      ...(run.step === undefined ? {} : { step: run.step }),
      ...(run.error === undefined ? {} : { class: run.error.class, error: run.error.message }),
      ...(run.error?.place === undefined ? {} : { place: run.error.place }),
      ...(run.resumeWith === undefined ? {} : { resumeWith: run.resumeWith }),
      ...(waiting === undefined ? {} : { waiting }),
    },
  };
}
