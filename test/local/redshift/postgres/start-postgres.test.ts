import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Client } from 'pg';
import { afterAll, expect, test } from 'vitest';

import { removeDataFolder, startPostgres } from '../../../../local/redshift/postgres/start-postgres.ts';
import type { Postgres } from '../../../../local/redshift/postgres/start-postgres.ts';

const folder = mkdtempSync(join(tmpdir(), 'baton-postgres-'));
// As root this is closed to the user PostgreSQL runs as.
const closed = join(folder, 'closed');
mkdirSync(closed);
chmodSync(closed, 0o700);
const home = join(closed, 'home');
afterAll(() => {
  removeDataFolder(home);
  rmSync(folder, { recursive: true, force: true });
});

async function ask(postgres: Postgres, sql: string): Promise<unknown[]> {
  const client = new Client(postgres.connect);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

function serverData(): string {
  return (JSON.parse(readFileSync(join(home, 'postgres', 'server.json'), 'utf8')) as { data: string }).data;
}

test('a server starts in a home that only its owner may enter, and keeps its data', async () => {
  const first = await startPostgres({ home });
  expect(await ask(first, 'SELECT current_database()')).toEqual(['dev']);
  expect(await ask(first, "SELECT current_setting('TimeZone')")).toEqual(['UTC']);
  await ask(first, 'CREATE TABLE kept AS SELECT 42 AS a');
  await first.stop();
  await first.ended;
  const second = await startPostgres({ home });
  expect(await ask(second, 'SELECT a FROM kept')).toEqual([42]);
  await second.stop();
});

test('a pid file whose pid belongs to another process does not prevent a start', async () => {
  const sleeper = spawn('sleep', ['60']);
  const file = join(serverData(), 'postmaster.pid');
  writeFileSync(file, `${String(sleeper.pid)}\n${serverData()}\n1\n5432\n\n127.0.0.1\n\nready\n`);
  const postgres = await startPostgres({ home });
  expect(sleeper.exitCode).toBeNull();
  expect(sleeper.signalCode).toBeNull();
  await postgres.stop();
  sleeper.kill();
});

test('a pid file without a process does not prevent a start', async () => {
  writeFileSync(
    join(serverData(), 'postmaster.pid'),
    `999999\n${serverData()}\n1\n5432\n\n127.0.0.1\n\nready\n`,
  );
  const postgres = await startPostgres({ home });
  expect(await ask(postgres, 'SELECT 1')).toEqual([1]);
  await postgres.stop();
});

test('only a client with the password can connect', async () => {
  const postgres = await startPostgres({ home });
  const stranger = new Client({ ...postgres.connect, password: 'wrong' });
  stranger.on('error', () => undefined);
  await expect(stranger.connect()).rejects.toThrow(/password authentication failed/);
  await postgres.stop();
});

test('a server that cannot start reports its log', async () => {
  await expect(startPostgres({ home, settings: ['no_such_setting=1'] })).rejects.toThrow(
    /PostgreSQL did not start; .*no_such_setting/s,
  );
});

test('BATON_POSTGRES_BIN must hold a PostgreSQL that is new enough', async () => {
  process.env['BATON_POSTGRES_BIN'] = folder;
  try {
    await expect(startPostgres({ home })).rejects.toThrow(
      /BATON_POSTGRES_BIN is .*no `postgres` and `initdb`/,
    );
    for (const name of ['postgres', 'initdb']) {
      writeFileSync(join(folder, name), '#!/bin/sh\necho "postgres (PostgreSQL) 12.4"\n', { mode: 0o755 });
    }
    chmodSync(folder, 0o755);
    await expect(startPostgres({ home })).rejects.toThrow(/PostgreSQL 16 or newer is needed/);
  } finally {
    delete process.env['BATON_POSTGRES_BIN'];
  }
});

test.runIf(process.getuid?.() === 0)(
  'the data of a home that was deleted is removed by a later start',
  async () => {
    const gone = join(closed, 'gone');
    const first = await startPostgres({ home: gone });
    const { data } = JSON.parse(readFileSync(join(gone, 'postgres', 'server.json'), 'utf8')) as {
      data: string;
    };
    await first.stop();
    rmSync(gone, { recursive: true });
    const place = dirname(data);
    expect(place).not.toContain(folder);
    const old = new Date(Date.now() - 3_600_000);
    utimesSync(place, old, old);
    const other = join(closed, 'other');
    const second = await startPostgres({ home: other });
    await second.stop();
    removeDataFolder(other);
    expect(existsSync(place)).toBe(false);
  },
);

test('removing a home removes the data that lies outside of it too', () => {
  const data = serverData();
  removeDataFolder(home);
  expect(existsSync(data)).toBe(false);
});
