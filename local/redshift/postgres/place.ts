/** Folders outside the home for what PostgreSQL must reach when the home is closed to it (root in a 0700 folder). */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** /var/tmp outlives a restart of the machine, /tmp often does not. */
function outside(): string {
  return statSync('/var/tmp', { throwIfNoEntry: false })?.isDirectory() === true ? '/var/tmp' : tmpdir();
}

/** The path for `what`, not yet made. */
function privatePlacePath(what: string): string {
  const hash = createHash('sha256')
    .update(`${String(process.getuid?.() ?? '')} ${what}`)
    .digest('hex');
  return join(outside(), `baton-${hash.slice(0, 16)}`);
}

/** Creates the folder: owned by this user, others may only traverse it. Fails if another user created it first. */
export function privatePlace(what: string): string {
  const path = privatePlacePath(what);
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const { uid } = statSync(path);
  if (uid !== process.getuid?.()) {
    throw new Error(`${path} belongs to another user; remove it and start again`);
  }
  chmodSync(path, 0o711);
  return path;
}

/** Beside the data: whose it is. */
const OWNER_FILE = 'home';
/** The folder is created shortly before its home records it. */
const NEW_MS = 600_000;

/** The place for the data of a home. Places whose homes were deleted meanwhile are removed on the way. */
export function placeOfHome(home: string): string {
  removeForsaken();
  const place = privatePlace(`data of ${home}`);
  writeFileSync(join(place, OWNER_FILE), home, { mode: 0o600 });
  return place;
}

export function removePlaceOfHome(home: string): void {
  rmSync(privatePlacePath(`data of ${home}`), { recursive: true, force: true });
}

function removeForsaken(): void {
  for (const name of readdirSync(outside())) {
    const place = join(outside(), name);
    if (/^baton-[0-9a-f]{16}$/.test(name) && isForsaken(place))
      rmSync(place, { recursive: true, force: true });
  }
}

/** Ours, not new, without a running server, and its home is gone. */
function isForsaken(place: string): boolean {
  try {
    const { uid, mtimeMs } = statSync(place);
    if (uid !== process.getuid?.() || Date.now() - mtimeMs < NEW_MS) return false;
    const home = readFileSync(join(place, OWNER_FILE), 'utf8');
    if (existsSync(join(place, 'data', 'postmaster.pid'))) return false;
    return !existsSync(join(home, 'postgres', 'server.json'));
  } catch {
    // Not a data place, or another process was quicker.
    return false;
  }
}
