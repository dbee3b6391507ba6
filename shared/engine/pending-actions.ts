/** The follow-ups of a run that ended or stopped, one at a time, each idempotent. */
import { defined } from '../run/defined.ts';
import { listOf } from '../run/batch.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { PendingAction, Run, RunState } from '../run/run.ts';
import type { RunEvent } from '../run/run-event.ts';
import { isAtEnd, isAtRest, sessionIdOf } from '../run/run.ts';
import { fileOf } from '../run/trigger.ts';
import { CLOSING_KEEP_ALIVE_SECONDS } from '../warehouse/warehouse.ts';
import { settleMembers } from './batch/perform.ts';
import { writeLastStep } from './history.ts';
import type { Engine, Publication } from './ports.ts';
import { fillPool } from './slots.ts';

export async function performAction(
  action: PendingAction,
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<RunEvent> {
  // The action stays pending.
  if ((await performed(action, run, plan, engine)) === 'unfinished')
    return { kind: 'FilesMarked', from: '', list: 'unfinished' };
  return { kind: 'ActionDone', action };
}

async function performed(action: PendingAction, run: Run, plan: Plan, engine: Engine): Promise<unknown> {
  switch (action) {
    case 'members':
      return settleMembers(run, engine);
    case 'history':
      return writeLastStep(run, plan, engine);
    case 'release':
      return release(run, engine);
    case 'wake':
      return fillPool(run.pipeline, engine);
    case 'publish':
      return publish(run, engine);
    case 'close':
      return closeSession(run, engine);
    default:
      return action satisfies never;
  }
}

/** An ended run may hold a slot that was never recorded on it; a run that can be resumed releases only its recorded one. */
async function release(run: Run, engine: Engine): Promise<void> {
  const epoch = isAtEnd(run) ? (await engine.store.loadPool(run.pipeline)).holders[run.id] : run.slot?.epoch;
  if (epoch !== undefined) await engine.store.releaseSlot(run.pipeline, run.id, epoch);
}

/** Pauses while the session is still busy with the statement that has just ended, in ms. */
const CLOSE_PAUSES_MS = [200, 400, 800];

/** There is no CloseSession: a last effect-free statement with a keep-alive of one second (Redshift management guide: Data API sessions). */
async function closeSession(run: Run, engine: Engine): Promise<void> {
  const sessionId = sessionIdOf(run);
  if (sessionId === undefined) return;
  for (const pause of [...CLOSE_PAUSES_MS, undefined]) {
    const closed = await engine.warehouse.runSmall(sessionId, 'SELECT 1', CLOSING_KEEP_ALIVE_SECONDS);
    if (closed.ok || closed.refusal.reason === 'session-unknown') return;
    if (closed.refusal.reason !== 'session-unavailable' || pause === undefined) {
      // Ended already, or still busy: in both cases its keep-alive ends it.
      engine.log('info', 'could not close the session; its keep-alive will end it', {
        run: run.id,
        session: sessionId,
        error: closed.refusal.message,
      });
      return;
    }
    await engine.pause(pause);
  }
}

const TYPES: Readonly<Partial<Record<RunState, string>>> = {
  SUCCEEDED: 'Run Succeeded',
  FAILED: 'Run Failed',
  NEEDS_DECISION: 'Run Needs Decision',
  CANCELLED: 'Run Cancelled',
  SUPERSEDED: 'Run Superseded',
};

/** The run's final state; for a run that stopped and holds its slot, also how many files wait for it. */
async function publish(run: Run, engine: Engine): Promise<void> {
  const waiting =
    isAtRest(run) && run.slot?.held === true ? await engine.store.countQueued(run.pipeline) : undefined;
  await engine.publisher.publish([publicationOf(run, engine.settings.stage, waiting)]);
}

function publicationOf(run: Run, stage: string, waiting: number | undefined): Publication {
  const file = fileOf(run.trigger);
  const { state } = run.life;
  const error = 'error' in run.life ? run.life.error : undefined;
  return {
    source: 'baton',
    type: TYPES[state] ?? 'Run Changed',
    detail: {
      stage,
      runId: run.id,
      pipeline: run.pipeline,
      state,
      ...defined({
        file: file && { bucket: file.bucket, key: file.key },
        files: listOf(run)?.files,
        step: run.step === '' ? undefined : run.step,
        class: error?.class,
        error: error?.message,
        place: error?.place,
        resumeWith: 'resumeWith' in run.life ? run.life.resumeWith : undefined,
        waiting,
      }),
    },
  };
}
