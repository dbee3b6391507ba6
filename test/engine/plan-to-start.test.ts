/** Files that waited behind a broken pipeline run the repaired one; a run that has begun keeps its plan. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { Plan, Step } from '../../shared/pipeline/plan.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

function sql(name: string, text: string, more: Partial<Step> = {}): Partial<Step> {
  return { name, statements: [{ parts: [text] }], hash: `hash of ${text}`, ...more };
}

const commit = sql('20_commit.sql', 'COMMIT IT', { kind: 'durable' });
const broken = planOf([sql('10_stage.sql', 'INSRT'), commit]);
const repaired = planOf([sql('10_stage.sql', 'INSERT'), sql('15_check.sql', 'LOOK'), commit]);

let world: World;
let plans: PlanCache;

beforeEach(() => {
  world = new World();
  deploy(broken);
});

/** A function with another plan in its package: nothing is warm. */
function deploy(plan: Plan): void {
  plans = new PlanCache(world.store, () => [plan]);
}

function engine(): Engine {
  return { ...world.engine(), plans };
}

async function arrive(key: string): Promise<string> {
  world.time += 1_000;
  const file = fileOf(key);
  world.put(file);
  const created = { file, time: new Date(world.time).toISOString() };
  const [started] = await admit(created, engine());
  return started?.run.id ?? '';
}

async function start(parameters: Record<string, string>, file?: string): Promise<string> {
  world.time += 1_000;
  const request = {
    verb: 'start' as const,
    requestId: `start-${world.time}`,
    pipeline: 'orders',
    actor: 'mia',
    parameters,
    ...(file === undefined ? {} : { file }),
  };
  const answer = await operate(request, engine());
  return answer.ok ? (answer.runId ?? '') : answer.message;
}

async function resume(runId: string): Promise<void> {
  const request = { verb: 'resume' as const, requestId: `resume-${world.time}`, runId, actor: 'mia' };
  const answer = await operate(request, engine());
  expect(answer).toMatchObject({ ok: true });
}

function run(id: string): StoredRun {
  const there = world.run(id);
  if (there === undefined) throw new Error(`no run ${id}`);
  return there;
}

async function sweepNow(): Promise<void> {
  world.time += 60_000;
  await sweep(engine());
}

/** Statements end well until nothing runs any more. */
async function finishAll(): Promise<void> {
  for (let round = 0; round < 60; round += 1) {
    if (world.warehouse.running() === undefined) await sweepNow();
    if (world.warehouse.running() === undefined) return;
    const { runId } = world.end();
    await sweepNow();
    await world.drive(runId);
  }
  throw new Error('it does not end');
}

const sent = (): (string | undefined)[] =>
  world.warehouse.statements
    .filter(({ name }) => name !== undefined)
    .map(({ sqls }) => sqls[sqls.length > 1 ? 1 : 0]?.split('\n').at(-1));

/** The first file fails; two more wait behind it. */
async function filesBehindAFailure(): Promise<readonly [string, string, string]> {
  const first = await arrive('orders/1.csv');
  await sweepNow();
  const second = await arrive('orders/2.csv');
  const third = await arrive('orders/3.csv');
  await world.finish('FAILED', { error: 'ERROR: syntax error at or near "INSRT"' });
  expect([run(first).state, run(second).state]).toEqual(['FAILED', 'QUEUED']);
  return [first, second, third];
}

describe('files that waited for a failed run', () => {
  it('start with the repaired plan of today, and succeed', async () => {
    const ids = await filesBehindAFailure();
    deploy(repaired);
    await resume(ids[0]);
    await finishAll();
    for (const id of ids)
      expect(run(id)).toMatchObject({ state: 'SUCCEEDED', planHash: repaired.hash, cursor: 3 });
    expect(await world.store.loadPlan(repaired.hash)).toEqual(repaired);
    expect(sent().filter((text) => text === 'INSRT')).toHaveLength(1);
    expect(sent().filter((text) => text === 'INSERT')).toHaveLength(3);
  });

  it('run the plan they were created with if nothing was deployed since', async () => {
    const ids = await filesBehindAFailure();
    await resume(ids[0]);
    await finishAll();
    for (const id of ids) expect(run(id)).toMatchObject({ state: 'SUCCEEDED', planHash: broken.hash });
  });

  it('run the plan they were created with if the pipeline no longer exists', async () => {
    const ids = await filesBehindAFailure();
    plans = new PlanCache(world.store, () => [{ ...repaired, pipeline: 'another' }]);
    await resume(ids[0]);
    await finishAll();
    expect(run(ids[1])).toMatchObject({ state: 'SUCCEEDED', planHash: broken.hash });
  });

  it('get a manifest if only the plan of today uses one', async () => {
    const [first, second] = await filesBehindAFailure();
    deploy({ ...repaired, steps: repaired.steps.map((step) => ({ ...step, usesManifest: true })) });
    await resume(first);
    expect(world.artifacts.has(`manifests/${second}.json`)).toBe(false);
    await finishAll();
    expect(JSON.parse(world.artifacts.get(`manifests/${second}.json`) ?? '{}')).toEqual({
      entries: [{ url: 's3://landing/orders/2.csv', mandatory: true, meta: { content_length: 10 } }],
    });
  });

  it('run in parallel if the plan of today allows it', async () => {
    const ids = await filesBehindAFailure();
    deploy({ ...repaired, concurrency: 3, hash: 'three at once' });
    await sweepNow();
    expect(run(ids[0]).state).toBe('FAILED');
    for (const id of ids.slice(1))
      expect(run(id)).toMatchObject({ state: 'RUNNING', planHash: 'three at once' });
  });
});

describe('a run that waited keeps the plan it was created with', () => {
  const day = { name: 'day', type: 'date' as const };

  async function behind(of: Plan, parameters: Record<string, string>, file?: string): Promise<string> {
    deploy(of);
    await start(parameters, file);
    await sweepNow();
    const waiting = await start(parameters, file);
    expect(run(waiting).state).toBe('QUEUED');
    return waiting;
  }

  it('if its parameters do not fit the plan of today', async () => {
    const of = { ...broken, parameters: [day] };
    const id = await behind(of, { day: '2026-11-24' });
    deploy(repaired);
    await finishAll();
    expect(run(id)).toMatchObject({ state: 'SUCCEEDED', planHash: broken.hash });
    expect(world.logs).toContain('warn the run keeps the plan it was created with');
  });

  it('if the plan of today needs a parameter that it does not have', async () => {
    const id = await behind(broken, {});
    deploy({ ...repaired, parameters: [day] });
    await finishAll();
    expect(run(id)).toMatchObject({ state: 'SUCCEEDED', planHash: broken.hash });
  });

  it('if the plan of today needs a file and the run has none', async () => {
    const id = await behind(broken, {});
    const named = sql('10_stage.sql', 'COPY');
    deploy(planOf([{ ...named, statements: [{ parts: ['COPY ', { param: 'file_uri' }] }] }, commit]));
    await finishAll();
    expect(run(id)).toMatchObject({ state: 'SUCCEEDED', planHash: broken.hash });
  });

  it('but takes the plan of today if all of that fits', async () => {
    const of = { ...broken, parameters: [day] };
    const id = await behind(of, { day: '2026-11-24' });
    deploy({ ...repaired, parameters: [day] });
    await finishAll();
    expect(run(id)).toMatchObject({ state: 'SUCCEEDED', planHash: repaired.hash });
    expect(world.logs).not.toContain('warn the run keeps the plan it was created with');
  });
});

describe('a run that has begun', () => {
  it('keeps its plan after a deployment', async () => {
    const id = await arrive('orders/1.csv');
    await sweepNow();
    deploy(repaired);
    await finishAll();
    expect(run(id)).toMatchObject({ state: 'SUCCEEDED', planHash: broken.hash });
  });

  it('keeps the plan with which it was resumed, even after it released its slot', async () => {
    const going = { ...broken, onFailure: 'continue' as const, hash: 'broken, continues' };
    deploy(going);
    const first = await arrive('orders/1.csv');
    await sweepNow();
    await arrive('orders/2.csv');
    await world.finish('FAILED', { error: 'ERROR: syntax error at or near "INSRT"' });
    await sweepNow();
    await resume(first);
    expect(run(first)).toMatchObject({ state: 'QUEUED', planHash: going.hash });
    deploy(repaired);
    await finishAll();
    expect(run(first)).toMatchObject({ state: 'SUCCEEDED', planHash: going.hash });
  });
});
