/**
 * A run fails at its commit and lets the next file go first (`onFailure: continue`). Its session lives on, and in it a table
 * that was derived from the dimension before the other run changed that: it must never be used again.
 */
import { join } from 'node:path';

import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
} from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { eventually, root, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const fixture = (name: string): string => join(root, 'test/fixtures/lost-sessions', name);

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({
    pipelines: {
      latest: fixture('latest'),
      latest_audited: fixture('latest_audited'),
      setup: fixture('setup'),
    },
  });
});
afterAll(async () => {
  await stack.stop();
});

type Words = Readonly<Record<number, string>>;

async function put(key: string, words: Words): Promise<void> {
  const rows = Object.entries(words).map(([id, name]) => `${id},${name}\n`);
  await stack.put(key, `id,name\n${rows.join('')}`);
}

/** The run of a file whose last step fails: the log is missing for as long as it takes. */
async function failing(pipeline: string, words: Words): Promise<StoredRun> {
  const key = `${pipeline}/older-${Object.keys(words).join('-')}.csv`;
  await stack.query('ALTER TABLE latest_log RENAME TO missing');
  await put(key, words);
  const run = await stack.runFor(pipeline, key);
  await stack.query('ALTER TABLE missing RENAME TO latest_log');
  // The next file is a newer one.
  await stack.advance(60_000);
  return run;
}

async function putNewer(pipeline: string, words: Words): Promise<string> {
  const key = `${pipeline}/newer-${Object.keys(words).join('-')}.csv`;
  await put(key, words);
  return key;
}

/** In that session, as the run would; the rows as text. */
async function inSession(SessionId: string | undefined, Sql: string): Promise<string[][]> {
  const { Id } = await stack.redshift.send(
    new ExecuteStatementCommand({ SessionId, Sql, WaitTimeSeconds: 10 }),
  );
  const seen = await stack.redshift.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 10 }));
  if (seen.Status !== 'FINISHED') throw new Error(`${Sql}: ${seen.Error ?? ''}`);
  if (seen.HasResultSet !== true) return [];
  const { Records = [] } = await stack.redshift.send(new GetStatementResultCommand({ Id }));
  return Records.map((record) => record.map((field) => String(field.stringValue ?? field.longValue)));
}

const DIMENSION = (first: number): string =>
  `SELECT id, name, times FROM latest_dim WHERE id BETWEEN ${first} AND ${first + 9} ORDER BY id`;

const LOG = (run: StoredRun): string =>
  `SELECT id, name FROM latest_log WHERE run_id = '${run.id}' ORDER BY id`;

async function stepsOf(run: StoredRun, generation: number): Promise<string[]> {
  const history = await stack.store.history(run.id);
  return history.filter((row) => row.generation === generation).map((row) => `${row.name} ${row.status}`);
}

const resume = (run: StoredRun, ...more: string[]): ReturnType<Stack['baton']> =>
  stack.baton('resume', run.id, '--sql', stack.sql, ...more);

describe('a run that failed at its commit and let the next file go first', () => {
  it('is rebuilt when it is resumed: its old temporary tables would have overwritten newer values', async () => {
    const older = await failing('latest', { 11: 'old', 12: 'same', 13: 'only here' });
    expect(older).toMatchObject({ state: 'FAILED', step: '40_commit.sql', generation: 1 });
    expect(older.error?.class).toBe('sql');
    expect(older.slot).toBeUndefined();
    const key = await putNewer('latest', { 11: 'new', 12: 'same', 14: 'only there' });
    const newer = await stack.runFor('latest', key);
    expect(newer.state).toBe('SUCCEEDED');

    // Its session lives, and the table in it is stale. Committed, it would have done this; it is taken back.
    const { sessionId } = older;
    expect(await inSession(sessionId, 'SELECT id, name FROM changes ORDER BY id')).toEqual([
      ['11', 'old'],
      ['12', 'same'],
      ['13', 'only here'],
    ]);
    await inSession(sessionId, 'BEGIN');
    await inSession(
      sessionId,
      `MERGE INTO latest_dim USING changes ON latest_dim.id = changes.id
       WHEN MATCHED THEN UPDATE SET name = changes.name, times = latest_dim.times + 1
       WHEN NOT MATCHED THEN INSERT VALUES (changes.id, changes.name, '2000-01-01', 1)`,
    );
    const wrong = await inSession(sessionId, DIMENSION(11));
    await inSession(sessionId, 'ROLLBACK');
    expect(wrong).toEqual([
      ['11', 'old', '2'],
      ['12', 'same', '2'],
      ['13', 'only here', '1'],
      ['14', 'only there', '1'],
    ]);

    const resumed = await resume(older);
    expect(resumed).toMatchObject({ code: 0, stdout: `${older.id}  SUCCEEDED\n` });
    const ended = await stack.atRest(older.id);
    expect(ended).toMatchObject({ state: 'SUCCEEDED', generation: 2 });
    expect(ended.sessionId).not.toBe(sessionId);
    expect(await stepsOf(older, 1)).toEqual([
      '10_stage.sql FINISHED',
      '20_load.sql FINISHED',
      '30_changes.sql FINISHED',
      '40_commit.sql FAILED',
    ]);
    expect(await stepsOf(older, 2)).toEqual([
      '10_stage.sql FINISHED',
      '20_load.sql FINISHED',
      '30_changes.sql FINISHED',
      '40_commit.sql FINISHED',
    ]);
    expect(await stack.query(DIMENSION(11))).toEqual([
      ['11', 'new', '1'],
      ['12', 'same', '1'],
      ['13', 'only here', '1'],
      ['14', 'only there', '1'],
    ]);
    expect(await stack.query(LOG(older))).toEqual([['13', 'only here']]);
    expect(await stack.query(LOG(newer))).toEqual([
      ['11', 'new'],
      ['12', 'same'],
      ['14', 'only there'],
    ]);
  });

  it.runIf(isLong)(
    'is rebuilt too if it is resumed while the other run is still committing: it waits for that run',
    async () => {
      const older = await failing('latest', { 21: 'old', 23: 'only here' });
      const { SessionId } = await stack.redshift.send(
        new ExecuteStatementCommand({
          WorkgroupName: 'local',
          Database: 'dev',
          Sql: 'BEGIN',
          SessionKeepAliveSeconds: 600,
          WaitTimeSeconds: 10,
        }),
      );
      await inSession(SessionId, 'LOCK latest_log');
      const key = await putNewer('latest', { 21: 'new', 24: 'only there' });
      await eventually('the other one at its commit', async () =>
        (await stack.runs('latest')).find(
          (run) => fileOf(run.trigger)?.key === key && run.cursor === 3 && run.phase === 'SUBMITTED',
        ),
      );
      expect((await resume(older, '--no-wait')).code).toBe(0);
      expect((await stack.run(older.id))?.state).toBe('QUEUED');
      await inSession(SessionId, 'ROLLBACK');
      expect((await stack.runFor('latest', key)).state).toBe('SUCCEEDED');
      expect(await stack.atRest(older.id)).toMatchObject({ state: 'SUCCEEDED', generation: 2 });
      expect(await stack.query(DIMENSION(21))).toEqual([
        ['21', 'new', '1'],
        ['23', 'only here', '1'],
        ['24', 'only there', '1'],
      ]);
      expect(await stack.query(LOG(older))).toEqual([['23', 'only here']]);
    },
  );

  it('continues in its own session if no other run held the slot in between', async () => {
    const older = await failing('latest', { 31: 'alone' });
    expect((await resume(older)).code).toBe(0);
    const ended = await stack.atRest(older.id);
    expect(ended).toMatchObject({ state: 'SUCCEEDED', generation: 1, sessionId: older.sessionId });
    expect(await stepsOf(older, 1)).toEqual([
      '10_stage.sql FINISHED',
      '20_load.sql FINISHED',
      '30_changes.sql FINISHED',
      '40_commit.sql FAILED',
      '40_commit.sql FINISHED',
    ]);
    expect(await stack.query(DIMENSION(31))).toEqual([['31', 'alone', '1']]);
  });

  it.runIf(isLong)(
    'needs a decision if it had committed before it failed: its changes cannot be rebuilt',
    async () => {
      const older = await failing('latest_audited', { 41: 'old', 43: 'only here' });
      expect(older).toMatchObject({ state: 'FAILED', step: '50_log.sql', generation: 1 });
      const newer = await stack.runFor(
        'latest_audited',
        await putNewer('latest_audited', { 41: 'new', 44: 'only there' }),
      );
      expect(newer.state).toBe('SUCCEEDED');
      const resumed = await resume(older);
      expect(resumed).toMatchObject({ code: 1, stdout: `${older.id}  NEEDS_DECISION\n` });
      const stopped = await stack.atRest(older.id);
      expect(stopped).toMatchObject({ state: 'NEEDS_DECISION', step: '50_log.sql', generation: 1 });
      expect(stopped.error?.message).toContain('may be stale');
      expect(stopped.error?.message).toContain(
        '30_changes.sql reads latest_dim, which 40_merge.sql has changed since: put both into one file',
      );
      expect(await stack.query(DIMENSION(41))).toEqual([
        ['41', 'new', '2'],
        ['43', 'only here', '1'],
        ['44', 'only there', '1'],
      ]);
      expect(await stack.query(LOG(older))).toEqual([]);
    },
  );
});
