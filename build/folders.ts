/** Folders that are made once, whole or not at all, however many processes want them at the same moment. */
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

const PART = '.part';
const HELD_BY = '.held-by-';
const HOUR_MS = 3_600_000;

/**
 * Gives `folder`; where it is missing, `fill` makes it under another name beside it, and one rename puts it in place.
 * Who comes second throws its own away. The folder is named by the hash of its content, so it is never rebuilt.
 */
export async function madeOnce(
  folder: string,
  fill: (temporary: string) => Promise<unknown>,
): Promise<string> {
  if (existsSync(folder)) {
    // For `keepNewest`: used just now.
    const now = new Date();
    utimesSync(folder, now, now);
    return folder;
  }
  const temporary = temporaryName(folder);
  mkdirSync(temporary, { recursive: true });
  try {
    await fill(temporary);
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/**
 * Makes `folder` anew: `fill` makes it under another name beside it, then it replaces the earlier one whole, however
 * many processes do so at the same moment.
 * @throws Error if a process holds the earlier one
 */
export async function madeAnew(folder: string, fill: (temporary: string) => Promise<unknown>): Promise<void> {
  const temporary = temporaryName(folder);
  mkdirSync(temporary, { recursive: true });
  try {
    await fill(temporary);
    while (!replaced(folder, temporary));
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** False if another process put its own in place meanwhile. */
function replaced(folder: string, by: string): boolean {
  const earlier = temporaryName(folder);
  if (renamed(folder, earlier)) {
    // Looked at under the new name: from there nobody takes it.
    const holder = holdersOf(earlier).find(isAlive);
    if (holder !== undefined) {
      renameSync(earlier, folder);
      throw new Error(
        `${folder} is in use by process ${holder.slice(HELD_BY.length)}: try again when it has ended`,
      );
    }
    rmSync(earlier, { recursive: true, force: true });
  }
  return renamed(by, folder);
}

/** False if there is nothing to rename, or something in its new place. */
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^(ENOENT|ENOTEMPTY|EEXIST)$/.test(String(error.code))) {
      return false;
    }
    throw error;
  }
}

/** Writes a file whole: a reader sees the old content or the new. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = temporaryName(path);
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/**
 * Puts the files of one folder into another: hard links where the file system supports them, else copies. The files
 * must not be changed afterwards.
 */
export function linkFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (existsSync(join(to, name))) continue;
    try {
      linkSync(join(from, name), join(to, name));
    } catch {
      // No hard links here, or not of another user's file.
      copyFileSync(join(from, name), join(to, name));
    }
  }
}

/** Keeps `folder` from `keepNewest` for as long as this process lives. */
export function hold(folder: string): void {
  for (const name of holdersOf(folder)) {
    if (!isAlive(name)) rmSync(join(folder, name), { force: true });
  }
  writeFileSync(join(folder, `${HELD_BY}${process.pid}`), '');
}

/** Removes all but the newest folders of `parent`, and what was left half made; never one that a process holds. */
export function keepNewest(parent: string, count: number): void {
  const folders = readdirSync(parent)
    .map((name) => join(parent, name))
    .map((path) => ({ path, mtimeMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((left, right) => right.mtimeMs - left.mtimeMs);
  const old = folders.filter(({ path }) => !path.endsWith(PART)).slice(count);
  const abandoned = folders.filter(
    ({ path, mtimeMs }) => path.endsWith(PART) && mtimeMs < Date.now() - HOUR_MS,
  );
  for (const { path } of [...old, ...abandoned]) {
    if (!holdersOf(path).some(isAlive)) rmSync(path, { recursive: true, force: true });
  }
}

function holdersOf(folder: string): string[] {
  // Another process may have removed it just now.
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(HELD_BY)) : [];
}

function isAlive(holder: string): boolean {
  try {
    process.kill(Number(holder.slice(HELD_BY.length)), 0);
    return true;
  } catch (error) {
    // It lives, but is another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function temporaryName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}${PART}`;
}
