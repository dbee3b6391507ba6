/** All that the local AWS boots from, made as far as it is stale: function bundles, plans, template. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { loadPipelines } from '../shared/pipeline/load.ts';
import type { Plan } from '../shared/pipeline/plan.ts';
import type { Problem } from '../shared/pipeline/problem.ts';
import { ensureFunctionBundles, functionNames } from './bundle-functions.ts';
import { buildFolder } from './project.ts';
import { hold, keepNewest, linkFiles, madeOnce, writeWhole } from './folders.ts';
import { templateOf, type Stage } from './template.ts';

const KEPT_BUILDS = 20;

interface Compiled {
  /** Of the pipelines without errors. */
  readonly plans: readonly Plan[];
  readonly problems: readonly Problem[];
  readonly templatePath: string;
}

export interface Prepared extends Compiled {
  /** `<name>/index.mjs` below it are the bundles. */
  readonly functionsFolder: string;
}

export interface Recompiled extends Compiled {
  readonly plansChanged: boolean;
}

/**
 * What `baton up` needs for the pipelines of a folder. Several folders, and several processes of one folder, may be
 * prepared at the same time. `home`: the local state (BATON_HOME), whose plans are its own. `schedules: false`: no time
 * starts a run.
 */
export async function prepareLocal({
  stage = { stage: 'local' },
  sqlFolder,
  home = '',
  schedules = true,
}: {
  readonly stage?: Stage;
  readonly sqlFolder: string;
  readonly home?: string;
  readonly schedules?: boolean;
}): Promise<Prepared> {
  const { plans, problems } = loadPipelines(sqlFolder);
  const [functionsFolder, { templatePath }] = await Promise.all([
    functionsFor(`${resolve(sqlFolder)}\0${home}`),
    templateOf(schedules ? plans : plans.map(withoutSchedules), stage),
  ]);
  hold(functionsFolder);
  writePlans(functionsFolder, plans);
  return { templatePath, functionsFolder, plans, problems };
}

function withoutSchedules(plan: Plan): Plan {
  return { ...plan, triggers: plan.triggers.filter(({ kind }) => kind !== 'schedule') };
}

/**
 * Compiles the pipelines again after a change. The plan of a pipeline that now has an error stays as it was. A function
 * reads its plans at its start: restart them afterwards, and load the rules of the template with them.
 */
export async function recompilePlans({
  stage = { stage: 'local' },
  sqlFolder,
  functionsFolder,
  schedules = true,
}: {
  readonly stage?: Stage;
  readonly sqlFolder: string;
  readonly functionsFolder: string;
  readonly schedules?: boolean;
}): Promise<Recompiled> {
  const before = readPlans(functionsFolder);
  const compiled = loadPipelines(sqlFolder);
  const good = new Set(compiled.plans.map((plan) => plan.pipeline));
  const kept = before.filter(({ pipeline }) => !good.has(pipeline) && existsSync(join(sqlFolder, pipeline)));
  const plans = [...compiled.plans, ...kept].sort((left, right) => (left.pipeline < right.pipeline ? -1 : 1));
  const plansChanged = JSON.stringify(plans) !== JSON.stringify(before);
  const { templatePath } = await templateOf(schedules ? plans : plans.map(withoutSchedules), stage);
  if (plansChanged) writePlans(functionsFolder, plans);
  return { plans, problems: compiled.problems, plansChanged, templatePath };
}

/**
 * A folder with the function bundles for one user of them: the bundles are the same for all, the plans beside them are
 * not.
 */
async function functionsFor(user: string): Promise<string> {
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

function writePlans(functionsFolder: string, plans: readonly Plan[]): void {
  for (const name of functionNames) {
    writeWhole(join(functionsFolder, name, 'plans.json'), JSON.stringify({ plans }));
  }
}

function readPlans(functionsFolder: string): readonly Plan[] {
  const [name = ''] = functionNames;
  const text = readFileSync(join(functionsFolder, name, 'plans.json'), 'utf8');
  return (JSON.parse(text) as { plans: readonly Plan[] }).plans;
}
