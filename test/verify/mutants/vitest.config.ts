/** The tests of the engine against the core with every mutant; `BATON_MUTANT` says which one is on. */
import { resolve, sep } from 'node:path';
import process from 'node:process';

import { defineConfig } from 'vitest/config';

import { catalogueOf } from './catalogue.ts';
import { CORE } from './instrument.ts';

const root = process.cwd();
const folder = resolve(root, CORE) + sep;
const { sources } = catalogueOf(root);

export default defineConfig({
  root,
  plugins: [
    {
      name: 'mutants',
      enforce: 'pre',
      load: (id: string) => (id.startsWith(folder) ? sources.get(id.slice(folder.length)) : undefined),
    },
  ],
  test: {
    include: ['test/engine/drive.test.ts', 'test/engine/rebuild.test.ts', 'test/engine/*.test.ts'],
    exclude: ['test/engine/crash-points.test.ts'],
    testTimeout: 20_000,
    maxWorkers: 2,
    bail: 1,
  },
});
