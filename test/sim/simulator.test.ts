import process from 'node:process';

import { expect, it } from 'vitest';

import type { Tally } from './simulate.ts';
import { addTally, noTally, simulate } from './simulate.ts';

/** `BATON_SEED=123 npx vitest run test/sim` repeats one schedule. */
const one = process.env['BATON_SEED'];
const SCHEDULES = 700;

it('nothing is lost, doubled or stuck in any schedule', async () => {
  const total = noTally();
  const seeds = one === undefined ? Array.from({ length: SCHEDULES }, (_, i) => i + 1) : [Number(one)];
  for (const seed of seeds) {
    addTally(total, await simulate(seed));
  }
  if (one !== undefined) return;
  // A fault that never fired shows nothing.
  for (const kind of Object.keys(total) as (keyof Tally)[])
    expect(total).toHaveProperty(
      kind,
      expect.toSatisfy((count: number) => count > 10),
    );
});
