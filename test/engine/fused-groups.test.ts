import { beforeEach, describe, expect, it } from 'vitest';

import { describeRun } from '../../cli/runs/describe-run.ts';
import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { runItem } from '../../shared/store/run-item.ts';
import { runOf } from '../fakes/run-of.ts';
import type { Report } from '../fakes/fake-warehouse.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const sql = (text: string) => [{ parts: [text] }];

/** A group of four steps with five statements, and a durable step behind it. */
const steps = [
  { name: '10_stage.sql', statements: sql('CREATE TEMP TABLE stage (id INT)') },
  { name: '20_load.sql', statements: sql('COPY stage'), usesFile: true, fusible: true as const },
  {
    name: '30_changes.sql',
    statements: [...sql('CREATE TEMP TABLE changes (id INT)'), ...sql('INSERT INTO changes SELECT 1')],
    send: 'transaction' as const,
    fusible: true as const,
  },
  {
    name: '40_null.sql',
    kind: 'check' as const,
    expect: 'no_rows' as const,
    statements: sql('SELECT id FROM stage WHERE id IS NULL'),
    fusible: true as const,
  },
  {
    name: '50_some.sql',
    kind: 'check' as const,
    expect: 'rows' as const,
    statements: sql('SELECT id FROM changes'),
    fusible: true as const,
  },
  { name: '60_commit.sql', kind: 'durable' as const, statements: sql('INSERT INTO dim SELECT 1') },
];
const plan = planOf(steps);

const SHORT = Object.fromEntries(steps.map(({ name }) => [name, 200]));

let world: World;
let id: string;

beforeEach(() => {
  world = new World();
  world.warehouse.results.push({ match: 'FROM changes', columns: ['id'], rows: [['1'], ['2']] });
});

/** `took`: what earlier runs of the pipeline needed. */
async function arrive(took: Readonly<Record<string, number>> = SHORT, today: Plan = plan): Promise<void> {
  world.store.pools.set('orders', { holders: {}, epoch: 0, took });
  const file = fileOf('orders/1.csv');
  world.put(file);
  const [started] = await admit({ file, time: new Date(world.time).toISOString() }, world.engine([today]));
  if (started === undefined) throw new Error('no run was started');
  ({ id } = started.run);
  await world.drive(id);
}

function run(): StoredRun {
  const stored = world.run(id);
  if (stored === undefined) throw new Error(`no run ${id}`);
  return stored;
}

function ask(more: object, today: Plan = plan): ReturnType<typeof operate> {
  const request = { requestId: `request-${world.time}`, runId: id, actor: 'mia', ...more };
  return operate(request as Parameters<typeof operate>[0], world.engine([today]));
}

/** The steps of each submission, in order. */
function sent(): string[] {
  return world.warehouse.statements
    .filter(({ name }) => name?.startsWith('baton:test:orders') === true)
    .map(({ sqls }) => sqls.map((text) => /step=(\d+)/.exec(text)?.[1]).join('+'));
}

/** A second after its submission. */
async function finish(status: 'FINISHED' | 'FAILED' = 'FINISHED', detail: Report = {}): Promise<void> {
  world.time += 1_000;
  await world.finish(status, detail);
}

async function rows(): Promise<string[]> {
  const history = await world.store.history(id);
  return history.map(
    ({ name, attempt, status, rows: count }) =>
      `${name.slice(0, 2)} ${attempt} ${status}${count === undefined ? '' : ` ${count}`}`,
  );
}

const GROUP = '10+20+30+30+40+50';
const counts = [0, 5000, 0, 12, 0, 2];

describe('a group of steps', () => {
  it('is one submission; each step has its own row, and its own time', async () => {
    await arrive();
    expect(run()).toMatchObject({ handoff: 'e++++e', phase: 'SUBMITTED', group: 5 });
    await finish('FINISHED', { rows: counts });
    expect(sent()).toEqual([GROUP, '60+60']);
    expect(run()).toMatchObject({ cursor: 5, step: '60_commit.sql' });
    await finish('FINISHED', { rows: [12, 1] });
    expect(run().state).toBe('SUCCEEDED');
    expect(await rows()).toEqual([
      '10 1 FINISHED 0',
      '20 1 FINISHED 5000',
      '30 1 FINISHED 12',
      '40 1 FINISHED 0',
      '50 1 FINISHED 2',
      '60 1 FINISHED 12',
    ]);
    const [first, load, changes] = await world.store.history(id);
    expect(load?.startedAt).toBe(first?.endedAt);
    expect(Date.parse(changes?.endedAt ?? '') - Date.parse(changes?.startedAt ?? '')).toBe(20);
    expect(
      new Set((await world.store.history(id)).slice(0, 5).map(({ statementId }) => statementId)).size,
    ).toBe(1);
  });

  it('asks nothing of the warehouse but one description where its checks pass by their rows', async () => {
    await arrive();
    world.warehouse.calls.length = 0;
    await finish('FINISHED', { rows: counts });
    expect(world.warehouse.calls).toEqual(['describe', 'head', 'submit']);
  });

  it('reads the results of its checks where their rows are not counted', async () => {
    await arrive();
    world.warehouse.countsResults = false;
    world.warehouse.calls.length = 0;
    await finish('FINISHED', { rows: counts });
    expect(world.warehouse.calls).toEqual(['describe', 'head', 'result', 'result', 'submit']);
    expect(run()).toMatchObject({ cursor: 5 });
  });

  it('is stored with a schema that earlier versions leave alone, until its rows are written', async () => {
    const schema = (): unknown => {
      // Stored apart, because the hash of this plan is long, it would have that schema anyway.
      const { triggerApart: _, ...whole } = world.store.runs.get(id) ?? runOf();
      return runItem(whole)['schema'];
    };
    await arrive();
    expect(schema()).toBe(4);
    await finish('FINISHED', { rows: counts });
    expect(schema()).toBe(2);
  });

  it.each([
    ['a duration that is not known', { '30_changes.sql': 0 }, ['10+20', '30+30']],
    ['more than 10 s before it', { '20_load.sql': 9_900 }, ['10+20', '30+30+40+50']],
    ['a step above 60 s', { '30_changes.sql': 60_010 }, ['10+20', '30+30']],
    [
      'exactly 10 s before it, and 60 s',
      { '20_load.sql': 9_800, '30_changes.sql': 60_000 },
      ['10+20+30+30', '40'],
    ],
  ])('ends at %s', async (_, took, expected) => {
    await arrive({ ...SHORT, ...took });
    await finish();
    expect(sent()).toEqual(expected);
  });

  it('has no step where nothing is known yet; the run that measures them tells the next one', async () => {
    await arrive({});
    for (const count of [0, 5000, 12, 0, 2]) await finish('FINISHED', { rows: [count, 0] });
    await finish('FINISHED', { rows: [12, 1] });
    expect(sent()).toEqual(['10', '20', '30+30', '40', '50', '60+60']);
    expect(world.store.pools.get('orders')?.took).toEqual({
      '10_stage.sql': 1000,
      '20_load.sql': 1000,
      '30_changes.sql': 1000,
      '40_null.sql': 1000,
      '50_some.sql': 1000,
      '60_commit.sql': 1000,
    });
  });
});

describe('a failed statement of a group', () => {
  const failure = { error: 'ERROR: Load into table stage failed', rows: counts, failed: 1 };

  it('rolls it back: the steps before are ROLLED_BACK, those after have no row, and the run stays at its first step', async () => {
    await arrive();
    await finish('FAILED', { ...failure, error: 'ERROR: relation "x" does not exist', failed: 3 });
    expect(run()).toMatchObject({
      state: 'FAILED',
      cursor: 0,
      step: '10_stage.sql',
      error: { class: 'sql', step: '30_changes.sql', group: 5 },
    });
    expect(await rows()).toEqual(['10 1 ROLLED_BACK', '20 1 ROLLED_BACK', '30 1 FAILED']);
  });

  it('tells people which step failed, what was rolled back with it, and what a resume does', async () => {
    await arrive();
    await finish('FAILED', { ...failure, error: 'ERROR: relation "x" does not exist', failed: 3 });
    const event = world.published.find(({ type }) => type === 'Run Failed');
    expect(event?.detail).toMatchObject({
      step: '30_changes.sql',
      outcome: 'not-applied',
      rolledBack: ['10_stage.sql', '20_load.sql', '30_changes.sql', '40_null.sql', '50_some.sql'],
    });
    const card = String(event?.detail['card']);
    expect(card).toContain('orders FAILED at 30_changes.sql (sql)');
    expect(card).toContain(
      '30_changes.sql (3 of 6), in one transaction: 10_stage.sql to 50_some.sql, attempt 1',
    );
    expect(card).toContain('no: the transaction of 10_stage.sql to 50_some.sql was rolled back');
    expect(card).toContain(
      'runs 10_stage.sql to 50_some.sql, which were sent as one transaction, in its session while that is open',
    );
    const stored = world.store.runs.get(id);
    const text = stored && describeRun(stored, await world.store.history(id));
    expect(text).toMatch(/undo 10_stage\.sql .*attempt 1, rolled back with the step that failed/);
    expect(text).toMatch(/FAIL 30_changes\.sql/);
  });

  it('shows how many steps are under way together', async () => {
    await arrive();
    const stored = world.store.runs.get(id);
    expect(stored && describeRun(stored, [])).toContain(
      '0 of 6 steps done, at 10_stage.sql and the 4 after it, sent together',
    );
  });

  it('lets a resume run the group again, which it says', async () => {
    await arrive();
    await finish('FAILED', { ...failure, error: 'ERROR: relation "x" does not exist', failed: 3 });
    const { message } = await ask({ verb: 'resume' });
    expect(message).toBe(
      'resumes at 10_stage.sql (attempt 2): the steps up to 50_some.sql were rolled back together, and run again',
    );
    await world.drive(id);
    await finish('FINISHED', { rows: counts });
    await finish('FINISHED', { rows: [12, 1] });
    expect(run().state).toBe('SUCCEEDED');
    expect(sent()).toEqual([GROUP, GROUP, '60+60']);
    expect((await rows()).slice(3)).toEqual([
      '10 2 FINISHED 0',
      '20 2 FINISHED 5000',
      '30 2 FINISHED 12',
      '40 2 FINISHED 0',
      '50 2 FINISHED 2',
      '60 1 FINISHED 12',
    ]);
  });

  it('is resumed from its first step, whichever of its steps is asked for, and never from a step behind it', async () => {
    await arrive();
    await finish('FAILED', { ...failure, error: 'ERROR: relation "x" does not exist', failed: 3 });
    expect(await ask({ verb: 'resume', from: '60_commit.sql' })).toMatchObject({ ok: false });
    expect(await ask({ verb: 'resume', from: '30_changes.sql' })).toMatchObject({ ok: true });
    await world.drive(id);
    expect(sent()).toEqual([GROUP, GROUP]);
  });

  it('may be resumed with other SQL in any of its steps: none of them is done', async () => {
    await arrive();
    await finish('FAILED', { ...failure, error: 'ERROR: relation "x" does not exist', failed: 3 });
    const changed = planOf(steps.map((step) => ({ ...step, hash: `new-${step.name}` })));
    expect(await ask({ verb: 'resume' }, changed)).toMatchObject({ ok: true });
  });

  it('is retried as a whole, and counted as one attempt', async () => {
    await arrive();
    await finish('FAILED', {
      ...failure,
      error: 'ERROR: 1023 DETAIL: Serializable isolation violation',
      failed: 3,
    });
    expect(run()).toMatchObject({ state: 'RUNNING', cursor: 0, attempt: 2, firstAttempt: 1 });
    expect(sent()).toEqual([GROUP, GROUP]);
    expect(await rows()).toEqual(['10 1 ROLLED_BACK', '20 1 ROLLED_BACK', '30 1 FAILED']);
  });

  it('is not retried after a conflict if one of its steps may not be', async () => {
    const strict = planOf(steps.map((step, i) => Object.assign({}, step, { conflictRetry: i !== 3 })));
    await arrive(SHORT, strict);
    await finish('FAILED', {
      ...failure,
      error: 'ERROR: 1023 DETAIL: Serializable isolation violation',
      failed: 3,
    });
    expect(run()).toMatchObject({ generation: 2 });
  });

  it('of which no part has an error leaves open what happened: the session is replaced', async () => {
    await arrive();
    await finish('FAILED', { error: 'ERROR: the connection was lost', rows: counts });
    expect(run()).toMatchObject({ generation: 2, cursor: 0 });
    expect(await rows()).toEqual(['10 1 FAILED']);
  });
});

describe('a failed check of a group', () => {
  beforeEach(async () => {
    await arrive();
    world.warehouse.results[0] = { match: 'FROM changes', columns: ['id'], rows: [] };
    await finish('FINISHED', { rows: counts });
  });

  it('has committed its group: the steps before it are done', async () => {
    expect(run()).toMatchObject({
      state: 'FAILED',
      cursor: 4,
      step: '50_some.sql',
      error: {
        class: 'check',
        step: '50_some.sql',
        message: 'check failed: expected at least one row, got 0 rows',
      },
    });
    expect(run().error?.group).toBeUndefined();
    expect(await rows()).toEqual([
      '10 1 FINISHED 0',
      '20 1 FINISHED 5000',
      '30 1 FINISHED 12',
      '40 1 FINISHED 0',
      '50 1 FAILED 0',
    ]);
  });

  it('is asked again alone by a resume', async () => {
    await ask({ verb: 'resume' });
    world.warehouse.results[0] = { match: 'FROM changes', columns: ['id'], rows: [['1']] };
    await world.drive(id);
    await finish();
    await finish('FINISHED', { rows: [12, 1] });
    expect(run().state).toBe('SUCCEEDED');
    expect(sent()).toEqual([GROUP, '50', '60+60']);
  });
});
