/**
 * Every call of every driver stops at a gate; the simulator opens one gate at a time. So all interleavings of drivers
 * can happen, and a driver can be killed between any two calls. What a call does before it is answered, it does when its
 * gate opens: a driver that dies at its next gate is one that died behind the effect of the call before.
 */
import process from 'node:process';

import { Killed } from '../fakes/crash.ts';
import type { PortName } from './fault-kinds.ts';
import { CALLS } from './fault-kinds.ts';

export interface SimDriver {
  readonly name: string;
  /** Of the simulated clock. */
  readonly bornAt: number;
  /** Its clock is so far off, in ms. */
  readonly skewMs: number;
  /** It may wait for statements. */
  readonly waits: boolean;
  /** Gates at which it stands. */
  standing: number;
  dead: boolean;
}

interface Gate {
  readonly driver: SimDriver;
  readonly call: string;
  readonly since: number;
  /** Not opened before, of the simulated clock: the driver sleeps. */
  readonly until: number;
  readonly open: () => void;
  readonly kill: (reason: Killed) => void;
}

export class Gates {
  readonly waiting: Gate[] = [];

  stop(driver: SimDriver, call: string, now: number, until = 0): Promise<void> {
    // The engine outlives some failed calls; the dead do not.
    if (driver.dead) return Promise.reject(new Killed(`simulated: ${driver.name} ${call}`));
    driver.standing += 1;
    return new Promise((open, kill) => {
      this.waiting.push({ driver, call, since: now, until, open, kill });
    });
  }

  /** Opens the gate number `i` of those that wait. */
  open(i: number): Gate | undefined {
    const gate = this.waiting[i];
    if (gate === undefined) return undefined;
    this.waiting.splice(i, 1);
    gate.driver.standing -= 1;
    gate.open();
    return gate;
  }

  /** The driver dies; its other calls under way are lost with it. */
  kill(driver: SimDriver): void {
    driver.dead = true;
    for (let i = this.waiting.length - 1; i >= 0; i -= 1) {
      const gate = this.waiting[i];
      if (gate?.driver !== driver) continue;
      this.waiting.splice(i, 1);
      driver.standing -= 1;
      gate.kill(new Killed(`simulated: ${driver.name} ${gate.call}`));
    }
  }
}

/** Carries one call of a driver through its gate. */
export type Through = (
  driver: SimDriver,
  port: PortName,
  method: string,
  target: Readonly<Record<string, Method>>,
  parameters: readonly unknown[],
) => Promise<unknown>;

export type Method = (...parameters: unknown[]) => Promise<unknown>;

/** A class whose objects stand before a port: each of its calls goes through a gate. */
function guardOf(port: PortName) {
  class Guard {
    readonly target: Record<string, Method>;
    readonly driver: SimDriver;
    readonly through: Through;

    constructor(target: object, driver: SimDriver, through: Through) {
      this.target = target as Record<string, Method>;
      this.driver = driver;
      this.through = through;
    }
  }
  for (const method of CALLS[port]) {
    Object.defineProperty(Guard.prototype, method, {
      value(this: Guard, ...parameters: unknown[]) {
        return this.through(this.driver, port, method, this.target, parameters);
      },
    });
  }
  return <T extends object>(target: T, driver: SimDriver, through: Through): T =>
    new Guard(target, driver, through) as unknown as T;
}

export const guards = {
  store: guardOf('store'),
  warehouse: guardOf('warehouse'),
  files: guardOf('files'),
  publisher: guardOf('publisher'),
};

/** Lets everything that can go on go on: a tick that is asked for in a microtask comes when all microtasks are done. */
export function settle(): Promise<void> {
  return new Promise<void>((done) => {
    process.nextTick(done);
  });
}

/** As `settle`, where somebody waits for more than microtasks: a module that loads. */
export function settleLong(): Promise<void> {
  return new Promise<void>((done) => {
    setImmediate(done);
  });
}
