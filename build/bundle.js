// @ts-check
/**
 * Bundles with esbuild. Two kinds: programs for this machine (packages stay in node_modules) and the Lambda
 * functions (everything inside, minified). Plain JavaScript, since it runs before anything is built.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const buildFolder = join(root, '.build');

const SOURCE_FOLDERS = ['shared', 'functions', 'local', 'cli', 'bench', 'build'];
const SOURCE_FILE = /\.(ts|js|cjs|sql|json|yml)$/;

/** @param {string} folder @param {string[]} found */
function sourcesIn(folder, found) {
  if (!existsSync(folder)) return found;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sourcesIn(path, found);
    else if (SOURCE_FILE.test(entry.name)) found.push(path);
  }
  return found;
}

/** Changes when any source file changes (name, size or time), or a package version does. */
export function sourceStamp() {
  const hash = createHash('sha256');
  for (const folder of SOURCE_FOLDERS) {
    for (const path of sourcesIn(join(root, folder), []).sort()) {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${relative(root, path)}\0${size}\0${mtimeMs}\n`);
    }
  }
  hash.update(readFileSync(join(root, 'package.json')));
  return hash.digest('hex');
}

/** Bundles `entries` (name -> source file) into `folder` as ES modules that use node_modules. */
export async function bundlePrograms(
  /** @type {Record<string, string>} */ entries,
  /** @type {string} */ folder,
) {
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

/** Builds the command and the local AWS if a source is newer; returns the folder with the programs. */
export async function ensureLocalPrograms() {
  const folder = join(buildFolder, 'local');
  const stampFile = join(folder, 'stamp');
  const stamp = sourceStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return folder;
  mkdirSync(folder, { recursive: true });
  const present = Object.entries(localPrograms).filter(([, source]) => existsSync(join(root, source)));
  await bundlePrograms(Object.fromEntries(present), folder);
  writeFileSync(stampFile, stamp);
  return folder;
}
