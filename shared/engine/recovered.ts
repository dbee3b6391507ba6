/** Did the sweep bring a run on that an event or a driver should have brought on? Then something was lost, and people may want to know. */
import type { Run } from '../run/run.ts';

/** Younger news may still be on its way, in ms. */
const ON_ITS_WAY_MS = 60_000;

export function hasRecovered(before: Run, after: Run, now: number): boolean {
  // Whoever backs off waits for nothing but the sweep; and what is stopped for its time is stopped by it.
  if (before.state === 'WAITING' || before.timedOut === true || after.timedOut === true) return false;
  if (before.state === 'QUEUED') return after.state !== 'QUEUED' && now - queuedSince(before) > ON_ITS_WAY_MS;
  return (
    before.state !== after.state ||
    before.phase !== after.phase ||
    before.cursor !== after.cursor ||
    before.attempt !== after.attempt ||
    before.generation !== after.generation ||
    (before.owed?.length ?? 0) !== (after.owed?.length ?? 0)
  );
}

function queuedSince(run: Run): number {
  return Date.parse(run.lastRequest?.at ?? run.createdAt);
}
