/** Small slips in the engine that only rare schedules punish, each with the schedule that does. */
import { describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { runIdOf } from '../../shared/engine/start-run.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { RunTrigger } from '../../shared/run/trigger.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

async function arrive(world: World, plan: Plan): Promise<string> {
  const file = fileOf('orders/1.csv');
  world.put(file);
  const created = { file, time: new Date(world.time).toISOString() };
  const [started] = await admit(created, world.engine([plan]));
  const id = started?.run.id ?? '';
  await world.drive(id);
  return id;
}

it('a commit that takes effect between the two queries of a probe is seen, and never repeated', async () => {
  const world = new World();
  const { warehouse } = world;
  const id = await arrive(world, planOf([{ name: '10_commit.sql', kind: 'durable' }]));
  const [session] = warehouse.sessions.keys();
  warehouse.kill(session ?? '', { committed: false, forgotten: true });
  // The statement has waited in the warehouse: its transaction begins after the first probe, and ends within the second.
  let transaction: 'none' | 'open' | 'committed' = 'none';
  let asked = 0;
  warehouse.ask = async (sql) => {
    const count = sql.includes('svv_transactions') ? transaction === 'open' : transaction === 'committed';
    asked += 1;
    if (asked === 2) transaction = 'open';
    if (asked === 3) transaction = 'committed';
    return { ok: true, value: [[count ? '1' : '0']] };
  };
  for (let minute = 0; minute < 10; minute += 1) {
    world.time += 60_000;
    await sweep(world.engine());
  }
  expect(asked).toBeGreaterThan(3);
  expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED' });
  expect(warehouse.calls.filter((call) => call === 'submit')).toHaveLength(1);
});

it('a resume keeps the history row of the failed attempt, even if it is still to be written', async () => {
  const world = new World();
  const plan = planOf([{ name: '10_stage.sql' }]);
  const id = await arrive(world, plan);
  const putHistory = world.store.putHistory.bind(world.store);
  world.store.putHistory = () => Promise.reject(new Error('the driver dies'));
  await expect(world.finish('FAILED', { error: 'ERROR: relation "x" does not exist' })).rejects.toThrow(
    'the driver dies',
  );
  world.store.putHistory = putHistory;
  expect(world.run(id)).toMatchObject({ state: 'FAILED', pendingActions: ['history', 'publish'] });
  const request = { verb: 'resume' as const, requestId: 'r', runId: id, actor: 'ann' };
  await operate(request, world.engine([plan]));
  await world.drive(id);
  await world.finish();
  expect((await world.store.history(id)).map(({ attempt, status }) => [attempt, status])).toEqual([
    [1, 'FAILED'],
    [2, 'FINISHED'],
  ]);
});

describe('the id of a run', () => {
  const plan = planOf([{}]);
  const settings = { service: 'baton', stage: 'dev' };
  const time = '2026-11-24T08:00:00.000Z';
  const file = { bucket: 'landing', key: 'orders/1.csv', size: 10, etag: 'etag', sequencer: '01' };
  const versioned = { ...file, versionId: 'v1' };
  const s3 = (of: object = file): RunTrigger => ({ kind: 's3', time, file: { ...file, ...of } });
  const idOf = (trigger: RunTrigger, of: Plan = plan, more: object = {}): string =>
    runIdOf(of, trigger, { ...settings, ...more });
  const one = idOf(s3());

  it.each([
    ['bucket', idOf(s3({ bucket: 'other' }))],
    ['key', idOf(s3({ key: 'orders/2.csv' }))],
    ['etag', idOf(s3({ etag: 'other' }))],
    ['sequencer', idOf(s3({ sequencer: '02' }))],
    ['version', idOf(s3({ versionId: 'v1' }))],
    ['pipeline', idOf(s3(), { ...plan, pipeline: 'stores' })],
    ['stage', idOf(s3(), plan, { stage: 'prod' })],
    ['service', idOf(s3(), plan, { service: 'etl' })],
    ['kind', idOf({ kind: 'request', time, requestId: 'etag', actor: 'me' })],
  ])('is different with another %s', (_, other) => {
    expect(other).not.toBe(one);
  });

  it('depends on the object version, even if content and sequencer are the same', () => {
    expect(idOf(s3({ versionId: 'v2' }))).not.toBe(idOf(s3(versioned)));
  });

  it('is the same however often and whenever the event is delivered', () => {
    expect(idOf({ ...s3(), time: '2026-11-25T00:00:00.000Z' })).toBe(one);
  });

  it.each([
    ['request', { kind: 'request', time, requestId: 'a' }, { kind: 'request', time, requestId: 'b' }],
    ['schedule', { kind: 'schedule', time }, { kind: 'schedule', time: '2026-11-24T09:00:00.000Z' }],
    [
      'pipeline',
      { kind: 'pipeline', time, upstream: { pipeline: 'up', runId: 'up-1' } },
      { kind: 'pipeline', time, upstream: { pipeline: 'up', runId: 'up-2' } },
    ],
  ] as [string, RunTrigger, RunTrigger][])(
    'of a %s depends only on what identifies the trigger',
    (_, a, b) => {
      expect(idOf(a)).not.toBe(idOf(b));
      expect(idOf(a)).toBe(idOf({ ...a }));
    },
  );

  it('is different for a replay only with onReplay: rerun', () => {
    const replayed: RunTrigger = { ...s3(), replayName: 'night' };
    expect(idOf(replayed)).toBe(one);
    const rerun: Plan = { ...plan, onReplay: 'rerun' };
    expect(idOf(replayed, rerun)).not.toBe(one);
    expect(idOf(replayed, rerun)).not.toBe(idOf({ ...replayed, replayName: 'again' }, rerun));
  });

  it('is different for two files with the same content', async () => {
    const world = new World();
    const files = [fileOf('orders/1.csv', { etag: 'same' }), fileOf('orders/2.csv', { etag: 'same' })];
    for (const one of files) await admit({ file: one, time }, world.engine([plan]));
    expect(world.store.runs.size).toBe(2);
  });
});
