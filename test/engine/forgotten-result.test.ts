/** A check whose end is seen when its result is not kept any more: 24 hours after it was submitted. */
import { expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

it('a check whose result expired before it was read is re-run, and the run continues', async () => {
  const world = new World();
  const plan = planOf([{ name: '10_check.sql', kind: 'check', expect: 'no_rows' }], {
    timeoutSeconds: 2 * 86_400,
  });
  const file = fileOf('orders/1.csv');
  world.put(file);
  const created = { file, time: new Date(world.time).toISOString() };
  const [started] = await admit(created, world.engine([plan]));
  const id = started?.run.id ?? '';
  await world.drive(id);
  // Its event says that it finished, and comes a day late.
  const { event } = world.end('FINISHED');
  world.time += 24 * 3_600_000;
  await world.drive(id, event);
  for (let minute = 0; minute < 5 && world.warehouse.running() === undefined; minute += 1) {
    world.time += 60_000;
    await sweep(world.engine());
  }
  await world.finish();
  expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED' });
  expect(world.warehouse.statements.filter(({ name }) => name !== undefined)).toHaveLength(2);
});
