#!/usr/bin/env node
// @ts-check
// The command. Plain JavaScript, so that an older Node can say what it lacks.
import '../build/needs-node.js';

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..');
// The repository has sources, and may have a dist/ beside them; the installed package has dist/ only.
const hasSources = existsSync(join(root, 'cli', 'main.ts'));

/** @param {string} name of a module of the command */
async function load(name) {
  const path = hasSources ? join(root, 'cli', `${name}.ts`) : join(root, 'dist', 'cli', `${name}.js`);
  await import(pathToFileURL(path).href);
}

try {
  import.meta.resolve('yaml');
} catch {
  const install = hasSources ? 'npm ci' : 'npm install';
  process.stderr.write(`baton: the packages are not installed; run \`${install}\` first\n`);
  process.exit(2);
}

await load('compile-cache');
await load('main');
