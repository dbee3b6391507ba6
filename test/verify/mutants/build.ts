/** Bundles the suites with the core that holds every mutant. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

import type { Catalogue } from './catalogue.ts';
import { CORE } from './instrument.ts';

/** The program of the threads, and a hash of all that is in it. */
export async function buildWorker(
  root: string,
  { sources }: Catalogue,
): Promise<{ program: string; hash: string }> {
  const folder = join(root, '.build', 'mutants');
  await build({
    absWorkingDir: root,
    entryPoints: { worker: 'test/verify/mutants/worker.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    packages: 'external',
    logLevel: 'warning',
    // The pieces lie elsewhere than the sources: what reads a file of the project is told where it was.
    define: { 'import.meta.dirname': JSON.stringify(join(root, 'build')) },
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    plugins: [
      {
        name: 'mutants',
        setup: (build) => {
          build.onLoad({ filter: /[\\/]shared[\\/]run[\\/][^\\/]+\.ts$/ }, ({ path }) => {
            const contents = sources.get(path.slice(join(root, CORE).length + 1));
            return contents === undefined ? undefined : { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  const program = join(folder, 'worker.mjs');
  return { program, hash: hashOf(program, folder) };
}

/** Of the program and every piece that it loads; older pieces lie in the same folder. */
function hashOf(program: string, folder: string): string {
  const hash = createHash('sha256');
  const seen = new Set<string>();
  const there = new Set(readdirSync(folder));
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = readFileSync(path, 'utf8');
    hash.update(text);
    for (const [, name = ''] of text.matchAll(/["']\.\/([^"']+\.mjs)["']/g))
      if (there.has(name)) visit(join(folder, name));
  };
  visit(program);
  return hash.digest('hex').slice(0, 16);
}
