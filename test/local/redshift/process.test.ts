import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  ListSessionsCommand,
} from '@aws-sdk/client-redshift-data';
import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { Client } from 'pg';
import { afterAll, expect, test } from 'vitest';

import { packageRoot as root } from '../../../build/project.ts';
import type { BusEvent } from '../../../local/bus-event.ts';
import type { FromChild } from '../../../local/process-protocol.ts';
import { removeDataFolder } from '../../../local/redshift/postgres/start-postgres.ts';
import { until } from './helpers.ts';
import { clientOf, openSession, query, run, WORKGROUP } from './local-redshift.ts';

interface Child {
  readonly process: ChildProcess;
  readonly client: RedshiftDataClient;
  readonly events: BusEvent[];
}

const home = mkdtempSync(join(tmpdir(), 'baton-redshift-process-'));
const running = new Set<ChildProcess>();

afterAll(async () => {
  for (const child of running) {
    child.disconnect();
    await once(child, 'exit');
  }
  removeDataFolder(home);
  rmSync(home, { recursive: true, force: true });
});

async function start(): Promise<Child> {
  const child = fork(join(root, 'local/redshift/process.ts'), {
    env: { PATH: process.env['PATH'], BATON_HOME: home },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const events: BusEvent[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    child.on('message', (message: FromChild) => {
      if (message.kind === 'ready') resolve(message.port);
      else if (message.kind === 'event') events.push(message.event);
    });
    child.once('exit', (code) => {
      reject(new Error(`the process ended with ${String(code)}`));
    });
  });
  return { process: child, client: clientOf(port, 'key'), events };
}

async function end(child: ChildProcess, how: () => void): Promise<number | null> {
  const exit = once(child, 'exit');
  how();
  const [code] = (await exit) as [number | null];
  return code;
}

function postmaster(): number {
  const { data } = JSON.parse(readFileSync(join(home, 'postgres', 'server.json'), 'utf8')) as {
    data: string;
  };
  return Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie that nobody reaps is dead.
  if (process.platform !== 'linux') return true;
  return !/\) Z/.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
}

async function gatekeeper(): Promise<Client> {
  const { password } = JSON.parse(readFileSync(join(home, 'postgres', 'server.json'), 'utf8')) as {
    password: string;
  };
  const { data } = JSON.parse(readFileSync(join(home, 'postgres', 'server.json'), 'utf8')) as {
    data: string;
  };
  const port = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[3]);
  const client = new Client({ host: '127.0.0.1', port, user: 'baton', password, database: 'dev' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

test('kill -9 of the process ends PostgreSQL, too; the next one has the data, and running statements failed', async () => {
  const first = await start();
  await run(first, 'CREATE TABLE kept (a int)');
  await run(first, 'INSERT INTO kept VALUES (1)');
  const done = await run(first, 'SELECT a FROM kept', { ClientToken: 'before', StatementName: 'done' });
  const session = await openSession(first);
  const keeper = await gatekeeper();
  await keeper.query('BEGIN; LOCK TABLE kept IN ACCESS EXCLUSIVE MODE');
  const stuck = await first.client.send(
    new ExecuteStatementCommand({
      SessionId: session,
      Sql: 'INSERT INTO kept VALUES (2)',
      WithEvent: true,
      StatementName: 'stuck',
    }),
  );
  await until(
    async () =>
      (await first.client.send(new DescribeStatementCommand({ Id: stuck.Id }))).Status === 'STARTED',
  );
  const pid = postmaster();
  expect(await end(first.process, () => first.process.kill('SIGKILL'))).toBeNull();
  await until(() => !isAlive(pid));

  const second = await start();
  // The lock goes with the server, too: in the last moment the insert may have come through, as its error says.
  expect([[['1']], [['1'], ['2']]]).toContainEqual(await query(second, 'SELECT a FROM kept ORDER BY a'));
  expect(await second.client.send(new DescribeStatementCommand({ Id: stuck.Id }))).toMatchObject({
    Status: 'FAILED',
    Error: expect.stringContaining('connection was lost'),
  });
  await until(() => second.events.length > 0);
  expect(second.events.map(({ detail }) => [detail['statementName'], detail['state']])).toEqual([
    ['stuck', 'FAILED'],
  ]);
  const { Records } = await second.client.send(new GetStatementResultCommand({ Id: done.Id }));
  expect(Records).toEqual([[{ longValue: 1 }]]);
  expect((await run(second, 'SELECT 1', { ClientToken: 'before' })).Id).toBe(done.Id);
  const { Sessions } = await second.client.send(new ListSessionsCommand({ SessionId: session }));
  expect(Sessions?.[0]?.Status).toBe('CLOSED');
  await expect(
    second.client.send(new ExecuteStatementCommand({ SessionId: session, Sql: 'SELECT 1' })),
  ).rejects.toMatchObject({ message: 'Session is not available' });
  // An event is sent once it was handed over, not again at every start.
  await end(second.process, () => {
    second.process.disconnect();
  });
  const third = await start();
  await run(third, 'SELECT 1');
  expect(third.events).toEqual([]);
});

test('kill -9 of PostgreSQL ends the process, and the next one recovers', async () => {
  const [child] = running;
  if (child === undefined) throw new Error('the process of the test before is gone');
  expect(await end(child, () => process.kill(postmaster(), 'SIGKILL'))).toBe(1);
  const next = await start();
  expect((await query(next, 'SELECT a FROM kept ORDER BY a'))[0]).toEqual(['1']);
});

test('the process ends with PostgreSQL when its parent is gone', async () => {
  const [child] = running;
  if (child === undefined) throw new Error('the process of the test before is gone');
  const pid = postmaster();
  expect(
    await end(child, () => {
      child.disconnect();
    }),
  ).toBe(0);
  expect(isAlive(pid)).toBe(false);
});

test('the clock of the supervisor ends idle sessions', async () => {
  const child = await start();
  const { SessionId } = await child.client.send(
    new ExecuteStatementCommand({
      ...WORKGROUP,
      Sql: 'SELECT 1',
      SessionKeepAliveSeconds: 600,
      WaitTimeSeconds: 30,
    }),
  );
  child.process.send({ kind: 'clock', offsetMs: 601_000 });
  await once(child.process, 'message');
  const { Sessions } = await child.client.send(new ListSessionsCommand({ SessionId }));
  expect(Sessions?.[0]?.Status).toBe('CLOSED');
});
