/** Waits until the local AWS does nothing more at the time of its clock: then only a later time can change something. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { LocalClock } from '../clock.ts';

export interface Activity {
  /** How many things are being done now, as far as this process knows. */
  readonly underWay: () => number;
  /** How many statements have not ended: the warehouse is asked, so only when all else is quiet. */
  readonly statements: () => Promise<number>;
  /** How many things wait for a later time. */
  readonly waiting: () => number;
  /** Sequence number of the last call that ended. */
  readonly calls: () => number;
  readonly clock: Pick<LocalClock, 'now' | 'nextAt'>;
}

export interface Settled {
  /** False: something was still under way at the limit. */
  readonly settled: boolean;
  readonly now: string;
  /** Delayed events, retries, and messages of queues with a function, that wait for a later time. */
  readonly waiting: number;
  /** When something is due next (a sweep, a retry, a delayed event), ISO 8601; null: never. */
  readonly nextAt: string | null;
}

const LOOK_EVERY_MS = 5;
/** What one process hands to another is for a moment with neither: it must be quiet for several looks. */
const QUIET_LOOKS = 3;

/** `limitMs`: real time. `pause`: between two looks. */
export async function settle(
  { underWay, statements, waiting, calls, clock }: Activity,
  limitMs: number,
  pause: () => Promise<void> = () => sleep(LOOK_EVERY_MS),
): Promise<Settled> {
  const end = performance.now() + limitMs;
  let quiet = 0;
  let last = -1;
  while (quiet < QUIET_LOOKS && performance.now() < end) {
    const isQuiet = underWay() === 0 && calls() === last && (await statements()) === 0;
    quiet = isQuiet ? quiet + 1 : 0;
    last = calls();
    if (quiet < QUIET_LOOKS) await pause();
  }
  const { nextAt } = clock;
  return {
    settled: quiet >= QUIET_LOOKS,
    waiting: waiting(),
    now: new Date(clock.now()).toISOString(),
    nextAt: nextAt === undefined ? null : new Date(nextAt).toISOString(),
  };
}
