#!/usr/bin/env node
// @ts-check
// The command. Plain JavaScript: it builds what is stale, then runs it, so there is no build step to forget.
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

// The SDK's notice about Node 20 would stand in every output; the README says which Node is supported.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`baton: Node 20.19 or newer is needed, this is ${process.versions.node}\n`);
  process.exit(2);
}

/**
 * @param {unknown} error
 * @returns {never}
 */
function giveUp(error) {
  if (!(error instanceof Error)) throw error;
  const message = error.message.includes("Cannot find package 'esbuild'")
    ? 'the packages are not installed; run `npm ci` first'
    : // esbuild has printed what is wrong with a source, with its place.
      `the command could not be built: ${error.message.split('\n', 1)[0] ?? ''}`;
  process.stderr.write(`baton: ${message}\n`);
  process.exit(2);
}

const folder = await import('../build/bundle.js')
  .then(({ ensureLocalPrograms }) => ensureLocalPrograms())
  .catch(giveUp);
process.env['BATON_PROGRAMS'] = folder;
await import(pathToFileURL(join(folder, 'baton.mjs')).href);
