/** Where the project lies and its builds go, and whether sources have changed since. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
export const buildFolder = join(root, '.build');

const SOURCE_FILE = /\.(ts|cjs|sql|json|yml)$/;

function sourcesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return SOURCE_FILE.test(entry.name) ? [path] : [];
  });
}

/**
 * Changes when a source file under one of `folders` (of the project) does (name, size or time), or a package's version.
 * Some milliseconds.
 */
export function sourceStamp(folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    for (const path of sourcesIn(join(root, folder)).sort()) {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${relative(root, path)}\0${size}\0${mtimeMs}\n`);
    }
  }
  hash.update(readFileSync(join(root, 'package.json')));
  return hash.digest('hex').slice(0, 16);
}
