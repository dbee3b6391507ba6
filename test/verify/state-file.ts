/** What a part has done so far, kept in a file, so that one that was broken off goes on. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The state in `file`, if it is of the same code as `fresh`; else `fresh`. `say` tells where it is not. */
export function restored<T extends { readonly code: string }>(
  file: string | undefined,
  fresh: T,
  say: (line: string) => void,
): T {
  if (file === undefined || !existsSync(file)) return fresh;
  const state = JSON.parse(readFileSync(file, 'utf8')) as T;
  if (state.code === fresh.code) return state;
  say(`${file} is of other code: begun anew`);
  return fresh;
}

/** Whole or not at all: a reader never meets half a file. */
export function keep(file: string | undefined, state: unknown): void {
  if (file === undefined) return;
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

/** Of these files, and of all files below these folders. */
export function codeHash(names: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of names) {
    const files = statSync(name).isDirectory()
      ? readdirSync(name, { recursive: true, encoding: 'utf8' }).map((file) => join(name, file))
      : [name];
    for (const file of files.sort())
      if (statSync(file).isFile()) hash.update(file).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}
