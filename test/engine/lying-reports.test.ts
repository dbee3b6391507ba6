/** A step took effect, or will, and is reported as failed: whatever the report says, its effect is there once. */
import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { OperateAnswer } from '../../shared/events/requests.ts';
import type { Plan, Step } from '../../shared/pipeline/plan.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { HistoryRow } from '../../shared/store/run-store.ts';
import { parseRun } from '../../shared/store/parse-run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import type { Report } from '../fakes/fake-warehouse.ts';
import { fileOf, lineageOf as lineage, planOf, World } from '../fakes/world.ts';

const stage: Partial<Step> = { name: '10_stage.sql', lineage: lineage({ createsTemp: ['stage'] }) };
const load: Partial<Step> = {
  name: '20_load.sql',
  usesFile: true,
  lineage: lineage({ writesTemp: ['stage'] }),
};
const commit: Partial<Step> = {
  name: '40_commit.sql',
  kind: 'durable',
  lineage: lineage({ readsTemp: ['stage'], writes: ['dim'] }),
};
const audit: Partial<Step> = {
  name: '50_audit.sql',
  kind: 'durable',
  lineage: lineage({ readsTemp: ['stage'], writes: ['audit'] }),
};
const call: Partial<Step> = { name: '40_call.sql', kind: 'opaque' };

const plan = planOf([stage, load, commit, audit]);

let world: World;
let id: string;

beforeEach(() => {
  world = new World();
});

/** A run that has come to its commit. */
async function atCommit(of: Plan = plan): Promise<void> {
  const file = fileOf('orders/1.csv');
  world.put(file);
  const created = { file, time: new Date(world.time).toISOString() };
  const [started] = await admit(created, world.engine([of]));
  id = started?.run.id ?? '';
  await world.drive(id);
  while (!run().step?.startsWith('40')) await world.finish();
}

function run(): StoredRun {
  const there = world.run(id);
  if (there === undefined) throw new Error('no run');
  return there;
}

/** The statement that runs ends, and its event arrives; or only the sweep sees it. */
async function report(
  status: 'FAILED' | 'ABORTED',
  what: Report,
  told: 'event' | 'sweep' = 'event',
): Promise<void> {
  const { event } = world.end(status, what);
  if (told === 'event') await world.drive(id, event);
  else await sweepAfter(100_000);
}

async function sweepAfter(ms: number): Promise<void> {
  world.time += ms;
  await sweep(world.engine());
}

/** Sweeps, and statements that end well, until the run has stopped. */
async function goOn(): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const { state, pendingActions } = run();
    if (
      ['SUCCEEDED', 'FAILED', 'NEEDS_DECISION', 'CANCELLED'].includes(state) &&
      pendingActions === undefined
    )
      return;
    if (world.warehouse.running() === undefined) await sweepAfter(61_000);
    else await world.finish();
  }
  throw new Error(`stuck: ${JSON.stringify(run())}`);
}

function ask(
  more: Pick<Extract<Parameters<typeof operate>[0], { runId: string }>, 'verb'> & object,
): Promise<OperateAnswer> {
  const request = { requestId: `request-${world.time}`, runId: id, actor: 'mia', ...more };
  return operate(request as Parameters<typeof operate>[0], world.engine([plan]));
}

const stepOf = (sqls: readonly string[]): string => /step=(\S+)/.exec(sqls[0] ?? '')?.[1] ?? '?';

function submitted(step: string): number {
  return world.warehouse.statements.filter(({ name, sqls }) => name !== undefined && stepOf(sqls) === step)
    .length;
}

/** How often a step took effect: so many markers it has. */
function applied(step: string): number {
  world.warehouse.land();
  return world.warehouse.statements.filter(
    ({ committed, sqls }) => committed === true && stepOf(sqls) === step,
  ).length;
}

async function rowsOf(step: string): Promise<readonly HistoryRow[]> {
  return (await world.store.history(id)).filter(({ name }) => name === step);
}

const io = 'An I/O error occurred while sending to the backend.';

const texts = [
  ['a lost connection', 'FAILED', io, 'session-lost'],
  ['a connection that was closed', 'FAILED', 'This connection has been closed.', 'session-lost'],
  ['a reset', 'FAILED', 'java.net.SocketException: Connection reset by peer', 'session-lost'],
  [
    'an administrator',
    'FAILED',
    'FATAL: terminating connection due to administrator command',
    'session-lost',
  ],
  ['a cluster that resizes', 'FAILED', 'ERROR: the cluster is resizing, please try again', 'transient'],
  ['a cancel', 'FAILED', "ERROR: Query (42) cancelled on user's request", 'cancelled'],
  ['words that nobody has seen', 'FAILED', 'ERROR: the flux was not aligned', 'unknown'],
  ['no words', 'FAILED', undefined, 'unknown'],
  ['a verdict on the SQL', 'FAILED', 'ERROR: relation "x" does not exist', 'sql'],
  ['a verdict on the rows', 'FAILED', 'ERROR: value too long for type character varying(3)', 'data'],
  ['a conflict', 'FAILED', 'ERROR: 1023 Serializable isolation violation on table - 1', 'conflict'],
  ['a missing permission', 'FAILED', 'ERROR: permission denied for relation dim', 'permission'],
  ['a stop', 'ABORTED', undefined, 'cancelled'],
  ['a stop in words', 'ABORTED', "ERROR: Query (42) cancelled on user's request", 'cancelled'],
] as const;

describe.each(['event', 'sweep'] as const)('a commit that took effect, but is reported to the %s', (told) => {
  it.each(texts)('as failed by %s, counts as applied, and the run succeeds', async (_, status, error, of) => {
    await atCommit();
    await report(status, { ...(error === undefined ? {} : { error }), applied: true }, told);
    expect(run()).toMatchObject({ state: 'RUNNING', phase: 'SUBMITTED', step: '50_audit.sql' });
    await goOn();
    expect(run().state).toBe('SUCCEEDED');
    expect([submitted('40_commit.sql'), applied('40_commit.sql')]).toEqual([1, 1]);
    const said = expect.stringContaining(error ?? '');
    const rows = await rowsOf('40_commit.sql');
    expect(rows).toMatchObject([{ status: 'FINISHED', errorClass: of, error: said }]);
  });
});

it('a run succeeds if its last step took effect but was reported as failed', async () => {
  await atCommit();
  await world.finish();
  await report('FAILED', { error: io, applied: true });
  await goOn();
  expect(run().state).toBe('SUCCEEDED');
  expect([submitted('50_audit.sql'), applied('50_audit.sql')]).toEqual([1, 1]);
  expect(await rowsOf('50_audit.sql')).toMatchObject([{ status: 'FINISHED', error: io }]);
});

it('a commit that was cancelled for its timeout but took effect counts as applied', async () => {
  await atCommit(planOf([stage, load, { ...commit, timeoutSeconds: 60 }, audit]));
  world.warehouse.stopped = () => ({ applied: true });
  await sweepAfter(100_000);
  expect(run()).toMatchObject({ timedOut: true, step: '40_commit.sql' });
  await goOn();
  expect(run().state).toBe('SUCCEEDED');
  expect([submitted('40_commit.sql'), applied('40_commit.sql')]).toEqual([1, 1]);
  expect(await rowsOf('40_commit.sql')).toMatchObject([{ status: 'FINISHED', errorClass: 'timeout' }]);
});

const openTexts = texts.filter(([, , , of]) => !['sql', 'data', 'conflict', 'permission'].includes(of));

describe('a commit that takes effect half a minute after the report', () => {
  it.each(openTexts)(
    'of a failure by %s counts as applied, and the run succeeds',
    async (_, status, error) => {
      await atCommit();
      await report(status, { ...(error === undefined ? {} : { error }), lateMs: 30_000 });
      expect(run()).toMatchObject({ state: 'WAITING', phase: 'SUBMITTED', step: '40_commit.sql' });
      await goOn();
      expect(run().state).toBe('SUCCEEDED');
      expect([submitted('40_commit.sql'), applied('40_commit.sql')]).toEqual([1, 1]);
      expect(await rowsOf('40_commit.sql')).toMatchObject([{ status: 'FINISHED' }]);
    },
  );

  it('is waited for even if its session is gone', async () => {
    await atCommit();
    const { event } = world.end('FAILED', { error: io, lateMs: 150_000 });
    for (const session of world.warehouse.sessions.values()) session.status = 'CLOSED';
    await world.drive(id, event);
    await goOn();
    expect(run().state).toBe('SUCCEEDED');
    expect([submitted('40_commit.sql'), applied('40_commit.sql')]).toEqual([1, 1]);
  });
});

describe('a commit that was reported as failed and has no marker', () => {
  const markersRead = (): number => world.warehouse.calls.filter((call) => call === 'ask').length / 2;

  it.each([
    ['transient', 'ERROR: the cluster is resizing, please try again'],
    ['session-lost', io],
  ] as const)('as %s is retried after two probes', async (_, error) => {
    await atCommit();
    await report('FAILED', { error });
    expect(run()).toMatchObject({ state: 'WAITING', phase: 'SUBMITTED' });
    expect([submitted('40_commit.sql'), markersRead()]).toEqual([1, 1]);
    // Somebody wakes it too soon.
    world.time += 59_000;
    await world.drive(id);
    expect(submitted('40_commit.sql')).toBe(1);
    await sweepAfter(1_000);
    expect(run()).toMatchObject({ phase: 'SUBMITTED', attempt: 2, step: '40_commit.sql' });
    await goOn();
    expect(run().state).toBe('SUCCEEDED');
    expect([submitted('40_commit.sql'), applied('40_commit.sql')]).toEqual([2, 1]);
    expect(await rowsOf('40_commit.sql')).toMatchObject([{ status: 'FAILED' }, { status: 'FINISHED' }]);
  });

  it.each(openTexts.filter(([, , , of]) => of === 'unknown' || of === 'cancelled'))(
    'by %s fails the run after two probes',
    async (_, status, error, of) => {
      await atCommit();
      await report(status, error === undefined ? {} : { error });
      expect(run()).toMatchObject({ state: 'WAITING', phase: 'SUBMITTED' });
      await goOn();
      expect(run()).toMatchObject({ state: 'FAILED', error: { class: of } });
      expect([markersRead(), applied('40_commit.sql')]).toEqual([2, 0]);
    },
  );

  it('by an error of the database itself fails the run at once, after one probe', async () => {
    await atCommit();
    await report('FAILED', { error: 'ERROR: relation "x" does not exist' });
    expect(run()).toMatchObject({ state: 'FAILED', error: { class: 'sql' } });
    expect(markersRead()).toBe(1);
  });

  it('is retried by a resume, which reads its marker again', async () => {
    await atCommit();
    await report('FAILED', { error: 'ERROR: relation "x" does not exist' });
    expect(await ask({ verb: 'resume' })).toMatchObject({ ok: true });
    await goOn();
    expect(run().state).toBe('SUCCEEDED');
    expect([submitted('40_commit.sql'), applied('40_commit.sql'), markersRead()]).toEqual([2, 1, 2]);
  });
});

/** What an older version stored of a commit that was reported failed: no marker was read. */
async function failedByOlderVersion(state: 'FAILED' | 'NEEDS_DECISION'): Promise<void> {
  await atCommit();
  const there = run();
  world.end('FAILED', { error: io, applied: true });
  const { token: _t, claimedAt: _c, statementId: _s, submittedAt: _a, nextCheckAt: _n, ...kept } = there;
  const error = { class: 'sql' as const, message: io, step: '40_commit.sql' };
  const resumeWith = { command: 'npx baton resume', event: '{}' };
  const endedAt = new Date(world.time).toISOString();
  const stopped = parseRun({ ...kept, state, phase: 'READY', error, resumeWith, endedAt });
  await world.store.save(stopped, there.version, 'older');
}

describe('a commit that an older version stopped without reading its marker', () => {
  it.each([
    ['FAILED', { verb: 'resume' as const }],
    ['NEEDS_DECISION', { verb: 'resolve' as const, verdict: 'not-applied' as const }],
  ] as const)('%s, but took effect, is not applied a second time', async (state, request) => {
    await failedByOlderVersion(state);
    expect(await ask(request)).toMatchObject({ ok: true });
    await goOn();
    expect(run().state).toBe('SUCCEEDED');
    expect([submitted('40_commit.sql'), applied('40_commit.sql')]).toEqual([1, 1]);
    expect(await rowsOf('40_commit.sql')).toMatchObject([
      { status: 'FINISHED', error: 'an earlier attempt of step 40_commit.sql was reported as not applied' },
    ]);
  });

  it.each(['CLOSED', 'AVAILABLE'] as const)(
    'is not applied a second time by a resume in a session that is %s, from an earlier step',
    async (status) => {
      await failedByOlderVersion('FAILED');
      for (const session of world.warehouse.sessions.values()) session.status = status;
      expect(await ask({ verb: 'resume', from: '10_stage.sql' } as { verb: 'resume' })).toMatchObject({
        ok: true,
      });
      await goOn();
      expect(run().state).toBe('SUCCEEDED');
      expect([submitted('10_stage.sql'), submitted('40_commit.sql'), applied('40_commit.sql')]).toEqual([
        2, 1, 1,
      ]);
    },
  );

  it('waits unclaimed while its marker cannot be read', async () => {
    await failedByOlderVersion('FAILED');
    await ask({ verb: 'resume' });
    const down = (call: string): void => {
      if (call === 'ask') throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    };
    world.warehouse.before = down;
    await sweepAfter(1_000);
    expect(run()).toMatchObject({ state: 'WAITING', phase: 'READY', step: '40_commit.sql' });
    world.warehouse.before = () => undefined;
    await goOn();
    expect(run().state).toBe('SUCCEEDED');
    expect([submitted('40_commit.sql'), applied('40_commit.sql')]).toEqual([1, 1]);
  });
});

it('a commit that takes effect after a person resolved it as not applied is not repeated', async () => {
  await atCommit();
  const refuse = (call: string): void => {
    if (call === 'ask') throw Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
  };
  world.warehouse.before = refuse;
  await report('FAILED', { error: io, lateMs: 30_000 });
  expect(run().state).toBe('NEEDS_DECISION');
  world.warehouse.before = () => undefined;
  world.time += 60_000;
  expect(await ask({ verb: 'resolve', verdict: 'not-applied' } as { verb: 'resolve' })).toMatchObject({
    ok: true,
  });
  await goOn();
  expect(run().state).toBe('SUCCEEDED');
  expect([submitted('40_commit.sql'), applied('40_commit.sql')]).toEqual([1, 1]);
});

describe('a session step whose reported failure leaves open whether it was applied', () => {
  const sessionsOf = (step: string): string[] =>
    world.warehouse.statements
      .filter(({ name, sqls }) => name !== undefined && stepOf(sqls) === step)
      .map(({ sessionId }) => sessionId);

  async function atLoad(): Promise<void> {
    const file = fileOf('orders/1.csv');
    world.put(file);
    const created = { file, time: new Date(world.time).toISOString() };
    const [started] = await admit(created, world.engine([plan]));
    id = started?.run.id ?? '';
    await world.drive(id);
    await world.finish();
  }

  it.each([
    ['transient', 'ERROR: the cluster is resizing, please try again'],
    ['session-lost', io],
  ] as const)('(%s) is retried in a new session only', async (_, error) => {
    await atLoad();
    await report('FAILED', { error, applied: true });
    await goOn();
    expect(run().state).toBe('SUCCEEDED');
    const [first, second, ...others] = sessionsOf('20_load.sql');
    expect([second !== undefined && second !== first, others]).toEqual([true, []]);
    expect(sessionsOf('10_stage.sql')).toEqual([first, second]);
  });

  it.each([
    ['unknown', 'FAILED', 'ERROR: the flux was not aligned'],
    ['cancelled', 'ABORTED', undefined],
  ] as const)('(%s) fails, and is resumed in a new session only', async (of, status, error) => {
    await atLoad();
    await report(status, { ...(error === undefined ? {} : { error }), applied: true });
    expect(run()).toMatchObject({ state: 'FAILED', error: { class: of } });
    expect(await ask({ verb: 'resume' })).toMatchObject({ ok: true });
    await goOn();
    expect(run().state).toBe('SUCCEEDED');
    const [first, second, ...others] = sessionsOf('20_load.sql');
    expect([second !== undefined && second !== first, others]).toEqual([true, []]);
  });

  it('that is rejected by the database is repeated in the same session', async () => {
    await atLoad();
    await report('FAILED', { error: 'ERROR: relation "x" does not exist' });
    await ask({ verb: 'resume' });
    await goOn();
    expect(new Set(sessionsOf('20_load.sql')).size).toBe(1);
  });

  it('again and again stops instead of being rebuilt for ever', async () => {
    await atLoad();
    for (let i = 0; i < 60 && run().state !== 'FAILED'; i += 1) {
      const running = world.warehouse.running();
      if (running === undefined) await sweepAfter(301_000);
      else if (stepOf(running.sqls) === '10_stage.sql') await world.finish();
      else await report('FAILED', { error: 'ERROR: the cluster is resizing, please try again' });
    }
    expect(run()).toMatchObject({
      state: 'FAILED',
      step: '20_load.sql',
      error: { class: 'transient' },
    });
    expect(submitted('20_load.sql')).toBe(3);
  });
});

describe('an opaque step that was reported as failed', () => {
  it.each([
    ['in open words is put to a person', io, 'NEEDS_DECISION'],
    ['by the database has failed', 'ERROR: relation "x" does not exist', 'FAILED'],
  ] as const)('%s', async (_, error, state) => {
    await atCommit(planOf([stage, call, audit]));
    await report('FAILED', { error, applied: true });
    expect(run().state).toBe(state);
    expect(submitted('40_call.sql')).toBe(1);
  });

  it('with an unclear error is checked by its verify: query, and the run continues if that returns true', async () => {
    await atCommit(planOf([stage, { ...call, verify: { parts: ['SELECT was_it_done'] } }, audit]));
    world.warehouse.verify = (sql) => (sql.includes('was_it_done') ? [['1']] : undefined);
    await report('FAILED', { error: io, applied: true });
    await goOn();
    expect(run().state).toBe('SUCCEEDED');
    expect(submitted('40_call.sql')).toBe(1);
  });
});

describe('cancel of a commit', () => {
  const cancel = async (stopped: Report): Promise<string | undefined> => {
    await atCommit();
    world.warehouse.stopped = () => stopped;
    await ask({ verb: 'cancel' });
    await goOn();
    expect(run().state).toBe('CANCELLED');
    return run().error?.message;
  };

  it('that was reported ABORTED but took effect reports that it was applied', async () => {
    expect(await cancel({ applied: true })).toBe('cancelled by mia; step 40_commit.sql was applied');
    expect(await rowsOf('40_commit.sql')).toMatchObject([{ status: 'FINISHED' }]);
  });

  it('that takes effect half a minute after it was cancelled reports that it was applied', async () => {
    expect(await cancel({ lateMs: 30_000 })).toBe('cancelled by mia; step 40_commit.sql was applied');
    expect(applied('40_commit.sql')).toBe(1);
  });

  it('that was cancelled in time reports that it was not applied, after two probes', async () => {
    expect(await cancel({})).toBe('cancelled by mia; step 40_commit.sql was not applied');
    expect(applied('40_commit.sql')).toBe(0);
    expect(await rowsOf('40_commit.sql')).toMatchObject([{ status: 'ABORTED' }]);
  });

  it('whose completion event says ABORTED reads its marker as well', async () => {
    await atCommit();
    world.warehouse.cancel = () => Promise.resolve();
    await ask({ verb: 'cancel' });
    const { event }: { event: RunEvent } = world.end('ABORTED', { applied: true });
    await world.drive(id, event);
    expect(run().error?.message).toBe('cancelled by mia; step 40_commit.sql was applied');
  });
});

describe('a commit that takes effect minutes after its report', () => {
  const MINUTE = 60_000;

  const refusesQuestions = (call: string): void => {
    if (call === 'ask') throw Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
  };

  async function untilQuiet(): Promise<number> {
    for (let i = 0; i < 12; i += 1) {
      world.time += MINUTE + 1_000;
      if (world.warehouse.running() === undefined) await sweep(world.engine());
      else await world.finish();
    }
    world.time += 60 * MINUTE;
    world.warehouse.land();
    return world.warehouse.statements.filter(
      ({ committed, sqls }) => committed === true && sqls.some((sql) => sql.includes(`'40_commit.sql'`)),
    ).length;
  }

  it.each([
    { of: 'an open report', error: 'I/O error', verb: 'resolve' as const, isClosed: false },
    { of: 'an open report, its session gone', error: 'I/O error', verb: 'resolve' as const, isClosed: true },
    {
      of: 'a verdict',
      error: 'ERROR: relation "x" does not exist',
      verb: 'resume' as const,
      isClosed: false,
    },
  ])(
    'is not applied twice if the marker could not be read and a person lets it run again: $of',
    async (how) => {
      await atCommit();
      world.warehouse.before = refusesQuestions;
      await report('FAILED', { error: how.error, lateMs: 200_000 });
      if (how.isClosed) for (const session of world.warehouse.sessions.values()) session.status = 'CLOSED';
      world.warehouse.before = () => undefined;
      world.time += 10_000;
      const who = { requestId: 'r', runId: id, actor: 'mia' };
      const request =
        how.verb === 'resume'
          ? { verb: 'resume' as const, ...who }
          : { verb: 'resolve' as const, verdict: 'not-applied' as const, ...who };
      const answer = await operate(request, world.engine([plan]));
      expect(answer).toMatchObject({ ok: true });
      expect(await untilQuiet()).toBe(1);
      expect(run().state).toBe('SUCCEEDED');
    },
  );

  it('is not applied twice if a conflict was reported and its transaction is still open', async () => {
    await atCommit();
    await report('FAILED', {
      error: 'ERROR: 1023 Serializable isolation violation on table - 1',
      lateMs: 70_000,
    });
    expect(await untilQuiet()).toBe(1);
    expect(run().state).toBe('SUCCEEDED');
  });
});
