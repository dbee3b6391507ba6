#!/usr/bin/env node
// @ts-check
/** Bundles one TypeScript program and runs it: `node build/run.js bench/main.ts [arguments]`. */
import { join, parse } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { buildFolder, bundlePrograms } from './bundle.js';

const [source, ...rest] = process.argv.slice(2);
if (source === undefined) {
  process.stderr.write('usage: node build/run.js FILE.ts [arguments]\n');
  process.exit(2);
}
const name = parse(source).name;
const folder = join(buildFolder, 'run', source.replaceAll(/[^A-Za-z0-9]+/g, '-'));
await bundlePrograms({ [name]: source }, folder);
const program = join(folder, `${name}.mjs`);
process.argv = [process.argv[0] ?? 'node', program, ...rest];
await import(pathToFileURL(program).href);
