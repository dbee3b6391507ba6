// @ts-check
/** Compiles serverless.yml to a CloudFormation template with osls: offline, without credentials, 2 to 4 seconds. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { functionNames } from './bundle-functions.js';
import { buildFolder, root } from './bundle.js';
import { compilePlans } from './compile-plans.js';
import { keepNewest, madeOnce } from './folders.js';
import { oslsFolder, oslsWords, QUIET } from './osls.js';
import { environmentName, PARAMETERS } from './serverless/parameters.cjs';
import { stageProblem } from './serverless/stage.cjs';

const KEPT_TEMPLATES = 20;
/** Beside serverless.yml: what it includes. */
const INCLUDED = ['serverless', 'resources'].map((name) => join('build', name));

/** What serverless.yml reads of the environment, for stages other than `local`. */
const ENVIRONMENT = ['AWS_REGION', ...PARAMETERS.map(environmentName)];

/** osls said no: the message is its own, or that of a variable file. */
export class TemplateError extends Error {
  /** @override */
  name = 'TemplateError';
}

/**
 * @typedef {object} Stage
 * @property {string} stage
 * @property {string} [region]
 * @property {readonly string[]} [parameters] `key=value`, as `--param` takes them
 *
 * @typedef {import('./compile-plans.js').Plan} Plan
 * @typedef {{ templatePath: string, template: Record<string, unknown> }} Template
 */

/**
 * The template of a stage with the pipelines of a folder.
 *
 * @param {Stage & { sqlFolder: string }} options
 * @returns {Promise<Template>}
 */
export async function compileTemplate({ sqlFolder, ...stage }) {
  const { plans } = await compilePlans(sqlFolder);
  return templateOf(plans, stage);
}

/**
 * The template of a stage with these plans; made once for the same input, whoever asks.
 *
 * @param {readonly Plan[]} plans
 * @param {Stage} stage
 * @returns {Promise<Template>}
 */
export async function templateOf(plans, stage) {
  checkStage(stage.stage);
  const input = templateInput(plans);
  const templates = join(buildFolder, 'templates');
  const folder = join(templates, contentKey(input, stage));
  const isNew = !existsSync(folder);
  await madeOnce(folder, async (temporary) => {
    const service = join(temporary, 'service');
    mkdirSync(join(service, '.build', 'functions'), { recursive: true });
    writeFileSync(join(service, '.build', 'plans.json'), input);
    // Of a function's zip the template has the name only.
    for (const name of functionNames) {
      writeFileSync(join(service, '.build', 'functions', `${name}.zip`), EMPTY_ZIP);
    }
    await packageService(service, stage);
    renameSync(
      join(service, 'package', 'cloudformation-template-update-stack.json'),
      join(temporary, 'template.json'),
    );
  });
  if (isNew) keepNewest(templates, KEPT_TEMPLATES);
  const templatePath = join(folder, 'template.json');
  const text = readFileSync(templatePath, 'utf8');
  return { templatePath, template: /** @type {Record<string, unknown>} */ (JSON.parse(text)) };
}

/**
 * @param {string} stage
 * @throws TemplateError where it cannot be one
 */
export function checkStage(stage) {
  const problem = stageProblem(stage);
  if (problem !== undefined) throw new TemplateError(problem);
}

/** The end-of-directory record alone. */
export const EMPTY_ZIP = Buffer.concat([Buffer.from([0x50, 0x4b, 0x05, 0x06]), Buffer.alloc(18)]);

/**
 * All that the template takes from the pipelines, as the content of a plans.json.
 *
 * @param {readonly Plan[]} plans
 */
export function templateInput(plans) {
  return JSON.stringify({
    plans: plans.map(({ pipeline, triggers, warehouse }) => ({ pipeline, triggers, warehouse })),
  });
}

/**
 * @param {string} input
 * @param {Stage} stage
 */
function contentKey(input, stage) {
  const hash = createHash('sha256');
  /** @param {string | Buffer} part */
  const add = (part) => hash.update(`${part.length}\0`).update(part);
  add(readFileSync(join(root, 'serverless.yml')));
  for (const folder of INCLUDED) {
    for (const name of readdirSync(join(root, folder)).sort()) add(readFileSync(join(root, folder, name)));
  }
  add(readFileSync(fileURLToPath(import.meta.url)));
  add(readFileSync(join(oslsFolder, 'package.json')));
  add(input);
  add(
    JSON.stringify([
      stage.stage,
      stage.region ?? null,
      stage.parameters ?? [],
      Object.entries(environmentOf(stage)),
    ]),
  );
  return hash.digest('hex').slice(0, 16);
}

/** @param {Stage} stage */
function environmentOf({ stage }) {
  // The local stage is the same on every machine.
  if (stage === 'local') return {};
  return Object.fromEntries(
    ENVIRONMENT.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * Runs `serverless package` in a folder of its own with `.build/plans.json` and `.build/functions/*.zip`, so that
 * several can run at once; the result is in its folder `package`.
 *
 * @param {string} service
 * @param {Stage} stage
 */
export async function packageService(service, stage) {
  cpSync(join(root, 'serverless.yml'), join(service, 'serverless.yml'));
  for (const folder of INCLUDED) cpSync(join(root, folder), join(service, folder), { recursive: true });
  const child = spawn(process.execPath, oslsWords({ command: 'package', ...stage }), {
    cwd: service,
    env: {
      PATH: process.env['PATH'],
      TMPDIR: process.env['TMPDIR'],
      // No settings and no credentials of the person who calls.
      HOME: QUIET.SLS_SCHEMA_CACHE_BASE_DIR,
      NO_COLOR: '1',
      ...QUIET,
      ...environmentOf(stage),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  }
  /** @type {number | null} */
  const code = await new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', done);
  });
  if (code !== 0) throw new TemplateError(reasonIn(said));
}

/**
 * The reason among what osls prints about itself.
 *
 * @param {string} said
 */
function reasonIn(said) {
  // A message of ours may have several lines: see build/serverless/problems.cjs.
  const ours = [...said.matchAll(/Received rejection: Error: (.+(?:\n {2}\S.*)*)/g)].map(
    ([, message = '']) => message,
  );
  if (ours.length > 0) return ours.join('\n').replaceAll('\n  ', '\n');
  const [, reason = said] = /Error:\n([^]*?)\n+(?:Environment:|$)/.exec(said) ?? [];
  return `serverless.yml cannot be compiled: ${reason.trim()}`;
}
