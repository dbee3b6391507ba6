/** An item that a person edited into something that no run is stored as: the other runs of its pipeline continue. */
import { expect, it } from 'vitest';

import '../fakes/lazy-modules.ts';
import { admit } from '../../shared/engine/admit.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import { MalformedItemError } from '../../shared/store/shape.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const plan = planOf([{ name: '10_a.sql' }]);

/** Three files, the first of which has the slot. */
async function threeRuns(): Promise<{ world: World; ids: string[] }> {
  const world = new World();
  for (const n of [1, 2, 3]) {
    const file = fileOf(`orders/${n}.csv`);
    world.put(file);
    await admit({ file, time: `2026-11-24T08:00:0${n}.000Z` }, world.engine([plan]));
  }
  const ids = [...world.store.runs.keys()];
  await world.drive(ids[0] ?? '');
  return { world, ids };
}

function makeMalformed(world: World, broken: string | undefined): void {
  const load = world.store.load.bind(world.store);
  world.store.load = (id) =>
    id === broken
      ? Promise.reject(new MalformedItemError(`run ${id} in the table: error is missing`))
      : load(id);
}

it('a waiting run whose item cannot be read is passed over, and reported: the next file takes the slot', async () => {
  const { world, ids } = await threeRuns();
  makeMalformed(world, ids[1]);
  await world.finish();
  await sweep(world.engine([plan]));
  expect(world.run(ids[2] ?? '')?.state).toBe('RUNNING');
  expect(world.logs).toContain('error a run cannot be read: correct its item in the table');
});

it('a run that holds the slot and cannot be read keeps it: its statement may be running', async () => {
  const { world, ids } = await threeRuns();
  makeMalformed(world, ids[0]);
  await sweep(world.engine([plan]));
  expect([...world.store.pools.values()].map(({ holders }) => Object.keys(holders))).toEqual([[ids[0]]]);
  expect(ids.slice(1).map((id) => world.run(id)?.state)).toEqual(['QUEUED', 'QUEUED']);
  expect(world.logs).toContain('error a run cannot be read: correct its item in the table');
});
