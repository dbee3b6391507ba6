/** What `package`, `deploy` and `remove` have in common: the stage, its parameters, Region and profile. */
import { relative } from 'node:path';

import type { PackagedStage } from '../../build/package-stage.ts';
import type { PlainPackage } from '../../build/plain-package.ts';
import type { Stage } from '../../build/template.ts';
import { defined } from '../../shared/run/defined.ts';
import { usageError } from '../exit.ts';
import { sqlFolder } from '../project.ts';
import type { OptionSpec } from '../syntax.ts';
import type { Context } from '../verb.ts';
import { sqlOption } from './shared-options.ts';

export const regionOption: Readonly<Record<string, OptionSpec>> = {
  region: { value: 'REGION', help: 'the AWS Region (default: AWS_REGION or AWS_DEFAULT_REGION)' },
};

export const parameterOptions: Readonly<Record<string, OptionSpec>> = {
  ...regionOption,
  param: {
    value: 'KEY=VALUE',
    many: true,
    help: 'a parameter of the stage, see docs/deployment-parameters.md',
  },
  ...sqlOption,
};

/** What osls is run with, and how to see it. */
export const oslsOptions: Readonly<Record<string, OptionSpec>> = {
  print: { help: 'print the command that does it; run nothing' },
  'aws-profile': { value: 'NAME', help: 'the earlier name of --profile' },
};

/** The stage as it was given: the local one is no default here. */
export function givenStage({ args, env, stage }: Context): string {
  if (args.text('stage') === undefined && (env['BATON_STAGE'] ?? '') === '') {
    throw usageError('--stage is missing', 'pass the stage with --stage NAME, or set BATON_STAGE');
  }
  return stage;
}

/** The Region of a deployment must be explicit: with a default, a stage could end up where it is not expected. */
export function givenRegion(context: Context): string {
  const { args, env } = context;
  if (givenStage(context) === 'local') {
    throw usageError(
      'stage local runs on this machine, not on AWS: start it with `npm start`, or choose another stage',
    );
  }
  const found = args.text('region') ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || '');
  if (found === '') throw usageError('no Region is set: pass --region, or set AWS_REGION in the environment');
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(found)) {
    throw usageError(`region "${found}" is not a Region: pass one like eu-central-1 with --region`);
  }
  return found;
}

/** The profile of the AWS configuration that osls reads; undefined where the environment decides. */
export function givenProfile({ args, out, profile }: Context): string | undefined {
  const old = args.text('aws-profile');
  if (old !== undefined) out.say(`warning: --aws-profile is now called --profile: --profile ${old}`);
  return args.text('profile') ?? old ?? profile;
}

/** The stage with the parameters of baton.yml, and those given on the command line, which take precedence. */
export function stageOf(
  { stage, parameters = {} }: Pick<Context, 'stage' | 'parameters'>,
  given: readonly string[] = [],
): Stage & { readonly parameters: readonly string[] } {
  const names = new Set(given.map((parameter) => parameter.split('=')[0] ?? ''));
  const written = Object.entries(parameters).filter(([name, value]) => value !== '' && !names.has(name));
  return {
    stage,
    parameters: [...written.map(([name, value]) => `${name}=${value}`), ...given],
    fromProjectFile: written.map(([name]) => name),
  };
}

/** Packages the stage with the parameters of the command line and of baton.yml, and reports what it made. */
export async function packaged(
  context: Context,
  {
    region,
    held = false,
    plain,
  }: {
    readonly region?: string | undefined;
    readonly held?: boolean;
    readonly plain?: PlainPackage | undefined;
  },
): Promise<PackagedStage & { readonly parameters: readonly string[] }> {
  const { args, out } = context;
  const given = args.list('param');
  const unreadable = given.find((parameter) => !/^[^=]+=./.test(parameter));
  if (unreadable !== undefined) {
    throw usageError(`--param ${unreadable}: must be NAME=VALUE; omit a parameter without a value`);
  }
  const stage = stageOf({ ...context, stage: givenStage(context) }, given);
  const sql = sqlFolder(args.text('sql'));
  const { packageStage } = await import('../../build/package-stage.ts');
  const made = await packageStage({ ...stage, ...defined({ region, plain }), sqlFolder: sql, held }, out.say);
  for (const { name, eagerBytes, lazyBytes, zipBytes } of made.functions) {
    out.say(
      `${name.padEnd(10)} ${kilobytes(eagerBytes)} at start, ${kilobytes(lazyBytes)} when needed, ${kilobytes(zipBytes)} zip`,
    );
  }
  out.say(`pipelines: ${made.pipelines.length}; template in ${relative('.', made.service) || '.'}/package`);
  return { ...made, parameters: stage.parameters };
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0).padStart(5)} KB`;
}
