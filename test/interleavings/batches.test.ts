/** The smallest configuration of a batch is explored completely; and what breaks a rule is found. The larger ones: npm run verify -- interleavings. */
import { describe, expect, it } from 'vitest';

import { batchConfigurations, smallestBatch } from '../verify/interleavings/batches/configurations.ts';
import { exploreBatches, walkBatches } from '../verify/interleavings/batches/explore.ts';
import type { Sabotage } from '../verify/interleavings/batches/moves.ts';

Error.stackTraceLimit = 0;

it('every state of a batch whose driver may be killed once is valid and leads to an end', async () => {
  const explored = await exploreBatches(smallestBatch);
  expect(explored.violation).toBeUndefined();
  expect(explored.complete).toBe(true);
  expect(explored.states).toBeGreaterThan(500);
});

it.each(batchConfigurations)('the shortest ways hold: $name', async (configuration) => {
  const { violation, states } = await exploreBatches(configuration, { most: 2_000 });
  expect(violation).toBeUndefined();
  expect(states).toBeGreaterThan(500);
});

describe('the exploration of batches finds the shortest way to a violation', () => {
  const cases: readonly (readonly [string, Sabotage, RegExp])[] = [
    [
      'if files are said to be taken that are not: a file is loaded, and waits',
      ({ store }) => {
        store.absorb = async () => 'absorbed';
      },
      /loaded by/,
    ],
    [
      'if lists are lost: the driver of the batch ends with an error',
      ({ artifacts }, { name }) => {
        if (name === 'files.getArtifact') artifacts.clear();
      },
      /a driver ended with Error: the list of files/,
    ],
    [
      'if any run gets a slot: more are held than there are',
      ({ store }, { name }) => {
        if (name === 'store.save') store.pools.set('orders', { holders: { one: 1, two: 2 }, epoch: 2 });
      },
      /2 slots are held/,
    ],
  ];

  it.each(cases)('%s', async (_, sabotage, rule) => {
    const { violation } = await exploreBatches(smallestBatch, { sabotage, most: 5_000 });
    expect(violation?.rule).toMatch(rule);
    const { labels } = await walkBatches(smallestBatch, violation?.path ?? [], sabotage);
    expect(labels).toHaveLength(violation?.path.length ?? -1);
  });
});
