/** The instances of one function: reused while warm, made when more events come at once, replaced when they die. */
import { Instance, type InstanceSurroundings, type Outcome } from './instance.ts';
import type { FunctionSettings } from './settings.ts';

/** No place is free and the function's own limit is reached: Lambda's TooManyRequestsException. */
export class Throttled extends Error {
  override readonly name = 'Throttled';
}

/** Events of one function at a time on this machine, unless it reserves its own number. */
export const DEFAULT_CONCURRENCY = 5;
/** Real time after which an unused instance ends; the last one of a function stays. */
const IDLE_MS = 30_000;

interface Idle {
  readonly instance: Instance;
  readonly since: number;
}

export class Pool {
  readonly settings: FunctionSettings;
  readonly #surroundings: InstanceSurroundings;
  readonly #idle: Idle[] = [];
  readonly #busy = new Set<Instance>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(settings: FunctionSettings, surroundings: InstanceSurroundings) {
    this.settings = settings;
    this.#surroundings = surroundings;
  }

  /** Rejects with `Throttled` only. */
  async invoke(requestId: string, payload: string): Promise<Outcome> {
    await this.#takePlace();
    try {
      const warm = this.#idle.pop()?.instance;
      const instance = warm ?? this.#start();
      this.#busy.add(instance);
      try {
        if (warm === undefined) {
          const failure = await instance.load();
          if (failure !== undefined) return { ok: false, error: failure };
        }
        const outcome = await instance.run(requestId, payload);
        if (instance.usable) this.#park(instance);
        return outcome;
      } finally {
        this.#busy.delete(instance);
      }
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Loads one instance ahead of the first event. */
  async warmUp(): Promise<void> {
    if (this.#closed || this.#idle.length > 0 || this.#running > 0) return;
    const instance = this.#start();
    if ((await instance.load()) === undefined) this.#park(instance);
  }

  /** Ends what is idle for long. `now`: real ms. */
  endIdle(now: number): void {
    while (this.#idle.length > 1 && now - (this.#idle[0]?.since ?? now) > IDLE_MS) {
      void this.#idle.shift()?.instance.end();
    }
  }

  /** Ends what is at work, in the middle of it. */
  async kill(): Promise<void> {
    await Promise.all([...this.#busy].map((instance) => instance.end()));
  }

  /** Idle instances end now, busy ones after their event. */
  close(): void {
    this.#closed = true;
    for (const { instance } of this.#idle.splice(0)) void instance.end();
  }

  #start(): Instance {
    return new Instance(this.settings, this.#surroundings);
  }

  #park(instance: Instance): void {
    if (this.#closed) void instance.end();
    else this.#idle.push({ instance, since: performance.now() });
  }

  async #takePlace(): Promise<void> {
    const reserved = this.settings.reservedConcurrency;
    if (reserved !== undefined && this.#running >= reserved) throw new Throttled();
    this.#running += 1;
    if (reserved !== undefined || this.#running <= DEFAULT_CONCURRENCY) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
