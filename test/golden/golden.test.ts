/** What earlier versions stored and were told is read by today's code, and brought to its right end by it. */
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { drive } from '../../shared/engine/drive.ts';
import { operate } from '../../shared/engine/operate.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { ObjectCreated } from '../../shared/events/object-created.ts';
import type { WakeUp } from '../../shared/events/statement-ended.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Run } from '../../shared/run/run.ts';
import { isAtEnd } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { NEWEST_SCHEMA } from '../../shared/store/run-item.ts';
import { KEEP_ALIVE_SECONDS, planOf, World } from '../fakes/world.ts';
import { makeEvents, read, underWay } from './events.ts';
import type { Golden } from './golden.ts';
import { readGoldenEvents, readGoldens, shapeOf, versionsIn } from './golden.ts';
import { makeGoldens } from './lives.ts';
import type { Tables } from './table.ts';
import { openTables } from './table.ts';

const folder = join(process.cwd(), 'test/golden');
const versions = versionsIn(folder);
const newest = versions.at(-1) ?? '';
let tables: Tables;

beforeAll(async () => {
  tables = await openTables();
});
afterAll(async () => {
  await tables.close();
});

/** The table is filled with the items as they are in the file, and read by today's store. */
async function revived(golden: Golden): Promise<{ world: World; plan: Plan }> {
  const table = await tables.empty();
  for (const item of golden.items) await table.put(item);
  const world = new World();
  world.time = golden.now;
  // A world counts its tokens from one: those of the file's world are behind it.
  for (let i = 0; i < 1_000; i += 1) world.ports.randomToken();
  for (const item of golden.items) {
    const id = item['sk']?.S === 'run' ? item['pk']?.S?.slice('run#'.length) : undefined;
    const other = id === undefined || id === golden.runId ? undefined : await table.store.load(id);
    const itsFile = other && fileOf(other.trigger);
    // Of other versions of the same key only the run's own file is there.
    if (golden.artifacts !== undefined && itsFile !== undefined) world.put(itsFile);
    if (other !== undefined) await world.store.create(other);
  }
  for (const [key, body] of Object.entries(golden.artifacts ?? {})) world.artifacts.set(key, body);
  const run = await table.store.load(golden.runId);
  if (run === undefined) throw new Error(`the run of ${golden.name} was not read`);
  const plan = await table.store.loadPlan(run.planHash);
  if (plan === undefined) throw new Error(`the plan of ${golden.name} was not read`);
  await world.store.create(run);
  await world.store.putPlan(plan);
  for (const row of await table.store.history(run.id)) await world.store.putHistory(run.id, row);
  const pool = await table.store.loadPool(run.pipeline);
  if (pool.epoch > 0) world.store.pools.set(run.pipeline, { ...pool, holders: { ...pool.holders } });
  const file = fileOf(run.trigger);
  if (file !== undefined) world.put(file, storedRun(run).fileAtClaim?.modified);
  await refill(world, golden.warehouse);
  return { world, plan };
}

/** Sessions and statements get the ids that they had, since they are made in the same order. */
async function refill({ warehouse }: World, { sessions, statements }: Golden['warehouse']): Promise<void> {
  for (const { id } of sessions) expect(await warehouse.open()).toMatchObject({ value: { sessionId: id } });
  for (const statement of statements) {
    const { id, name = '', token = `none-${id}`, sessionId, sqls, status, error } = statement;
    const session = warehouse.sessions.get(sessionId);
    if (session !== undefined) session.status = 'AVAILABLE';
    const submission = {
      sessionId,
      name,
      token,
      sqls,
      transaction: true,
      keepAliveSeconds: KEEP_ALIVE_SECONDS,
    };
    expect(await warehouse.submit(submission)).toMatchObject({ value: { statementId: id } });
    if (status === 'RUNNING') continue;
    const ended = warehouse.end(id, status, error === undefined ? {} : { error });
    if (statement.committed !== undefined) ended.committed = statement.committed;
    if (statement.forgotten === true) ended.forgotten = true;
  }
  for (const { id, status } of sessions) {
    const session = warehouse.sessions.get(id);
    if (session !== undefined) session.status = status;
  }
}

/** The same pipeline, compiled by a compiler that found out more: its author changed nothing. */
function compiledBetter(plan: Plan): Plan {
  const steps = plan.steps.map((step) => ({
    ...step,
    // The hash of a plan of schema 1 is over everything that is known of the step.
    ...(plan.schema === 1 ? { hash: `better-${step.hash}` } : {}),
    lineage: { ...step.lineage, varies: ['so a later compiler says'] },
    foundOut: true,
  }));
  return { ...plan, schema: 2, hash: 'a better plan', steps };
}

/** Statements end well, the clock goes on, a person says what only a person can; no event is heard of. */
async function broughtToItsEnd(world: World, runId: string, plan: Plan): Promise<string> {
  for (let round = 0; round < 60; round += 1) {
    const run = world.store.runs.get(runId);
    if (run === undefined) throw new Error('the run is gone');
    const { state, pendingActions } = storedRun(run);
    if (isAtEnd(run) && pendingActions === undefined) return state;
    if (run.life.state === 'ABSORBED' && isDone(world.store.runs.get(run.life.into))) return state;
    const running = world.warehouse.running();
    if (running !== undefined) world.warehouse.end(running.id, 'FINISHED');
    const request = { requestId: `round-${round}`, runId, actor: 'somebody' };
    if ((state === 'FAILED' || state === 'PAUSED') && pendingActions === undefined)
      await operate({ verb: 'resume', ...request }, world.engine([plan]));
    if (state === 'NEEDS_DECISION' && pendingActions === undefined) {
      const word = { verb: 'resolve' as const, verdict: 'applied' as const, ...request };
      await operate(word, world.engine([plan]));
    }
    world.time += 100_000;
    await sweep(world.engine());
  }
  throw new Error(`stuck: ${JSON.stringify(world.store.runs.get(runId))}`);
}

/** Optional attributes of runs and pools, in the schema that earlier versions read too. */
const NEW: ReadonlySet<string> = new Set(['handoff', 'took']);

function withoutNew(golden: Golden): Golden {
  const items = golden.items.map((item) =>
    Object.fromEntries(Object.entries(item).filter(([name]) => !NEW.has(name))),
  );
  return { ...golden, items };
}

function isDone(batch: Run | undefined): boolean {
  return batch?.life.state === 'SUCCEEDED' && batch.life.pendingActions.length === 0;
}

describe.each(versions)('a run stored by version %s', (version) => {
  it.each(readGoldens(folder, version).map((golden) => [golden.name, golden] as const))(
    'ends correctly with today’s code: %s',
    async (_, golden) => {
      await expectItsEnd(golden);
    },
  );

  it.runIf(version === versions.at(-1))(
    'ends correctly where an earlier version has stored it again, without the attributes that it does not know',
    async () => {
      for (const golden of readGoldens(folder, version)) await expectItsEnd(withoutNew(golden));
    },
  );

  async function expectItsEnd(golden: Golden): Promise<void> {
    const { world, plan } = await revived(golden);
    expect(await broughtToItsEnd(world, golden.runId, plan)).toBe(golden.end);
    // Of a file in a batch it is the batch.
    const by = world.run(golden.runId)?.into ?? golden.runId;
    const applied = (step: string): number =>
      world.warehouse.statements.filter(
        ({ committed, sqls }) =>
          committed === true &&
          sqls.some(
            (sql) =>
              sql.includes('baton.step_marker') && sql.includes(`'${step}'`) && sql.includes(`'${by}'`),
          ),
      ).length;
    const least = golden.end === 'SUCCEEDED' || golden.end === 'ABSORBED' ? 1 : 0;
    const wrong = plan.steps
      .filter(({ kind }) => kind === 'durable')
      .filter(({ name }) => applied(name) > 1 || applied(name) < least);
    expect(wrong).toEqual([]);
    expect(world.store.pools.get('orders')?.holders ?? {}).toEqual({});
    expect(world.run(golden.runId)).not.toHaveProperty('pendingActions');
    expect(world.warehouse.running()).toBeUndefined();
  }

  it.each(
    readGoldens(folder, version)
      .filter(({ name }) => name.startsWith('FAILED'))
      .map((golden) => [golden.name, golden] as const),
  )('is resumed where it failed, also with a plan of a newer compiler: %s', async (_, golden) => {
    const { world, plan } = await revived(golden);
    const before = world.run(golden.runId);
    const today = compiledBetter(plan);
    const request = { verb: 'resume' as const, requestId: 'r', runId: golden.runId, actor: 'somebody' };
    const answer = await operate(request, world.engine([today]));
    expect(answer).toMatchObject({ ok: true });
    const resumed = world.run(golden.runId);
    expect(resumed).toMatchObject({ cursor: before?.cursor, planHash: today.hash });
    // Into a new session only where it was to go into one before.
    expect(resumed?.rebuildFrom).toBe(before?.rebuildFrom);
    expect(await broughtToItsEnd(world, golden.runId, today)).toBe(golden.end);
  });

  it('is refused and left unchanged if it has a newer schema', async () => {
    const [golden] = readGoldens(folder, version);
    const table = await tables.empty();
    for (const item of golden?.items ?? [])
      await table.put(item['sk']?.S === 'run' ? { ...item, schema: { N: String(NEWEST_SCHEMA + 1) } } : item);
    const before = await table.items();
    const world = new World();
    const engine = { ...world.engine(), store: table.store };
    await expect(drive(golden?.runId ?? '', { kind: 'Woken' }, engine)).rejects.toThrow(
      'was written by a newer Baton',
    );
    expect(await table.items()).toEqual(before);
  });
});

describe.each(versions)('an event received by version %s', (version) => {
  const events = readGoldenEvents(folder, version);
  const goldens = readGoldens(folder, version);

  it.each(events.map((event) => [event.name, event] as const))('is parsed as it was then: %s', (_, event) => {
    expect(read(event)).toMatchObject(event.read as object);
  });

  it('starts a run that succeeds: a file event, and its replay', async () => {
    const files = events.filter(({ reader }) => reader === 'object-created').map((event) => read(event));
    for (const created of files as ObjectCreated[]) {
      const world = new World();
      world.put(created.file);
      const plan = planOf([
        { name: '10_load.sql', usesFile: true },
        { name: '20_commit.sql', kind: 'durable' },
      ]);
      for (const again of [created, created]) {
        const [started] = await admit(again, world.engine([plan]));
        expect(started && fileOf(started.run.trigger)?.key).toBe("orders/7 o'clock.csv");
      }
      const [runId = ''] = [...world.store.runs.keys()];
      expect(world.store.runs.size).toBe(1);
      expect(await broughtToItsEnd(world, runId, plan)).toBe('SUCCEEDED');
    }
  });

  it('advances its run: a completion event', async () => {
    const golden = underWay(goldens);
    const { world, plan } = await revived(golden);
    const told = events.find(({ name, of }) => name === 'a statement ended' && of === golden.name);
    const news = read(told ?? { reader: 'wake-up', event: {} }) as WakeUp;
    if ('ignored' in news) throw new Error(news.ignored);
    const before = world.store.runs.get(golden.runId);
    const running = world.warehouse.running();
    if (running !== undefined) world.warehouse.end(running.id, 'FINISHED');
    await world.drive(news.runId, news.event);
    expect(world.store.runs.get(golden.runId)?.cursor).toBe((before?.cursor ?? 0) + 1);
    expect(await broughtToItsEnd(world, golden.runId, plan)).toBe('SUCCEEDED');
  });

  it('has its effect: a request of a person', async () => {
    for (const event of events.filter(({ reader }) => reader === 'request')) {
      const request = read(event) as Parameters<typeof operate>[0];
      const states = { resume: 'FAILED', resolve: 'NEEDS_DECISION', cancel: 'RUNNING-SUBMITTED', start: '' };
      const fitting = goldens.find(
        ({ name }) => name.startsWith(states[request.verb]) && !/owed|pendingActions/.test(name),
      );
      if (fitting === undefined) throw new Error(`no golden run is fit for ${request.verb}`);
      const { world, plan } = await revived(fitting);
      world.put({ bucket: 'landing', key: 'orders/1.csv', size: 10, etag: 'etag' });
      const about =
        'runId' in request ? { ...request, runId: fitting.runId } : { ...request, parameters: {} };
      const answer = await operate(about, world.engine([plan]));
      expect({ ...answer, event: event.name }).toMatchObject({ ok: true });
    }
  });
});

describe('what today’s code stores (to update the golden files: node test/golden/write.ts)', () => {
  let today: Golden[];

  beforeAll(async () => {
    today = await makeGoldens(tables);
  });

  it('has the shape of the newest golden version', () => {
    expect(newest).not.toBe('');
    expect(shapeOf(today)).toEqual(shapeOf(readGoldens(folder, newest)));
  });

  it('covers the same lifecycle states as the newest golden version', () => {
    const names = (goldens: readonly Golden[]): string[] => goldens.map(({ name }) => name).sort();
    expect(names(today)).toEqual(names(readGoldens(folder, newest)));
  });

  it('sends the same events as the newest golden version', () => {
    const events = readGoldenEvents(folder, newest);
    expect(makeEvents(today).map(({ name }) => name)).toEqual(events.map(({ name }) => name));
  });
});
