/** All functions of the local AWS: a pool each, replaced as a whole when code or settings change. */
import { randomUUID } from 'node:crypto';

import { FunctionLogs } from './function-log.ts';
import type { Outcome } from './instance.ts';
import { Pool } from './pool.ts';
import type { HostSettings } from './settings.ts';

export interface HostOptions {
  /** Folder of the functions' log files. */
  readonly logFolder: string;
  /** Milliseconds between the local clock and real time. */
  readonly clockOffsetMs: number;
}

export class FunctionHost {
  readonly #logs: FunctionLogs;
  readonly #pools = new Map<string, Pool>();
  readonly #clockOffset = new SharedArrayBuffer(8);
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: HostOptions) {
    this.#logs = new FunctionLogs(options.logFolder);
    this.moveClock(options.clockOffsetMs);
    this.#sweeper = setInterval(() => {
      for (const pool of this.#pools.values()) pool.endIdle(performance.now());
    }, 10_000);
    this.#sweeper.unref();
  }

  /** Every worker sees the new offset at its next look at the clock. */
  moveClock(offsetMs: number): void {
    Atomics.store(new BigInt64Array(this.#clockOffset), 0, BigInt(Math.round(offsetMs)));
  }

  /** New settings or new code: the next event of each function starts afresh. */
  configure(settings: HostSettings): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
    for (const each of settings.functions) {
      this.#pools.set(
        each.name,
        new Pool(each, {
          clockOffset: this.#clockOffset,
          log: (requestId, { time, level, text }) => {
            this.#logs.line(each.name, time, requestId, level ?? 'OUTPUT', text);
          },
        }),
      );
    }
  }

  /** Loads every function once, one after another, so that the first event need not wait. */
  async warmUp(): Promise<void> {
    for (const pool of this.#pools.values()) await pool.warmUp();
  }

  has(name: string): boolean {
    return this.#pools.has(name);
  }

  /** Ends the instances of a function that are at work: their events fail. */
  async kill(name: string): Promise<void> {
    await this.#pools.get(name)?.kill();
  }

  /** `payload`: JSON text. Rejects with `Throttled`. */
  async invoke(name: string, payload: string, requestId: string = randomUUID()): Promise<Outcome> {
    const pool = this.#pools.get(name);
    if (pool === undefined) throw new Error(`there is no function ${name}`);
    const begin = performance.now();
    const outcome = await pool.invoke(requestId, payload);
    const ms = (performance.now() - begin).toFixed(1);
    const result = outcome.ok ? 'ok' : `${outcome.error.errorType}: ${outcome.error.errorMessage}`;
    const offset = Number(Atomics.load(new BigInt64Array(this.#clockOffset), 0));
    this.#logs.line(name, Date.now() + offset, requestId, 'REPORT', `${ms} ms ${result}`);
    return outcome;
  }

  close(): void {
    clearInterval(this.#sweeper);
    for (const pool of this.#pools.values()) pool.close();
  }
}
