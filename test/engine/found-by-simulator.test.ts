/** What the simulator found, told once each so that it stays found. */
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import type { OperateAnswer, OperateRequest } from '../../shared/events/requests.ts';
import type { Plan, Step } from '../../shared/pipeline/plan.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf, lineageOf as lineage, planOf, World } from '../fakes/world.ts';

let world: World;

beforeEach(() => {
  world = new World();
});

/** What is derived from the dimension cannot be derived again behind the commit. */
const steps: Partial<Step>[] = [
  { name: '10_changes.sql', lineage: lineage({ createsTemp: ['changes'], reads: ['dim'] }) },
  { name: '20_merge.sql', kind: 'durable', lineage: lineage({ readsTemp: ['changes'], writes: ['dim'] }) },
  { name: '30_audit.sql', kind: 'durable', lineage: lineage({ readsTemp: ['changes'], writes: ['audit'] }) },
];

const lenient = planOf(steps, { onFailure: 'continue' });

async function arrive(plan: Plan, key: string, more: { replayName?: string } = {}): Promise<string> {
  const file = fileOf(key);
  world.put(file);
  world.time += 1000;
  const created = { file, time: new Date(world.time).toISOString(), ...more };
  const [started] = await admit(created, world.engine([plan]));
  return started?.run.id ?? '';
}

function ask(request: OperateRequest, plan: Plan): Promise<OperateAnswer> {
  return operate(request, world.engine([plan]));
}

function runOf(id: string): StoredRun {
  const run = world.run(id);
  if (run === undefined) throw new Error(`no run ${id}`);
  return run;
}

const submitted = (): number =>
  world.warehouse.statements.filter((statement) => statement.name !== undefined).length;

describe('a failed run whose slot is being released', () => {
  /** The slot is given back; what follows is cut off. */
  async function halfStopped(): Promise<string> {
    const id = await arrive(lenient, 'orders/1.csv');
    await world.drive(id);
    const release = world.store.releaseSlot.bind(world.store);
    const releasing = vi.spyOn(world.store, 'releaseSlot').mockImplementation(async (...slot) => {
      await release(...slot);
      throw new Error('cut off');
    });
    await expect(world.finish('FAILED', { error: 'ERROR: syntax error' })).rejects.toThrow('cut off');
    releasing.mockRestore();
    return id;
  }

  it('is not resumed: it would continue without a slot', async () => {
    const id = await halfStopped();
    expect(runOf(id)).toMatchObject({ state: 'FAILED', slot: true });
    expect((await world.store.loadPool('orders')).holders).toEqual({});
    const resume = { verb: 'resume' as const, requestId: 'r1', runId: id, actor: 'me' };
    expect(await ask(resume, lenient)).toMatchObject({
      ok: false,
      message: expect.stringContaining('try again in a moment'),
    });
    await world.drive(id);
    expect(await ask(resume, lenient)).toMatchObject({ ok: true, state: 'QUEUED' });
  });

  it('is resumed by a replayed file once its slot is released, since the queue delivers the event again', async () => {
    const id = await halfStopped();
    const replay = () => arrive(lenient, 'orders/1.csv', { replayName: 'r' });
    await expect(replay()).rejects.toThrow('the queue delivers the event again');
    await world.drive(id);
    await replay();
    expect(runOf(id)).toMatchObject({ state: 'QUEUED' });
  });
});

describe('a session with stale tables that cannot be rebuilt', () => {
  /** The first run fails behind its commit; another one commits; the first is resumed. */
  async function refused(): Promise<string> {
    const first = await arrive(lenient, 'orders/1.csv');
    const second = await arrive(lenient, 'orders/2.csv');
    await world.drive(first);
    await world.finish();
    await world.finish();
    await world.finish('FAILED', { error: 'ERROR: syntax error' });
    await world.drive(second);
    for (let i = 0; i < 3; i += 1) await world.finish();
    await ask({ verb: 'resume', requestId: 'r1', runId: first, actor: 'me' }, lenient);
    await world.drive(first);
    expect(runOf(first)).toMatchObject({ state: 'NEEDS_DECISION' });
    return first;
  }

  it('is not used after a person resolves the step as not applied', async () => {
    const id = await refused();
    const before = submitted();
    const verdict = 'not-applied' as const;
    await ask({ verb: 'resolve', requestId: 'r2', runId: id, actor: 'me', verdict }, lenient);
    await world.drive(id);
    expect(runOf(id)).toMatchObject({ state: 'NEEDS_DECISION' });
    expect(submitted()).toBe(before);
  });

  it('is replaced after a person resolves the step as applied', async () => {
    const id = await refused();
    const verdict = 'applied' as const;
    await ask({ verb: 'resolve', requestId: 'r2', runId: id, actor: 'me', verdict }, lenient);
    expect(runOf(id)).toMatchObject({ state: 'SUCCEEDED' });
  });
});

it('a run whose session was rebuilt too often continues after a person resolves it', async () => {
  const plan = planOf([
    { name: '10_stage.sql', lineage: lineage({ createsTemp: ['stage'] }) },
    { name: '20_commit.sql', kind: 'durable', lineage: lineage({ readsTemp: ['stage'], writes: ['dim'] }) },
  ]);
  const id = await arrive(plan, 'orders/1.csv');
  await world.drive(id);
  while (runOf(id).state === 'RUNNING') {
    const { event } = world.end();
    for (const session of world.warehouse.sessions.values()) session.status = 'CLOSED';
    await world.drive(id, event);
    for (let minute = 0; minute < 4 && runOf(id).state === 'WAITING'; minute += 1) {
      world.time += 100_000;
      await world.drive(id);
    }
  }
  const { state, generation } = runOf(id);
  expect(state).toBe('NEEDS_DECISION');
  const verdict = 'not-applied' as const;
  await ask({ verb: 'resolve', requestId: 'r1', runId: id, actor: 'me', verdict }, plan);
  await world.drive(id);
  expect(runOf(id)).toMatchObject({
    state: 'RUNNING',
    generation: generation + 1,
    step: '10_stage.sql',
  });
  await world.finish();
  await world.finish();
  expect(runOf(id)).toMatchObject({ state: 'SUCCEEDED' });
});

it('a session that was rebuilt for fewer steps than today’s plan needs is rebuilt again', async () => {
  const before: Partial<Step>[] = [
    { name: '10_stage.sql', lineage: lineage({ createsTemp: ['stage'] }) },
    { name: '20_commit.sql', kind: 'durable', lineage: lineage({ readsTemp: ['stage'], writes: ['dim'] }) },
    { name: '30_audit.sql', kind: 'durable', lineage: lineage({ writes: ['audit'] }) },
  ];
  const more = { name: '40_more.sql', kind: 'durable' as const, lineage: lineage({ readsTemp: ['stage'] }) };
  const id = await arrive(planOf(before), 'orders/1.csv');
  await world.drive(id);
  await world.finish();
  const { event } = world.end();
  for (const session of world.warehouse.sessions.values()) session.status = 'CLOSED';
  await world.drive(id, event);
  for (let minute = 0; minute < 4 && runOf(id).state === 'WAITING'; minute += 1) {
    world.time += 100_000;
    await world.drive(id);
  }
  expect(runOf(id)).toMatchObject({ generation: 2, step: '30_audit.sql', phase: 'SUBMITTED' });
  await world.finish('FAILED', { error: 'ERROR: syntax error' });
  const today = planOf([...before, more]);
  await ask({ verb: 'resume', requestId: 'r1', runId: id, actor: 'me' }, today);
  await world.drive(id);
  expect(runOf(id)).toMatchObject({ generation: 3, step: '10_stage.sql', phase: 'SUBMITTED' });
  for (let i = 0; i < 3; i += 1) await world.finish();
  expect(runOf(id)).toMatchObject({ state: 'SUCCEEDED', steps: 4 });
});

it('a driver that checked the file before the load does not stop a step that another driver has claimed since', async () => {
  const plan = planOf([
    {
      name: '10_load.sql',
      kind: 'durable',
      usesFile: true,
      lineage: lineage({ writes: ['dim'] }),
    },
  ]);
  const id = await arrive(plan, 'orders/1.csv');
  const { files } = world.ports;
  const find = files.find.bind(files);
  // The first driver stands still while it looks; meanwhile another one claims and submits the load.
  let other: Promise<unknown> | undefined;
  files.find = async (bucket, key) => {
    files.find = find;
    other = world.drive(id);
    await other;
    world.put(fileOf('orders/1.csv', { etag: 'another', sequencer: '0002' }));
    return find(bucket, key);
  };
  await world.drive(id);
  expect(other).toBeDefined();
  expect(runOf(id)).toMatchObject({ state: 'RUNNING', phase: 'SUBMITTED' });
  // The file is looked at again behind the load, which lasts: a person must know.
  await world.finish();
  expect(runOf(id)).toMatchObject({ state: 'NEEDS_DECISION', error: { class: 'input' } });
});

it('a claim is cancelled only after every driver that may have sent it is gone', async () => {
  const plan = planOf([{ name: '10_commit.sql', kind: 'durable', lineage: lineage({ writes: ['dim'] }) }]);
  const id = await arrive(plan, 'orders/1.csv');
  world.warehouse.sessionsExpire = false;
  const submit = world.warehouse.submit.bind(world.warehouse);
  world.warehouse.submit = () => Promise.reject(new Error('the driver dies'));
  await expect(world.drive(id)).rejects.toThrow('the driver dies');
  // Just before its token is not sent any more somebody begins to send it; and then it is cancelled.
  world.time = Date.parse(runOf(id).claimedAt ?? '') + 30 * 60_000 - 1_000;
  world.warehouse.submit = async (submission) => {
    world.warehouse.submit = submit;
    await ask({ verb: 'cancel', requestId: 'c', runId: id, actor: 'me' }, plan);
    world.time += 5_000;
    await world.drive(id);
    expect(runOf(id).state).toBe('CANCELLING');
    return submit(submission);
  };
  await world.drive(id);
  world.time += 60_000;
  await world.drive(id);
  expect(runOf(id)).toMatchObject({
    state: 'CANCELLED',
    error: { message: 'cancelled by me; step 10_commit.sql was not applied' },
  });
});

it('a cancelled run whose commit lost its connection reports it as applied by its marker', async () => {
  const plan = planOf([{ name: '10_commit.sql', kind: 'durable', lineage: lineage({ writes: ['dim'] }) }]);
  const id = await arrive(plan, 'orders/1.csv');
  await world.drive(id);
  world.warehouse.cancel = () => Promise.resolve();
  await ask({ verb: 'cancel', requestId: 'c', runId: id, actor: 'me' }, plan);
  world.warehouse.kill(runOf(id).sessionId ?? '', { committed: true, forgotten: false });
  await world.drive(id);
  expect(runOf(id)).toMatchObject({
    state: 'CANCELLED',
    error: { message: 'cancelled by me; step 10_commit.sql was applied' },
  });
});

it('a repeated start request returns the same answer even if its file was uploaded again', async () => {
  const plan = planOf(steps);
  world.put(fileOf('orders/1.csv'));
  const request = {
    verb: 'start' as const,
    requestId: 's',
    pipeline: 'orders',
    file: 's3://landing/orders/1.csv',
    actor: 'me',
  };
  const first = await ask(request, plan);
  world.put(fileOf('orders/1.csv', { etag: 'another', sequencer: '0002' }));
  expect(await ask(request, plan)).toMatchObject({ ok: true, runId: first.ok ? first.runId : '' });
});
