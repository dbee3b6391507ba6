/** A run that pauses after a step because a person asked: `baton start --until`, and what follows it. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { startOrReplay } from '../../shared/engine/start-or-replay.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { OperateAnswer, OperateRequest } from '../../shared/events/requests.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { NEWEST_SCHEMA, runItem } from '../../shared/store/run-item.ts';
import { fileOf, KEEP_ALIVE_SECONDS, lineageOf, planOf, World } from '../fakes/world.ts';

const steps = [
  { name: '10_stage.sql', lineage: lineageOf({ createsTemp: ['stage'] }) },
  { name: '20_load.sql', fusible: true as const, lineage: lineageOf({ writesTemp: ['stage'] }) },
  { name: '30_check.sql', fusible: true as const, kind: 'check' as const, expect: 'no_rows' as const },
  { name: '40_commit.sql', kind: 'durable' as const, lineage: lineageOf({ readsTemp: ['stage'] }) },
  { name: '50_audit.sql', kind: 'durable' as const },
];
const plan = planOf(steps);

let world: World;
let requests: number;

beforeEach(() => {
  world = new World();
  world.put(fileOf('orders/1.csv'));
  world.put(fileOf('orders/2.csv'));
  requests = 0;
});

async function ask(request: object, today: Plan = plan): Promise<OperateAnswer> {
  requests += 1;
  const whole = { requestId: `request-${requests}`, actor: 'anna', ...request } as OperateRequest;
  return operate(whole, world.engine([today]));
}

async function started(more: { until: string | undefined }, today: Plan = plan): Promise<string> {
  const answer = await ask(
    { verb: 'start', pipeline: 'orders', file: 's3://landing/orders/1.csv', ...more },
    today,
  );
  if (!answer.ok) throw new Error(answer.message);
  await world.drive(answer.runId);
  return answer.runId;
}

/** Everything that runs ends well, until nothing runs any more. */
async function goOn(): Promise<void> {
  while (world.warehouse.running() !== undefined) {
    world.time += 1_000;
    await world.finish();
  }
}

function submitted(): string[] {
  return world.warehouse.statements.flatMap(({ name, sqls }) =>
    name === undefined ? [] : (/step=(\S+)/.exec(sqls[0] ?? '')?.[1] ?? '?'),
  );
}

const names = steps.map(({ name }) => name);

describe('a run that is started until a step', () => {
  it.each([0, 1, 2, 3])(
    'pauses after step %i of five, and a resume runs the others in its session',
    async (last) => {
      const id = await started({ until: names[last] });
      await goOn();
      expect(world.run(id)).toMatchObject({
        state: 'PAUSED',
        until: names[last],
        cursor: last + 1,
        step: names[last + 1],
        sessionId: 'session-1',
        slot: true,
      });
      expect(submitted()).toEqual(names.slice(0, last + 1));
      expect((await world.store.history(id)).map(({ name }) => name)).toEqual(names.slice(0, last + 1));

      expect(await ask({ verb: 'resume', runId: id })).toMatchObject({
        ok: true,
        state: 'RUNNING',
        message: `continues at ${names[last + 1] ?? ''}`,
      });
      await world.drive(id);
      await goOn();
      const run = world.run(id);
      expect(run).toMatchObject({ state: 'SUCCEEDED', generation: 1, attempt: 1 });
      expect(run?.until).toBeUndefined();
      expect(submitted()).toEqual(names);
      expect(new Set(world.warehouse.statements.map(({ sessionId }) => sessionId))).toEqual(
        new Set(['session-1']),
      );
    },
  );

  it('is no failure: nothing is published, counted or sent, and the sweep leaves it alone', async () => {
    const id = await started({ until: '20_load.sql' });
    await goOn();
    const { card, failures, error, nextCheckAt, pendingActions } = world.run(id) ?? {};
    expect([card, failures, error, nextCheckAt, pendingActions]).toEqual(Array(5).fill(undefined));
    expect(world.types()).toEqual([]);
    expect(
      [...world.metered.keys()].filter((name) => /Failed|Decision|Cancelled|Succeeded/.test(name)),
    ).toEqual([]);
    const before = structuredClone(world.run(id));
    world.time += 3_600_000;
    await sweep(world.engine([plan]));
    expect(world.run(id)).toEqual(before);
    expect(world.logs.filter((line) => line.startsWith('error'))).toEqual([]);
    expect(world.metered.get('OldestUnfinishedRun')).toBe(0);
  });

  it('keeps its slot: later files wait, and are counted as held back', async () => {
    const id = await started({ until: '20_load.sql' });
    await goOn();
    const created = { file: fileOf('orders/2.csv'), time: new Date(world.time).toISOString() };
    const [next] = await admit(created, world.engine([plan]));
    world.time += 60_000;
    await sweep(world.engine([plan]));
    expect(world.run(next?.run.id ?? '')).toMatchObject({ state: 'QUEUED' });
    expect(world.metered.get('FilesHeldBack')).toBe(1);
    expect(await ask({ verb: 'cancel', runId: id })).toMatchObject({ ok: true });
    expect(world.run(id)).toMatchObject({ state: 'CANCELLED' });
    world.time += 60_000;
    await sweep(world.engine([plan]));
    expect(world.run(next?.run.id ?? '')).toMatchObject({ state: 'RUNNING' });
  });

  it('keeps its slot also where failures do not hold the pipeline', async () => {
    const id = await started({ until: '20_load.sql' }, planOf(steps, { onFailure: 'continue' }));
    await goOn();
    expect((await world.store.loadPool('orders')).holders).toEqual({ [id]: 1 });
  });

  it('sends no group beyond that step, whatever earlier runs suggest', async () => {
    const took = Object.fromEntries(names.map((name) => [name, 100]));
    world.store.pools.set('orders', { holders: {}, epoch: 0, took });
    const id = await started({ until: '20_load.sql' });
    expect(world.run(id)).toMatchObject({ handoff: 'e++ee', group: 2 });
    await goOn();
    expect(world.run(id)).toMatchObject({ state: 'PAUSED', cursor: 2, step: '30_check.sql' });
    const together = world.warehouse.statements.filter(({ name }) => name !== undefined);
    expect(together.map(({ sqls }) => sqls.length)).toEqual([2]);
    expect((await world.store.history(id)).map(({ name, status }) => [name, status])).toEqual([
      ['10_stage.sql', 'FINISHED'],
      ['20_load.sql', 'FINISHED'],
    ]);
    await ask({ verb: 'resume', runId: id });
    await world.drive(id);
    await goOn();
    expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED', generation: 1 });
  });

  it('is stored in a schema that earlier versions leave alone, until it runs to its end', async () => {
    const id = await started({ until: '20_load.sql' });
    const schemaNow = (): unknown => {
      const run = world.store.runs.get(id);
      return run && runItem(run)['schema'];
    };
    expect(schemaNow()).toBe(NEWEST_SCHEMA);
    await goOn();
    expect(schemaNow()).toBe(NEWEST_SCHEMA);
    await ask({ verb: 'resume', runId: id });
    expect(schemaNow()).toBeLessThan(NEWEST_SCHEMA);
  });

  it('whose session ends while it is paused is rebuilt by the resume', async () => {
    const id = await started({ until: '30_check.sql' });
    await goOn();
    world.time += KEEP_ALIVE_SECONDS * 1000;
    await ask({ verb: 'resume', runId: id });
    await world.drive(id);
    await goOn();
    expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED', generation: 2 });
    expect(submitted().filter((name) => name === '40_commit.sql')).toHaveLength(1);
  });

  it('pauses step by step', async () => {
    const id = await started({ until: '10_stage.sql' });
    for (const [i, until] of names.slice(1, 4).entries()) {
      await goOn();
      expect(world.run(id)).toMatchObject({ state: 'PAUSED', cursor: i + 1 });
      expect(await ask({ verb: 'resume', runId: id, until })).toMatchObject({ ok: true });
      await world.drive(id);
    }
    await goOn();
    expect(world.run(id)).toMatchObject({ state: 'PAUSED', cursor: 4 });
    expect(submitted()).toEqual(names.slice(0, 4));
  });

  it('and fails before it still pauses there after a resume', async () => {
    const id = await started({ until: '40_commit.sql' });
    await world.finish();
    await world.finish('FAILED', { error: 'ERROR: column "x" does not exist' });
    expect(world.run(id)).toMatchObject({ state: 'FAILED', until: '40_commit.sql', failures: 1 });
    await ask({ verb: 'resume', runId: id });
    await world.drive(id);
    await goOn();
    expect(world.run(id)).toMatchObject({ state: 'PAUSED', cursor: 4, failures: 1 });
    expect(world.types()).toEqual(['Run Failed']);
  });

  it('takes SQL that was changed while it was paused, from the step on that was changed', async () => {
    const id = await started({ until: '20_load.sql' });
    await goOn();
    const edited = planOf(steps.map((step, i) => (i === 1 ? { ...step, hash: 'edited' } : step)));
    expect(await ask({ verb: 'resume', runId: id, until: '20_load.sql' }, edited)).toMatchObject({
      ok: true,
      message: 'restarts at 20_load.sql in a new session, and pauses after 20_load.sql',
    });
    await world.drive(id);
    await goOn();
    expect(world.run(id)).toMatchObject({ state: 'PAUSED', cursor: 2, generation: 2 });
  });

  it('is not resumed by a replay of its file', async () => {
    const created = { file: fileOf('orders/1.csv'), time: new Date(world.time).toISOString() };
    const [first] = await admit(created, world.engine([plan]));
    const id = first?.run.id ?? '';
    await world.drive(id);
    await world.finish('FAILED', { error: 'ERROR: column "x" does not exist' });
    await ask({ verb: 'resume', runId: id, until: '10_stage.sql' });
    await world.drive(id);
    await goOn();
    expect(world.run(id)).toMatchObject({ state: 'PAUSED' });
    const trigger = { ...world.store.runs.get(id)?.trigger, replayName: 'replay-1' };
    await startOrReplay(plan, trigger as never, world.engine([plan]));
    expect(world.run(id)).toMatchObject({ state: 'PAUSED', cursor: 1 });
  });
});

describe('a request with a step to pause after', () => {
  it('that the pipeline does not have is invalid, and its steps are named', async () => {
    expect(await ask({ verb: 'start', pipeline: 'orders', until: '15_no.sql' })).toEqual({
      ok: false,
      code: 'invalid',
      message: `pipeline orders has no step 15_no.sql; its steps: ${names.join(', ')}`,
    });
    expect(world.store.runs.size).toBe(0);
  });

  it('that is the last one runs to its end', async () => {
    const id = await started({ until: '50_audit.sql' });
    expect(world.run(id)?.until).toBeUndefined();
    await goOn();
    expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('says so in its answer, and is carried out once', async () => {
    const request = { verb: 'start', pipeline: 'orders', until: '20_load.sql', requestId: 'once' };
    const first = await ask(request);
    expect(first).toMatchObject({
      ok: true,
      message: expect.stringContaining(', which pauses after 20_load.sql'),
    });
    expect(await ask(request)).toMatchObject({
      ok: true,
      message: expect.stringContaining('already started'),
    });
    expect(world.store.runs.size).toBe(1);
  });

  it('that today no longer has when the slot is free lets nothing run', async () => {
    const id = await started({ until: '20_load.sql' }, plan);
    await goOn();
    const waiting = await ask({ verb: 'start', pipeline: 'orders', until: '20_load.sql' });
    const next = waiting.ok ? waiting.runId : '';
    const renamed = planOf(
      steps.map((step, i) => (i === 1 ? Object.assign({}, step, { name: '25_load.sql' }) : step)),
    );
    await ask({ verb: 'cancel', runId: id }, renamed);
    for (let minute = 0; minute < 3; minute += 1) {
      world.time += 60_000;
      await sweep(world.engine([renamed]));
    }
    expect(world.run(next)).toMatchObject({ state: 'PAUSED', cursor: 0, until: '20_load.sql' });
    expect(submitted()).toEqual(['10_stage.sql', '20_load.sql']);
  });
});
