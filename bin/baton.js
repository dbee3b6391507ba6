#!/usr/bin/env node
// @ts-check
// The command. Plain JavaScript, so that an older Node can say what it lacks.
import '../build/needs-node.js';

import module from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

// Compiled code is kept between starts, for the processes of the local AWS too: a start takes a third of the time.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '..', '.build', 'compile-cache');
module.enableCompileCache(process.env['NODE_COMPILE_CACHE']);

try {
  import.meta.resolve('yaml');
} catch {
  process.stderr.write('baton: the packages are not installed; run `npm ci` first\n');
  process.exit(2);
}
await import('../cli/main.ts');
