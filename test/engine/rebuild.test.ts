import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import type { Plan, Step } from '../../shared/pipeline/plan.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf, lineageOf as lineage, planOf, World } from '../fakes/world.ts';

let world: World;

beforeEach(() => {
  world = new World();
});

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

/** The article's own shape: what changed is found by comparing with the table that is then changed. */
const changes: Partial<Step> = {
  name: '30_changes.sql',
  lineage: lineage({ createsTemp: ['changes'], readsTemp: ['stage'], reads: ['dim'] }),
};
const merge: Partial<Step> = {
  name: '40_merge.sql',
  kind: 'durable',
  lineage: lineage({ readsTemp: ['changes'], writes: ['dim'] }),
};
const auditChanges: Partial<Step> = {
  name: '50_audit.sql',
  kind: 'durable',
  lineage: lineage({ readsTemp: ['changes'], writes: ['audit'] }),
};

async function started(plan: Plan): Promise<string> {
  const file = fileOf('orders/1.csv');
  world.put(file);
  const [run] = await admit({ file, time: new Date(world.time).toISOString() }, world.engine([plan]));
  if (run === undefined) throw new Error('no run');
  await world.drive(run.run.id);
  return run.run.id;
}

function runOf(id: string): StoredRun {
  const run = world.run(id);
  if (run === undefined) throw new Error(`no run ${id}`);
  return run;
}

const stepsRun = (): (string | undefined)[] =>
  world.warehouse.statements
    .filter((statement) => statement.name !== undefined)
    .map((statement) => /step=(\S+)/.exec(statement.sqls[0] ?? '')?.[1]);

/** The session is gone when the step that ended is followed by the next one. */
async function loseSessionAfter(finished: { rows?: number[] } = {}): Promise<void> {
  const { runId, event } = world.end('FINISHED', finished);
  for (const session of world.warehouse.sessions.values()) session.status = 'CLOSED';
  await world.drive(runId, event);
}

describe('a session that is lost before any durable step', () => {
  it('is rebuilt at once if the outcome of no durable step is unknown: only the steps that built the temporary tables re-run', async () => {
    const note: Partial<Step> = { name: '25_note.sql', lineage: lineage({ createsTemp: ['note'] }) };
    const more: Partial<Step> = { name: '30_more.sql', lineage: lineage({ writesTemp: ['stage'] }) };
    const id = await started(planOf([stage, load, note, more, commit]));
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    await loseSessionAfter();
    expect(runOf(id)).toMatchObject({ state: 'RUNNING', generation: 2, step: '10_stage.sql' });
    for (let i = 0; i < 4; i += 1) await world.finish('FINISHED', { rows: [50] });
    expect(runOf(id).state).toBe('SUCCEEDED');
    expect(stepsRun()).toEqual([
      '10_stage.sql',
      '20_load.sql',
      '25_note.sql',
      '10_stage.sql',
      '20_load.sql',
      '30_more.sql',
      '40_commit.sql',
    ]);
  });

  it('at the commit step is rebuilt after two probes of the marker, a minute apart: the staging steps re-run', async () => {
    const id = await started(planOf([stage, load, commit]));
    await world.finish();
    await loseSessionAfter({ rows: [50] });
    expect(runOf(id)).toMatchObject({ state: 'WAITING', generation: 1, step: '40_commit.sql' });
    world.time += 61_000;
    await world.drive(id);
    expect(runOf(id)).toMatchObject({ state: 'RUNNING', generation: 2, step: '10_stage.sql' });
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    await world.finish();
    expect(runOf(id).state).toBe('SUCCEEDED');
    expect(stepsRun()).toEqual([
      '10_stage.sql',
      '20_load.sql',
      '10_stage.sql',
      '20_load.sql',
      '40_commit.sql',
    ]);
  });
});

describe('a session that is lost after a commit', () => {
  it('is rebuilt if that is proved safe, and the commit is never repeated', async () => {
    const id = await started(planOf([stage, load, commit, audit]));
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    await loseSessionAfter({ rows: [9, 1] });
    world.time += 61_000;
    await world.drive(id);
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    expect(runOf(id)).toMatchObject({ step: '50_audit.sql', generation: 2 });
    await world.finish();
    expect(runOf(id).state).toBe('SUCCEEDED');
    expect(stepsRun().filter((step) => step === '40_commit.sql')).toHaveLength(1);
  });

  it('stops the run with REPLAY_DIVERGED if the load returns another number of rows than the first time', async () => {
    const id = await started(planOf([stage, load, commit, audit]));
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    await loseSessionAfter({ rows: [9, 1] });
    world.time += 61_000;
    await world.drive(id);
    await world.finish();
    await world.finish('FINISHED', { rows: [49] });
    const run = runOf(id);
    expect(run.state).toBe('NEEDS_DECISION');
    expect(run.error?.message).toContain('REPLAY_DIVERGED');
    expect(run.error?.message).toContain('returned 49 rows; the first time it returned 50 rows');
    expect(stepsRun()).not.toContain('50_audit.sql');
    // Its tables are filled in that session: whoever wants it again gets a new one.
    const request = {
      verb: 'resolve',
      requestId: 'again',
      runId: id,
      actor: 'me',
      verdict: 'not-applied',
    } as const;
    await operate(request, world.engine([]));
    await world.drive(id);
    expect(runOf(id)).toMatchObject({ generation: 3, step: '10_stage.sql', sessionId: 'session-3' });
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    await world.finish();
    expect(runOf(id).state).toBe('SUCCEEDED');
  });

  it('compares rows even with a step whose history row was not written yet', async () => {
    const seen: Partial<Step> = {
      name: '45_seen.sql',
      lineage: lineage({ createsTemp: ['seen'], readsTemp: ['stage'] }),
    };
    const auditSeen: Partial<Step> = {
      ...audit,
      lineage: lineage({ readsTemp: ['seen'], writes: ['audit'] }),
    };
    const id = await started(planOf([stage, load, commit, seen, auditSeen]));
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    await world.finish();
    const put = world.store.putHistory.bind(world.store);
    world.store.putHistory = async () => {
      throw new Error('the table is throttled');
    };
    await world.finish('FINISHED', { rows: [7] });
    world.store.putHistory = put;
    expect(runOf(id)).toMatchObject({ step: '50_audit.sql', lastStep: { name: '45_seen.sql' } });
    world.warehouse.kill('session-1', { committed: false, forgotten: true });
    for (let minute = 0; minute < 12 && runOf(id).generation === 1; minute += 1) {
      world.time += 61_000;
      await world.drive(id);
    }
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    await world.finish('FINISHED', { rows: [7] });
    expect(runOf(id)).toMatchObject({ state: 'RUNNING', step: '50_audit.sql', generation: 2 });
    await world.finish();
    expect(runOf(id).state).toBe('SUCCEEDED');
    const rows = (await world.store.history(id)).map((row) => `${row.name} ${row.generation} ${row.status}`);
    expect(rows).toContain('45_seen.sql 1 FINISHED');
    // What the session took with it is there to be seen as well.
    expect(rows).toContain('50_audit.sql 1 FAILED');
  });

  it('cannot be rebuilt in the pipeline of the article: the run stops with advice and the commands to decide it', async () => {
    const id = await started(planOf([stage, load, changes, merge, auditChanges]));
    for (let i = 0; i < 3; i += 1) await world.finish('FINISHED', { rows: [50] });
    await loseSessionAfter({ rows: [9, 1] });
    world.time += 61_000;
    await world.drive(id);
    const run = runOf(id);
    expect(run.state).toBe('NEEDS_DECISION');
    expect(run.error?.message).toContain('30_changes.sql reads dim, which 40_merge.sql has changed since');
    expect(run.error?.message).toContain('one file');
    expect(run.card?.text).toContain(`npx baton resolve ${id} --applied --stage test`);
  });
});

describe('a commit whose session broke while it ran', () => {
  async function breakUnderCommit(committed: boolean): Promise<string> {
    const id = await started(planOf([stage, load, commit, audit]));
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    world.warehouse.kill('session-1', { committed, forgotten: false });
    await world.drive(id);
    return id;
  }

  it('counts as applied if it has its marker: the run continues with the next step', async () => {
    const id = await breakUnderCommit(true);
    for (let minute = 0; minute < 8 && world.warehouse.running() === undefined; minute += 1) {
      world.time += 61_000;
      await world.drive(id);
    }
    await world.finish();
    await world.finish('FINISHED', { rows: [50] });
    await world.finish();
    expect(runOf(id).state).toBe('SUCCEEDED');
    expect(stepsRun().filter((step) => step === '40_commit.sql')).toHaveLength(1);
  });

  it('counts as not applied without a marker: it is retried in a new session', async () => {
    const id = await breakUnderCommit(false);
    for (let minute = 0; minute < 12 && runOf(id).state !== 'SUCCEEDED'; minute += 1) {
      world.time += 61_000;
      await world.drive(id);
      if (world.warehouse.running() !== undefined) await world.finish('FINISHED', { rows: [50] });
    }
    expect(runOf(id).state).toBe('SUCCEEDED');
    expect(stepsRun().filter((step) => step === '40_commit.sql')).toHaveLength(2);
    expect(
      world.warehouse.statements.filter(
        (statement) => statement.committed === true && statement.sqls[0]?.includes('40_commit') === true,
      ),
    ).toHaveLength(1);
  });

  it('needs a person to decide if it is opaque, and continues after that', async () => {
    const opaque: Partial<Step> = {
      name: '40_call.sql',
      kind: 'opaque',
      lineage: lineage({ writes: 'everything' }),
    };
    const plan = planOf([stage, load, opaque]);
    const id = await started(plan);
    await world.finish();
    await world.finish();
    world.warehouse.kill('session-1', { committed: true, forgotten: false });
    await world.drive(id);
    const stopped = runOf(id);
    expect(stopped).toMatchObject({ state: 'NEEDS_DECISION', step: '40_call.sql' });
    expect(stopped.error?.message).toContain('opaque');
    const answer = await operate(
      { verb: 'resolve', requestId: 'd1', runId: id, actor: 'me', verdict: 'applied' },
      world.engine([plan]),
    );
    expect(answer).toMatchObject({ ok: true, state: 'SUCCEEDED' });
    expect(stepsRun().filter((step) => step === '40_call.sql')).toHaveLength(1);
  });
});
