/** A world whose driver can be killed at any call that it makes: before the call has its effect, or after. */
import type { Ports } from '../../shared/engine/ports.ts';
import type { World } from './world.ts';

export class Killed extends Error {
  override name = 'Killed';
}

export const crashMoments = ['before', 'after', 'twice'] as const;

export type CrashMoment = (typeof crashMoments)[number];

/** `at`: the number of the call, from 1. `twice` sends the call again instead of killing the caller. */
export interface CrashPoint {
  readonly at: number;
  readonly moment: CrashMoment;
}

/** Counts the calls of all ports; kills the caller at each of `points`, once. */
export class CrashingPorts {
  readonly ports: Ports;
  readonly calls: string[] = [];
  readonly #points: ReadonlyMap<number, CrashMoment>;

  constructor(world: World, points: readonly CrashPoint[]) {
    this.#points = new Map(points.map(({ at, moment }) => [at, moment]));
    this.ports = {
      ...world.ports,
      store: this.#wrap(world.store, 'store'),
      warehouse: this.#wrap(world.warehouse, 'warehouse'),
      files: this.#wrap(world.ports.files, 'files'),
      publisher: this.#wrap(world.ports.publisher, 'publisher'),
    };
  }

  #wrap<T extends object>(target: T, name: string): T {
    return new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property, object);
        if (typeof member !== 'function') return member;
        const method = member as (...parameters: unknown[]) => Promise<unknown>;
        return async (...parameters: unknown[]) =>
          this.#call(`${name}.${String(property)}`, () => method.apply(object, parameters));
      },
    });
  }

  async #call(name: string, effect: () => Promise<unknown>): Promise<unknown> {
    this.calls.push(name);
    const moment = this.#points.get(this.calls.length);
    if (moment === 'before') throw new Killed(name);
    const answer = await effect();
    if (moment === 'twice') return effect();
    if (moment === 'after') throw new Killed(name);
    return answer;
  }
}
