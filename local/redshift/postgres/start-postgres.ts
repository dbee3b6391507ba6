/** Starts the PostgreSQL server that stands in Redshift's place, and lets it live no longer than this process. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';

import { Client } from 'pg';

import { findBinaries } from './binaries.ts';
import type { Binaries } from './binaries.ts';
import { DATABASE_USER, openDataFolder } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import { clearLeftovers, isServerOf, readServerFile } from './leftovers.ts';
import { serverPerson } from './person.ts';
import type { Person } from './person.ts';

export { removeDataFolder } from './data-folder.ts';

/** The database that every stage starts with. */
const DATABASE = 'dev';

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;
const PORT_TRIES = 5;

/** What a PostgreSQL client needs to connect. */
export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface Postgres {
  readonly port: number;
  readonly connect: ConnectOptions;
  /** Of the postmaster. */
  readonly pid: number;
  /** Settles when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends every session and the server; the data stays. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** The local state folder (BATON_HOME). */
  readonly home: string;
  /** Further settings, `name=value`. */
  readonly settings?: readonly string[];
}

/**
 * Durability against a power cut is given up for speed; a killed process, ours or the server's, loses nothing.
 * No parallel workers: containers often have 64 MB of shared memory, and this is a laptop.
 */
const SETTINGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'shared_buffers=256MB',
  'max_connections=600',
  'max_parallel_workers_per_gather=0',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'timezone=UTC',
  'log_timezone=UTC',
  'log_min_messages=fatal',
];

/**
 * The guard: it holds a pipe from this process and stops the server at its end, so a killed process leaves no
 * server behind. The reader is ended with the server, lest it signal a stranger with the same pid later.
 */
const GUARD = `
"$@" </dev/null 3<&- & P=$!
trap 'kill -INT $P' TERM INT HUP
(read _; kill -INT $P) <&3 & R=$!
wait $P; S=$?
while kill -0 $P 2>/dev/null; do wait $P; S=$?; done
kill $R 2>/dev/null
exit $S
`;

export async function startPostgres({ home, settings = [] }: StartOptions): Promise<Postgres> {
  const absoluteHome = resolve(home);
  mkdirSync(join(absoluteHome, 'logs'), { recursive: true });
  const person = serverPerson();
  const binaries = findBinaries(person);
  const data = openDataFolder(absoluteHome, binaries, person);
  await clearLeftovers(data.path);
  const logFile = join(absoluteHome, 'logs', 'postgres.log');
  const server = await launch(binaries, data, person, logFile, settings);
  await makeDatabase(server.connect);
  return server;
}

async function launch(
  binaries: Binaries,
  data: DataFolder,
  person: Person,
  logFile: string,
  settings: readonly string[],
): Promise<Postgres> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const logStart = sizeOf(logFile);
    const guard = spawnGuard(binaries, data, person, logFile, [...settings, `port=${String(port)}`]);
    const ended = once(guard, 'exit').then(nothing, nothing);
    const pid = await untilReady(guard, data.path, port);
    if (pid !== undefined) return describe(guard, ended, data, port, pid);
    await end(guard, ended, undefined);
    const said = readFileSync(logFile, 'utf8').slice(logStart).trim();
    // Another process took the port between the check and the start.
    if (attempt < PORT_TRIES && /address already in use/i.test(said)) continue;
    throw new Error(`PostgreSQL did not start; ${logFile} says: ${said === '' ? 'nothing' : said}`);
  }
}

function spawnGuard(
  binaries: Binaries,
  data: DataFolder,
  person: Person,
  logFile: string,
  settings: readonly string[],
): ChildProcess {
  const log = openSync(logFile, 'a');
  const flags = [...SETTINGS, ...settings].flatMap((setting) => ['-c', setting]);
  // A process group of its own: Ctrl-C in the terminal reaches us, and we stop the server in order.
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', binaries.postgres, '-D', data.path, ...flags], {
    ...person.ids,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
  });
  closeSync(log);
  guard.on('error', () => undefined);
  guard.stdio[3]?.on('error', () => undefined);
  return guard;
}

/** The postmaster's pid once it takes connections; undefined if it ended or was not ready in time. */
async function untilReady(guard: ChildProcess, data: string, port: number): Promise<number | undefined> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline && guard.exitCode === null && guard.signalCode === null) {
    const file = readServerFile(data);
    if (file?.port === port && file.status === 'ready') return file.pid;
    await wait(10);
  }
  return undefined;
}

function describe(
  guard: ChildProcess,
  guardEnded: Promise<void>,
  data: DataFolder,
  port: number,
  pid: number,
): Postgres {
  // A guard that was killed alone leaves the server unwatched: end it too.
  const ended = endWithGuard(guardEnded, pid, data.path);
  return {
    port,
    pid,
    connect: { host: '127.0.0.1', port, user: DATABASE_USER, password: data.password, database: DATABASE },
    ended,
    stop: () => end(guard, ended, { pid, data: data.path }),
  };
}

async function endWithGuard(guardEnded: Promise<void>, pid: number, data: string): Promise<void> {
  await guardEnded;
  if (isServerOf(pid, data)) process.kill(pid, 'SIGINT');
}

async function end(
  guard: ChildProcess,
  ended: Promise<void>,
  server: { readonly pid: number; readonly data: string } | undefined,
): Promise<void> {
  guard.stdio[3]?.destroy();
  const late = setTimeout(() => {
    if (server !== undefined && isServerOf(server.pid, server.data)) process.kill(server.pid, 'SIGQUIT');
    else guard.kill('SIGKILL');
  }, STOP_WITHIN_MS);
  await ended;
  clearTimeout(late);
}

async function makeDatabase(connect: ConnectOptions): Promise<void> {
  const client = new Client({ ...connect, database: 'template1' });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** A currently unused port. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const address = probe.address();
  await new Promise<void>((done) => probe.close(() => done()));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function sizeOf(file: string): number {
  try {
    return readFileSync(file, 'utf8').length;
  } catch {
    return 0;
  }
}

function nothing(): void {
  // The exit code has no further meaning.
}
