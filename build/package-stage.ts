/** Makes all that a deployment uploads, without network and without credentials. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';

import { loadPipelines } from '../shared/pipeline/load.ts';
import { formatProblem } from '../shared/pipeline/problem.ts';
import { ensureFunctionBundles, functionNames } from './bundle-functions.ts';
import { buildFolder } from './project.ts';
import {
  checkStage,
  EMPTY_ZIP,
  packageService,
  type Stage,
  TemplateError,
  templateInput,
} from './template.ts';
import { zipFolder } from './zip.ts';

/** Where serverless.yml names it. */
function zipOf(service: string, name: string): string {
  return join(service, '.build', 'functions', `${name}.zip`);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0).padStart(5)} KB`;
}

/**
 * Leaves the functions and their zips in .build/functions and the CloudFormation template with all that osls deploys in
 * `<service>/package`.
 * @throws TemplateError where a pipeline, a parameter or the template is wrong
 */
export async function packageStage(
  { sqlFolder, ...stage }: Stage & { readonly sqlFolder: string },
  say: (line: string) => void,
): Promise<{ service: string }> {
  // Before it becomes part of a path.
  checkStage(stage.stage);
  const { plans, problems } = loadPipelines(sqlFolder);
  const shown = relative(process.cwd(), resolve(sqlFolder));
  const lines = problems.map((problem) => formatProblem({ ...problem, file: join(shown, problem.file) }));
  if (problems.some(({ severity }) => severity === 'error')) throw new TemplateError(lines.join('\n'));
  for (const line of lines) say(line);

  const service = join(buildFolder, 'package', stage.stage);
  const functions = join(buildFolder, 'functions');
  rmSync(service, { recursive: true, force: true });
  rmSync(functions, { recursive: true, force: true });
  mkdirSync(join(service, '.build', 'functions'), { recursive: true });
  writeFileSync(join(buildFolder, 'plans.json'), templateInput(plans));
  cpSync(join(buildFolder, 'plans.json'), join(service, '.build', 'plans.json'));
  // The template first, since parameters may be wrong; of the zips it has the names only.
  for (const name of functionNames) writeFileSync(zipOf(service, name), EMPTY_ZIP);
  await packageService(service, stage);

  const { folder: bundles, report } = await ensureFunctionBundles();
  for (const name of functionNames) {
    const folder = join(functions, name);
    cpSync(join(bundles, name), folder, { recursive: true });
    writeFileSync(join(folder, 'plans.json'), JSON.stringify({ plans }));
    const zip = await zipFolder(folder);
    writeFileSync(`${folder}.zip`, zip);
    writeFileSync(zipOf(service, name), zip);
    const { eagerBytes = 0, lazyBytes = 0 } = report[name] ?? {};
    say(
      `${name.padEnd(10)} ${kilobytes(eagerBytes)} at start, ${kilobytes(lazyBytes)} when needed, ${kilobytes(zip.length)} zip`,
    );
  }
  say(`pipelines: ${plans.length}; template in ${relative(process.cwd(), join(service, 'package')) || '.'}`);
  return { service };
}
