/**
 * The driver is killed at every single call that a run, or a batch of files, makes, before and after its effect, and every
 * call is sent twice. Completion events may be lost with it. All pairs of points: `test/verify/pairs.ts`, which has the single
 * points that are left out here, too.
 */
import { describe, expect, it } from 'vitest';

import { crashMoments } from '../fakes/crash.ts';
import { crashRun, scenarios } from './crash-points-scenarios.ts';

describe.each(scenarios)('runs with $name', (scenario) => {
  it('ends correctly without any crash', async () => {
    expect((await crashRun(scenario, [])).length).toBeGreaterThan(30);
  });

  const { eventsAreLost, pairsOf } = scenario;
  const moments =
    !eventsAreLost && pairsOf.length === crashMoments.length ? (['before'] as const) : crashMoments;

  it.each(moments)('ends the same wherever its driver is killed %s a call', async (moment) => {
    const calls = (await crashRun(scenario, [])).length;
    for (let at = 1; at <= calls; at += 1) {
      expect((await crashRun(scenario, [{ at, moment }])).length).toBeGreaterThanOrEqual(at);
    }
  });
});
