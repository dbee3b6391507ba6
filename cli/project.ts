/** Where the person's things lie: their SQL, the local state. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { isInstalled, projectFolder } from '../build/project.ts';
import { usageError } from './exit.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** BATON_HOME, default `.baton/` in the project. */
export function localHome(env: Env, given?: string): string {
  const named = env['BATON_HOME'];
  return resolve(given ?? (named === undefined || named === '' ? join(projectFolder, '.baton') : named));
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
  if (existsSync('sql')) return resolve('sql');
  const own = join(projectFolder, 'sql');
  if (isInstalled && !existsSync(own)) {
    throw usageError(
      `no pipelines: there is no folder sql in ${projectFolder}`,
      'go to the folder of a project, or make one: npx baton init DIR',
    );
  }
  return own;
}
