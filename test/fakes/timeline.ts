interface Sleeper {
  readonly at: number;
  readonly number: number;
  readonly wake: () => void;
}

/**
 * Time that passes only in calls and pauses: everything under way sleeps until its moment, and the earliest goes on. So the
 * time that a whole stage takes is worked out, not waited for.
 */
export class Timeline {
  now: number;
  readonly #sleepers: Sleeper[] = [];
  #made = 0;

  constructor(start: number) {
    this.now = start;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.at(ms, wake);
    });
  }

  /** Something happens in so many ms. */
  at(ms: number, happen: () => void): void {
    this.#made += 1;
    this.#sleepers.push({ at: this.now + ms, number: this.#made, wake: happen });
  }

  /** Until nothing is under way any more, or the time has come. */
  async run(until = Infinity): Promise<void> {
    for (;;) {
      await settled();
      const next = this.#sleepers.toSorted((a, b) => a.at - b.at || a.number - b.number)[0];
      if (next === undefined || next.at > until) return;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.now = Math.max(this.now, next.at);
      next.wake();
    }
  }
}

/** Whatever can go on without time has gone on. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise<void>((done) => setImmediate(done));
}
