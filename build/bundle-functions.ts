/**
 * Bundles the Lambda functions with esbuild: each in a folder of its own with everything inside, minified; what is
 * behind `import()` lies in chunks beside `index.mjs` that are read only when they are needed.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

import type { Metafile, Plugin } from 'esbuild';

import { cheapBuiltins } from './builtins.ts';
import { buildFolder, isInstalled, packageRoot, sourceStamp } from './project.ts';
import { keepNewest, linkFiles, madeOnce } from './folders.ts';
import { lightSdk } from './sdk/plugin.ts';

/** Each a file `functions/<name>.ts` that exports `handler`; each has the compiled pipelines (plans.json) beside its code. */
export const functionNames = ['start-run', 'run-step', 'sweep', 'operate'];

const KEPT_BUILDS = 20;

/** What a function loads. */
interface BundleReport {
  /** index.mjs and every chunk that it imports statically, minified */
  readonly eagerBytes: number;
  /** What is loaded with `import()`. */
  readonly lazyBytes: number;
  /** Packages with code in the eager part, sorted. */
  readonly eagerPackages: readonly string[];
}

type Outputs = Metafile['outputs'];

/** What is loaded with `import()`: name -> source. */
type Wanted = Map<string, string>;

/** One bundle: `name`.mjs with its chunks. */
interface Bundle {
  readonly outputs: Outputs;
  readonly folder: string;
  readonly wanted: Wanted;
}

async function bundle(
  name: string,
  source: string,
  folder: string,
  plugins: readonly Plugin[],
): Promise<Bundle> {
  const { build } = await import('esbuild');
  const wanted: Wanted = new Map();
  const { metafile } = await build({
    absWorkingDir: packageRoot,
    entryPoints: { [name]: source },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    // Lambda has Node 24; the oldest Node that the local AWS runs on decides.
    target: 'node22',
    // The ES module builds of the SDK are 40 % smaller than the CommonJS ones.
    mainFields: ['module', 'main'],
    plugins: [...plugins, bundlesOfTheirOwn(wanted)],
    legalComments: 'none',
    // For people who look up a place of a stack trace, and for the licenses of what is inside; they are not deployed.
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
  return { outputs: metafile.outputs, folder, wanted };
}

/** Bundles functions (name -> source file) into `folder`/<name>/index.mjs. `plugins`: what stands in for packages and for Node's modules. */
export async function bundleFunctions(
  sources: Readonly<Record<string, string>>,
  folder: string,
  plugins: readonly Plugin[] = [cheapBuiltins, lightSdk],
): Promise<Record<string, BundleReport>> {
  const parts = join(folder, 'parts');
  // By source: what several functions load when needed is made once.
  const lazy = new Map<string, Promise<Bundle>>();
  const lazyBundle = (name: string, source: string): Promise<Bundle> => {
    const made = lazy.get(source) ?? bundle(name, source, join(parts, String(lazy.size)), plugins);
    lazy.set(source, made);
    return made;
  };
  const makeFunction = async ([name, source]: [string, string]) => {
    const target = join(folder, name);
    const { outputs, wanted } = await bundle('index', source, target, plugins);
    const all = { ...outputs };
    // The map grows while it is walked: each bundle may want further ones.
    for (const [lazyName, lazySource] of wanted) {
      const part = await lazyBundle(lazyName, lazySource);
      linkFiles(part.folder, target);
      Object.assign(all, part.outputs);
      for (const [further, furtherSource] of part.wanted) {
        if ((wanted.get(further) ?? furtherSource) !== furtherSource) throw sameName(further);
        wanted.set(further, furtherSource);
      }
    }
    return [name, reportOf(all)] as const;
  };
  const reports = await Promise.all(Object.entries(sources).map(makeFunction));
  rmSync(parts, { recursive: true, force: true });
  return Object.fromEntries(reports);
}

/**
 * What our own code loads with `import()` becomes a bundle of its own, which shares nothing with index.mjs: as chunks
 * of one bundle, all that both use would be loaded at the start, and what the SDK's clients have in common is large.
 * `wanted` takes name and source of each.
 */
function bundlesOfTheirOwn(wanted: Wanted): Plugin {
  return {
    name: 'bundles-of-their-own',
    setup(build) {
      // A package, or a module of ours, which we import with its extension.
      build.onResolve({ filter: /^[^.]|\.ts$/ }, async (imported) => {
        const { path, kind, importer, resolveDir } = imported;
        if (kind !== 'dynamic-import' || imported.pluginData === 'asked' || path.startsWith('node:'))
          return null;
        if (importer.includes('node_modules')) return null;
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: 'asked' });
        if (found.errors.length > 0) return { errors: found.errors };
        const name = basename(path, extname(path));
        if ((wanted.get(name) ?? found.path) !== found.path) throw sameName(name);
        wanted.set(name, found.path);
        return { path: `./${name}.mjs`, external: true };
      });
    },
  };
}

function sameName(name: string): Error {
  return new Error(`two modules named ${name} are loaded with import(): give one of them another name`);
}

function reportOf(outputs: Outputs): BundleReport {
  const entry = Object.keys(outputs).find((path) => basename(path) === 'index.mjs');
  if (entry === undefined) throw new Error('esbuild wrote no index.mjs');
  const eager = new Set<string>();
  const follow = (path: string): void => {
    if (eager.has(path)) return;
    eager.add(path);
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (kind !== 'dynamic-import' && external !== true) follow(next);
    }
  };
  follow(entry);

  const code = Object.entries(outputs).filter(([path]) => path.endsWith('.mjs'));
  const eagerCode = code.filter(([path]) => eager.has(path));
  const bytesOf = (files: typeof code): number => files.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const inputs = eagerCode.flatMap(([, output]) => Object.entries(output.inputs));
  const packages = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return {
    eagerBytes: bytesOf(eagerCode),
    lazyBytes: bytesOf(code) - bytesOf(eagerCode),
    eagerPackages: [...new Set(packages.filter((name) => name !== undefined))].sort(),
  };
}

interface FunctionBundles {
  /** `<name>/index.mjs` below it; never change it, it is shared. Another content has another name. */
  readonly folder: string;
  readonly report: Readonly<Record<string, BundleReport>>;
}

/** The bundles of all functions: those that the installed package comes with; else made if a source has changed. */
export async function ensureFunctionBundles(): Promise<FunctionBundles> {
  const folder = isInstalled ? prebuilt() : await builtNow();
  const report = readFileSync(join(folder, 'report.json'), 'utf8');
  return { folder, report: JSON.parse(report) as Record<string, BundleReport> };
}

/** Of the package (`make-package.ts`): its bundles lie here, in a folder that is named by their content. */
export const PREBUILT = 'bundles';

function prebuilt(): string {
  const [name = ''] = readdirSync(join(packageRoot, PREBUILT));
  return join(packageRoot, PREBUILT, name);
}

async function builtNow(): Promise<string> {
  const stamp = sourceStamp(['shared', 'functions', 'build']);
  const builds = join(buildFolder, 'bundles');
  const folder = join(builds, stamp);
  const isNew = !existsSync(folder);
  await madeOnce(folder, async (temporary) => {
    const sources = functionNames.map((name) => [name, join('functions', `${name}.ts`)] as const);
    const report = await bundleFunctions(Object.fromEntries(sources), temporary);
    writeFileSync(join(temporary, 'report.json'), JSON.stringify(report));
  });
  if (isNew) keepNewest(builds, KEPT_BUILDS);
  return folder;
}
