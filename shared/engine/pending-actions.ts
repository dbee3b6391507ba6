/** The follow-ups of a run that ended or stopped, one at a time, each idempotent. */
import type { Plan } from '../pipeline/plan.ts';
import type { PendingAction, Run } from '../run/run.ts';
import type { RunEvent } from '../run/run-event.ts';
import { isAtEnd, isStopped, sessionIdOf } from '../run/run.ts';
import { CLOSING_KEEP_ALIVE_SECONDS } from '../warehouse/warehouse.ts';
import { settleMembers } from './batch/perform.ts';
import { writeLastStep } from './history.ts';
import type { Engine } from './ports.ts';
import { fillPool } from './slots.ts';

export async function performAction(
  action: PendingAction,
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<RunEvent> {
  if (action === 'publish') {
    const { makeCard, publish } = await import('./publish.ts');
    if (isStopped(run) && run.life.card === undefined)
      return { kind: 'CardMade', card: await makeCard(run, plan, engine) };
    await publish(run, plan, engine);
    return { kind: 'ActionDone', action };
  }
  // The action stays pending.
  if ((await performed(action, run, plan, engine)) === 'unfinished')
    return { kind: 'FilesMarked', from: '', list: 'unfinished' };
  return { kind: 'ActionDone', action };
}

async function performed(
  action: Exclude<PendingAction, 'publish'>,
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<unknown> {
  switch (action) {
    case 'members':
      return settleMembers(run, engine);
    case 'history':
      return writeLastStep(run, plan, engine);
    case 'release':
      return release(run, engine);
    case 'wake':
      return fillPool(run.pipeline, engine);
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
