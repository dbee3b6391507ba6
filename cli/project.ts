/** Where things lie on this machine: the project, its SQL, the local state. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { usageError } from './exit.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The folder of this project's package.json. */
export function projectRoot(): string {
  return dirname(import.meta.dirname);
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
