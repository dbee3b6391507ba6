/** A world whose driver can be killed at any call that it makes: before the call has its effect, or after. */
import type { Ports } from '../../shared/engine/ports.ts';
import type { World } from './world.ts';

export class Killed extends Error {
  override name = 'Killed';
}

export type CrashMoment = 'before' | 'after' | 'twice';

/** Counts the calls of all ports; kills the caller at call number `at` (from 1), once. `twice` sends the call again instead. */
export class CrashingPorts {
  readonly ports: Ports;
  readonly calls: string[] = [];
  at = 0;
  moment: CrashMoment = 'before';

  constructor(world: World) {
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
    const here = this.calls.length === this.at;
    if (here && this.moment === 'before') throw new Killed(name);
    const answer = await effect();
    if (here && this.moment === 'twice') return effect();
    if (here) throw new Killed(name);
    return answer;
  }
}
