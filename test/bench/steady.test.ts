import { expect, it } from 'vitest';

import { withStack } from '../../bench/stack.ts';
import {
  ALLOWED,
  measureSteadyPath,
  MODES,
  BOTH,
  type StepCost,
  writeSteadyPipelines,
} from '../../bench/steady.ts';
import { isLong } from '../long.ts';

it.runIf(isLong)(
  'a step costs one read, three writes and one submission by events, and one write less where it is waited for, however long the run',
  async () => {
    const path = await withStack(writeSteadyPipelines, measureSteadyPath);
    for (const mode of MODES) {
      for (const sending of BOTH) {
        const [seen, most] = [path[mode][sending], ALLOWED[mode][sending]];
        const members = Object.keys(most) as (keyof StepCost)[];
        // On a busy machine an event may outrun the record of its own statement: its driver then reads the run once more.
        // And of what is sent beside the submission something may arrive before it.
        const { reads, writesBefore, writesAfter, describesBefore, describesAfter } = most;
        const allowed = {
          ...most,
          reads: reads + 0.3,
          writesBefore: writesBefore + 0.3,
          describesBefore: describesBefore + 0.3,
        };
        const over = members.filter((member) => seen[member] > allowed[member]);
        expect(over, `${mode}, ${sending}: ${JSON.stringify(seen)}`).toEqual([]);
        expect(seen.writesBefore + seen.writesAfter).toBeLessThanOrEqual(writesBefore + writesAfter);
        expect(seen.describesBefore + seen.describesAfter).toBeLessThanOrEqual(
          describesBefore + describesAfter,
        );
        // Counted at all: a step is submitted exactly once
        expect(seen.submissions).toBe(1);
      }
    }
  },
  180_000,
);
