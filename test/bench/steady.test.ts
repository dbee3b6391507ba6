import { expect, it } from 'vitest';

import { withStack } from '../../bench/stack.ts';
import { ALLOWED, measureSteadyPath, type StepCost, writeSteadyPipelines } from '../../bench/steady.ts';
import { isLong } from '../long.ts';

it.runIf(isLong)(
  'a step costs one invocation, one read, three writes and one submission, however long the run',
  async () => {
    const path = await withStack(writeSteadyPipelines, measureSteadyPath);
    for (const sending of ['single', 'transaction'] as const) {
      const members = Object.keys(ALLOWED[sending]) as (keyof StepCost)[];
      // On a busy machine an event may outrun the record of its own statement: its driver then reads the run once more.
      // And of the two writes that are sent beside the submission one may arrive before it.
      const { reads, writesBefore, writesAfter } = ALLOWED[sending];
      const allowed = { ...ALLOWED[sending], reads: reads + 0.3, writesBefore: writesBefore + 0.3 };
      const over = members.filter((member) => path[sending][member] > allowed[member]);
      expect(over, `${sending}: ${JSON.stringify(path[sending])}`).toEqual([]);
      expect(path[sending].writesBefore + path[sending].writesAfter).toBeLessThanOrEqual(
        writesBefore + writesAfter,
      );
      // Counted at all: a step is submitted exactly once.
      expect(path[sending].submissions).toBe(1);
    }
  },
  120_000,
);
