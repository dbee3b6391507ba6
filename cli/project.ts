/** Where things lie on this machine: the project, its SQL, the local state. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { usageError } from './exit.ts';

type Env = Readonly<Record<string, string | undefined>>;

function isProjectRoot(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown };
  return name === 'baton';
}

/** The folder of this project's package.json: this file's own, bundled or not. */
export function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!isProjectRoot(folder)) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error(`baton's package.json not found in any folder above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}

/** BATON_HOME, default `.baton/` in the project. */
export function localHome(env: Env, given?: string): string {
  const named = env['BATON_HOME'];
  return resolve(given ?? (named === undefined || named === '' ? join(projectRoot(), '.baton') : named));
}

/** The pipelines of the project itself. */
export function projectSql(): string {
  return join(projectRoot(), 'sql');
}

/** The folder with the pipelines: as given, else `sql/` here, else the project's. */
export function sqlFolder(given?: string): string {
  if (given !== undefined) {
    if (!existsSync(given)) throw usageError(`no such folder: ${given}`);
    if (!statSync(given).isDirectory()) throw usageError(`not a folder: ${given}`);
    if (existsSync(join(given, 'pipeline.yml'))) {
      const above = dirname(resolve(given));
      throw usageError(
        `${given} is a single pipeline; --sql takes the folder that contains the pipelines`,
        `--sql ${above}`,
      );
    }
    return resolve(given);
  }
  return existsSync('sql') ? resolve('sql') : projectSql();
}
