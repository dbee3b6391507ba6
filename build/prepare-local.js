// @ts-check
/** All that the local AWS boots from, made as far as it is stale: programs, function bundles, plans, template. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { ensureFunctionBundles, functionNames } from './bundle-functions.js';
import { buildFolder, ensureLocalPrograms } from './bundle.js';
import { compilePlans } from './compile-plans.js';
import { hold, keepNewest, linkFiles, madeOnce, writeWhole } from './folders.js';
import { templateOf } from './template.js';

const KEPT_BUILDS = 20;

/**
 * @typedef {import('./compile-plans.js').Plan} Plan
 * @typedef {readonly import('./compile-plans.js').Problem[]} Problems
 */

/**
 * What `baton up` needs for the pipelines of a folder. Several folders, and several processes of one folder, may be
 * prepared at the same time.
 *
 * @param {{ stage?: string, sqlFolder: string, home?: string }} options `home`: the local state (BATON_HOME), whose
 *   plans are its own
 * @returns {Promise<{
 *   templatePath: string,
 *   template: Record<string, unknown>,
 *   functionsFolder: string,
 *   programs: string,
 *   plans: readonly Plan[],
 *   problems: Problems,
 * }>} `functionsFolder`/<name>/index.mjs are the bundles; `plans` are those of the pipelines without errors
 */
export async function prepareLocal({ stage = 'local', sqlFolder, home = '' }) {
  const { plans, problems } = await compilePlans(sqlFolder);
  const [programs, functionsFolder, { templatePath, template }] = await Promise.all([
    ensureLocalPrograms(),
    functionsFor(`${resolve(sqlFolder)}\0${home}`),
    templateOf(plans, { stage }),
  ]);
  for (const folder of [programs, functionsFolder]) hold(folder);
  writePlans(functionsFolder, plans);
  return { templatePath, template, functionsFolder, programs, plans, problems };
}

/**
 * Compiles the pipelines again after a change. The plan of a pipeline that now has an error stays as it was. A function
 * reads its plans at its start: restart them afterwards.
 *
 * @param {{ stage?: string, sqlFolder: string, functionsFolder: string }} prepared
 * @returns {Promise<{
 *   plans: readonly Plan[],
 *   problems: Problems,
 *   plansChanged: boolean,
 *   templatePath: string,
 * }>} `templatePath`: the template of all these plans, whose rules must be loaded with them
 */
export async function recompilePlans({ stage = 'local', sqlFolder, functionsFolder }) {
  const before = readPlans(functionsFolder);
  const compiled = await compilePlans(sqlFolder);
  const good = new Set(compiled.plans.map((plan) => plan.pipeline));
  const kept = before.filter(({ pipeline }) => !good.has(pipeline) && existsSync(join(sqlFolder, pipeline)));
  const plans = [...compiled.plans, ...kept].sort((left, right) => (left.pipeline < right.pipeline ? -1 : 1));
  const plansChanged = JSON.stringify(plans) !== JSON.stringify(before);
  const { templatePath } = await templateOf(plans, { stage });
  if (plansChanged) writePlans(functionsFolder, plans);
  return { plans, problems: compiled.problems, plansChanged, templatePath };
}

/**
 * A folder with the function bundles for one user of them: the bundles are the same for all, the plans beside them are
 * not.
 *
 * @param {string} user
 */
async function functionsFor(user) {
  const { folder: bundles } = await ensureFunctionBundles();
  const hash = createHash('sha256').update(user).digest('hex').slice(0, 12);
  const builds = join(buildFolder, 'local');
  const folder = join(builds, `${hash}-${basename(bundles)}`);
  const isNew = !existsSync(folder);
  await madeOnce(folder, async (temporary) => {
    for (const name of functionNames) linkFiles(join(bundles, name), join(temporary, name));
  });
  if (isNew) keepNewest(builds, KEPT_BUILDS);
  return folder;
}

/**
 * @param {string} functionsFolder
 * @param {readonly Plan[]} plans
 */
function writePlans(functionsFolder, plans) {
  for (const name of functionNames) {
    writeWhole(join(functionsFolder, name, 'plans.json'), JSON.stringify({ plans }));
  }
}

/**
 * @param {string} functionsFolder
 * @returns {readonly Plan[]}
 */
function readPlans(functionsFolder) {
  const [name = ''] = functionNames;
  const text = readFileSync(join(functionsFolder, name, 'plans.json'), 'utf8');
  return /** @type {{ plans: readonly Plan[] }} */ (JSON.parse(text)).plans;
}
