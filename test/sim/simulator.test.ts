import process from 'node:process';

import { expect, it } from 'vitest';

import type { Tally } from './simulate.ts';
import { simulate } from './simulate.ts';

/** `BATON_SEED=123 npx vitest run test/sim` repeats one schedule. */
const one = process.env['BATON_SEED'];
const SCHEDULES = 700;

it('nothing is lost, doubled or stuck in any schedule', async () => {
  const total: Tally = {
    kills: 0,
    lost: 0,
    doubled: 0,
    failures: 0,
    resumes: 0,
    sweeps: 0,
    sessionsKilled: 0,
    committedAndKilled: 0,
    landedLate: 0,
    rebuilt: 0,
    cancelled: 0,
  };
  const seeds = one === undefined ? Array.from({ length: SCHEDULES }, (_, i) => i + 1) : [Number(one)];
  for (const seed of seeds) {
    const tally = await simulate(seed);
    for (const kind of Object.keys(total) as (keyof Tally)[]) total[kind] += tally[kind];
  }
  if (one !== undefined) return;
  // A fault that never fired shows nothing.
  for (const kind of Object.keys(total) as (keyof Tally)[])
    expect(total).toHaveProperty(
      kind,
      expect.toSatisfy((count: number) => count > 10),
    );
});
