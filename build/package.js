#!/usr/bin/env node
// @ts-check
/**
 * Makes all that a deployment uploads: `npm run package -- --stage dev --param workgroup=etl --param workgroupId=...`
 * leaves the functions and their zips in .build/functions and the CloudFormation template in .build/package/<stage>.
 * Needs no network and no credentials.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { ensureFunctionBundles, functionNames, functionsWithPlans } from './bundle-functions.js';
import { buildFolder, root } from './bundle.js';
import { compilePlans, problemLines } from './compile-plans.js';
import { checkStage, packageService, TemplateError, templateInput } from './template.js';
import { zipFolder } from './zip.js';

const USAGE =
  'usage: npm run package -- --stage NAME [--region REGION] [--param KEY=VALUE ...] [--sql FOLDER]';
const INVALID = 2;

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(0).padStart(5)} KB`;
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      stage: { type: 'string' },
      region: { type: 'string' },
      param: { type: 'string', multiple: true, default: [] },
      sql: { type: 'string', default: join(root, 'sql') },
    },
  });
  if (values.stage === undefined) throw new TypeError('--stage is missing');
  return { ...values, stage: values.stage };
}

async function main() {
  const { stage, region, param, sql } = readArguments();
  // Before it becomes part of a path.
  checkStage(stage);
  const { plans, problems } = await compilePlans(resolve(sql));
  for (const line of await problemLines(problems, relative(process.cwd(), resolve(sql)))) say(line);
  if (problems.some(({ severity }) => severity === 'error')) return INVALID;

  const service = join(buildFolder, 'package', stage);
  const functions = join(buildFolder, 'functions');
  rmSync(service, { recursive: true, force: true });
  rmSync(functions, { recursive: true, force: true });
  const { folder: bundles, report } = await ensureFunctionBundles();
  for (const name of functionNames) {
    const folder = join(functions, name);
    cpSync(join(bundles, name), folder, { recursive: true });
    if (functionsWithPlans.includes(name)) {
      writeFileSync(join(folder, 'plans.json'), JSON.stringify({ plans }));
    }
    const zip = await zipFolder(folder);
    writeFileSync(join(functions, `${name}.zip`), zip);
    const { eagerBytes = 0, lazyBytes = 0 } = report[name] ?? {};
    say(
      `${name.padEnd(10)} ${kilobytes(eagerBytes)} at start, ${kilobytes(lazyBytes)} when needed, ${kilobytes(zip.length)} zip`,
    );
  }
  writeFileSync(join(buildFolder, 'plans.json'), templateInput(plans));

  mkdirSync(join(service, '.build'), { recursive: true });
  cpSync(join(buildFolder, 'plans.json'), join(service, '.build', 'plans.json'));
  for (const name of functionNames) {
    cpSync(join(functions, `${name}.zip`), join(service, '.build', 'functions', `${name}.zip`));
  }
  await packageService(service, { stage, ...(region !== undefined && { region }), parameters: param });
  say(`pipelines: ${plans.length}; template in ${relative(process.cwd(), join(service, 'package')) || '.'}`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof TemplateError) say(error.message);
  else if (error instanceof TypeError && (error.message.startsWith('--') || 'code' in error)) {
    say(`${error.message}\n${USAGE}`);
  } else throw error;
  process.exitCode = INVALID;
}
