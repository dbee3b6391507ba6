/** The same functions, bundled in four ways. */
import { cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build, type Plugin } from 'esbuild';

import { cheapBuiltins } from '../../build/builtins.ts';
import { bundleFunctions, ensureFunctionBundles } from '../../build/bundle-functions.ts';
import { packageRoot } from '../../build/project.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { olderRecipe } from './older-recipe.ts';

export const RECIPES = ['baton', 'older', 'plain', 'floor'] as const;

export type Recipe = (typeof RECIPES)[number];

export const STARTED = ['run-step', 'start-run'] as const;

export type Started = (typeof STARTED)[number];

interface Bundled {
  /** To import. */
  readonly file: string;
  /** Loaded at the start. */
  readonly bytes: number;
}

export type Bundles = Readonly<Record<Recipe, Readonly<Record<Started, Bundled>>>>;

const SOURCES: Readonly<Record<Started, string>> = {
  'run-step': 'functions/run-step.ts',
  'start-run': 'functions/start-run.ts',
};

/** Below `folder`, each with the plans beside it. */
export async function bundleAll(folder: string, plans: readonly Plan[]): Promise<Bundles> {
  const { folder: ours, report } = await ensureFunctionBundles();
  const baton = join(folder, 'baton');
  for (const name of STARTED) cpSync(join(ours, name), join(baton, name), { recursive: true });
  const older = join(folder, 'older');
  const olderReport = await bundleFunctions(SOURCES, older, [olderRecipe]);
  const floor = join(folder, 'floor');
  const floorReport = await bundleFunctions(SOURCES, floor, [cheapBuiltins, bareClients]);
  const bundles: Bundles = {
    baton: bothOf((name) => bundled(baton, name, report[name]?.eagerBytes)),
    older: bothOf((name) => bundled(older, name, olderReport[name]?.eagerBytes)),
    plain: await plainBundles(join(folder, 'plain')),
    floor: bothOf((name) => bundled(floor, name, floorReport[name]?.eagerBytes)),
  };
  for (const recipe of RECIPES)
    for (const name of STARTED)
      writeFileSync(join(folder, recipe, name, 'plans.json'), JSON.stringify({ plans }));
  return bundles;
}

function bundled(folder: string, name: Started, bytes = Number.NaN): Bundled {
  return { file: join(folder, name, 'index.mjs'), bytes };
}

export function bothOf<T>(make: (name: Started) => T): Record<Started, T> {
  return { 'run-step': make('run-step'), 'start-run': make('start-run') };
}

/** What esbuild makes with its defaults: one minified file with everything in it. */
async function plainBundles(folder: string): Promise<Record<Started, Bundled>> {
  for (const name of STARTED) {
    mkdirSync(join(folder, name), { recursive: true });
    await build({
      absWorkingDir: packageRoot,
      entryPoints: [SOURCES[name]],
      outfile: join(folder, name, 'index.cjs'),
      bundle: true,
      minify: true,
      format: 'cjs',
      platform: 'node',
      target: 'node22',
      // Where the plans are.
      define: { 'import.meta.url': 'moduleUrl' },
      banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
      logLevel: 'error',
    });
  }
  return bothOf((name) => {
    const file = join(folder, name, 'index.cjs');
    return { file, bytes: statSync(file).size };
  });
}

/** The SDK replaced by the least that works. */
const bareClients: Plugin = {
  name: 'bare-clients',
  setup(build) {
    build.onResolve({ filter: /^@aws-sdk\/client-/ }, () => ({
      path: join(import.meta.dirname, 'bare-client.ts'),
    }));
    build.onResolve({ filter: /^@aws-sdk\/util-dynamodb$/ }, () => ({
      path: join(packageRoot, 'build', 'sdk', 'attribute-values.ts'),
    }));
  },
};
