/**
 * The article's own job: what changed is found by comparing the stage with the dimension, which is then merged into; an audit
 * is taken from the changes. Its session is lost in earnest, at every point that matters.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { DescribeStatementCommand, ExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { eventually, isDone, root, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const fixture = (name: string): string => join(root, 'test/fixtures/lost-sessions', name);

/** Index of the step behind the load. */
const CHANGES = 2;
const MERGE = 3;
const AUDIT = 4;

let stack: Stack;
let files = 0;

beforeAll(async () => {
  stack = await Stack.start({
    pipelines: {
      article: fixture('article'),
      article_one_commit: fixture('article_one_commit'),
      article_call: fixture('article_call'),
      setup: fixture('setup'),
    },
  });
});
afterAll(async () => {
  await stack.stop();
});
afterEach(async () => {
  await stack.admin('DELETE', 'faults');
});

/** A file of three new items; ids of their own for each file. */
async function drop(prefix: string): Promise<{ key: string; first: number }> {
  files += 1;
  const first = files * 10;
  const key = `${prefix}/${files}.csv`;
  const rows = [0, 1, 2].map((i) => `${first + i},Item ${first + i}\n`);
  await stack.put(key, `id,name\n${rows.join('')}`);
  return { key, first };
}

/** The run of the file, once it has submitted that step. */
async function submitted(key: string, step: number): Promise<StoredRun> {
  return eventually(`step ${step} of ${key} under way`, async () => {
    for (const pipeline of ['article', 'article_one_commit', 'article_call']) {
      const found = (await stack.runs(pipeline)).find((run) => fileOf(run.trigger)?.key === key);
      if (found?.cursor === step && found.phase === 'SUBMITTED') return found;
    }
    return undefined;
  });
}

/** Nobody hears of the end of that step. */
async function loseEventsOf(step: number): Promise<void> {
  const pattern = { detail: { statementName: [{ wildcard: `baton:local:article*:1:${step}:*` }] } };
  await stack.admin('POST', 'faults', {
    target: 'event',
    match: { source: 'aws.redshift-data', pattern: JSON.stringify(pattern) },
    effect: { kind: 'drop' },
  });
}

/** Its statement has come to that end. */
async function ended(run: StoredRun, status: 'FINISHED' | 'FAILED'): Promise<void> {
  await eventually(`its statement ${status}`, async () => {
    const seen = await stack.redshift.send(new DescribeStatementCommand({ Id: run.statementId }));
    return seen.Status === status ? true : undefined;
  });
}

async function loseSession({ sessionId }: StoredRun): Promise<void> {
  await stack.admin('POST', 'kill-session', { sessionId });
}

/** With the statement that runs in it. */
async function loseSessionUnder(run: StoredRun): Promise<void> {
  await loseSession(run);
  await ended(run, 'FAILED');
}

/** Runs it in a transaction that stays open, so that others wait for what it locks. Gives what lets it go. */
async function hold(sql: string): Promise<() => Promise<void>> {
  const { SessionId } = await stack.redshift.send(
    new ExecuteStatementCommand({
      WorkgroupName: 'local',
      Database: 'dev',
      Sql: 'BEGIN',
      SessionKeepAliveSeconds: 600,
      WaitTimeSeconds: 10,
    }),
  );
  const inTransaction = (Sql: string): Promise<unknown> =>
    stack.redshift.send(new ExecuteStatementCommand({ SessionId, Sql, WaitTimeSeconds: 10 }));
  await inTransaction(sql);
  return async () => {
    await inTransaction('ROLLBACK');
  };
}

/** The run at rest, by the sweep where nothing else brings it there. */
async function settled(id: string): Promise<StoredRun> {
  return eventually(
    `${id} at rest`,
    async () => {
      const now = await stack.run(id);
      if (now !== undefined && isDone(now)) return now;
      await stack.sweep();
      return undefined;
    },
    50_000,
  );
}

interface Counted {
  /** Rows of the dimension, and how often they were written in all. */
  readonly items: number;
  readonly times: number;
  readonly audited: number;
  readonly doubled: number;
}

/** By SQL, of one file's three items. */
async function counted(first: number): Promise<Counted> {
  const mine = `BETWEEN ${first} AND ${first + 2}`;
  return {
    items: await stack.count(`SELECT COUNT(*) FROM item_dim WHERE id ${mine}`),
    times: await stack.count(`SELECT COALESCE(SUM(times), 0) FROM item_dim WHERE id ${mine}`),
    audited: await stack.count(`SELECT COUNT(DISTINCT id) FROM item_audit WHERE id ${mine}`),
    doubled: await stack.count(
      `SELECT COUNT(*) FROM (SELECT id FROM item_audit WHERE id ${mine} GROUP BY id HAVING COUNT(*) > 1) d`,
    ),
  };
}

const ONCE: Counted = { items: 3, times: 3, audited: 3, doubled: 0 };
const NOT_AUDITED: Counted = { items: 3, times: 3, audited: 0, doubled: 0 };

async function timesRun(run: StoredRun, step: string): Promise<number> {
  const history = await stack.store.history(run.id);
  return history.filter((row) => row.name === step && row.status === 'FINISHED').length;
}

describe('with the audit in a step of its own after the commit', () => {
  it('baton validate warns that a person may be needed, and at which step', async () => {
    const { code, stderr } = await stack.baton('validate', '--sql', stack.sql);
    expect(code).toBe(0);
    expect(stderr).toContain('article: grade C: a session lost at 50_audit.sql needs a manual decision');
    expect(stderr).toContain(
      'article_call: grade D: a session lost at 40_call.sql or 50_audit.sql needs a manual decision',
    );
    expect(stderr).not.toContain('article_one_commit: grade');
  });

  it('the plan names the step that needs a manual decision, the reason and the remedy', async () => {
    const { code, stdout } = await stack.baton('plan', 'article', '--sql', stack.sql);
    const words = stdout.replaceAll(/\s+/g, ' ');
    expect(code).toBe(0);
    expect(words).toContain('grade C');
    expect(words).toContain(
      'needs a manual decision: 30_changes.sql reads item_dim, which 40_merge.sql has changed since: ' +
        'put both into one file, so that they commit together',
    );
    expect((await stack.baton('plan', 'article_one_commit', '--sql', stack.sql)).stdout).toContain('grade A');
    expect((await stack.baton('plan', 'article_call', '--sql', stack.sql)).stdout).toContain('grade D');
  });

  async function expectRefused(run: StoredRun, first: number): Promise<void> {
    expect(run).toMatchObject({ state: 'NEEDS_DECISION', step: '50_audit.sql', generation: 1 });
    expect(run.error?.message).toContain(
      '30_changes.sql reads item_dim, which 40_merge.sql has changed since',
    );
    expect(run.error?.message).toContain('put both into one file, so that they commit together');
    expect(run.card?.text).toContain(`baton resolve ${run.id} --applied`);
    expect(await counted(first)).toEqual(NOT_AUDITED);
    // No command goes on without a person's word; nor does time.
    const resumed = await stack.baton('resume', run.id, '--sql', stack.sql);
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toContain('needs a decision first');
    await stack.sweep();
    expect(await counted(first)).toEqual(NOT_AUDITED);
    const given = await stack.baton('resolve', run.id, '--abandon', '--sql', stack.sql);
    expect(given).toMatchObject({ code: 0, stdout: `${run.id}  CANCELLED\n` });
    expect(await timesRun(run, '40_merge.sql')).toBe(1);
  }

  it.runIf(isLong)(
    'a session lost between commit and audit: the rebuild is refused, the dimension changed once',
    async () => {
      await loseEventsOf(MERGE);
      const { key, first } = await drop('article');
      const run = await submitted(key, MERGE);
      await ended(run, 'FINISHED');
      await loseSession(run);
      await stack.admin('DELETE', 'faults');
      await expectRefused(await settled(run.id), first);
    },
  );

  it.runIf(isLong)(
    'a session lost during the audit: the rebuild is refused, the dimension changed once',
    async () => {
      const letGo = await hold('LOCK item_audit');
      const { key, first } = await drop('article');
      const run = await submitted(key, AUDIT);
      await loseSessionUnder(run);
      await letGo();
      await expectRefused(await settled(run.id), first);
    },
  );
});

describe('with the merge and the audit in one file', () => {
  async function expectOnce(id: string, first: number, generation: number): Promise<void> {
    const run = await settled(id);
    expect(run.error).toBeUndefined();
    expect(run).toMatchObject({ state: 'SUCCEEDED', generation });
    expect(await counted(first)).toEqual(ONCE);
    expect(await timesRun(run, '40_commit.sql')).toBe(1);
    expect(await stack.count(`SELECT COUNT(*) FROM baton.step_marker WHERE run_id = '${run.id}'`)).toBe(1);
  }

  it('a session lost before the commit is submitted: rebuilt, and every change is applied once', async () => {
    await loseEventsOf(CHANGES);
    const { key, first } = await drop('one_commit');
    const run = await submitted(key, CHANGES);
    await ended(run, 'FINISHED');
    await loseSession(run);
    await stack.admin('DELETE', 'faults');
    await expectOnce(run.id, first, 2);
  });

  it('a session lost during the commit: rebuilt, and every change is applied once', async () => {
    const letGo = await hold('LOCK item_audit');
    const { key, first } = await drop('one_commit');
    const run = await submitted(key, MERGE);
    await loseSessionUnder(run);
    await letGo();
    await expectOnce(run.id, first, 2);
  });

  it('a session lost after the commit, before its end is known: every change is applied once', async () => {
    await loseEventsOf(MERGE);
    const { key, first } = await drop('one_commit');
    const run = await submitted(key, MERGE);
    await ended(run, 'FINISHED');
    await loseSession(run);
    await expectOnce(run.id, first, 1);
  });

  it.runIf(isLong)(
    'a session lost after a commit without a reply: every change is applied once',
    async () => {
      await stack.admin('POST', 'faults', {
        target: 'call',
        service: 'redshift-data',
        operation: 'BatchExecuteStatement',
        when: 'after',
        how: 'reset',
        times: null,
      });
      await loseEventsOf(MERGE);
      const { key, first } = await drop('one_commit');
      await eventually('the rows committed', async () =>
        (await counted(first)).audited === 3 ? true : undefined,
      );
      const run = (await stack.runs('article_one_commit')).find((each) => fileOf(each.trigger)?.key === key);
      expect(run).toMatchObject({ cursor: MERGE, phase: 'CLAIMED' });
      expect(run?.statementId).toBeUndefined();
      if (run !== undefined) await loseSession(run);
      await stack.admin('DELETE', 'faults');
      await expectOnce(run?.id ?? '', first, 1);
    },
  );

  describe('a connection that breaks at the COMMIT itself', () => {
    const HELD = 4711;
    let postgres: Client;

    /** COMMIT waits in a deferred trigger until the advisory lock is let go. */
    beforeAll(async () => {
      postgres = await connectToPostgres();
      await postgres.query(`
        CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_advisory_xact_lock(${HELD}); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON item_audit DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION wait_at_commit()`);
    });
    afterAll(async () => {
      await postgres.end();
    });

    async function atItsCommit(): Promise<{ run: StoredRun; first: number }> {
      if (!(await isAlive())) postgres = await connectToPostgres();
      await postgres.query(`SELECT pg_advisory_lock(${HELD})`);
      const { key, first } = await drop('one_commit');
      const run = await submitted(key, MERGE);
      await eventually('COMMIT waits', async () => ((await waiting())[0] === 'COMMIT' ? true : undefined));
      return { run, first };
    }

    async function waiting(): Promise<string[]> {
      const { rows } = await postgres.query<{ query: string }>(
        "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'advisory'",
      );
      return rows.map(({ query }) => query);
    }

    const letGo = (): Promise<unknown> => postgres.query(`SELECT pg_advisory_unlock(${HELD})`);

    async function isAlive(): Promise<boolean> {
      return postgres.query('SELECT 1').then(
        () => true,
        () => false,
      );
    }

    async function connectToPostgres(): Promise<Client> {
      const home = join(stack.home, 'state', 'postgres');
      const { data, password } = JSON.parse(readFileSync(join(home, 'server.json'), 'utf8')) as {
        data: string;
        password: string;
      };
      const port = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[3]);
      const client = new Client({ host: '127.0.0.1', port, user: 'baton', password, database: 'dev' });
      // The server is killed on the way.
      client.on('error', () => undefined);
      await client.connect();
      return client;
    }

    it('which did not take effect: rebuilt, every change is applied once', async () => {
      const { run, first } = await atItsCommit();
      await loseSessionUnder(run);
      await letGo();
      await expectOnce(run.id, first, 2);
    });

    it('which took effect without a reply: found by the marker, every change is applied once', async () => {
      const { run, first } = await atItsCommit();
      const { processes } = (await stack.admin('GET', 'status')) as {
        processes: { name: string; pid: number }[];
      };
      const pid = processes.find(({ name }) => name === 'redshift')?.pid;
      expect(pid).toBeGreaterThan(1);
      // The Data API stands still while PostgreSQL commits, and dies before it could hear of it.
      process.kill(pid ?? 0, 'SIGSTOP');
      await letGo();
      await eventually('the rows committed', async () => {
        const { rowCount } = await postgres.query('SELECT 1 FROM item_audit WHERE id = $1', [first]);
        return rowCount === 1 ? true : undefined;
      });
      process.kill(pid ?? 0, 'SIGKILL');
      await expectOnce(run.id, first, 1);
      const seen = await stack.redshift.send(new DescribeStatementCommand({ Id: run.statementId }));
      expect(seen.Status).toBe('FAILED');
      expect(seen.Error).toContain('It may or may not have taken effect');
    });
  });
});

describe('with an opaque CALL in place of the merge', () => {
  it.runIf(isLong)(
    'a session lost after it: the rebuild is refused, since its changes are unknown',
    async () => {
      await loseEventsOf(MERGE);
      const { key, first } = await drop('call');
      const run = await submitted(key, MERGE);
      await ended(run, 'FINISHED');
      await loseSession(run);
      await stack.admin('DELETE', 'faults');
      const stopped = await settled(run.id);
      expect(stopped).toMatchObject({ state: 'NEEDS_DECISION', step: '50_audit.sql', generation: 1 });
      expect(stopped.error?.message).toContain('40_call.sql may have changed anything');
      expect(stopped.card?.text).toContain(`baton resolve ${run.id} --applied`);
      expect(await counted(first)).toEqual(NOT_AUDITED);
      expect((await stack.baton('resolve', run.id, '--abandon', '--sql', stack.sql)).code).toBe(0);
      expect(await timesRun(run, '40_call.sql')).toBe(1);
    },
  );

  it.runIf(isLong)(
    'a session lost during it: a person decides, and then every change is applied once',
    async () => {
      const next = (files + 1) * 10;
      await stack.query(`INSERT INTO item_dim VALUES (${next}, 'Old', 0)`);
      const letGo = await hold(`UPDATE item_dim SET name = name WHERE id = ${next}`);
      const { key, first } = await drop('call');
      const run = await submitted(key, MERGE);
      await loseSessionUnder(run);
      await letGo();
      const stopped = await settled(run.id);
      expect(stopped).toMatchObject({ state: 'NEEDS_DECISION', step: '40_call.sql', generation: 1 });
      expect(stopped.error?.message).toContain('the step is opaque');
      expect(await counted(first)).toEqual({ items: 1, times: 0, audited: 0, doubled: 0 });
      const told = await stack.baton('resolve', run.id, '--not-applied', '--sql', stack.sql, '--no-wait');
      expect(told.code).toBe(0);
      expect(await settled(run.id)).toMatchObject({ state: 'SUCCEEDED', generation: 2 });
      expect(await counted(first)).toEqual(ONCE);
    },
  );
});
