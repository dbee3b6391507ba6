import process from 'node:process';

import { expect, it } from 'vitest';

import { FAULT_KINDS } from './fault-kinds.ts';
import { manySchedules, seldomSurvived, tableOf } from './many.ts';
import { simulate } from './simulate.ts';

/** `BATON_SEED=123 npx vitest run test/sim` repeats one schedule. */
const one = process.env['BATON_SEED'];

it.runIf(one !== undefined)('the schedule holds', async () => {
  await expect(simulate(Number(one))).resolves.toBeDefined();
});

it('the same seed gives the same schedule', async () => {
  expect(await simulate(4711)).toEqual(await simulate(4711));
});

it('the simulator counts only known faults', async () => {
  const { fired, failures } = await manySchedules(1, 101);
  expect(failures).toEqual([]);
  expect(Object.keys(fired).filter((kind) => !FAULT_KINDS.includes(kind))).toEqual([]);
});

it('the simulator reports which kinds of faults were survived too rarely', () => {
  const survived = Object.fromEntries(FAULT_KINDS.map((kind, i) => [kind, i === 0 ? 99 : 100]));
  expect(seldomSurvived(survived, 100)).toEqual([FAULT_KINDS[0]]);
  expect(tableOf(survived, survived).split('\n')).toHaveLength(FAULT_KINDS.length + 1);
});
