import { beforeEach, describe, expect, it } from 'vitest';

import { startDue } from '../../shared/engine/start-due.ts';
import { startScheduled } from '../../shared/engine/start-scheduled.ts';
import type { StartDueRequest } from '../../shared/events/requests.ts';
import type { Plan, Trigger } from '../../shared/pipeline/plan.ts';
import { planOf, World } from '../fakes/world.ts';

let world: World;

beforeEach(() => {
  world = new World();
});

function scheduled(...schedules: (string | [expression: string, timezone: string])[]): Plan {
  const triggers = schedules.map((each): Trigger => {
    const [expression, timezone] = typeof each === 'string' ? [each, 'UTC'] : each;
    return { kind: 'schedule', expression, timezone };
  });
  return planOf([{}], { triggers });
}

const daily = scheduled('cron(0 6 * * ? *)');

async function ask(plan: Plan, more: Partial<StartDueRequest> = {}) {
  const request: StartDueRequest = {
    verb: 'start-due',
    requestId: 'r',
    actor: 'me',
    pipeline: plan.pipeline,
    from: '2026-11-01T06:00:00.000Z',
    to: '2026-11-05T06:00:00.000Z',
    ...more,
  };
  return startDue(request, world.engine([plan]));
}

const due = (day: number, hour = 6): string => new Date(Date.UTC(2026, 10, day, hour)).toISOString();

describe('the due times of a schedule', () => {
  it('start the runs that are missing, oldest first, from the first time on and before the last', async () => {
    const late = { pipeline: 'orders', expression: 'cron(0 6 * * ? *)', time: due(2) };
    await startScheduled(late, world.engine([daily]));
    expect(await ask(daily, { dryRun: true })).toMatchObject({
      started: [due(1), due(3), due(4)],
      before: 1,
    });
    expect(world.store.runs.size).toBe(1);
    expect(await ask(daily)).toMatchObject({ ok: true, started: [due(1), due(3), due(4)], before: 1 });
    expect(await ask(daily)).toMatchObject({ started: [], before: 4 });
    const runs = [...world.store.runs.values()];
    expect(runs.map(({ trigger }) => trigger.time).sort()).toEqual([due(1), due(2), due(3), due(4)]);
    expect(new Set(runs.map(({ trigger }) => trigger.kind))).toEqual(new Set(['schedule']));
    // The schedule's own delivery comes late.
    await startScheduled({ ...late, time: due(3) }, world.engine([daily]));
    expect(world.store.runs.size).toBe(4);
  });

  it('give one free slot, to the oldest', async () => {
    await ask(daily);
    const [holder = ''] = Object.keys((await world.store.loadPool('orders')).holders);
    expect(world.run(holder)?.trigger.time).toBe(due(1));
    expect(world.published).toHaveLength(1);
  });

  it('end now: a time that is still to come is left to the schedule', async () => {
    const answer = await ask(daily, { from: '2026-11-23T00:00:00.000Z', to: '2026-12-31T00:00:00.000Z' });
    expect(answer).toMatchObject({ started: [due(23), due(24)] });
  });

  it('are those of all schedules in their time zones, each once', async () => {
    const several = scheduled('cron(0 6 * * ? *)', ['cron(0 7 * * ? *)', 'Europe/Berlin'], 'rate(1 hour)');
    expect(await ask(several, { to: '2026-11-02T07:00:00.000Z' })).toMatchObject({
      started: [due(1), due(2)],
    });
  });

  it('are started in several requests where there are many', async () => {
    const hourly = scheduled('cron(0 * * * ? *)');
    const first = await ask(hourly, { to: '2026-11-06T06:00:00.000Z' });
    expect(first).toMatchObject({ started: { length: 100 }, next: due(5, 10) });
    const rest = await ask(hourly, { from: due(5, 10), to: '2026-11-06T06:00:00.000Z' });
    expect(rest).toMatchObject({ started: { length: 20 } });
    expect(rest).not.toHaveProperty('next');
  });

  it.each([
    [scheduled('rate(1 hour)'), 'rate(1 hour) of pipeline orders has no fixed due times'],
    [planOf([{}]), 'pipeline orders has no schedule'],
    [scheduled('cron(* * * * ? *)'), 'more than 1,000 due times between 2026-11-01T06:00:00.000Z and'],
  ])('are refused where there are none, or too many (%#)', async (plan, message) => {
    expect(await ask(plan)).toMatchObject({
      ok: false,
      code: 'invalid',
      message: expect.stringContaining(message) as string,
    });
    expect(world.store.runs.size).toBe(0);
  });
});
