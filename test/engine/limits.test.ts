/** A run's own limits: its time, and what goes on for ever. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { startRun } from '../../shared/engine/start-run.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import { parseRun } from '../../shared/store/parse-run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const HOUR = 3_600_000;

const plan = planOf(
  [
    { name: '10_stage.sql', timeoutSeconds: 7_200 },
    { name: '20_load.sql', timeoutSeconds: 7_200 },
  ],
  {
    timeoutSeconds: 10_800,
  },
);

let world: World;
let id: string;

beforeEach(async () => {
  world = new World();
  const file = fileOf('orders/1.csv');
  world.put(file);
  const [started] = await admit({ file, time: new Date(world.time).toISOString() }, world.engine([plan]));
  id = started?.run.id ?? '';
});

function run(): StoredRun {
  const there = world.run(id);
  if (there === undefined) throw new Error('no run');
  return there;
}

async function sweepAfter(ms: number): Promise<void> {
  world.time += ms;
  await sweep(world.engine());
}

describe('the timeout of a run', () => {
  it('cancels the running statement and confirms its end', async () => {
    await world.drive(id);
    world.time += 1.5 * HOUR;
    await world.finish();
    await sweepAfter(1.6 * HOUR);
    expect(world.warehouse.calls).toContain('cancel');
    await sweepAfter(60_000);
    expect(run()).toMatchObject({ state: 'FAILED', error: { class: 'timeout' } });
    expect(run().error?.message).toContain('the run exceeded its timeout of 10800 s');
  });

  it('of a step, if short, is enforced by the first sweep after it', async () => {
    const quick = planOf([{ name: '10_stage.sql', timeoutSeconds: 20 }], { pipeline: 'quick' });
    const file = fileOf('quick/1.csv');
    world.put(file);
    const trigger = { kind: 's3' as const, time: new Date(world.time).toISOString(), file };
    const { run: started } = await startRun(quick, trigger, {}, world.engine());
    await world.drive(started.id);
    await sweepAfter(15_000);
    expect(world.warehouse.calls).not.toContain('cancel');
    await sweepAfter(10_000);
    expect(world.warehouse.calls).toContain('cancel');
    await sweepAfter(60_000);
    expect(world.run(started.id)).toMatchObject({
      state: 'FAILED',
      error: { class: 'timeout' },
    });
  });

  it('fails a run that waits for the warehouse', async () => {
    world.warehouse.before = () => {
      throw Object.assign(new Error('too many'), { name: 'ThrottlingException' });
    };
    await world.drive(id);
    expect(run()).toMatchObject({ state: 'WAITING' });
    await sweepAfter(3.1 * HOUR);
    expect(run()).toMatchObject({ state: 'FAILED', error: { class: 'timeout' } });
  });

  it('starts again with a resume, however late it is', async () => {
    await world.drive(id);
    await world.finish('FAILED', { error: 'ERROR: relation "x" does not exist' });
    expect(run()).toMatchObject({ state: 'FAILED' });
    world.time += 30 * HOUR;
    const request = { verb: 'resume' as const, requestId: 'r', runId: id, actor: 'ann' };
    await operate(request, world.engine([plan]));
    await world.drive(id);
    await world.finish();
    await world.finish();
    expect(run()).toMatchObject({ state: 'SUCCEEDED' });
  });
});

describe('a run that never finishes', () => {
  beforeEach(() => {
    world.warehouse.sessionsExpire = false;
  });

  it('needs a decision after three days if its statement cannot be cancelled', async () => {
    await world.drive(id);
    world.warehouse.cancel = async () => undefined;
    await sweepAfter(3.1 * HOUR);
    await sweepAfter(24 * HOUR);
    expect(run()).toMatchObject({ state: 'RUNNING', timedOut: true });
    await sweepAfter(50 * HOUR);
    expect(run()).toMatchObject({ state: 'NEEDS_DECISION' });
  });

  it('ends after three days if it is being cancelled, and reports that its session step had no lasting effect', async () => {
    await world.drive(id);
    world.warehouse.cancel = async () => undefined;
    const request = { verb: 'cancel' as const, requestId: 'c', runId: id, actor: 'ann' };
    await operate(request, world.engine([plan]));
    await sweepAfter(24 * HOUR);
    expect(run()).toMatchObject({ state: 'CANCELLING' });
    await sweepAfter(60 * HOUR);
    expect(run()).toMatchObject({ state: 'CANCELLED' });
    expect(run().error?.message).toContain('had no lasting effect');
  });

  it('fails after too many state changes', async () => {
    const there = run();
    world.store.runs.set(id, parseRun({ ...there, version: 10_201 }));
    await world.drive(id);
    expect(run()).toMatchObject({ state: 'FAILED' });
    expect(run().error?.message).toContain('possible loop');
  });
});
