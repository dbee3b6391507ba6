#!/usr/bin/env node
// The command. Plain JavaScript: it builds what is stale, then runs it, so there is no build step to forget.
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

try {
  const { ensureLocalPrograms } = await import('../build/bundle.js');
  const folder = await ensureLocalPrograms();
  process.env['BATON_PROGRAMS'] = folder;
  await import(pathToFileURL(join(folder, 'baton.mjs')).href);
} catch (error) {
  if (error instanceof Error && error.message.includes("Cannot find package 'esbuild'")) {
    process.stderr.write('baton: the packages are not installed; run `npm ci` first\n');
    process.exit(2);
  }
  throw error;
}
