/** A driver waits for the statement that it submitted, and goes on in the same invocation. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { drive } from '../../shared/engine/drive.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import { autoWaitMs, tooFew } from '../../shared/engine/waiting.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { CrashMoment } from '../fakes/crash.ts';
import { CrashingPorts, Killed } from '../fakes/crash.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const plan = planOf([
  { name: '10_stage.sql' },
  { name: '20_check.sql', kind: 'check' },
  { name: '30_commit.sql', kind: 'durable' },
]);

let world: World;

beforeEach(() => {
  world = new World();
});

function engine(more: Partial<Engine['driver']> = {}, today: readonly Plan[] = [plan]): Engine {
  const base = world.engine(today);
  return {
    ...base,
    settings: { ...base.settings, autoWaitMs: 1_000 },
    driver: { ...base.driver, waits: true, ...more },
  };
}

async function arrive(key = 'orders/1.csv', today: readonly Plan[] = [plan]): Promise<string> {
  const file = fileOf(key);
  world.put(file);
  const [started] = await admit({ file, time: new Date(world.time).toISOString() }, world.engine(today));
  if (started === undefined) throw new Error('no run was started');
  return started.run.id;
}

async function wake(id: string, event: RunEvent = { kind: 'Woken' }, more: Partial<Engine['driver']> = {}) {
  const before = world.warehouse.calls.length;
  await drive(id, event, engine(more));
  return world.warehouse.calls.slice(before);
}

/** Each statement ends while it is waited for, after so many ms. */
function endsWhileWaiting(ms = 200): RunEvent[] {
  const events: RunEvent[] = [];
  world.warehouse.waits = () => {
    world.time += ms;
    events.push(world.end().event);
  };
  return events;
}

describe('a run whose steps are short', () => {
  it('goes through all its steps in one invocation, without a record and without another description', async () => {
    const id = await arrive();
    const events = endsWhileWaiting();
    let records = 0;
    const record = world.store.record.bind(world.store);
    world.store.record = (...parameters) => {
      records += 1;
      return record(...parameters);
    };
    const calls = await wake(id);
    expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED', handoff: 'www', took: [200, 200, 200] });
    expect(calls).toEqual(['open', 'submit', 'await', 'submit', 'await', 'submit', 'await', 'runSmall']);
    expect(records).toBe(0);
    expect(
      (await world.store.history(id)).map(({ name, status, rows, rowsByStatement }) => [
        name,
        status,
        rows,
        rowsByStatement,
      ]),
    ).toEqual([
      ['10_stage.sql', 'FINISHED', 1, undefined],
      ['20_check.sql', 'FINISHED', 0, undefined],
      ['30_commit.sql', 'FINISHED', 1, [1, 1]],
    ]);
    expect((await world.store.loadPool('orders')).took).toEqual({
      '10_stage.sql': 200,
      '20_check.sql': 200,
      '30_commit.sql': 200,
    });
    // The events that come behind it change nothing.
    const version = world.run(id)?.version;
    for (const event of events) expect(await wake(id, event)).toEqual([]);
    expect(world.run(id)?.version).toBe(version);
  });

  it('is waited for while their average stays below what the memory pays for, and then goes by events', async () => {
    for (const [key, letters] of [
      ['orders/1.csv', 'www'],
      ['orders/2.csv', 'WWW'],
      ['orders/3.csv', 'WWW'],
      ['orders/4.csv', undefined],
    ] as const) {
      endsWhileWaiting(key === 'orders/1.csv' ? 800 : key === 'orders/2.csv' ? 1_000 : 2_200);
      const id = await arrive(key);
      await wake(id);
      expect([key, world.run(id)?.handoff]).toEqual([key, letters]);
    }
  });
});

describe('a wait', () => {
  it('that runs out records the statement and ends the invocation; its event goes on', async () => {
    const id = await arrive();
    world.warehouse.waits = (_, seconds) => {
      world.time += seconds * 1_000 + 10;
    };
    expect(await wake(id)).toEqual(['open', 'submit', 'await']);
    expect(world.run(id)).toMatchObject({ phase: 'SUBMITTED', statementId: 'statement-1', cursor: 0 });
    const { event } = world.end();
    expect(await wake(id, event)).toEqual(['submit', 'await']);
    expect(world.run(id)).toMatchObject({ phase: 'SUBMITTED', cursor: 1, took: [1_011] });
  });

  it('for a statement that is not described yet records it', async () => {
    const id = await arrive();
    world.warehouse.waits = (statementId) => {
      const statement = world.warehouse.statementOf(statementId);
      if (statement !== undefined) statement.forgotten = true;
    };
    await wake(id);
    expect(world.run(id)).toMatchObject({ phase: 'SUBMITTED', statementId: 'statement-1' });
  });

  it('that ends after the event went on changes nothing and submits nothing', async () => {
    const id = await arrive();
    let isFirst = true;
    world.warehouse.waits = async () => {
      if (!isFirst) return;
      isFirst = false;
      await drive(id, world.end().event, world.engine([plan]));
    };
    expect(await wake(id)).toEqual(['open', 'submit', 'await', 'submit', 'describe']);
    expect(world.warehouse.statements.filter(({ name }) => name !== undefined)).toHaveLength(2);
    expect(world.run(id)).toMatchObject({ cursor: 1, phase: 'SUBMITTED', attempt: 1 });
    await world.finish();
    await world.finish();
    expect(world.run(id)?.state).toBe('SUCCEEDED');
  });

  it('begins only with twenty seconds left', async () => {
    const id = await arrive();
    endsWhileWaiting(9_000);
    const began = world.time;
    expect(await wake(id, { kind: 'Woken' }, { remainingMs: () => 30_000 - (world.time - began) })).toEqual([
      'open',
      'submit',
      'await',
      'submit',
      'await',
      'submit',
    ]);
    expect(world.run(id)).toMatchObject({ phase: 'SUBMITTED', cursor: 2 });
  });

  it('is not for the sweep, nor for a caller who waits for an answer', async () => {
    const id = await arrive();
    endsWhileWaiting();
    const { waits: _, ...driver } = engine().driver;
    await sweep({ ...engine(), driver });
    expect(world.warehouse.calls).not.toContain('await');
    expect(world.run(id)).toMatchObject({ phase: 'SUBMITTED', handoff: 'www' });
  });

  it('is passed on by a driver that may not wait, where two statements follow', async () => {
    const id = await arrive();
    endsWhileWaiting();
    const { waits: _, ...driver } = engine().driver;
    const before = world.published.length;
    await drive(id, { kind: 'Woken' }, { ...engine(), driver });
    const woken = world.published
      .slice(before)
      .map(({ type, detail }) => [type, detail['runId'], detail['statementId']]);
    expect(world.run(id)).toMatchObject({ phase: 'SUBMITTED', cursor: 0, handoff: 'www' });
    expect(woken).toEqual([['Run Woken', id, 'statement-1']]);
    const passedOn: RunEvent = { kind: 'PassedOn', statementId: 'statement-1' };
    expect(await wake(id, passedOn)).toEqual(['await', 'submit', 'await', 'submit', 'await', 'runSmall']);
    expect(await wake(id, passedOn)).toEqual([]);
    expect(world.run(id)?.state).toBe('SUCCEEDED');
  });

  it('goes by the event where the wake-up of a driver that may wait is refused', async () => {
    const id = await arrive();
    const { waits: _, ...driver } = engine().driver;
    const publisher = { publish: () => Promise.reject(new Error('ThrottlingException')) };
    await drive(id, { kind: 'Woken' }, { ...engine(), driver, publisher });
    expect(world.run(id)).toMatchObject({ phase: 'SUBMITTED', cursor: 0 });
    await world.finish();
    expect(world.run(id)).toMatchObject({ cursor: 1 });
  });

  it('that sees a failure retries the step as the event would', async () => {
    const id = await arrive();
    let isFirst = true;
    world.warehouse.waits = () => {
      if (isFirst)
        world.end('FAILED', { error: 'ERROR: 1023 Detail: Serializable isolation violation on table - 1' });
      else world.end();
      isFirst = false;
    };
    await wake(id);
    expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(
      (await world.store.history(id)).map(({ name, attempt, status }) => [name, attempt, status]),
    ).toContainEqual(['10_stage.sql', 1, 'FAILED']);
  });
});

describe('waiting without a setting', () => {
  it('is off where the reserved concurrency would not be enough for one waiting invocation of each run', () => {
    const plans = [planOf([{}], { concurrency: 3 }), planOf([{}], { concurrency: 2 })];
    const upTo = (runStepConcurrency?: number) =>
      autoWaitMs({
        plans: engine({}, plans).plans,
        settings: {
          ...engine().settings,
          ...(runStepConcurrency === undefined ? {} : { runStepConcurrency }),
        },
      });
    expect([undefined, 1_000, 10, 9, 1].map(upTo)).toEqual([1_000, 1_000, 1_000, 0, 0]);
  });

  it('needs no concurrency for pipelines that never wait, and is no finding where no step is left to it', () => {
    const never = planOf([{ handoff: 'event' }], { concurrency: 20 });
    const always = planOf([{ handoff: 'wait' }], { concurrency: 20 });
    const automatic = planOf([{}], { concurrency: 3 });
    const needed = (...plans: Plan[]) =>
      tooFew({
        plans: engine({}, plans).plans,
        settings: { ...engine().settings, runStepConcurrency: 1 },
      })?.needed;
    expect(needed(never)).toBeUndefined();
    expect(needed(always, never)).toBeUndefined();
    expect(needed(automatic, never)).toBe(8);
    expect(needed(automatic, always)).toBe(28);
  });
});

/** The run is driven through waits until its driver dies; how many calls there were till then. */
async function killedAt(
  at: number,
  moment: CrashMoment,
): Promise<{ id: string; calls: number; events: RunEvent[] }> {
  const id = await arrive();
  const events = endsWhileWaiting();
  const { ports, calls } = new CrashingPorts(world, [{ at, moment }]);
  const { plans, driver, settings } = engine();
  await drive(id, { kind: 'Woken' }, { ...ports, settings, plans, driver }).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  return { id, calls: calls.length, events };
}

describe.each(['before', 'after'] as const)(
  'a run whose driver dies %s any call of waited steps',
  (moment) => {
    it('goes on with its event, or 90 s later with the sweep', async () => {
      const { calls } = await killedAt(Infinity, moment);
      expect(calls).toBeGreaterThan(15);
      for (let at = 1; at <= calls; at += 1) {
        for (const isLost of [false, true]) {
          world = new World();
          const { id, events } = await killedAt(at, moment);
          const { version, state } = world.run(id) ?? {};
          if (world.warehouse.running() !== undefined) events.push(world.end().event);
          if (!isLost) for (const event of events) await drive(id, event, world.engine([plan]));
          let seconds = 0;
          for (
            ;
            world.run(id)?.version === version && world.run(id)?.nextCheckAt !== undefined;
            seconds += 60
          ) {
            world.time += 60_000;
            await sweep(world.engine([plan]));
          }
          // The pool knows a run that was not stored as begun: the sweep tends the pools of runs that wait.
          const latest = state === 'QUEUED' ? 60 : 120;
          expect([at, isLost, seconds <= latest]).toEqual([at, isLost, true]);
          for (let i = 0; i < 20 && world.run(id)?.endedAt === undefined; i += 1) {
            if (world.warehouse.running() === undefined) {
              world.time += 60_000;
              await sweep(world.engine([plan]));
            } else await world.finish();
          }
          expect([at, isLost, world.run(id)?.state]).toEqual([at, isLost, 'SUCCEEDED']);
          expect(new Set(world.warehouse.statements.map(({ name }) => name)).size).toBe(
            world.warehouse.statements.filter(({ name }) => name !== undefined).length + 1,
          );
        }
      }
    });
  },
);
