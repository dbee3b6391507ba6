import { ExecuteStatementCommand, ListSessionsCommand } from '@aws-sdk/client-redshift-data';
import type { SessionData } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { DEFAULT_SWITCHES, switchesFrom, switchesOf } from '../../../local/redshift/protocol/switches.ts';
import { openSession, query, run, runBatch, startLocalRedshift, WORKGROUP } from './local-redshift.ts';
import type { LocalRedshift } from './local-redshift.ts';
import { admin, describeStatement, isStarted, makeGate, until } from './helpers.ts';
import type { Gate } from './helpers.ts';

let local: LocalRedshift;
let gate: Gate;
beforeAll(async () => {
  local = await startLocalRedshift();
  gate = await makeGate(local);
});
afterAll(async () => {
  await gate.remove();
  await local.stop();
});

async function session(SessionId: string): Promise<SessionData | undefined> {
  const { Sessions = [] } = await local.client.send(new ListSessionsCommand({ SessionId }));
  return Sessions[0];
}

const UNAVAILABLE = { name: 'ValidationException', message: 'Session is not available' };

describe('a session', () => {
  test('is opened with a keep-alive, and not without', async () => {
    const without = await local.client.send(
      new ExecuteStatementCommand({ ...WORKGROUP, Sql: 'SELECT 1', WaitTimeSeconds: 30 }),
    );
    expect(without).toMatchObject({ Status: 'FINISHED', HasResultSet: true });
    expect(without.SessionId).toBeUndefined();
    expect(await openSession(local)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
  });

  test('keeps its backend, its temporary tables and its settings', async () => {
    const id = await openSession(local);
    const pid = await query(local, 'SELECT pg_backend_pid()', id);
    await run(local, 'CREATE TEMP TABLE mine (a int)', { SessionId: id });
    await run(local, 'SET search_path TO mart', { SessionId: id });
    expect(await query(local, 'SHOW search_path', id)).toEqual([['mart']]);
    expect(await query(local, 'SELECT count(*) FROM mine', id)).toEqual([['0']]);
    expect(await query(local, 'SELECT pg_backend_pid()', id)).toEqual(pid);
  });

  test('has the time of the local clock in GETDATE, SYSDATE, CURRENT_DATE and defaults, also when that is set back', async () => {
    const before = local.clock.offsetMs;
    local.clock.moveTo(Date.parse('2031-05-06T07:08:01Z') - Date.now());
    const id = await openSession(local, 3600);
    await run(local, 'CREATE TEMP TABLE moments (n int, at timestamp DEFAULT GETDATE())', { SessionId: id });
    const shown = async (): Promise<unknown> => {
      await run(local, 'INSERT INTO moments (n) VALUES (1)', { SessionId: id });
      const sql = `SELECT current_date, to_char(getdate(), 'YYYY-MM-DD HH24:MI'), to_char(sysdate, 'YYYY-MM-DD HH24:MI'),
        to_char(max(at), 'YYYY-MM-DD HH24:MI') FROM moments`;
      const rows = await query(local, sql, id);
      await run(local, 'DELETE FROM moments', { SessionId: id });
      return rows;
    };
    local.clock.advance(40 * 60_000);
    const ahead = '2031-05-06 07:48';
    expect(await shown()).toEqual([['2031-05-06', ahead, ahead, ahead]]);
    local.clock.moveTo(Date.parse('2021-05-06T07:08:01Z') - Date.now());
    const back = '2021-05-06 07:08';
    expect(await shown()).toEqual([['2021-05-06', back, back, back]]);
    local.clock.moveTo(before);
  });

  test('is refused while busy and shown BUSY with its statement', async () => {
    const id = await openSession(local);
    await gate.shut();
    const slow = await local.client.send(new ExecuteStatementCommand({ SessionId: id, Sql: gate.sql }));
    await expect(run(local, 'SELECT 1', { SessionId: id })).rejects.toMatchObject(UNAVAILABLE);
    expect(await session(id)).toMatchObject({ Status: 'BUSY', CurrentStatementId: slow.Id });
    await gate.open();
    await until(async () => (await session(id))?.Status === 'AVAILABLE');
  });

  test('ends when its keep-alive has run out, counted from the end of its statement', async () => {
    const id = await openSession(local, 60);
    local.clock.advance(59_000);
    await run(local, 'SELECT 1', { SessionId: id });
    local.clock.advance(59_000);
    expect(await session(id)).toMatchObject({ Status: 'AVAILABLE', SessionAliveSeconds: 60 });
    local.clock.advance(2000);
    expect(await session(id)).toMatchObject({ Status: 'CLOSED' });
    await expect(run(local, 'SELECT 1', { SessionId: id })).rejects.toMatchObject(UNAVAILABLE);
  });

  test('takes a new keep-alive from a later call, and keeps the old one if none is given', async () => {
    const id = await openSession(local, 60);
    await run(local, 'SELECT 1', { SessionId: id, SessionKeepAliveSeconds: 600 });
    await run(local, 'SELECT 1', { SessionId: id });
    local.clock.advance(599_000);
    expect(await session(id)).toMatchObject({ Status: 'AVAILABLE', SessionAliveSeconds: 600 });
  });

  test('ends with the statement that sets its keep-alive to 0', async () => {
    const id = await openSession(local, 60);
    await run(local, 'SELECT 1', { SessionId: id, SessionKeepAliveSeconds: 0 });
    expect(await session(id)).toMatchObject({ Status: 'CLOSED' });
  });

  test('ends after one hour of idling on Serverless, four on a cluster, whatever its keep-alive', async () => {
    const serverless = await openSession(local, 86_400);
    const { SessionId: provisioned = '' } = await local.client.send(
      new ExecuteStatementCommand({
        ClusterIdentifier: 'cluster-1',
        Database: 'dev',
        DbUser: 'etl',
        Sql: 'SELECT 1',
        SessionKeepAliveSeconds: 86_400,
        WaitTimeSeconds: 30,
      }),
    );
    local.clock.advance(3_601_000);
    expect(await session(serverless)).toMatchObject({ Status: 'CLOSED' });
    expect(await session(provisioned)).toMatchObject({ Status: 'AVAILABLE', DbUser: 'etl' });
    local.clock.advance(3 * 3_600_000);
    expect(await session(provisioned)).toMatchObject({ Status: 'CLOSED' });
  });

  test('ends after 24 hours with what runs in it', async () => {
    const id = await openSession(local, 3600);
    for (let hour = 0; hour < 24; hour += 1) {
      local.clock.advance(3_590_000);
      await run(local, 'SELECT 1', { SessionId: id });
    }
    await gate.shut();
    const running = await local.client.send(
      new ExecuteStatementCommand({ SessionId: id, Sql: gate.sql, WithEvent: true }),
    );
    await until(async () => isStarted(local, running.Id));
    local.clock.advance(300_000);
    await until(() => local.events.some(({ detail }) => detail['statementId'] === running.Id));
    await gate.open();
    expect(local.events.find(({ detail }) => detail['statementId'] === running.Id)?.detail['state']).toBe(
      'FAILED',
    );
    await expect(run(local, 'SELECT 1', { SessionId: id })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('that never existed is invalid by its id, and unknown to ListSessions', async () => {
    const id = '11111111-2222-4333-8444-555555555555';
    await expect(run(local, 'SELECT 1', { SessionId: id })).rejects.toMatchObject({
      name: 'ValidationException',
      message: `Session with Id: ${id} is invalid`,
    });
    await expect(session(id)).rejects.toMatchObject({ name: 'ResourceNotFoundException', ResourceId: id });
  });

  test.each([
    { ClusterIdentifier: 'c' },
    { WorkgroupName: 'local' },
    { Database: 'dev' },
    { DbUser: 'u' },
    { SecretArn: 'arn' },
  ])('refuses %o beside its id', async (more) => {
    const id = await openSession(local);
    await expect(run(local, 'SELECT 1', { SessionId: id, ...more })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('cannot be specified together with SessionId'),
    });
    expect(await session(id)).toMatchObject({ Status: 'AVAILABLE' });
  });

  test('that is killed closes at once, its statement FAILED with a lost connection', async () => {
    const id = await openSession(local);
    await gate.shut();
    const running = await local.client.send(
      new ExecuteStatementCommand({ SessionId: id, Sql: gate.sql, WithEvent: true }),
    );
    await until(async () => isStarted(local, running.Id));
    await admin(local, 'kill-session', { sessionId: id });
    expect(await session(id)).toMatchObject({ Status: 'CLOSED' });
    await until(() => local.events.some(({ detail }) => detail['statementId'] === running.Id));
    await gate.open();
    expect(await describeStatement(local, running.Id)).toMatchObject({
      Status: 'FAILED',
      Error: expect.stringContaining('connection was lost'),
    });
  });

  test('survives a failed statement', async () => {
    const id = await openSession(local);
    await run(local, 'CREATE TEMP TABLE kept (a int)', { SessionId: id });
    const failed = await run(local, 'SELECT * FROM nowhere', { SessionId: id });
    expect(failed.Error).toMatch(/^ERROR: relation "nowhere" does not exist/);
    expect(await query(local, 'SELECT count(*) FROM kept', id)).toEqual([['0']]);
  });

  test('with a failed open transaction refuses all but ROLLBACK', async () => {
    const id = await openSession(local);
    await run(local, 'CREATE TEMP TABLE kept (a int)', { SessionId: id });
    await run(local, 'BEGIN', { SessionId: id });
    await run(local, 'INSERT INTO kept VALUES (1)', { SessionId: id });
    await run(local, 'SELECT * FROM nowhere', { SessionId: id });
    expect(await run(local, 'SELECT 1', { SessionId: id })).toMatchObject({
      Status: 'FAILED',
      Error: 'ERROR: current transaction is aborted, commands ignored until end of transaction block',
    });
    expect(await run(local, 'ROLLBACK', { SessionId: id })).toMatchObject({ Status: 'FINISHED' });
    expect(await query(local, 'SELECT count(*) FROM kept', id)).toEqual([['0']]);
  });

  test('fails its open transaction also for an error that the database never saw', async () => {
    const id = await openSession(local);
    await run(local, 'BEGIN', { SessionId: id });
    await run(local, "COPY nowhere FROM 's3://bucket/none' IAM_ROLE default CSV", { SessionId: id });
    expect(await run(local, 'SELECT 1', { SessionId: id })).toMatchObject({
      Error: expect.stringContaining('current transaction is aborted'),
    });
    await runBatch(local, ['ROLLBACK'], { SessionId: id });
  });

  test('is listed by state and place, the closed ones only when asked for', async () => {
    await admin(local, 'kill-session', { all: true });
    const one = await openSession(local);
    const list = async (where: object): Promise<string[]> => {
      const { Sessions = [] } = await local.client.send(new ListSessionsCommand(where));
      return Sessions.map(({ SessionId }) => String(SessionId));
    };
    expect(await list({})).toEqual([one]);
    expect(await list({ Status: 'BUSY' })).toEqual([]);
    expect(await list({ Status: 'CLOSED' })).not.toContain(one);
    expect(await list({ WorkgroupName: 'other' })).toEqual([]);
    expect(await list({ WorkgroupName: 'local', Database: 'dev' })).toEqual([one]);
    await expect(list({ SessionId: one, Database: 'dev' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

test('of sessions 500 can be open on one workgroup, and no more', async () => {
  await admin(local, 'kill-session', { all: true });
  const { client } = local;
  const first = await Promise.all(Array.from({ length: 50 }, async () => openSession(local)));
  expect(new Set(first).size).toBe(50);
  const open = Array.from({ length: 450 }, async () =>
    client.send(new ExecuteStatementCommand({ ...WORKGROUP, Sql: 'SELECT 1', SessionKeepAliveSeconds: 600 })),
  );
  await Promise.all(open);
  await expect(
    client.send(new ExecuteStatementCommand({ ...WORKGROUP, Sql: 'SELECT 1', SessionKeepAliveSeconds: 600 })),
  ).rejects.toMatchObject({ name: 'ActiveSessionsExceededException' });
  await admin(local, 'kill-session', { all: true });
});

describe('behavior that AWS does not document is a switch:', () => {
  test('a keep-alive of 0 on a session may keep it', async () => {
    await local.restart({ keepAliveZero: 'keep' });
    const id = await openSession(local, 60);
    await run(local, 'SELECT 1', { SessionId: id, SessionKeepAliveSeconds: 0 });
    expect(await session(id)).toMatchObject({ Status: 'AVAILABLE', SessionAliveSeconds: 60 });
  });

  test('a session may be BUSY for a while after its statement ended', async () => {
    await local.restart({ busyAfterEndMs: 1000 });
    const id = await openSession(local, 60);
    expect(await session(id)).toMatchObject({ Status: 'BUSY' });
    await expect(run(local, 'SELECT 1', { SessionId: id })).rejects.toMatchObject(UNAVAILABLE);
    local.clock.advance(1000);
    expect(await session(id)).toMatchObject({ Status: 'AVAILABLE' });
  });

  test('a SessionId may come without a keep-alive; that session is closed all the same', async () => {
    await local.restart({ sessionIdAlways: true });
    const { SessionId } = await local.client.send(
      new ExecuteStatementCommand({ ...WORKGROUP, Sql: 'SELECT 1', WaitTimeSeconds: 30 }),
    );
    expect(SessionId).toMatch(/^[0-9a-f-]{36}$/);
    await expect(run(local, 'SELECT 1', { SessionId })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('a variable that sets a switch must hold one of its words', () => {
    expect(switchesFrom({ BATON_LOCAL_BUSY_AFTER_END_MS: '250' })).toMatchObject({ busyAfterEndMs: 250 });
    expect(switchesFrom({})).toEqual(DEFAULT_SWITCHES);
    expect(() => switchesFrom({ BATON_LOCAL_ERROR_IDS: 'perhaps' })).toThrow(/BATON_LOCAL_ERROR_IDS must be/);
    expect(() => switchesFrom({ BATON_LOCAL_KEEP_ALIVE_ZERO: 'x' })).toThrow(/must be close or keep, not x/);
    expect(() => switchesOf({ errorIDs: true })).toThrow(/unknown switch errorIDs; known are tokenConsumed/);
  });

  test('what a probe observed is the default of a switch, and its variable is stronger', () => {
    const observed = 'busyAfterEndMs=340, errorIds=true,ofAnotherVersion=1';
    expect(switchesFrom({ BATON_OBSERVED: observed })).toEqual({
      ...DEFAULT_SWITCHES,
      busyAfterEndMs: 340,
      errorIds: true,
    });
    expect(switchesFrom({ BATON_OBSERVED: observed, BATON_LOCAL_ERROR_IDS: '0' })).toMatchObject({
      errorIds: false,
    });
  });
});
