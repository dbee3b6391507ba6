/**
 * What the supervisor and its child processes say to each other over Node's IPC channel. A child serves HTTP on a
 * port of its own choice on 127.0.0.1 and ends by itself when the channel closes, so that a killed supervisor
 * leaves nothing behind.
 */
import process from 'node:process';

import type { BusEvent } from './bus-event.ts';
import { LocalClock } from './clock.ts';

export type ToChild = { readonly kind: 'clock'; readonly offsetMs: number };

export type FromChild =
  | { readonly kind: 'ready'; readonly port: number }
  /** The child's clock is set; everything due at that time has been started. */
  | { readonly kind: 'clock'; readonly offsetMs: number }
  /** The redshift process: a statement ended that was submitted with `WithEvent`. */
  | { readonly kind: 'event'; readonly event: BusEvent };

export function tellParent(message: FromChild): void {
  process.send?.(message);
}

/** The child's side: a clock that follows the supervisor's, and an end when the supervisor is gone. */
export function followParent(onGone: () => void): LocalClock {
  const clock = new LocalClock(Number(process.env['BATON_CLOCK_OFFSET_MS'] ?? 0));
  process.on('message', (message: ToChild) => {
    clock.moveTo(message.offsetMs);
    tellParent({ kind: 'clock', offsetMs: message.offsetMs });
  });
  process.on('disconnect', onGone);
  return clock;
}
