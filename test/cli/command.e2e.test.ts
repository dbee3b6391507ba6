/** The command against a whole local AWS: what it prints where, and how it ends. One stack for all of them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  ListSessionsCommand,
} from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RunJson } from '../../cli/runs/run-json.ts';
import { eventually, Stack } from '../e2e/stack.ts';
import { isLong } from '../long.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';

let stack: Stack;

/** Its second step fails until there is a table. */
const LOOK: Readonly<Record<string, string>> = {
  'pipeline.yml': 'description: A run to look into\nfuse: off\non:\n  - s3: { prefix: look/ }\n',
  '10_stage.sql': "CREATE TEMP TABLE stage AS SELECT 7 AS n, 'x' AS t;\n",
  '20_more.sql': 'INSERT INTO stage SELECT n, t FROM mart.missing;\n',
  '30_keep.sql': 'CREATE TABLE mart.kept AS SELECT n, t FROM stage;\n',
};
const lookFolder = mkdtempSync(join(tmpdir(), 'baton-look-'));

beforeAll(async () => {
  for (const [name, text] of Object.entries(LOOK)) writeFileSync(join(lookFolder, name), text);
  stack = await Stack.start({ pipelines: { look: lookFolder } });
});
afterAll(async () => {
  await stack.stop();
  rmSync(lookFolder, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const path = join(stack.home, name);
  writeFileSync(path, text);
  return path;
}

describe('baton drop', () => {
  it('shows each step on stderr as it ends, and the run on stdout', async () => {
    const path = write('good.csv', `${HEADER}1,"Lyon, Est",Lyon,FR,2020-01-01\n2,東京,Tokyo,JP,2021-01-01\n`);
    const { code, stdout, stderr } = await stack.baton('drop', path, '--to', 'stores/');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stores-[a-z2-7]{26} {2}SUCCEEDED\n$/);
    expect(stderr).toMatch(/uploaded s3:\/\/baton-local-landing\/stores\/good\.csv {2}\d+ bytes/);
    const steps = stderr.split('\n').filter((line) => line.startsWith('  ok '));
    expect(steps.map((line) => line.trim().split(/ +/)[1])).toEqual([
      '10_stage.sql',
      '20_load.sql',
      '30_merge.sql',
    ]);
    expect(steps[1]).toContain('2 rows');
  });

  it('with --json prints the runs that it started, with all fields', async () => {
    const path = write('more.csv', `${HEADER}3,C,Paris,FR,2020-01-01\n`);
    const { code, stdout } = await stack.baton('drop', path, '--to', 'stores', '--json');
    expect(code).toBe(0);
    const [run, ...others] = JSON.parse(stdout) as RunJson[];
    expect(others).toEqual([]);
    expect(run).toMatchObject({ pipeline: 'stores', state: 'SUCCEEDED', cursor: 3, steps: 3, error: null });
    expect(run?.history.map((row) => row.rows)).toEqual([0, 1, 1]);
  });

  it('of a file with only a header succeeds, and says that nothing was loaded', async () => {
    const path = write('header-only.csv', HEADER);
    const warning = '20_load.sql loaded 0 rows from s3://baton-local-landing/stores/header-only.csv';
    const { code, stdout, stderr } = await stack.baton('drop', path, '--to', 'stores/');
    expect(code).toBe(0);
    expect(stderr).toContain(`warning: ${warning}`);
    const [id = ''] = stdout.split(' ');
    expect((await stack.baton('run', id)).stdout).toContain(`warning: ${warning}`);
    const { warnings } = JSON.parse((await stack.baton('run', id, '--json')).stdout) as RunJson;
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });

  it('with --no-wait prints the id of the started run, which can then be watched', async () => {
    const path = write('later.csv', `${HEADER}4,D,Nice,FR,2020-01-01\n`);
    const { code, stdout } = await stack.baton('drop', path, '--to', 'stores/', '--no-wait');
    expect(code).toBe(0);
    const watched = await stack.baton('run', stdout.trim(), '--watch', '--json');
    expect(watched.code).toBe(0);
    expect((JSON.parse(watched.stdout) as RunJson).state).toBe('SUCCEEDED');
  });

  it('of a file with the same name again starts a new run', async () => {
    const path = join(stack.home, 'later.csv');
    const first = await stack.baton('drop', path, '--to', 'stores/', '--no-wait');
    const second = await stack.baton('drop', path, '--to', 'stores/', '--no-wait');
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(second.stdout).not.toBe(first.stdout);
    for (const { stdout } of [first, second])
      expect((await stack.atRest(stdout.trim())).state).toBe('SUCCEEDED');
  });
});

describe('a run that fails', () => {
  it('ends with exit code 1 and the real error, holds back later files, and is resumed where it stopped', async () => {
    const broken = await stack.baton('query', 'ALTER TABLE baton.step_marker RENAME COLUMN birth TO born');
    expect(broken.code).toBe(0);
    const path = write('late.csv', `${HEADER}5,E,Bern,CH,2020-01-01\n`);
    const failed = await stack.baton('drop', path, '--to', 'stores/');
    expect(failed.code).toBe(1);
    const id = failed.stdout.split(' ')[0] ?? '';
    expect(failed.stdout).toBe(`${id}  FAILED\n`);
    expect(failed.stderr).toMatch(/column "birth" .*does not exist/);
    expect(failed.stderr).toContain('  FAILED at 30_merge.sql (sql)');
    expect(failed.stderr).toContain(`baton resume ${id}`);

    const behind = await stack.baton(
      'drop',
      write('behind.csv', `${HEADER}6,F,Graz,AT,2020-01-01\n`),
      '--to',
      'stores/',
    );
    expect(behind.code).toBe(1);
    expect(behind.stdout).toMatch(/ {2}QUEUED\n$/);
    expect(behind.stderr).toContain(`waiting for ${id}, which is FAILED`);

    const listed = await stack.baton('runs', '--state', 'failed', '--json');
    expect((JSON.parse(listed.stdout) as RunJson[]).map((run) => run.id)).toEqual([id]);
    const shown = await stack.baton('run', id.slice(0, 16));
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('state      FAILED');

    await stack.baton('query', 'ALTER TABLE baton.step_marker RENAME COLUMN born TO birth');
    const again = await stack.baton('resume', id);
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
    expect(again.stdout).toBe(`${id}  SUCCEEDED\n`);
    const next = await stack.baton('run', behind.stdout.split(' ')[0] ?? '', '--watch', '--json');
    expect((JSON.parse(next.stdout) as RunJson).state).toBe('SUCCEEDED');
  });

  it('that has ended is not resumed: exit code 2 and the reason', async () => {
    const [run] = JSON.parse((await stack.baton('runs', '--limit', '1', '--json')).stdout) as RunJson[];
    const { code, stdout, stderr } = await stack.baton('resume', run?.id ?? '');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('is SUCCEEDED');
  });
});

describe('baton start', () => {
  it('runs a pipeline for a file that is already in S3', async () => {
    await stack.s3.send(
      new (await import('@aws-sdk/client-s3')).PutObjectCommand({
        Bucket: 'baton-local-landing',
        Key: 'elsewhere/by-hand.csv',
        Body: `${HEADER}7,G,Linz,AT,2020-01-01\n`,
      }),
    );
    const uri = 's3://baton-local-landing/elsewhere/by-hand.csv';
    const { code, stdout } = await stack.baton('start', 'stores', '--file', uri);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ {2}SUCCEEDED\n$/);
    const missing = await stack.baton('start', 'stores', '--file', `${uri}.no`);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('there is no object');
  });
});

describe('baton query', () => {
  it('prints a table or objects, and keeps temporary tables between its statements', async () => {
    const sql =
      "CREATE TEMP TABLE t (a INT, b VARCHAR(9)); INSERT INTO t VALUES (1, 'x'), (22, NULL); SELECT * FROM t ORDER BY a";
    const { code, stdout } = await stack.baton('query', sql);
    expect(code).toBe(0);
    expect(stdout).toBe(' a  b\n 1  x\n22\n');
    const json = await stack.baton('query', '--json', "SELECT 1 AS n, 'é' AS t, TRUE AS b, NULL AS z");
    expect(JSON.parse(json.stdout)).toEqual([{ n: 1, t: 'é', b: true, z: null }]);
  });

  it('with an SQL error ends with exit code 1 and the error of the warehouse', async () => {
    const { code, stdout, stderr } = await stack.baton('query', 'SELECT * FROM no_such_table');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^baton: .*no_such_table.* does not exist\n {2}Position: 15\n$/);
  });
});

describe('baton query --run', () => {
  let id: string;

  it('shows the temporary tables of a run that paused after its first step, as --until asked', async () => {
    const started = await stack.baton('start', 'look', '--until', '10_stage.sql');
    id = started.stdout.split(' ')[0] ?? '';
    expect(started).toMatchObject({ code: 0, stdout: `${id}  PAUSED\n` });
    expect(started.stderr).toContain(
      'paused after 10_stage.sql, as --until asked; the next step is 20_more.sql',
    );
    const rows = await stack.baton('query', '--run', id, '--json', 'SELECT n FROM stage');
    expect(JSON.parse(rows.stdout)).toEqual([{ n: 7 }]);
    const listed = await stack.baton('runs', '--state', 'paused', '--pipeline', 'look', '--json');
    expect((JSON.parse(listed.stdout) as RunJson[]).map((run) => [run.id, run.until])).toEqual([
      [id, '10_stage.sql'],
    ]);
    expect((await stack.baton('run', id)).stdout).toContain(`npx baton resume ${id}`);
    const wrong = await stack.baton('start', 'look', '--until', '15_no.sql');
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain(
      'pipeline look has no step 15_no.sql; its steps: 10_stage.sql, 20_more.sql',
    );
  });

  it.runIf(isLong)('shows the temporary tables of a failed run, whose session it keeps', async () => {
    const failed = await stack.baton('resume', id);
    expect({ code: failed.code, stderr: failed.stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('continues at 20_more.sql'),
    });
    const before = await stack.run(id);
    const table = await stack.baton('query', '--run', id.slice(0, 12), 'SELECT * FROM stage');
    expect(table).toMatchObject({ code: 0, stdout: 'n  t\n7  x\n' });
    expect(table.stderr).toMatch(
      /^\(1 of 1 rows; session [-0-9a-f]{36} ends when nothing runs in it for \d+ s\)\n$/,
    );
    const sql =
      "SELECT n, 1.5 AS d, t, TRUE AS b, NULL AS z FROM stage UNION ALL SELECT 8, 2, 'y', FALSE, NULL ORDER BY 1";
    const json = await stack.baton('query', '--run', id, '--rows', '1', '--json', sql);
    expect(JSON.parse(json.stdout)).toEqual([{ n: 7, d: '1.5', t: 'x', b: true, z: null }]);
    expect(await stack.run(id)).toEqual(before);
  });

  it.runIf(isLong)('prints the error of the warehouse, or why the query is refused', async () => {
    const wrong = await stack.baton('query', '--run', id, 'SELECT * FROM no_such_table');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('no_such_table');
    const writes = await stack.baton('query', '--run', id, 'DELETE FROM stage');
    expect(writes).toMatchObject({ code: 2, stdout: '' });
    expect(writes.stderr).toContain(
      'SQL:1:1: DELETE is not allowed: a query in the session of a run only reads',
    );
    const access = await stack.baton('query', '--run', id, '--db-user', 'admin', 'SELECT 1');
    expect(access.stderr).toContain('--run and --db-user cannot be combined');
    expect((await stack.baton('query', '--rows', '5', 'SELECT 1')).stderr).toContain('--rows requires --run');
  });

  it.runIf(isLong)(
    'while it waits for a lock lets a resume back off; the run then succeeds in its session',
    async () => {
      await stack.query("CREATE TABLE mart.missing AS SELECT 9 AS n, CAST('y' AS VARCHAR(9)) AS t");
      const { SessionId } = await stack.redshift.send(
        new ExecuteStatementCommand({
          WorkgroupName: 'local',
          Database: 'dev',
          Sql: 'BEGIN',
          SessionKeepAliveSeconds: 600,
          WaitTimeSeconds: 10,
        }),
      );
      const locking = async (Sql: string): Promise<unknown> =>
        stack.redshift.send(new ExecuteStatementCommand({ SessionId, Sql, WaitTimeSeconds: 10 }));
      await locking('LOCK TABLE mart.missing');
      const before = await stack.run(id);
      const query = stack.baton('query', '--run', id, 'SELECT COUNT(*) AS n FROM stage, mart.missing');
      await eventually('the query waits in the session', async () => {
        const { Sessions } = await stack.redshift.send(
          new ListSessionsCommand({ SessionId: before?.sessionId }),
        );
        return Sessions?.[0]?.Status === 'BUSY' ? true : undefined;
      });
      expect((await stack.baton('query', '--run', id, 'SELECT 1')).stderr).toContain('is busy');
      await stack.baton('resume', id, '--no-wait');
      await eventually('the run backs off', async () =>
        (await stack.run(id))?.state === 'WAITING' ? true : undefined,
      );
      await locking('ROLLBACK');
      expect(await query).toMatchObject({ code: 0, stdout: 'n\n1\n' });
      const run = await eventually('the run ends', async () => {
        const now = await stack.run(id);
        if (now?.state === 'SUCCEEDED' || now?.state === 'FAILED') return now;
        await stack.sweep();
        return undefined;
      });
      expect(run).toMatchObject({ state: 'SUCCEEDED', generation: 1 });
      expect(await stack.query('SELECT n FROM mart.kept ORDER BY n')).toEqual([['7'], ['9']]);
      const over = await stack.baton('query', '--run', id, 'SELECT 1');
      expect(over.stderr).toContain('is SUCCEEDED: its session has ended with it');
    },
  );
});

describe('baton setup', () => {
  it('changes nothing when it is applied again', async () => {
    const before = await stack.count('SELECT COUNT(*) FROM mart.stores');
    const { code, stderr } = await stack.baton('setup', '--sql', stack.sql);
    expect(code).toBe(0);
    expect(stderr).toContain('setup/00_baton.sql');
    expect(await stack.count('SELECT COUNT(*) FROM mart.stores')).toBe(before);
  });
});

describe('baton local', () => {
  it('advances the clock, and adds and removes faults', async () => {
    const clock = async (): Promise<number> =>
      ((await stack.admin('GET', 'clock')) as { offsetMs: number }).offsetMs;
    const before = await clock();
    expect((await stack.baton('local', 'advance', '90s')).code).toBe(0);
    expect(await clock()).toBe(before + 90_000);

    const drop = await stack.baton('local', 'fault', 'drop', '--source', 'nobody', '--times', 'always');
    const slow = await stack.baton('local', 'fault', 'slow', '--by', '50ms', '--caller', 'nobody');
    expect([drop.code, slow.code]).toEqual([0, 0]);
    const listed = JSON.parse((await stack.baton('local', 'fault', 'list', '--json')).stdout) as {
      faults: unknown[];
    };
    expect(listed.faults).toHaveLength(2);
    expect((await stack.baton('local', 'reset')).code).toBe(0);
    expect(await stack.admin('GET', 'faults')).toEqual({ faults: [] });
  });

  it('reports why a fault is refused', async () => {
    const { code, stderr } = await stack.baton('local', 'fault', 'fail', '--service', 'nothing');
    expect(code).toBe(2);
    expect(stderr).toContain('service must be one of');
  });
});

describe('baton up', () => {
  it('is refused while another one uses the same folder: exit code 2, the other one keeps running', async () => {
    const { code, stderr } = await stack.baton('up', '--home', join(stack.home, 'state'), '--port', '0');
    expect(code).toBe(2);
    expect(stderr).toContain('another `baton up` is using');
    expect((await stack.baton('query', 'SELECT 1')).code).toBe(0);
  });

  it('writes its address to local.json, so that the command finds it without options', async () => {
    const { endpoint } = JSON.parse(readFileSync(join(stack.home, 'state', 'local.json'), 'utf8')) as {
      endpoint: string;
    };
    expect(endpoint).toBe(stack.endpoint);
  });
});

describe('baton local reset --data', () => {
  it.runIf(isLong)(
    'removes a run under way, runs that wait, files, messages and tables; then the same file is loaded as if for the first time',
    async () => {
      const idle = await stack.redshift.send(
        new ExecuteStatementCommand({
          WorkgroupName: 'local',
          Database: 'dev',
          Sql: 'BEGIN',
          SessionKeepAliveSeconds: 600,
          WaitTimeSeconds: 10,
        }),
      );
      const { Id } = await stack.redshift.send(
        new ExecuteStatementCommand({
          SessionId: idle.SessionId,
          Sql: 'LOCK TABLE mart.stores',
          WaitTimeSeconds: 10,
        }),
      );
      expect((await stack.redshift.send(new DescribeStatementCommand({ Id }))).Status).toBe('FINISHED');
      await stack.query('CREATE TABLE mart.own AS SELECT 1 AS n');
      const drop = async (name: string): Promise<string> => {
        const path = write(name, `${HEADER}8,H,Ulm,DE,2020-01-01\n`);
        return (await stack.baton('drop', path, '--to', 'stores/', '--no-wait')).stdout.trim();
      };
      const locked = await drop('locked.csv');
      await eventually('its statement waits for the lock', async () =>
        (await stack.run(locked))?.statementId === undefined ? undefined : true,
      );
      await drop('waits.csv');
      await stack.baton('local', 'fault', 'slow', '--by', '50ms', '--caller', 'nobody');
      await stack.baton('local', 'advance', '1h');
      const clock = (await stack.admin('GET', 'clock')) as { offsetMs: number };

      const { code, stdout, stderr } = await stack.baton('local', 'reset', '--data', '--sql', stack.sql);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^data removed; \d+ files of sql\/setup\/ applied\n$/);

      expect(await stack.runs('stores')).toEqual([]);
      expect(await stack.admin('GET', 'faults')).toEqual({ faults: [] });
      expect(await stack.admin('GET', 'messages')).toEqual({ messages: [] });
      expect(await stack.admin('GET', 'status')).toMatchObject({
        waiting: { deliveries: 0, invocations: 0 },
      });
      expect(await stack.admin('GET', 'clock')).toMatchObject({ offsetMs: clock.offsetMs });
      expect(readdirSync(join(stack.home, 'state', 's3', 'baton-local-landing'))).toEqual([]);
      expect(readdirSync(join(stack.home, 'state', 's3', 'baton-local-artifacts'))).toEqual([]);
      expect(await stack.count('SELECT COUNT(*) FROM mart.stores')).toBe(0);
      await expect(stack.query('SELECT * FROM mart.own')).rejects.toThrow('does not exist');

      const path = join(stack.home, 'locked.csv');
      const again = await stack.baton('drop', path, '--to', 'stores/');
      expect(again.stdout).toMatch(/ {2}SUCCEEDED\n$/);
      await stack.sweep();
      expect((await stack.runs('stores')).map(({ state }) => state)).toEqual(['SUCCEEDED']);
      expect(await stack.count('SELECT COUNT(*) FROM mart.stores')).toBe(1);
    },
  );

  it('knows --sql only with --data', async () => {
    const refused = await stack.baton('local', 'reset', '--sql', stack.sql);
    expect({ code: refused.code, stderr: refused.stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--sql requires --data'),
    });
  });
});
