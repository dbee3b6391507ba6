// @ts-check
/**
 * Bundles the programs of this machine with esbuild; packages stay in node_modules. (The Lambda functions:
 * bundle-functions.js.) Plain JavaScript, since it runs before anything is built.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { keepNewest, madeOnce } from './folders.js';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const buildFolder = join(root, '.build');

const SOURCE_FILE = /\.(ts|js|cjs|sql|json|yml)$/;
const KEPT_BUILDS = 20;

/**
 * @param {string} folder
 * @param {string[]} found
 */
function sourcesIn(folder, found) {
  if (!existsSync(folder)) return found;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sourcesIn(path, found);
    else if (SOURCE_FILE.test(entry.name)) found.push(path);
  }
  return found;
}

/**
 * Changes when a source file under one of `folders` does (name, size or time), or a package's version. Some
 * milliseconds.
 *
 * @param {readonly string[]} folders of the project
 */
export function sourceStamp(folders) {
  const hash = createHash('sha256');
  for (const folder of folders) {
    for (const path of sourcesIn(join(root, folder), []).sort()) {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${relative(root, path)}\0${size}\0${mtimeMs}\n`);
    }
  }
  hash.update(readFileSync(join(root, 'package.json')));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Bundles `entries` (name -> source file) into `folder` as ES modules that use node_modules.
 *
 * @param {Record<string, string>} entries
 * @param {string} folder
 */
export async function bundlePrograms(entries, folder) {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'linked',
    loader: { '.sql': 'text' },
    logLevel: 'warning',
  });
}

/** The programs of the command and of the local AWS: each of these is a process or a worker of its own. */
export const localPrograms = {
  baton: 'cli/main.ts',
  'local-dynamodb': 'local/dynamodb/process.ts',
  'local-redshift': 'local/redshift/process.ts',
  'local-lambda': 'local/lambda/process.ts',
  'local-lambda-worker': 'local/lambda/worker.ts',
};

/** Builds the command and the local AWS if a source has changed; gives the folder with the programs. */
export async function ensureLocalPrograms() {
  const stamp = sourceStamp(['shared', 'local', 'cli', 'build']);
  const builds = join(buildFolder, 'programs');
  const folder = join(builds, stamp);
  const isNew = !existsSync(folder);
  await madeOnce(folder, (temporary) => bundlePrograms(localPrograms, temporary));
  if (isNew) keepNewest(builds, KEPT_BUILDS);
  return folder;
}
