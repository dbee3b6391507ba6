/** Folders outside the home for what PostgreSQL must reach when the home is closed to it (root in a 0700 folder). */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** /var/tmp outlives a restart of the machine, /tmp often does not. */
function outside(): string {
  return statSync('/var/tmp', { throwIfNoEntry: false })?.isDirectory() === true ? '/var/tmp' : tmpdir();
}

/** The path for `what`, not yet made. */
export function privatePlacePath(what: string): string {
  const hash = createHash('sha256')
    .update(`${String(process.getuid?.() ?? '')} ${what}`)
    .digest('hex');
  return join(outside(), `baton-${hash.slice(0, 16)}`);
}

/** Makes the place: ours, others may only pass through. Refuses one that somebody else made first. */
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
