/** Runs that no driver can drive: they stop by the same door as every other run, after 240 drives in a row. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const MINUTE = 60_000;

const hold = planOf([{ name: '10_stage.sql' }, { name: '20_load.sql' }]);
const goesOn: Plan = { ...hold, onFailure: 'continue', hash: 'plan-that-continues' };

let world: World;

beforeEach(() => {
  world = new World();
});

async function arrive(key: string, plan: Plan): Promise<string> {
  world.time += 1_000;
  const file = fileOf(key);
  world.put(file);
  const created = { file, time: new Date(world.time).toISOString() };
  const [started] = await admit(created, world.engine([plan]));
  return started?.run.id ?? '';
}

function run(id: string): StoredRun {
  const there = world.run(id);
  if (there === undefined) throw new Error('no run');
  return there;
}

async function sweepEveryMinute(times: number, plans = () => world.plans): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    world.time += MINUTE;
    await sweep({ ...world.engine(), plans: plans() });
  }
}

/** What the warehouse is asked about a statement, or for a session, fails with an error of our own. */
function breakDown(): () => void {
  const { warehouse } = world;
  const [ask, open] = [warehouse.describe.bind(warehouse), warehouse.open.bind(warehouse)];
  const fail = async (): Promise<never> => {
    throw new Error('no permission');
  };
  Object.assign(warehouse, { describe: fail, open: fail });
  return () => Object.assign(warehouse, { describe: ask, open });
}

/** Drives until the run is at rest; the next look at a statement comes in up to five minutes. */
async function untilStopped(id: string): Promise<void> {
  for (let i = 0; i < 1_300; i += 1) {
    if (['FAILED', 'NEEDS_DECISION'].includes(run(id).state)) return;
    await sweepEveryMinute(1);
  }
  throw new Error(`still ${JSON.stringify(run(id))}`);
}

describe('a run between its steps that cannot be driven 240 times', () => {
  it('is FAILED, says how to continue, and can be resumed', async () => {
    const repair = breakDown();
    const id = await arrive('orders/1.csv', hold);
    await untilStopped(id);
    const stopped = run(id);
    expect(stopped).toMatchObject({
      state: 'FAILED',
      slot: true,
      error: {
        class: 'unknown',
        message: '240 attempts in a row to continue the run ended with an internal error: no permission',
      },
      resumeWith: { command: `npx baton resume ${id} --stage test` },
    });
    expect(stopped).not.toHaveProperty('pendingActions');
    expect(stopped).not.toHaveProperty('failedDrives');
    expect(world.types().at(-1)).toBe('Run Failed');
    repair();
    const request = { verb: 'resume' as const, requestId: 'r', runId: id, actor: 'mia' };
    const answer = await operate(request, world.engine([hold]));
    expect(answer).toMatchObject({ ok: true });
    await sweepEveryMinute(1);
    await world.finish();
    await world.finish();
    expect(run(id).state).toBe('SUCCEEDED');
  });

  it('holds back later files, unless its pipeline has onFailure: continue', async () => {
    for (const [plan, state] of [
      [hold, 'QUEUED'],
      [goesOn, 'RUNNING'],
    ] as const) {
      world = new World();
      const repair = breakDown();
      const first = await arrive('orders/1.csv', plan);
      await world.drive(first).catch(() => undefined);
      const second = await arrive('orders/2.csv', plan);
      await untilStopped(first);
      repair();
      await sweepEveryMinute(1);
      expect(run(first)).toMatchObject({ state: 'FAILED' });
      expect(run(first).slot).toBe(plan === hold ? true : undefined);
      expect(run(second)).toMatchObject({ state });
    }
  });
});

describe('a run with a statement under way that cannot be driven 240 times', () => {
  it('needs a decision; with onFailure: continue it releases its slot, and the next file starts', async () => {
    const first = await arrive('orders/1.csv', goesOn);
    await world.drive(first);
    const second = await arrive('orders/2.csv', goesOn);
    const repair = breakDown();
    await untilStopped(first);
    repair();
    const stopped = run(first);
    expect(stopped).toMatchObject({ state: 'NEEDS_DECISION', error: { class: 'unknown' } });
    expect(stopped.error?.message).toMatch(
      /240 attempts in a row to continue the run ended with an internal error: .*Cannot tell whether/,
    );
    expect(stopped).not.toHaveProperty('pendingActions');
    expect((await world.store.loadPool('orders')).holders).not.toHaveProperty(first);
    await sweepEveryMinute(1);
    expect(run(second)).toMatchObject({ state: 'RUNNING', phase: 'SUBMITTED' });
  });

  it('is reported to people, later if publishing fails at first', async () => {
    const id = await arrive('orders/1.csv', hold);
    await world.drive(id);
    const repair = breakDown();
    const { publisher } = world.ports;
    const publish = publisher.publish.bind(publisher);
    publisher.publish = async () => {
      throw new Error('EventBridge is down');
    };
    await untilStopped(id);
    expect(world.types()).not.toContain('Run Needs Decision');
    expect(run(id).pendingActions).toContain('publish');
    await sweepEveryMinute(2);
    expect(run(id).pendingActions).toContain('publish');
    publisher.publish = publish;
    repair();
    await sweepEveryMinute(2);
    expect(world.types().filter((type) => type === 'Run Needs Decision')).toHaveLength(1);
    expect(run(id)).not.toHaveProperty('pendingActions');
  });

  it('because its plan was deleted holds back later files if today’s plan says so', async () => {
    for (const [today, holds] of [
      [[{ ...goesOn, hash: 'another' }], false],
      [[{ ...hold, hash: 'another' }], true],
      [[], true],
    ] as const) {
      world = new World();
      const id = await arrive('orders/1.csv', goesOn);
      await world.drive(id);
      world.store.plans.clear();
      await sweepEveryMinute(242, () => new PlanCache(world.store, () => today));
      expect(run(id)).toMatchObject({ state: 'NEEDS_DECISION' });
      expect(run(id)).not.toHaveProperty('pendingActions');
      expect(run(id).slot).toBe(holds ? true : undefined);
      expect(id in (await world.store.loadPool('orders')).holders).toBe(holds);
      expect(world.types().at(-1)).toBe('Run Needs Decision');
    }
  });

  it('because its plan was deleted can be cancelled by a person before that', async () => {
    const id = await arrive('orders/1.csv', hold);
    world.store.plans.clear();
    const request = { verb: 'cancel' as const, requestId: 'c', runId: id, actor: 'mia' };
    const cold = new PlanCache(world.store);
    expect(await operate(request, { ...world.engine(), plans: cold })).toMatchObject({
      ok: true,
      state: 'CANCELLED',
    });
    expect(run(id)).not.toHaveProperty('pendingActions');
  });
});

it('failed drives are counted on the run and in a metric', async () => {
  const id = await arrive('orders/1.csv', hold);
  await world.drive(id);
  breakDown();
  world.metered.clear();
  await sweepEveryMinute(2);
  expect(run(id).failedDrives).toBe(world.metered.get('RunTroubles'));
  expect(run(id).failedDrives).toBeGreaterThan(0);
});

it('failed drives of a run that has stopped since, or was deleted, change nothing', async () => {
  const id = await arrive('orders/1.csv', hold);
  await world.drive(id);
  await world.finish('FAILED', { error: 'ERROR: syntax error at or near "x"' });
  const before = run(id);
  const driven = await world.drive(id, { kind: 'DriveFailed', message: 'no permission' });
  expect(driven.run && storedRun(driven.run)).toEqual(before);
  expect(run(id)).toEqual(before);
  expect(await world.drive('no such run', { kind: 'DriveFailed', message: 'x' })).toEqual({});
});
