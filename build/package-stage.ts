/** Makes all that a deployment uploads, without network and without credentials. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';

import { loadPipelines } from '../shared/pipeline/load.ts';
import { formatProblem } from '../shared/pipeline/problem.ts';
import { ensureFunctionBundles, functionNames } from './bundle-functions.ts';
import { buildFolder } from './project.ts';
import { writePlainPackage, type PlainPackage } from './plain-package.ts';
import { hold, keepNewest, linkFiles, madeAnew } from './folders.ts';
import {
  checkStage,
  EMPTY_ZIP,
  packageService,
  type Stage,
  TemplateError,
  templateInput,
} from './template.ts';
import { zipFolder } from './zip.ts';

/** A function as it is uploaded; sizes in bytes. */
interface PackagedFunction {
  readonly name: string;
  /** Loaded at its start, and when needed. */
  readonly eagerBytes: number;
  readonly lazyBytes: number;
  readonly zipBytes: number;
}

export interface PackagedStage {
  /** `.build/package/<stage>`: what osls deploys, with serverless.yml. */
  readonly service: string;
  readonly pipelines: readonly string[];
  readonly functions: readonly PackagedFunction[];
  /** If the plain package was asked for: its folder, and what to run there. */
  readonly plain?: { readonly folder: string; readonly commands: readonly string[] };
}

/**
 * Leaves the functions, their zips and the CloudFormation template below `.build/package/<stage>`, and nothing elsewhere:
 * several may run at once, of one stage too; then the last one stays, whole.
 * @param plain also what other tools than osls deploy
 * @param held for as long as this process lives, no other packaging replaces the folder
 * @throws TemplateError where a pipeline, a parameter or the template is wrong
 */
export async function packageStage(
  {
    sqlFolder,
    held = false,
    plain,
    ...stage
  }: Stage & { readonly sqlFolder: string; readonly held?: boolean; readonly plain?: PlainPackage },
  say: (line: string) => void,
): Promise<PackagedStage> {
  // Before it becomes part of a path.
  checkStage(stage.stage);
  const { plans, problems } = loadPipelines(sqlFolder);
  const shown = relative(process.cwd(), resolve(sqlFolder));
  const lines = problems.map((problem) => formatProblem({ ...problem, file: join(shown, problem.file) }));
  if (problems.some(({ severity }) => severity === 'error')) throw new TemplateError(lines.join('\n'));
  for (const line of lines) say(line);

  const packages = join(buildFolder, 'package');
  const service = join(packages, stage.stage);
  const functions: PackagedFunction[] = [];
  let commands: readonly string[] = [];
  await madeAnew(service, async (temporary) => {
    const folder = join(temporary, '.build', 'functions');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(temporary, 'plans.json'), templateInput(plans));
    // The template first, since parameters may be wrong; of the zips it has the names only.
    for (const name of functionNames) writeFileSync(join(folder, `${name}.zip`), EMPTY_ZIP);
    await packageService(temporary, stage);

    const { folder: bundles, report } = await ensureFunctionBundles();
    for (const name of functionNames) {
      linkFiles(join(bundles, name), join(folder, name));
      writeFileSync(join(folder, name, 'plans.json'), JSON.stringify({ plans }));
      const zip = await zipFolder(join(folder, name));
      writeFileSync(join(folder, `${name}.zip`), zip);
      const { eagerBytes = 0, lazyBytes = 0 } = report[name] ?? {};
      functions.push({ name, eagerBytes, lazyBytes, zipBytes: zip.length });
    }
    if (plain !== undefined) commands = writePlainPackage(temporary, stage.stage, plain);
    if (held) hold(temporary);
  });
  // What earlier ones left half made.
  keepNewest(packages, Infinity);
  return {
    service,
    pipelines: plans.map(({ pipeline }) => pipeline),
    functions,
    ...(plain !== undefined && { plain: { folder: join(service, 'plain'), commands } }),
  };
}
