import { beforeEach, describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { fileOf as fileOfTrigger } from '../../shared/run/trigger.ts';
import { parseRun } from '../../shared/store/parse-run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const plan = planOf([
  { name: '10_stage.sql' },
  { name: '20_load.sql', usesFile: true },
  { name: '30_commit.sql', kind: 'durable' },
]);

let world: World;

beforeEach(() => {
  world = new World();
});

async function arrive(
  key = 'orders/1.csv',
  today: readonly Plan[] = [plan],
  sequencer = '0001',
): Promise<string> {
  const file = fileOf(key, { sequencer, etag: `etag-${sequencer}` });
  world.put(file);
  const [started] = await admit({ file, time: new Date(world.time).toISOString() }, world.engine(today));
  if (started === undefined) throw new Error('no run was started');
  return started.run.id;
}

function runOf(id: string): StoredRun {
  const run = world.run(id);
  if (run === undefined) throw new Error(`no run ${id}`);
  return run;
}

describe('a run in which nothing goes wrong', () => {
  it('runs every step in one session and ends with no pending actions', async () => {
    const id = await arrive();
    await world.drive(id);
    await world.finish();
    await world.finish('FINISHED', { rows: [5000] });
    await world.finish('FINISHED', { rows: [12, 1] });
    const run = runOf(id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', cursor: 3, sessionId: 'session-1' });
    expect(run.pendingActions).toBeUndefined();
    expect(run.nextCheckAt).toBeUndefined();
    expect(new Set(world.warehouse.statements.map((statement) => statement.sessionId))).toEqual(
      new Set(['session-1']),
    );
    expect((await world.store.history(id)).map((row) => [row.name, row.status, row.rows])).toEqual([
      ['10_stage.sql', 'FINISHED', 1],
      ['20_load.sql', 'FINISHED', 5000],
      ['30_commit.sql', 'FINISHED', 12],
    ]);
    expect(world.types()).toEqual(['Run Succeeded']);
    expect((await world.store.loadPool('orders')).holders).toEqual({});
    world.time += 1_000;
    expect(await world.warehouse.session('session-1')).toBe('CLOSED');
  });

  it('writes the marker of a durable step last in the transaction of the step', async () => {
    const id = await arrive();
    await world.drive(id);
    await world.finish();
    await world.finish();
    const commit = world.warehouse.running();
    expect(commit?.sqls).toHaveLength(2);
    expect(commit?.sqls[1]).toContain('INSERT INTO baton.step_marker');
    expect(commit?.sqls[1]).toContain(runOf(id).incarnationId);
  });

  it('stores the claim before the submission, and the history row and the record after it', async () => {
    const id = await arrive();
    await world.drive(id);
    const before = runOf(id);
    expect(before).toMatchObject({ phase: 'SUBMITTED', cursor: 0 });
    const { event } = world.end();
    await world.drive(id, event);
    const after = runOf(id);
    // Two writes of the run: advance with claim, and record. The row of the finished step is one more, elsewhere.
    expect(after.version - before.version).toBe(2);
    expect(after).toMatchObject({ phase: 'SUBMITTED', cursor: 1, step: '20_load.sql' });
    expect(after.lastStep).toBeUndefined();
    expect(world.warehouse.calls.filter((call) => call === 'describe')).toEqual([]);
  });
});

describe('completion and file events', () => {
  it('a repeated completion event changes nothing', async () => {
    const id = await arrive();
    await world.drive(id);
    const { event } = world.end();
    await world.drive(id, event);
    const once = runOf(id);
    await world.drive(id, event);
    expect(runOf(id)).toEqual(once);
    expect(world.warehouse.calls.filter((call) => call === 'submit')).toHaveLength(2);
  });

  it('a completion event with another token is ignored without a call', async () => {
    const id = await arrive();
    await world.drive(id);
    const { event } = world.end();
    const calls = world.warehouse.calls.length;
    await world.drive(id, { ...event, tokenStart: 'zzzzzzzzzz' } as typeof event);
    expect(world.warehouse.calls).toHaveLength(calls);
    expect(runOf(id).cursor).toBe(0);
  });

  it('a completion event of another principal is checked against the warehouse', async () => {
    const id = await arrive();
    await world.drive(id);
    const running = world.warehouse.running();
    const { event } = world.end();
    if (running !== undefined) running.status = 'RUNNING';
    await world.drive(id, { ...event, trusted: false } as typeof event);
    expect(runOf(id).cursor).toBe(0);
    expect(world.warehouse.calls.at(-1)).toBe('describe');
  });

  it('a completion event may arrive before the submission is recorded', async () => {
    const id = await arrive();
    await world.drive(id);
    const { statementId: _, ...claimed } = runOf(id);
    world.store.runs.set(id, parseRun({ ...claimed, phase: 'CLAIMED' }));
    await world.finish();
    expect(runOf(id)).toMatchObject({ cursor: 1, phase: 'SUBMITTED' });
  });

  it('if all events are lost, the sweep alone finishes the run', async () => {
    const id = await arrive();
    for (let minute = 0; minute < 6; minute += 1) {
      world.time += 120_000;
      await sweep(world.engine());
      if (world.warehouse.running() !== undefined) world.end();
    }
    expect(runOf(id).state).toBe('SUCCEEDED');
  });

  it('an event of a file that is delivered five times starts one run', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => arrive()));
    expect(new Set(ids).size).toBe(1);
    expect(world.store.runs.size).toBe(1);
  });
});

describe('the order of runs', () => {
  it('one run at a time, oldest first; the next is woken when the slot is free', async () => {
    const first = await arrive('orders/1.csv', [plan], '01');
    world.time += 1000;
    const second = await arrive('orders/2.csv', [plan], '02');
    await world.drive(second);
    expect(runOf(second).state).toBe('QUEUED');
    await world.drive(first);
    await world.drive(second);
    expect(runOf(second).state).toBe('QUEUED');
    for (let i = 0; i < 3; i += 1) await world.finish();
    expect(runOf(first).state).toBe('SUCCEEDED');
    expect(world.published.at(-2)).toMatchObject({ type: 'Run Woken', detail: { runId: second } });
    await world.drive(second);
    expect(runOf(second).state).toBe('RUNNING');
  });

  it('an older upload of the same key that arrives late is superseded', async () => {
    await arrive('orders/1.csv', [plan], '0b');
    const late = await arrive('orders/1.csv', [plan], '0a');
    expect(runOf(late).state).toBe('SUPERSEDED');
  });

  it('the slot of a deleted run is given to the next run by the sweep', async () => {
    const first = await arrive('orders/1.csv', [plan], '01');
    await world.drive(first);
    world.store.runs.delete(first);
    const second = await arrive('orders/2.csv', [plan], '02');
    await world.drive(second);
    expect(runOf(second).state).toBe('QUEUED');
    world.time += 60_000;
    await sweep(world.engine());
    expect(runOf(second).state).toBe('RUNNING');
    expect(Object.keys((await world.store.loadPool('orders')).holders)).toEqual([second]);
    expect(world.logs).toContain('warn freed the slot of a run that has ended');
  });
});

describe('a failed run', () => {
  it('is FAILED with the real error and what to paste to resume', async () => {
    const id = await arrive();
    await world.drive(id);
    await world.finish();
    await world.finish();
    await world.finish('FAILED', { error: 'ERROR: relation "mart.dim" does not exist [ErrorId: 1-2]' });
    const run = runOf(id);
    expect(run).toMatchObject({
      state: 'FAILED',
      step: '30_commit.sql',
      error: {
        class: 'sql',
        message: 'ERROR: relation "mart.dim" does not exist',
        step: '30_commit.sql',
        rolledBack: true,
      },
    });
    expect(run.resumeWith?.command).toBe(`npx baton resume ${id} --stage test`);
    expect(JSON.parse(run.resumeWith?.event ?? '')).toMatchObject({
      source: 'baton.request',
      'detail-type': 'Resume Requested',
      detail: { runId: id },
    });
    expect(world.types()).toEqual(['Run Failed']);
    expect((await world.store.loadPool('orders')).holders).toHaveProperty(id);
  });

  it('resumes at the failed step in the same session without re-running earlier steps', async () => {
    const id = await arrive();
    await world.drive(id);
    await world.finish();
    await world.finish();
    await world.finish('FAILED', { error: 'ERROR: relation "mart.dim" does not exist' });
    const answer = await operate(
      { verb: 'resume', requestId: 'r1', runId: id, actor: 'me' },
      world.engine([plan]),
    );
    expect(answer).toMatchObject({ ok: true, runId: id });
    await world.drive(id);
    await world.finish('FINISHED', { rows: [3, 1] });
    expect(runOf(id)).toMatchObject({ state: 'SUCCEEDED', sessionId: 'session-1', generation: 1 });
    const history = await world.store.history(id);
    expect(history.map((row) => [row.name, row.attempt, row.status])).toEqual([
      ['10_stage.sql', 1, 'FINISHED'],
      ['20_load.sql', 1, 'FINISHED'],
      ['30_commit.sql', 1, 'FAILED'],
      ['30_commit.sql', 2, 'FINISHED'],
    ]);
    const rollback = world.warehouse.statements.findIndex((statement) => statement.sqls[0] === 'ROLLBACK');
    expect(rollback).toBeGreaterThan(0);
    expect(world.warehouse.statements[rollback + 1]?.sqls[0]).toContain('30_commit.sql');
  });

  const resume = (id: string, today: Plan, requestId: string, from?: string) =>
    operate(
      { verb: 'resume', requestId, runId: id, actor: 'me', ...(from === undefined ? {} : { from }) },
      world.engine([today]),
    );

  async function failAtCommit(today: Plan = plan): Promise<string> {
    const id = await arrive('orders/1.csv', [today]);
    await world.drive(id);
    await world.finish();
    await world.finish();
    await world.finish('FAILED', { error: 'ERROR: syntax error at or near "FORM"' });
    return id;
  }

  const [stage = {}, load = {}, commit = {}] = plan.steps;

  it('resumes with the repaired SQL of the failed step', async () => {
    const id = await failAtCommit();
    const repaired = planOf([
      stage,
      load,
      { ...commit, hash: 'repaired', statements: [{ parts: ['UPDATE repaired'] }] },
    ]);
    await resume(id, repaired, 'r1');
    await world.drive(id);
    expect(world.warehouse.running()?.sqls[0]).toContain('UPDATE repaired');
    expect(runOf(id).generation).toBe(1);
  });

  it('re-runs a changed earlier step in a new session if no step had permanent effects', async () => {
    const id = await failAtCommit();
    const changed = planOf([
      stage,
      { ...load, hash: 'other', statements: [{ parts: ['COPY otherwise'] }] },
      commit,
    ]);
    expect(await resume(id, changed, 'r1')).toMatchObject({ ok: true });
    await world.drive(id);
    expect(runOf(id)).toMatchObject({ generation: 2, sessionId: 'session-2', step: '20_load.sql' });
    expect(world.warehouse.running()?.sqls[0]).toContain('COPY otherwise');
    await world.finish();
    await world.finish();
    expect(runOf(id).state).toBe('SUCCEEDED');
  });

  it('is not resumed if a step before a permanent effect was changed: the refusal names it', async () => {
    const longer = planOf([stage, load, commit, { name: '40_audit.sql', kind: 'durable' }]);
    const id = await arrive('orders/1.csv', [longer]);
    await world.drive(id);
    for (let i = 0; i < 3; i += 1) await world.finish();
    await world.finish('FAILED', { error: 'ERROR: syntax error' });
    const changed = planOf([
      { ...stage, hash: 'other' },
      load,
      commit,
      { name: '40_audit.sql', kind: 'durable' },
    ]);
    const refused = await resume(id, changed, 'r1');
    expect(refused).toMatchObject({ ok: false, code: 'refused' });
    expect(refused.message).toContain('10_stage.sql');
    expect(refused.message).toContain('30_commit.sql has taken permanent effect since');
    expect(await resume(id, longer, 'r2', '20_load.sql')).toMatchObject({ ok: false, code: 'refused' });
  });

  it('with --from resumes from an earlier step in a new session; a later step is refused', async () => {
    const id = await failAtCommit();
    expect(await resume(id, plan, 'r1', '40_nothing.sql')).toMatchObject({ ok: false, code: 'refused' });
    expect(await resume(id, plan, 'r2', '10_stage.sql')).toMatchObject({ ok: true });
    await world.drive(id);
    expect(runOf(id)).toMatchObject({ generation: 2, step: '10_stage.sql', attempt: 1 });
    for (let i = 0; i < 3; i += 1) await world.finish();
    expect(runOf(id).state).toBe('SUCCEEDED');
  });

  it('is resumed once by a request that is delivered twice', async () => {
    const id = await arrive();
    await world.drive(id);
    await world.finish('FAILED', { error: 'ERROR: syntax error' });
    const ask = () =>
      operate({ verb: 'resume', requestId: 'r1', runId: id, actor: 'me' }, world.engine([plan]));
    await ask();
    const once = runOf(id);
    expect(await ask()).toMatchObject({ ok: true });
    expect(runOf(id)).toEqual(once);
  });

  it('fails after three attempts of a step with a transient failure', async () => {
    const id = await arrive();
    await world.drive(id);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(runOf(id).attempt).toBe(attempt);
      await world.finish('FAILED', { error: 'ERROR: the cluster is resizing, try again' });
      await world.drive(id);
    }
    expect(runOf(id)).toMatchObject({ state: 'FAILED', error: { class: 'transient' } });
    expect(await world.store.history(id)).toHaveLength(3);
  });

  it('with onFailure: continue releases its slot; a resume then uses none of its old temporary tables', async () => {
    const lenient = planOf(plan.steps, { onFailure: 'continue', hash: 'lenient' });
    const first = await arrive('orders/1.csv', [lenient], '01');
    world.time += 1000;
    const second = await arrive('orders/2.csv', [lenient], '02');
    await world.drive(first);
    await world.finish();
    await world.finish('FAILED', { error: 'ERROR: syntax error' });
    await world.drive(second);
    for (let i = 0; i < 3; i += 1) await world.finish();
    expect(runOf(second).state).toBe('SUCCEEDED');
    await operate({ verb: 'resume', requestId: 'r1', runId: first, actor: 'me' }, world.engine([lenient]));
    await world.drive(first);
    expect(runOf(first)).toMatchObject({ state: 'RUNNING', generation: 2 });
    expect(runOf(first).sessionId).not.toBe('session-1');
  });
});

describe('the replay of a file event', () => {
  const replay = async (today: Plan, replayName: string): Promise<string> => {
    const file = fileOf('orders/1.csv', { sequencer: '0001', etag: 'etag-0001' });
    world.put(file);
    const time = new Date(world.time).toISOString();
    const [started] = await admit({ file, time, replayName }, world.engine([today]));
    return started?.run.id ?? '';
  };

  it('resumes the failed run once per replay', async () => {
    const id = await arrive();
    await world.drive(id);
    await world.finish('FAILED', { error: 'ERROR: syntax error' });
    expect(await replay(plan, 'r1')).toBe(id);
    expect(runOf(id).state).toBe('RUNNING');
    await world.drive(id);
    await world.finish('FAILED', { error: 'ERROR: syntax error' });
    await replay(plan, 'r1');
    expect(runOf(id).state).toBe('FAILED');
    await replay(plan, 'r2');
    expect(runOf(id).state).toBe('RUNNING');
  });

  it('does not change a finished or cancelled run', async () => {
    const id = await arrive();
    await world.drive(id);
    for (let i = 0; i < 3; i += 1) await world.finish();
    await replay(plan, 'r1');
    expect(runOf(id).state).toBe('SUCCEEDED');
    expect(world.store.runs.size).toBe(1);
  });

  it('starts a run for a file without a run', async () => {
    const id = await replay(plan, 'r1');
    expect(runOf(id).state).toBe('QUEUED');
  });

  it('starts a new run per replay with onReplay: rerun', async () => {
    const rerun = planOf(plan.steps, { onReplay: 'rerun', hash: 'rerun' });
    const first = await arrive('orders/1.csv', [rerun]);
    const again = await replay(rerun, 'r1');
    expect(again).not.toBe(first);
    expect(await replay(rerun, 'r1')).toBe(again);
  });

  it('changes nothing with onReplay: skip', async () => {
    const skip = planOf(plan.steps, { onReplay: 'skip', hash: 'skip' });
    const first = await arrive('orders/1.csv', [skip]);
    await world.drive(first);
    await world.finish('FAILED', { error: 'ERROR: syntax error' });
    await replay(skip, 'r9');
    expect(runOf(first).state).toBe('FAILED');
  });
});

describe('cancel', () => {
  const giveUp = (id: string, requestId = 'c1') =>
    operate({ verb: 'cancel', requestId, runId: id, actor: 'me' }, world.engine([plan]));

  it('of a failed run releases its slot, and the next file starts', async () => {
    const first = await arrive('orders/1.csv', [plan], '01');
    world.time += 1000;
    const second = await arrive('orders/2.csv', [plan], '02');
    await world.drive(first);
    await world.finish('FAILED', { error: 'ERROR: syntax error' });
    await world.drive(second);
    expect(runOf(second).state).toBe('QUEUED');
    expect(await giveUp(first)).toMatchObject({ ok: true, state: 'CANCELLED' });
    expect(runOf(first)).toMatchObject({ state: 'CANCELLED', error: { class: 'sql' } });
    await world.drive(second);
    expect(runOf(second).state).toBe('RUNNING');
  });

  it('of a running session step cancels its statement, and reports that it had no lasting effect', async () => {
    const id = await arrive();
    await world.drive(id);
    expect(await giveUp(id)).toMatchObject({ ok: true, state: 'CANCELLED' });
    const run = runOf(id);
    expect(run.error?.message).toBe('cancelled by me; step 10_stage.sql had no lasting effect');
    expect(world.warehouse.running()).toBeUndefined();
    expect((await world.store.history(id)).map((row) => [row.name, row.status])).toEqual([
      ['10_stage.sql', 'ABORTED'],
    ]);
    expect((await world.store.loadPool('orders')).holders).toEqual({});
    expect(world.types().at(-1)).toBe('Run Cancelled');
  });

  it('of a step that finished first reports a commit as applied and a session step as without lasting effect', async () => {
    const early = await arrive();
    await world.drive(early);
    world.end('FINISHED');
    await giveUp(early);
    expect(runOf(early).error?.message).toBe('cancelled by me; step 10_stage.sql had no lasting effect');
    const late = await arrive('orders/2.csv', [plan], '02');
    await world.drive(late);
    await world.finish();
    await world.finish();
    world.end('FINISHED');
    await giveUp(late);
    expect(runOf(late).error?.message).toBe('cancelled by me; step 30_commit.sql was applied');
  });

  it('of a submission whose reply was lost finds the statement by its name and cancels it', async () => {
    const id = await arrive();
    world.warehouse.after = (call) => {
      if (call === 'submit') throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    };
    await world.drive(id);
    world.warehouse.after = () => undefined;
    expect(runOf(id).phase).toBe('CLAIMED');
    await giveUp(id);
    expect(runOf(id)).toMatchObject({ state: 'CANCELLED' });
    expect(world.warehouse.running()).toBeUndefined();
  });

  it('of a claim waits while its submission may still arrive', async () => {
    const id = await arrive();
    world.warehouse.before = (call) => {
      if (call === 'submit') throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    };
    await world.drive(id);
    world.warehouse.before = () => undefined;
    expect(await giveUp(id)).toMatchObject({ ok: true, state: 'CANCELLING' });
    world.time += 32 * 60_000;
    await world.drive(id);
    const run = runOf(id);
    expect(run.state).toBe('CANCELLED');
    expect(run.error?.message).toContain('was not seen to start');
  });

  it('of a cancelled run is refused', async () => {
    const id = await arrive();
    expect(await giveUp(id)).toMatchObject({ ok: true });
    expect(await giveUp(id, 'c2')).toMatchObject({ ok: false, message: `run ${id} is already CANCELLED` });
  });
});

describe('the input file', () => {
  it('that was overwritten fails the run, which releases its slot for the run of the newer upload', async () => {
    const id = await arrive();
    await world.drive(id);
    world.put(fileOf('orders/1.csv', { etag: 'newer' }));
    await world.finish();
    expect(runOf(id).state).toBe('FAILED');
    expect((await world.store.loadPool('orders')).holders).toEqual({});
  });

  it('that was overwritten before the load fails the run, and nothing is submitted', async () => {
    const id = await arrive();
    await world.drive(id);
    world.put(fileOf('orders/1.csv', { etag: 'newer' }));
    await world.finish();
    expect(runOf(id)).toMatchObject({ state: 'FAILED', error: { class: 'input' } });
    expect(world.warehouse.running()).toBeUndefined();
  });

  it('that was overwritten during the load fails the run, and no later step runs', async () => {
    const id = await arrive();
    await world.drive(id);
    await world.finish();
    world.put(fileOf('orders/1.csv', { etag: 'newer' }));
    await world.finish();
    expect(runOf(id)).toMatchObject({
      state: 'FAILED',
      step: '20_load.sql',
      error: { class: 'input' },
    });
    expect(runOf(id).error?.message).toContain(
      's3://landing/orders/1.csv was overwritten while it was loaded',
    );
  });

  it('that was overwritten and put back is loaded in a new session by a resume, not in addition to the earlier rows', async () => {
    const id = await arrive();
    await world.drive(id);
    await world.finish();
    world.put(fileOf('orders/1.csv', { etag: 'newer' }));
    await world.finish();
    world.put(fileOf('orders/1.csv', { etag: 'etag-0001' }));
    await operate({ verb: 'resume', requestId: 'again', runId: id, actor: 'ann' }, world.engine([plan]));
    await world.drive(id);
    expect(runOf(id)).toMatchObject({ generation: 2, sessionId: 'session-2', step: '20_load.sql' });
  });

  it('that was overwritten during the load and put back with the same etag fails the run', async () => {
    const id = await arrive();
    await world.drive(id);
    await world.finish();
    const etag = fileOfTrigger(runOf(id).trigger)?.etag ?? '';
    world.time += 5_000;
    world.put(fileOf('orders/1.csv', { etag: 'newer' }));
    const { runId, event } = world.end();
    world.time += 5_000;
    world.put(fileOf('orders/1.csv', { etag }));
    await world.drive(runId, event);
    const run = runOf(id);
    expect(run).toMatchObject({ state: 'FAILED', step: '20_load.sql', error: { class: 'input' } });
    expect(run.error?.message).toContain(
      'was overwritten while it was loaded (last modified 2026-11-24T08:00:10',
    );
    expect(world.warehouse.running()).toBeUndefined();
    expect((await world.store.loadPool('orders')).holders).toEqual({});
  });

  it('with the same content but another version is another upload', async () => {
    const file = fileOf('orders/1.csv', { versionId: 'v1' });
    world.put(file);
    const created = { file, time: new Date(world.time).toISOString() };
    const [started] = await admit(created, world.engine([plan]));
    const id = started?.run.id ?? '';
    await world.drive(id);
    world.put({ ...file, versionId: 'v2' });
    await world.finish();
    expect(runOf(id)).toMatchObject({ state: 'FAILED', error: { class: 'input' } });
    expect(runOf(id).error?.message).toContain('(version v2, in the event v1)');
  });

  it('that was deleted fails the run with the advice to cancel it, without mention of a newer upload', async () => {
    const id = await arrive();
    await world.drive(id);
    world.objects.clear();
    await world.finish();
    const run = runOf(id);
    const cancel = `npx baton cancel ${id} --stage test`;
    expect(run.error?.message).toBe(
      `s3://landing/orders/1.csv was deleted before it was loaded. To load it, upload it again: that starts a new run; to cancel this one: ${cancel}`,
    );
    expect(run.resumeWith?.command).toBe(cancel);
    expect(JSON.parse(run.resumeWith?.event ?? '')).toMatchObject({ 'detail-type': 'Cancel Requested' });
    // The step before it is in the history all the same.
    expect((await world.store.history(id)).map(({ name, status }) => [name, status])).toEqual([
      ['10_stage.sql', 'FINISHED'],
    ]);
    expect(world.logs).toContain('info step ended');
  });

  it('has a manifest that names exactly this file', async () => {
    const loading = planOf([{ name: '10_load.sql', usesFile: true, usesManifest: true }]);
    const id = await arrive("orders/a'; drop table x;--.csv", [loading]);
    expect(JSON.parse(world.artifacts.get(`manifests/${id}.json`) ?? '')).toEqual({
      entries: [
        { url: "s3://landing/orders/a'; drop table x;--.csv", mandatory: true, meta: { content_length: 10 } },
      ],
    });
  });
});

describe('a check', () => {
  const checked = planOf([
    {
      name: '10_check.sql',
      kind: 'check',
      expect: 'no_rows',
      statements: [{ parts: ['SELECT bad FROM stage'] }],
    },
    { name: '20_commit.sql', kind: 'durable' },
  ]);

  it('passes by its result', async () => {
    const id = await arrive('orders/1.csv', [checked]);
    await world.drive(id);
    await world.finish('FINISHED', { rows: [7] });
    expect(runOf(id).cursor).toBe(1);
  });

  it('that fails stops the run and keeps the rows that violate it', async () => {
    world.warehouse.results.push({
      match: 'SELECT bad',
      columns: ['id', 'why'],
      rows: [
        ['7', 'no price'],
        ['9', null],
      ],
    });
    const id = await arrive('orders/1.csv', [checked]);
    await world.drive(id);
    await world.finish('FINISHED', { rows: [0] });
    const run = runOf(id);
    expect(run).toMatchObject({ state: 'FAILED', error: { class: 'check' } });
    expect(run.error?.message).toBe(
      'check failed: expected no rows, got 2 rows\nid | why\n7 | no price\n9 | NULL',
    );
    expect((await world.store.history(id))[0]).toMatchObject({ status: 'FAILED', errorClass: 'check' });
  });
});

describe('a submission', () => {
  it('whose reply was lost is found by its name, and not sent twice', async () => {
    const id = await arrive();
    world.warehouse.after = (call) => {
      if (call === 'submit') throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    };
    await world.drive(id);
    expect(runOf(id).phase).toBe('CLAIMED');
    world.warehouse.after = () => undefined;
    world.time += 100_000;
    await world.drive(id);
    expect(runOf(id)).toMatchObject({ phase: 'SUBMITTED', statementId: 'statement-1' });
    expect(world.warehouse.statements.filter((statement) => statement.name !== undefined)).toHaveLength(1);
  });

  it('that finds the session busy backs off and succeeds later', async () => {
    const id = await arrive();
    let refusals = 0;
    world.warehouse.before = (call) => {
      if (call === 'submit' && refusals < 2) {
        refusals += 1;
        throw Object.assign(new Error('Session is not available'), { name: 'ValidationException' });
      }
    };
    await world.drive(id);
    expect(runOf(id)).toMatchObject({ phase: 'SUBMITTED', attempt: 1 });
    expect(world.warehouse.calls).not.toContain('session');
  });

  it('that is throttled uses no attempt', async () => {
    const id = await arrive();
    let refusals = 0;
    world.warehouse.before = (call) => {
      if (call === 'submit' && refusals < 5) {
        refusals += 1;
        throw Object.assign(new Error('too many'), { name: 'ActiveStatementsExceededException' });
      }
    };
    await world.drive(id);
    for (let i = 0; i < 5 && runOf(id).phase !== 'SUBMITTED'; i += 1) {
      world.time += 60_000;
      await world.drive(id);
    }
    expect(runOf(id)).toMatchObject({ phase: 'SUBMITTED', attempt: 1, state: 'RUNNING' });
  });

  it('that runs long is described less and less often, and at its timeout at the latest', async () => {
    const id = await arrive();
    await world.drive(id);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const before = world.time;
      world.time = Math.max((runOf(id).nextCheckAt ?? 0) * 1000, world.time);
      await world.drive(id);
      pauses.push(Math.round(((runOf(id).nextCheckAt ?? 0) * 1000 - Math.max(before, world.time)) / 1000));
    }
    expect(pauses.every((pause, i) => i === 0 || pause >= (pauses[i - 1] ?? 0) - 1)).toBe(true);
    expect(pauses.at(-1)).toBe(300);
    expect(runOf(id).nextCheckAt).toBeLessThanOrEqual(Date.parse(runOf(id).submittedAt ?? '') / 1000 + 3_601);
  });

  it('that exceeds its timeout is cancelled, and fails as a timeout', async () => {
    const id = await arrive();
    await world.drive(id);
    world.time += 3_700_000;
    await world.drive(id);
    expect(world.warehouse.calls).toContain('cancel');
    await world.drive(id);
    expect(runOf(id)).toMatchObject({ state: 'FAILED', error: { class: 'timeout' } });
  });
});
