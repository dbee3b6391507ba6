/** Compiles serverless.yml to a CloudFormation template with osls: offline, without credentials, 2 to 4 seconds. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import type { Plan } from '../shared/pipeline/plan.ts';
import { functionNames } from './bundle-functions.ts';
import { buildFolder, packageRoot } from './project.ts';
import { keepNewest, madeOnce } from './folders.ts';
import { oslsFolder, oslsWords, QUIET } from './osls.ts';
import { environmentName, FROM_PROJECT_FILE, PARAMETERS } from './serverless/parameters.cjs';
import { limitProblems } from './template-limits.ts';
import { stageProblem } from './serverless/stage.cjs';

const KEPT_TEMPLATES = 20;
/** Below the service's folder: what osls makes. */
const TEMPLATE = join('package', 'cloudformation-template-update-stack.json');
/** Beside serverless.yml: what it includes. */
const INCLUDED = ['serverless', 'resources'].map((name) => join('build', name));

/** What serverless.yml reads of the environment, for stages other than `local`. */
const ENVIRONMENT = ['AWS_REGION', ...PARAMETERS.map(environmentName)];

/** osls said no: the message is its own, or that of a variable file. */
export class TemplateError extends Error {
  override name = 'TemplateError';
}

export interface Stage {
  readonly stage: string;
  readonly region?: string;
  /** `key=value`, as `--param` takes them */
  readonly parameters?: readonly string[];
  /** Names of those parameters that baton.yml gave, for messages. */
  readonly fromProjectFile?: readonly string[];
}

export interface Template {
  readonly templatePath: string;
  readonly template: Record<string, unknown>;
}

/** The template of a stage with these plans; compiled once for the same input and shared by all callers. */
export async function templateOf(plans: readonly Plan[], stage: Stage): Promise<Template> {
  checkStage(stage.stage);
  const input = templateInput(plans);
  const templates = join(buildFolder, 'templates');
  const folder = join(templates, contentKey(input, stage));
  const isNew = !existsSync(folder);
  await madeOnce(folder, async (temporary) => {
    const service = join(temporary, 'service');
    mkdirSync(join(service, '.build', 'functions'), { recursive: true });
    writeFileSync(join(service, 'plans.json'), input);
    // Of a function's zip the template has the name only.
    for (const name of functionNames) {
      writeFileSync(join(service, '.build', 'functions', `${name}.zip`), EMPTY_ZIP);
    }
    await packageService(service, stage);
    renameSync(join(service, TEMPLATE), join(temporary, 'template.json'));
  });
  if (isNew) keepNewest(templates, KEPT_TEMPLATES);
  const templatePath = join(folder, 'template.json');
  return { templatePath, template: readTemplate(templatePath) };
}

/** What `packageService` left in a service's folder. */
export function packagedTemplate(service: string): Record<string, unknown> {
  return readTemplate(join(service, TEMPLATE));
}

function readTemplate(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

/** @throws TemplateError where it cannot be one */
export function checkStage(stage: string): void {
  const problem = stageProblem(stage);
  if (problem !== undefined) throw new TemplateError(problem);
}

/** The end-of-directory record alone. */
export const EMPTY_ZIP = Buffer.concat([Buffer.from([0x50, 0x4b, 0x05, 0x06]), Buffer.alloc(18)]);

/** All that the template takes from the pipelines, as the content of a plans.json. */
export function templateInput(plans: readonly Plan[]): string {
  return JSON.stringify({
    plans: plans.map(({ pipeline, triggers, warehouse }) => ({ pipeline, triggers, warehouse })),
  });
}

function contentKey(input: string, stage: Stage): string {
  const hash = createHash('sha256');
  const add = (part: string | Buffer) => hash.update(`${part.length}\0`).update(part);
  add(readFileSync(join(packageRoot, 'serverless.yml')));
  for (const folder of INCLUDED) {
    for (const name of readdirSync(join(packageRoot, folder)).sort())
      add(readFileSync(join(packageRoot, folder, name)));
  }
  add(readFileSync(import.meta.filename));
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

function environmentOf({ stage }: Stage): Record<string, string> {
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
 * Runs `serverless package` in a folder of its own with `plans.json` and `.build/functions/*.zip`, so that
 * several can run at once; the result is in its folder `package`.
 * @throws TemplateError where osls, or a limit of AWS, refuses it
 */
export async function packageService(service: string, stage: Stage): Promise<void> {
  cpSync(join(packageRoot, 'serverless.yml'), join(service, 'serverless.yml'));
  for (const folder of INCLUDED)
    cpSync(join(packageRoot, folder), join(service, folder), { recursive: true });
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
      [FROM_PROJECT_FILE]: (stage.fromProjectFile ?? []).join(','),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const code = await new Promise<number | null>((done, failed) => {
    child.on('error', failed);
    child.on('close', done);
  });
  if (code !== 0) throw new TemplateError(reasonIn(said));
  // The local AWS has no such limits.
  if (stage.stage === 'local') return;
  const problems = limitProblems(packagedTemplate(service), stage.region);
  if (problems.length > 0) throw new TemplateError(problems.join('\n'));
}

/** The reason among what osls prints about itself. */
function reasonIn(said: string): string {
  // A message of ours may have several lines: see build/serverless/problems.cjs.
  const ours = [...said.matchAll(/Received rejection: Error: (.+(?:\n {2}\S.*)*)/g)].map(
    ([, message = '']) => message,
  );
  if (ours.length > 0) return ours.join('\n').replaceAll('\n  ', '\n');
  const [, reason = said] = /Error:\n([^]*?)\n+(?:Environment:|$)/.exec(said) ?? [];
  return `serverless.yml cannot be compiled: ${reason.trim()}`;
}
