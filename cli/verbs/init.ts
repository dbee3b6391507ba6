import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { codeOf } from '../../shared/errors.ts';
import { EXIT, usageError } from '../exit.ts';
import { dependencyIn, dependencyOn } from '../init/dependency.ts';
import { projectFiles, type ProjectFile } from '../init/project-files.ts';
import type { Verb } from '../verb.ts';
import { packageName } from '../version.ts';

const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;

/**
 * npm does not install a package into one of the same name.
 * @throws CommandError (exit 2) when it cannot name a package
 */
function projectName(folder: string, given: string | undefined): string {
  const name =
    given ??
    basename(folder)
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+/, '')
      .slice(0, 100);
  if (name === packageName && given === undefined) return `${packageName}-project`;
  if (!NAME.test(name) || name === packageName) {
    throw usageError(
      given === undefined ? `${folder} gives no name for the project` : `not a name for a project: ${given}`,
      `pass --name with lower-case letters, digits, dots, dashes and _, other than ${packageName}`,
    );
  }
  return name;
}

/** False where there is something of that name already, whatever it is. */
function isCreated(path: string, content: ProjectFile['content']): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && existsSync(dirname(path)) && statSync(dirname(path)).isDirectory())
      return false;
    throw usageError(
      `${relative('.', path)} cannot be created: ${(error as Error).message}`,
      'choose another folder, or correct this and run it again: files that exist are not changed',
    );
  }
}

/** Whether a project has SQL of its own: then it needs no example. */
function hasSql(folder: string): boolean {
  const sql = join(folder, 'sql');
  return existsSync(sql) && statSync(sql).isDirectory() && readdirSync(sql).length > 0;
}

/** What a file that was there before should have, for `npm start` in the pages and for a clean repository. */
function adviceOn(path: string, full: string): string {
  if (!existsSync(full) || !statSync(full).isFile()) return '';
  const has = (text: string): boolean => readFileSync(full, 'utf8').includes(text);
  if (path === 'package.json' && !has('baton up')) return '; add to its scripts: "start": "baton up"';
  if (path === '.gitignore' && !(has('.baton') && has('.build'))) return '; add to it: .baton/ and .build/';
  return '';
}

/** Of the project's package.json, which then is left as it is; undefined without one. */
function dependsOnBaton(folder: string): boolean | undefined {
  const path = join(folder, 'package.json');
  if (!existsSync(path)) return undefined;
  try {
    return dependencyIn(readFileSync(path, 'utf8')) !== undefined;
  } catch {
    throw usageError(`${relative('.', path)} is not a package.json`, 'correct it, or choose another folder');
  }
}

export const init: Verb = {
  name: 'init',
  summary: 'create a project: stages, an example pipeline, a workflow',
  description: `
Creates a project in DIR: package.json, which depends on this Baton; baton.yml with
the stages and their parameters; sql/ with an example pipeline, and files for it in
samples/; .gitignore; a README; a GitHub workflow that checks pull requests and
deploys main, with the policies of its role. Never changes a file that exists, so it
can be repeated; a project with its own sql/ gets no example. Where Baton was installed
from a tarball, the project keeps a copy of it in vendor/.`,
  positionals: [{ name: 'DIR', help: 'the folder of the project; it is made if it is missing' }],
  options: {
    name: { value: 'NAME', help: 'the name of the project (default: the name of its folder)' },
    baton: {
      value: 'SPEC',
      help: 'what package.json depends on: a version, FILE.tgz, a folder or a URL (default: as this Baton was installed)',
    },
  },
  examples: ['baton init etl', 'baton init . --name shop-etl', 'baton init etl --baton baton-0.1.0.tgz'],
  run: ({ args, out, json }) => {
    const folder = resolve(args.required('DIR'));
    const name = projectName(folder, args.text('name'));
    const depends = dependsOnBaton(folder);
    const { spec, tarball } = dependencyOn(args.text('baton'), folder);
    const ownSql = hasSql(folder);
    const created: string[] = [];
    const kept: string[] = [];
    for (const { path, content } of projectFiles(name, spec)) {
      if (ownSql && /^(sql|samples)\//.test(path)) continue;
      const list = isCreated(join(folder, path), content) ? created : kept;
      list.push(path);
    }
    if (tarball !== undefined && depends !== true && !existsSync(join(folder, tarball.path))) {
      cpSync(tarball.from, join(folder, tarball.path));
      created.push(tarball.path);
    }
    if (json) {
      out.json({ project: name, folder, baton: spec, created, kept });
      return Promise.resolve(EXIT.done);
    }
    const shown = relative('.', folder) || '.';
    for (const path of created) out.data(join(shown, path));
    for (const path of kept)
      out.say(`${join(shown, path)} exists and was not changed${adviceOn(path, join(folder, path))}`);
    if (ownSql)
      out.say(
        `${join(shown, 'sql')} has files already: no example was added. The workflow runs baton test, which needs at least one test`,
      );
    const go = shown === '.' ? '' : `cd ${shown} && `;
    const install = depends === false ? `npm install ${packageName}@${spec}` : 'npm install';
    const example = ownSql
      ? ''
      : `
  npx baton drop samples/stores.csv --to stores/   # in another terminal: a file, and its run
  npx baton new orders                             # creates a pipeline of your own`;
    out.say(`
Next:
  ${go}${install}
  npx baton up                                     # a local AWS; keep it running${example}
To deploy, put the parameters of the stage into baton.yml:
  npx baton package --stage dev                    # checks them, offline
  npx baton deploy --stage dev`);
    return Promise.resolve(EXIT.done);
  },
};
