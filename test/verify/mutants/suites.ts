/** What a mutant has to get past: the facts of the core, the single crash points, and schedules of the simulator. */
import { crashRun, scenarios } from '../../engine/crash-points-scenarios.ts';
import { crashMoments } from '../../fakes/crash.ts';
import { facts } from '../../run/facts.ts';
import { simulate } from '../../sim/simulate.ts';

export interface Item {
  /** `fact`, `crash point` or `schedule`. */
  readonly kind: string;
  readonly name: string;
  readonly run: () => unknown;
}

/** Cheapest first. */
export async function items(schedules: number): Promise<Item[]> {
  const found: Item[] = facts.map(({ name, check }) => ({ kind: 'fact', name, run: check }));
  for (const [i, scenario] of scenarios.entries()) {
    const calls = await crashRun(scenario, []);
    found.push({ kind: 'crash point', name: `${i}`, run: () => crashRun(scenario, []) });
    for (let at = 1; at <= calls.length; at += 1)
      for (const moment of crashMoments)
        found.push({
          kind: 'crash point',
          name: `${i} ${moment} ${at}`,
          run: () => crashRun(scenario, [{ at, moment }]),
        });
  }
  for (let seed = 1; seed <= schedules; seed += 1)
    found.push({ kind: 'schedule', name: `${seed}`, run: () => simulate(seed) });
  return found;
}
