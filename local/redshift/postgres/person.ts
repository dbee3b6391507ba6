/** The user that PostgreSQL runs as: it refuses to run as root, so root starts it as `nobody`, which exists everywhere. */
import { execFileSync, spawnSync } from 'node:child_process';
import process from 'node:process';

export interface Person {
  /** What `spawn` is given; empty: as we are. */
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

export function serverPerson(): Person {
  if (process.getuid?.() !== 0) return { ids: {} };
  return { ids: { uid: idOf('-u'), gid: idOf('-g') } };
}

function idOf(flag: '-u' | '-g'): number {
  // macOS prints -2 as 4294967294; Node takes a signed 32-bit number.
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })) | 0;
}

/** True if the person can enter the folder (every folder above it included). */
export function canEnter(folder: string, person: Person): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...person.ids, cwd: '/' }).status === 0;
}
