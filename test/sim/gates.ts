/**
 * Every call of every driver stops at a gate before its effect and at another behind it; the simulator opens one gate
 * at a time. So all interleavings of drivers can happen, and a driver can be killed between any two calls.
 */
import { Killed } from '../fakes/crash.ts';

interface Gate {
  readonly driver: string;
  readonly call: string;
  readonly open: () => void;
  readonly kill: () => void;
}

export class Gates {
  readonly waiting: Gate[] = [];
  readonly #dead = new Set<string>();

  /** The ports' members as calls that stop at gates. */
  guard<T extends object>(target: T, driver: string): T {
    return new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property, object);
        if (typeof member !== 'function') return member;
        const method = member as (...parameters: unknown[]) => Promise<unknown>;
        return async (...parameters: unknown[]) => {
          await this.#stop(driver, `before ${String(property)}`);
          const answer = await method.apply(object, parameters);
          await this.#stop(driver, `after ${String(property)}`);
          return answer;
        };
      },
    });
  }

  /** Opens the gate number `i` of those that wait. */
  open(i: number): void {
    this.waiting.splice(i, 1)[0]?.open();
  }

  /** The driver at gate `i` dies; its other calls under way are lost with it. */
  kill(i: number): void {
    const driver = this.waiting[i]?.driver;
    if (driver === undefined) return;
    this.#dead.add(driver);
    for (const gate of this.waiting.filter((candidate) => candidate.driver === driver)) {
      this.waiting.splice(this.waiting.indexOf(gate), 1);
      gate.kill();
    }
  }

  #stop(driver: string, call: string): Promise<void> {
    // The engine outlives some failed calls; the dead do not.
    if (this.#dead.has(driver)) return Promise.reject(new Killed(`${driver} ${call}`));
    return new Promise((open, reject) => {
      this.waiting.push({
        driver,
        call,
        open,
        kill: () => {
          reject(new Killed(`${driver} ${call}`));
        },
      });
    });
  }
}

/** Lets everything that can go on go on. */
export function settle(): Promise<void> {
  return new Promise<void>((done) => {
    setImmediate(done);
  });
}
