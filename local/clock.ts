/**
 * The one clock of the local AWS: real time plus an offset that `baton local advance` moves on. Keep-alive,
 * token memory, schedules, delays and retries all hang on it, so two hours can pass in no time and in order.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, at or after `at` (ms since the epoch). */
  callAt(at: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

interface Waiting {
  readonly at: number;
  readonly callback: () => void;
  handle: NodeJS.Timeout | undefined;
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export class LocalClock implements Clock {
  #offsetMs: number;
  readonly #waiting = new Set<Waiting>();
  readonly #listeners = new Set<(offsetMs: number) => void>();

  constructor(offsetMs = 0) {
    this.#offsetMs = offsetMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  callAt(at: number, callback: () => void): Timer {
    const waiting: Waiting = { at, callback, handle: undefined };
    this.#waiting.add(waiting);
    this.#arm(waiting);
    return {
      cancel: () => {
        clearTimeout(waiting.handle);
        this.#waiting.delete(waiting);
      },
    };
  }

  /** When the next callback is due, ms since the epoch; undefined: none waits. */
  get nextAt(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#waiting) if (next === undefined || at < next) next = at;
    return next;
  }

  /** Tells of every change of the offset, so that other processes can follow. */
  onChange(listener: (offsetMs: number) => void): void {
    this.#listeners.add(listener);
  }

  /** Moves the clock on; what falls due on the way is called in the order of its time. */
  advance(ms: number): void {
    this.moveTo(this.#offsetMs + ms);
  }

  /** Follows another process's clock. */
  moveTo(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    for (const listener of this.#listeners) listener(offsetMs);
    const now = this.now();
    const due = [...this.#waiting].filter((w) => w.at <= now).sort((a, b) => a.at - b.at);
    for (const waiting of due) this.#fire(waiting);
    for (const waiting of this.#waiting) this.#arm(waiting);
  }

  #arm(waiting: Waiting): void {
    clearTimeout(waiting.handle);
    const delay = Math.min(Math.max(waiting.at - this.now(), 0), LONGEST_TIMEOUT_MS);
    waiting.handle = setTimeout(() => {
      if (this.now() >= waiting.at) this.#fire(waiting);
      else this.#arm(waiting);
    }, delay);
  }

  #fire(waiting: Waiting): void {
    clearTimeout(waiting.handle);
    if (this.#waiting.delete(waiting)) waiting.callback();
  }
}
