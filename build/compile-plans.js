// @ts-check
/** Compiles a folder of pipelines. The compiler is TypeScript: it is bundled when it has changed, then imported. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { buildFolder, bundlePrograms, sourceStamp } from './bundle.js';
import { keepNewest, madeOnce } from './folders.js';

const KEPT_BUILDS = 5;
const SOURCES = { load: 'shared/pipeline/load.ts', problem: 'shared/pipeline/problem.ts' };

/**
 * @typedef {import('../shared/pipeline/plan.ts').Plan} Plan
 * @typedef {import('../shared/pipeline/problem.ts').Problem} Problem
 * @typedef {typeof import('../shared/pipeline/load.ts')} Load
 * @typedef {typeof import('../shared/pipeline/problem.ts')} Problems
 * @typedef {Load & Problems} Compiler
 */

/** @type {Promise<Compiler> | undefined} */
let loaded;

/** @returns {Promise<Compiler>} */
async function compiler() {
  const builds = join(buildFolder, 'compiler');
  const folder = join(builds, sourceStamp(['shared/pipeline', 'build']));
  const isNew = !existsSync(folder);
  await madeOnce(folder, (temporary) => bundlePrograms(SOURCES, temporary));
  if (isNew) keepNewest(builds, KEPT_BUILDS);
  /** @param {string} file */
  const program = (file) => import(pathToFileURL(join(folder, file)).href);
  return {
    .../** @type {Load} */ (await program('load.mjs')),
    .../** @type {Problems} */ (await program('problem.mjs')),
  };
}

/**
 * The plans of the good pipelines, and what is wrong with the others.
 *
 * @param {string} sqlFolder
 * @returns {Promise<{ plans: readonly Plan[], problems: readonly Problem[] }>}
 */
export async function compilePlans(sqlFolder) {
  loaded ??= compiler();
  const { loadPipelines } = await loaded;
  return loadPipelines(sqlFolder);
}

/**
 * One line a problem: `file:line:column: severity: message`, the file with `folder` before it.
 *
 * @param {readonly Problem[]} problems
 * @param {string} folder
 * @returns {Promise<readonly string[]>}
 */
export async function problemLines(problems, folder) {
  loaded ??= compiler();
  const { formatProblem } = await loaded;
  return problems.map((problem) => formatProblem({ ...problem, file: join(folder, problem.file) }));
}
