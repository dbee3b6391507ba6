/** A small configuration is explored completely; and whoever breaks a rule is found. The larger ones: npm run verify -- interleavings. */
import { describe, expect, it } from 'vitest';

import type { Configuration } from '../verify/interleavings/configuration.ts';
import {
  atOnce,
  grouped,
  oneStep,
  paused,
  pausing,
  slowOpeners,
  smallest,
  smallestOfTwo,
  waited,
} from '../verify/interleavings/configuration.ts';
import { explore, walk } from '../verify/interleavings/explore.ts';
import type { Sabotage } from '../verify/interleavings/moves.ts';

Error.stackTraceLimit = 0;

it('every state of one driver with a lost session and any events is valid and leads to an end', async () => {
  const explored = await explore(smallest);
  expect(explored.violation).toBeUndefined();
  expect(explored.complete).toBe(true);
  expect(explored.states).toBeGreaterThan(1_000);
  expect(explored.ends).toBeGreaterThan(5);
});

const nobodyDies: Configuration = { ...smallest, budgets: { ...smallest.budgets, deaths: 0 } };

it('the parts of a driver’s past that are left out change nothing: the same states are reached with them', async () => {
  const one: Configuration = { ...nobodyDies, budgets: { ...nobodyDies.budgets, transient: 1 } };
  const [short, whole] = [new Set<string>(), new Set<string>()];
  const explored = await explore(one, { worlds: short });
  const more = await explore(one, { worlds: whole, wholePast: true });
  expect(more.violation).toBeUndefined();
  expect(more.states).toBeGreaterThan(explored.states);
  expect(short).toEqual(whole);
});

it('every state of two drivers of one step is valid, without drivers that can have no more effect', async () => {
  const [worlds, few] = [new Set<string>(), new Set<string>()];
  const explored = await explore(oneStep, { worlds });
  expect(explored.violation).toBeUndefined();
  expect(explored.complete).toBe(true);
  // With these drivers, which takes four times as long, too: npm run verify -- interleavings --compare compares such pairs.
  await explore(oneStep, { worlds: few, keepsFutile: true, most: 1_000 });
  expect(few.size).toBeGreaterThan(5);
  expect([...few].filter((world) => !worlds.has(world))).toEqual([]);
});

it('every state of one driver of a pipeline that is paused and unpaused at any time is valid and leads to an end', async () => {
  const explored = await explore(paused);
  expect(explored.violation).toBeUndefined();
  expect(explored.complete).toBe(true);
});

it('every state of one driver is valid and leads to an end, also where a session takes long to open and its run is cancelled meanwhile', async () => {
  const explored = await explore(slowOpeners);
  expect(explored.violation).toBeUndefined();
  expect(explored.complete).toBe(true);
});

it('every state of one driver is valid and leads to an end, also where the run begins without being in the queue', async () => {
  const explored = await explore(atOnce);
  expect(explored.violation).toBeUndefined();
  expect(explored.complete).toBe(true);
});

it('every state of two drivers is valid of which each may wait for the statement while the other hears of its end', async () => {
  const explored = await explore(waited);
  expect(explored.violation).toBeUndefined();
  expect(explored.complete).toBe(true);
});

it('every state of one driver is valid in which steps are sent together, and one of them fails', async () => {
  const worlds = new Set<string>();
  const explored = await explore(grouped, { worlds });
  expect(explored.violation).toBeUndefined();
  expect(explored.complete).toBe(true);
  for (const sign of ['"group":2', '"status":"ROLLED_BACK"', '"class":"check"'])
    expect([...worlds].some((world) => world.includes(sign))).toBe(true);
});

it('every state of one driver is valid whose run pauses after a step and is resumed, and nothing later begins before', async () => {
  const worlds = new Set<string>();
  const explored = await explore(pausing, { worlds });
  expect(explored.violation).toBeUndefined();
  expect(explored.complete).toBe(true);
  for (const sign of ['"state":"PAUSED"', '"state":"SUCCEEDED"'])
    expect([...worlds].some((world) => world.includes(sign))).toBe(true);
});

describe('the exploration finds the shortest way to a violation', () => {
  const cases: [string, Configuration, Sabotage, RegExp][] = [
    [
      'if markers are not seen: a commit that took effect is repeated',
      smallest,
      ({ warehouse }) => {
        warehouse.verify = () => [['0']];
      },
      /^I1: /,
    ],
    [
      'if a slot of a paused pipeline can be taken',
      paused,
      ({ store }) => {
        const take = store.takeSlot.bind(store);
        store.takeSlot = (pipeline, runId, limit, epoch) => {
          const there = store.pools.get(pipeline);
          const { paused: pause, ...open } = there ?? { holders: {}, epoch: 0 };
          store.pools.set(pipeline, open);
          const taken = take(pipeline, runId, limit, epoch);
          const after = store.pools.get(pipeline) ?? open;
          if (pause !== undefined) store.pools.set(pipeline, { ...after, paused: pause });
          return taken;
        };
      },
      /^I14: /,
    ],
    [
      'if tokens are not remembered: a statement is executed twice',
      nobodyDies,
      ({ warehouse }) => {
        warehouse.tokens.clear();
      },
      /^I4: /,
    ],
    [
      'if the store saves without a condition: two drivers overwrite each other',
      smallestOfTwo,
      ({ store }) => {
        const save = store.save.bind(store);
        store.save = async (run, _, by) => save(run, store.runs.get(run.id)?.version ?? 0, by);
      },
      /^I\d+: /,
    ],
    [
      'if the sweep finds nothing: a run whose driver died is stuck',
      nobodyDies,
      ({ store }) => {
        store.findDue = async () => [];
      },
      /^stuck: /,
    ],
  ];

  it.each(cases)('%s', async (_, configuration, sabotage, rule) => {
    // That a stale write is refused is what drivers are left out for.
    const { violation, complete } = await explore(configuration, { sabotage, keepsFutile: true });
    expect(complete).toBe(false);
    expect(violation?.rule).toMatch(rule);
    // The way that it tells of is one that can be gone.
    const { labels } = await walk(configuration, violation?.path ?? [], { sabotage, keepsFutile: true });
    expect(labels).toHaveLength(violation?.path.length ?? -1);
  });

  it('but none if another guard backs the removed one', async () => {
    const blind: Sabotage = ({ warehouse }) => {
      warehouse.findByName = async () => undefined;
    };
    expect((await explore(nobodyDies, { sabotage: blind })).violation).toBeUndefined();
  });
});
