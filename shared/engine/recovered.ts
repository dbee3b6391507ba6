/** Did the sweep advance a run that an event or a driver should have advanced? Then one was lost, and people may want to know. */
import type { Run } from '../run/run.ts';
import { isAtRest, underwayOf } from '../run/run.ts';

/** A younger event may still arrive, in ms. */
const ON_ITS_WAY_MS = 60_000;

export function hasRecovered(before: Run, after: Run, now: number): boolean {
  const { state } = before.life;
  // Only the sweep wakes a run that backs off, and only the sweep cancels a statement that exceeded its timeout.
  if (state === 'WAITING' || isTimedOut(before) || isTimedOut(after)) return false;
  if (state === 'QUEUED') return after.life.state !== 'QUEUED' && now - queuedSince(before) > ON_ITS_WAY_MS;
  return (
    state !== after.life.state ||
    phaseOf(before) !== phaseOf(after) ||
    before.cursor !== after.cursor ||
    before.attempt !== after.attempt ||
    before.generation !== after.generation ||
    followUpsOf(before) !== followUpsOf(after)
  );
}

function isTimedOut(run: Run): boolean {
  const work = underwayOf(run);
  return work?.phase === 'SUBMITTED' && work.timedOut === true;
}

function phaseOf(run: Run): string {
  return underwayOf(run)?.phase ?? 'READY';
}

function followUpsOf(run: Run): number {
  return isAtRest(run) ? run.life.pendingActions.length : 0;
}

function queuedSince(run: Run): number {
  return Date.parse(run.lastRequest?.at ?? run.createdAt);
}
