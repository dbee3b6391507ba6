/** The follow-ups of a run that ended or stopped, each idempotent; side by side where none depends on another. */
import { allInLanes } from '../lanes.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { PendingAction, RestingRun, Run } from '../run/run.ts';
import type { RunEvent } from '../run/run-event.ts';
import { defined } from '../run/defined.ts';
import { durationsOf } from '../run/handoff.ts';
import { isAtEnd, isStopped, sessionIdOf } from '../run/run.ts';
import { CLOSING_KEEP_ALIVE_SECONDS } from '../warehouse/warehouse.ts';
import { settleMembers } from './batch/perform.ts';
import { writeLastStep } from './history.ts';
import type { Engine } from './ports.ts';
import { fillPool, handOn } from './slots.ts';

/** Performs what is pending, or the first part of it. @throws the first failure, when all have ended: then all stay pending. */
export async function performActions(run: RestingRun, plan: Plan, engine: Engine): Promise<RunEvent> {
  const pendingActions: readonly PendingAction[] = run.life.pendingActions;
  // The runs of its files first: they would wait for ever.
  if (pendingActions.includes('members')) {
    // It stays pending.
    if ((await settleMembers(run, engine)) === 'unfinished')
      return { kind: 'FilesMarked', from: '', list: 'unfinished' };
    return { kind: 'ActionsDone', actions: ['members'] };
  }
  if (pendingActions.includes('publish') && isStopped(run) && run.life.card === undefined) {
    const { makeCard } = await import('./publish.ts');
    return { kind: 'CardMade', card: await makeCard(run, plan, engine) };
  }
  await allInLanes(pendingActions, pendingActions.length, (action) =>
    performed(action, pendingActions, run, plan, engine),
  );
  return { kind: 'ActionsDone', actions: pendingActions };
}

async function performed(
  action: PendingAction,
  pending: readonly PendingAction[],
  run: RestingRun,
  plan: Plan,
  engine: Engine,
): Promise<unknown> {
  switch (action) {
    case 'members':
      return undefined;
    case 'history':
      return writeLastStep(run, plan, engine);
    case 'release':
      return release(run, plan, pending, engine);
    case 'wake':
      // A slot that is released goes to the next run at once.
      return pending.includes('release') ? undefined : fillPool(run.pipeline, engine);
    case 'publish': {
      const { publish } = await import('./publish.ts');
      return publish(run, plan, engine);
    }
    case 'close':
      return closeSession(run, engine);
    default:
      return action satisfies never;
  }
}

/** A run that was cancelled before it recorded its slot may hold one: that of an earlier time it has released. */
async function release(
  run: Run,
  plan: Plan,
  pending: readonly PendingAction[],
  engine: Engine,
): Promise<void> {
  const isKnown = run.slot?.held === true || !isAtEnd(run);
  const epoch = isKnown ? run.slot?.epoch : (await engine.store.loadPool(run.pipeline)).holders[run.id];
  if (epoch !== undefined)
    await handOn(run, { run: run.id, epoch, ...defined({ took: durationsOf(run, plan) }) }, engine);
  else if (pending.includes('wake')) await fillPool(run.pipeline, engine);
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
