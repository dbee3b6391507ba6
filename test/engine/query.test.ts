/** A person looks into the session of a run: when that is allowed, what is answered, and that the run goes on as if nothing had happened. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { queryRun } from '../../shared/engine/query.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { QueryAnswer } from '../../shared/events/requests.ts';
import { READY, running } from '../../shared/run/decision.ts';
import { fileOf, KEEP_ALIVE_SECONDS, lineageOf, planOf, World } from '../fakes/world.ts';

const plan = planOf([
  {
    name: '10_stage.sql',
    lineage: lineageOf({ createsTemp: ['stage'] }),
    retry: { attempts: 3, baseSeconds: 200, maxSeconds: 300 },
  },
  { name: '20_load.sql', lineage: lineageOf({ writesTemp: ['stage'] }) },
  { name: '30_commit.sql', kind: 'durable', lineage: lineageOf({ readsTemp: ['stage'] }) },
]);

const LOOK = 'SELECT * FROM stage';

let world: World;
let id: string;
let requests = 0;

beforeEach(async () => {
  world = new World();
  world.warehouse.results.push({ match: 'FROM stage', columns: ['n'], rows: [['1'], ['2'], [null]] });
  const file = fileOf('orders/1.csv');
  world.put(file);
  const created = { file, time: new Date(world.time).toISOString() };
  const [started] = await admit(created, world.engine([plan]));
  id = started?.run.id ?? '';
});

async function look(more: { sql?: string; rows?: number; runId?: string } = {}): Promise<QueryAnswer> {
  const request = { verb: 'query', requestId: 'q', actor: 'anna', runId: id, sql: LOOK, ...more } as const;
  return queryRun(request, world.engine([plan]), true);
}

async function ask(verb: 'resume' | 'cancel'): Promise<void> {
  requests += 1;
  const request = { verb, runId: id, requestId: `request-${requests}`, actor: 'anna' } as const;
  expect(await operate(request, world.engine([plan]))).toMatchObject({ ok: true });
}

/** The load fails: the temporary table of the first step is in the session. */
async function failed(): Promise<void> {
  await world.drive(id);
  await world.finish();
  await world.finish('FAILED', { error: 'ERROR: column "x" does not exist' });
  expect(world.run(id)).toMatchObject({ state: 'FAILED', cursor: 1 });
}

const asked = (): number => world.warehouse.calls.filter((call) => call === 'runSmall').length;

describe('a query in the session of a run', () => {
  it('that failed returns the first rows, and changes nothing that is stored', async () => {
    await failed();
    const before = structuredClone(world.run(id));
    const answer = await look({ rows: 2 });
    expect(answer).toMatchObject({
      ok: true,
      runId: id,
      columns: [{ name: 'n', type: 'varchar' }],
      rows: [['1'], ['2']],
      total: 3,
    });
    expect(answer.message).toContain('2 of 3 rows; session session-1 ends when nothing runs in it for');
    const last = world.warehouse.statements.at(-1);
    expect(last).toMatchObject({ sessionId: 'session-1', sqls: [LOOK], name: undefined });
    expect(world.run(id)).toEqual(before);
    expect(world.types()).toEqual(['Run Failed']);
  });

  it('restarts the keep-alive of the session, with the time that the pipeline sets', async () => {
    await failed();
    world.time += (KEEP_ALIVE_SECONDS - 1) * 1000;
    expect(await look()).toMatchObject({ ok: true });
    world.time += (KEEP_ALIVE_SECONDS - 1) * 1000;
    expect(await world.warehouse.session('session-1')).toBe('AVAILABLE');
    world.time += 1_000;
    expect(await world.warehouse.session('session-1')).toBe('CLOSED');
  });

  it('is followed by a resume in the same session, with the same statements as without it', async () => {
    await failed();
    await look();
    await ask('resume');
    await world.drive(id);
    await world.finish();
    await world.finish();
    expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED', generation: 1 });
    const names = world.warehouse.statements.flatMap(({ name }) => name ?? []);
    expect(names).toHaveLength(4);
  });

  it('that is still running when the run is resumed makes the run back off; then it continues in its session', async () => {
    await failed();
    const session = world.warehouse.sessions.get('session-1');
    if (session === undefined) throw new Error('no session');
    session.status = 'BUSY';
    await ask('resume');
    await world.drive(id);
    expect(world.run(id)).toMatchObject({ state: 'WAITING', waitingFor: 'the session is not available' });
    world.time += 60_000;
    await sweep(world.engine());
    expect(world.run(id)).toMatchObject({ state: 'WAITING', sessionId: 'session-1', generation: 1 });
    session.status = 'AVAILABLE';
    world.time += 60_000;
    await sweep(world.engine());
    await world.finish();
    await world.finish();
    expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED', generation: 1, attempt: 1 });
  });

  it('that takes the session between two statements of a resumed run only delays the next one', async () => {
    await failed();
    await ask('resume');
    await world.drive(id);
    const session = world.warehouse.sessions.get('session-1');
    if (session === undefined) throw new Error('no session');
    const { event } = world.end();
    session.status = 'BUSY';
    await world.drive(id, event);
    expect(world.run(id)).toMatchObject({ state: 'WAITING', phase: 'CLAIMED', cursor: 2 });
    session.status = 'AVAILABLE';
    for (let minute = 0; minute < 3 && world.warehouse.running() === undefined; minute += 1) {
      world.time += 60_000;
      await sweep(world.engine());
    }
    await world.finish();
    expect(world.run(id)).toMatchObject({ state: 'SUCCEEDED', generation: 1 });
    expect(world.warehouse.statements.flatMap(({ name }) => name ?? [])).toHaveLength(4);
  });
});

describe('a query is refused before the session is touched', () => {
  const expectRefused = async (why: RegExp): Promise<void> => {
    const before = asked();
    expect(await look()).toMatchObject({ ok: false, code: 'refused', message: expect.stringMatching(why) });
    expect(asked()).toBe(before);
  };

  it('while the run waits for a slot', async () => {
    await expectRefused(/is QUEUED: it has no session while it waits for a slot/);
  });

  it('while a statement of the run is submitted', async () => {
    await world.drive(id);
    await expectRefused(
      /is RUNNING.*: step 10_stage\.sql is running\. Query it when the run is at rest: npx baton/,
    );
  });

  it('while a statement of the run is claimed, also in a session that is idle', async () => {
    world.warehouse.before = (call) => {
      if (call === 'submit') throw Object.assign(new Error('reset'), { name: 'TimeoutError' });
    };
    await world.drive(id);
    world.warehouse.before = () => undefined;
    expect(world.run(id)).toMatchObject({ phase: 'CLAIMED' });
    expect(await world.warehouse.session('session-1')).toBe('AVAILABLE');
    await expectRefused(/step 10_stage\.sql is being submitted/);
  });

  it('while a statement of the run is due, and its session is idle', async () => {
    await world.drive(id);
    await world.finish('FAILED', { error: 'ERROR: cluster is resizing, please try again' });
    expect(world.run(id)).toMatchObject({ state: 'WAITING', phase: 'READY' });
    await expectRefused(/is WAITING.*step 10_stage\.sql is next: attempt 1 of 10_stage\.sql failed/);
  });

  it('while the run is being cancelled', async () => {
    await world.drive(id);
    world.warehouse.before = (call) => {
      if (call === 'cancel') throw new Error('not now');
    };
    const request = { verb: 'cancel', runId: id, requestId: 'c', actor: 'anna' } as const;
    await expect(operate(request, world.engine([plan]))).rejects.toThrow('not now');
    world.warehouse.before = () => undefined;
    await expectRefused(/is CANCELLING.*is being cancelled/);
  });

  it('when the run has ended', async () => {
    await world.drive(id);
    for (let step = 0; step < 3; step += 1) await world.finish();
    await expectRefused(/is SUCCEEDED: its session has ended with it, and its temporary tables are gone/);
  });

  it('when it is none that only reads', async () => {
    await failed();
    const before = asked();
    expect(await look({ sql: 'DELETE FROM stage' })).toMatchObject({
      ok: false,
      code: 'invalid',
      message: expect.stringContaining('SQL:1:1: DELETE is not allowed'),
    });
    expect(asked()).toBe(before);
  });

  it('on a stage that does not allow it', async () => {
    await failed();
    const before = asked();
    const request = { verb: 'query', requestId: 'q', actor: 'anna', runId: id, sql: LOOK } as const;
    expect(await queryRun(request, world.engine([plan]), false)).toMatchObject({
      ok: false,
      code: 'refused',
      message: expect.stringContaining('it was deployed with runQueries=false'),
    });
    expect(asked()).toBe(before);
  });

  it('when there is no such run', async () => {
    expect(await look({ runId: 'no' })).toMatchObject({ ok: false, code: 'not-found' });
  });
});

describe('when the session does not take it', () => {
  beforeEach(failed);

  it('because it has ended, the answer says from where a resume begins a new one', async () => {
    world.time += KEEP_ALIVE_SECONDS * 1000;
    expect(await look()).toMatchObject({
      ok: false,
      code: 'refused',
      message: expect.stringMatching(
        /has ended \(keepAlive: \d+ s\).* A resume begins a new session: it runs 10_stage\.sql again, then 20_load\.sql/,
      ),
    });
  });

  it('because the run has none any more, the same is said without a call', async () => {
    world.time += KEEP_ALIVE_SECONDS * 1000;
    world.warehouse.before = (call) => {
      if (call === 'open') throw Object.assign(new Error('no such role'), { name: 'AccessDeniedException' });
    };
    await ask('resume');
    for (let minute = 0; minute < 5; minute += 1) {
      world.time += 60_000;
      await sweep(world.engine());
    }
    expect(world.run(id)).toMatchObject({ state: 'FAILED' });
    expect(world.run(id)?.sessionId).toBeUndefined();
    const before = asked();
    expect(await look()).toMatchObject({
      ok: false,
      code: 'refused',
      message: expect.stringContaining(
        'has no session any more, and its temporary tables are gone. A resume',
      ),
    });
    expect(asked()).toBe(before);
  });

  it('because another query runs in it, it is refused and nothing waits', async () => {
    const session = world.warehouse.sessions.get('session-1');
    if (session !== undefined) session.status = 'BUSY';
    const answer = await look();
    expect(answer).toMatchObject({ code: 'refused', message: expect.stringContaining('is busy') });
  });

  it('because its last statement has just ended, it is tried again', async () => {
    let refusals = 0;
    world.warehouse.before = (call) => {
      if (call !== 'runSmall' || refusals === 2) return;
      refusals += 1;
      throw Object.assign(new Error('Session is not available'), { name: 'ValidationException' });
    };
    expect(await look()).toMatchObject({ ok: true, total: 3 });
    world.warehouse.before = (call) => {
      if (call === 'runSmall')
        throw Object.assign(new Error('Session is not available'), { name: 'ValidationException' });
    };
    expect(await look()).toMatchObject({ message: expect.stringContaining('not available yet') });
  });
});

it('a run that is resumed while a query waits for its session keeps the session', async () => {
  await failed();
  let tries = 0;
  world.warehouse.before = (call) => {
    const run = world.store.runs.get(id);
    if (call !== 'runSmall' || run === undefined) return;
    tries += 1;
    world.store.runs.set(id, running(run, READY, 0));
    throw Object.assign(new Error('Session is not available'), { name: 'ValidationException' });
  };
  expect(await look()).toMatchObject({ ok: false, message: expect.stringContaining('is RUNNING') });
  expect(tries).toBe(1);
});

describe('the end of the query', () => {
  beforeEach(failed);

  it('is awaited 45 s: then it is cancelled, so that it does not hold the session', async () => {
    const cancelled: string[] = [];
    const engine = world.engine([plan]);
    const warehouse = Object.assign(Object.create(world.warehouse) as typeof world.warehouse, {
      runSmall: async () => ({ ok: true, value: { statementId: 's-9', status: 'RUNNING' } }),
      cancel: async (statementId: string) => {
        cancelled.push(statementId);
      },
    });
    const request = { verb: 'query', requestId: 'q', actor: 'anna', runId: id, sql: LOOK } as const;
    expect(await queryRun(request, { ...engine, warehouse }, true)).toMatchObject({
      ok: false,
      code: 'failed',
      message: expect.stringContaining('longer than 45 s'),
    });
    expect(cancelled).toEqual(['s-9']);
  });

  it.each([
    ['AVAILABLE', 'ERROR: relation "x" does not exist'],
    [
      'CLOSED',
      'ERROR: relation "x" does not exist\nThe session has ended with it. A resume begins a new session',
    ],
  ] as const)('with an error is the error of the warehouse; its session is then %s', async (state, said) => {
    const warehouse = Object.assign(Object.create(world.warehouse) as typeof world.warehouse, {
      runSmall: async () => ({
        ok: true,
        value: { statementId: 's', status: 'FAILED', error: 'ERROR: relation "x" does not exist' },
      }),
      session: async () => state,
    });
    const request = { verb: 'query', requestId: 'q', actor: 'anna', runId: id, sql: LOOK } as const;
    const answer = await queryRun(request, { ...world.engine([plan]), warehouse }, true);
    expect(answer).toMatchObject({ ok: false, code: 'failed', message: expect.stringContaining(said) });
  });

  it('has at most 100 rows where no number is given, and no more than an answer of Lambda holds', async () => {
    const text = 'x'.repeat(64_000);
    const rows = Array.from({ length: 300 }, (_, n) => [String(n)]);
    world.warehouse.results.unshift({ match: 'FROM narrow', columns: ['n'], rows });
    world.warehouse.results.unshift({ match: 'FROM wide', columns: ['n'], rows: rows.map(() => [text]) });
    const narrow = await look({ sql: 'SELECT * FROM narrow' });
    expect(narrow.ok && [narrow.rows.length, narrow.total]).toEqual([100, 300]);
    const wide = await look({ sql: 'SELECT * FROM wide', rows: 300 });
    expect(wide.ok && wide.rows.length).toBe(78);
    expect(Buffer.byteLength(JSON.stringify(wide))).toBeLessThan(6 * 1024 * 1024);
    expect(wide.message).toContain('78 of 300 rows');
  });
});
