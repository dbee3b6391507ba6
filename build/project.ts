/** Where Baton's own files lie and where the person's project lies, and whether sources have changed since a build. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import process from 'node:process';

/** Baton's own files: the repository, or `dist/` of the installed package, which has the same layout. */
export const packageRoot = resolve(import.meta.dirname, '..');

/** Compiled code, as npm installs it: it comes with everything built, and its folder may be read-only. */
export const isInstalled = extname(import.meta.filename) === '.js';

/** Makes a folder a project; `cli/project-file.ts` reads it. */
export const PROJECT_FILE = 'baton.yml';

/** The nearest folder with a baton.yml, from `folder` upwards. */
export function projectAbove(folder: string): string | undefined {
  if (existsSync(join(folder, PROJECT_FILE))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : projectAbove(above);
}

const found = projectAbove(process.cwd()) ?? (isInstalled ? undefined : packageRoot);

/** False for an installed Baton that is called outside of a project: it leaves nothing there unasked. */
export const isProject = found !== undefined;

/**
 * The person's project: its `sql/`, state (`.baton/`) and builds (`.build/`). Without a baton.yml it is the repository,
 * or, for an installed Baton, the current folder.
 */
export const projectFolder = found ?? process.cwd();

export const buildFolder = join(projectFolder, '.build');

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
 * Changes when a source file under one of `folders` (of Baton) does (name, size or time), or a package's version.
 * Some milliseconds.
 */
export function sourceStamp(folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    for (const path of sourcesIn(join(packageRoot, folder)).sort()) {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${relative(packageRoot, path)}\0${size}\0${mtimeMs}\n`);
    }
  }
  hash.update(readFileSync(join(packageRoot, 'package.json')));
  return hash.digest('hex').slice(0, 16);
}
