/** The data folder: where it is, made once by initdb, and free of what a killed server left. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { runToEnd } from './binaries.ts';
import type { Binaries } from './binaries.ts';
import { canEnter } from './person.ts';
import type { Person } from './person.ts';
import { placeOfHome, removePlaceOfHome } from './place.ts';

/** The database's owner, a superuser. */
export const DATABASE_USER = 'baton';

export interface DataFolder {
  readonly path: string;
  readonly password: string;
}

interface Kept {
  readonly data: string;
  readonly password: string;
}

/**
 * The home's data folder, made if there is none. `<home>/postgres/server.json` remembers where it is, so a home
 * that opens or closes later keeps its data.
 */
export function openDataFolder(home: string, binaries: Binaries, person: Person): DataFolder {
  const folder = join(home, 'postgres');
  const recordFile = join(folder, 'server.json');
  mkdirSync(folder, { recursive: true });
  const kept = existsSync(recordFile) ? (JSON.parse(readFileSync(recordFile, 'utf8')) as Kept) : undefined;
  if (kept !== undefined && existsSync(join(kept.data, 'PG_VERSION'))) {
    checkMajor(kept.data, binaries, person);
    if (!canEnter(kept.data, person)) {
      throw new Error(
        `PostgreSQL's data in ${kept.data} cannot be reached by the user it runs as; open the folders above it ` +
          '(chmod o+x), or remove the home folder to start from scratch',
      );
    }
    return { path: kept.data, password: kept.password };
  }
  const place = placeFor(home, folder, person);
  const made = { data: join(place, 'data'), password: randomBytes(16).toString('hex') };
  rmSync(made.data, { recursive: true, force: true });
  initialize(made, binaries, person);
  writeFileSync(recordFile, `${JSON.stringify(made)}\n`, { mode: 0o600 });
  return { path: made.data, password: made.password };
}

/** Permanently removes the data of a home; no server may be running on it. */
export function removeDataFolder(home: string): void {
  removePlaceOfHome(resolve(home));
  rmSync(join(home, 'postgres'), { recursive: true, force: true });
}

function placeFor(home: string, folder: string, person: Person): string {
  return canEnter(folder, person) ? folder : placeOfHome(home);
}

/** initdb into a folder beside, then a rename: a crash on the way leaves no half-made database. */
function initialize(made: Kept, binaries: Binaries, person: Person): void {
  const making = `${made.data}.new`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { mode: 0o700 });
  const passwordFile = join(dirname(making), 'password.new');
  writeFileSync(passwordFile, made.password, { mode: 0o600 });
  give(making, person);
  give(passwordFile, person);
  try {
    runToEnd(
      binaries.initdb,
      [
        `--pgdata=${making}`,
        '--locale=C',
        '--encoding=UTF8',
        '--no-sync',
        '--auth=scram-sha-256',
        `--username=${DATABASE_USER}`,
        `--pwfile=${passwordFile}`,
      ],
      person,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  chmodSync(making, 0o700);
  renameSync(making, made.data);
}

function give(path: string, { ids }: Person): void {
  if (ids.uid !== undefined && ids.gid !== undefined) chownSync(path, ids.uid, ids.gid);
}

function checkMajor(data: string, binaries: Binaries, person: Person): void {
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  const version = runToEnd(binaries.postgres, ['--version'], person);
  const now = /\(PostgreSQL\) (\d+)/.exec(version)?.[1];
  if (made !== now) {
    throw new Error(
      `the local database was created by PostgreSQL ${made}, but this is ${version.trim()}; use the old version ` +
        '(BATON_POSTGRES_BIN), or remove the home folder to start from scratch',
    );
  }
}
