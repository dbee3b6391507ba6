/** What a part has done so far, kept in a file, so that one that was broken off goes on. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

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
