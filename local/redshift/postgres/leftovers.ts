/**
 * What a killed server leaves behind: `postmaster.pid`, and perhaps processes. A live server of a killed parent is
 * ended; the file is removed where PostgreSQL itself would stumble (its pid is a zombie, or by now something else).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';

import { codeOf } from '../../../shared/errors.ts';

/** A guard whose parent was just killed is still shutting its server down. */
const PATIENCE_MS = 3000;
const STOP_WITHIN_MS = 10_000;

export interface ServerFile {
  readonly pid: number;
  readonly port: number;
  /** `starting`, `ready`, `stopping`, `standby`; empty early in a start. */
  readonly status: string;
}

/** PostgreSQL's own note of its running server; undefined while there is none or it is half written. */
export function readServerFile(data: string): ServerFile | undefined {
  const path = join(data, 'postmaster.pid');
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, 'utf8').split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3] ?? 0), status: (lines[7] ?? '').trim() };
}

/** Makes the data folder free for a new server. Throws if a live one cannot be ended. */
export async function clearLeftovers(data: string): Promise<void> {
  const left = readServerFile(data);
  if (left === undefined) {
    rmSync(join(data, 'postmaster.pid'), { force: true });
  } else if (isServerOf(left.pid, data)) {
    await endServer(left.pid, data);
  } else {
    if (isThere(left.pid)) rmSync(join(data, 'postmaster.pid'), { force: true });
    await endOrphans(data);
  }
}

async function endServer(pid: number, data: string): Promise<void> {
  if (await gone(pid, data, PATIENCE_MS)) return;
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    kill(pid, signal);
    if (await gone(pid, data, STOP_WITHIN_MS)) {
      await clearLeftovers(data);
      return;
    }
  }
  throw new Error(`a PostgreSQL server (pid ${String(pid)}) still runs on ${data} and cannot be stopped`);
}

async function gone(pid: number, data: string, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (Date.now() < end) {
    if (!isServerOf(pid, data)) return true;
    await wait(20);
  }
  return false;
}

/** Sessions whose postmaster was killed finish their query first; a new server beside them would harm the data. */
async function endOrphans(data: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const folder = realpathSync(data);
  const orphans = (): number[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => folderOf(pid) === folder && !isZombie(pid));
  const end = Date.now() + STOP_WITHIN_MS;
  for (let left = orphans(); left.length > 0; left = orphans()) {
    if (Date.now() > end) throw new Error(`processes ${left.join(', ')} still use ${data}`);
    for (const pid of left) kill(pid, 'SIGKILL');
    await wait(20);
  }
}

function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${String(pid)}/cwd`);
  } catch {
    return undefined;
  }
}

/** True if the pid is a live PostgreSQL postmaster on this very data folder: pids are reused. */
export function isServerOf(pid: number, data: string): boolean {
  return isThere(pid) && !isZombie(pid) && commandOf(pid).includes(data);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function isZombie(pid: number): boolean {
  if (process.platform === 'linux') {
    const stat = readOr(`/proc/${String(pid)}/stat`, '');
    return stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
  }
  return askPs(pid, 'stat').startsWith('Z');
}

function commandOf(pid: number): string {
  if (process.platform === 'linux') {
    return readOr(`/proc/${String(pid)}/cmdline`, '').replaceAll('\0', ' ');
  }
  return askPs(pid, 'args');
}

function askPs(pid: number, column: string): string {
  try {
    return execFileSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}
