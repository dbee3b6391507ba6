import { relative } from 'node:path';

import type { PlainPackage } from '../../build/plain-package.ts';
import { isBucketName, NAME_RULE } from '../../build/serverless/buckets.cjs';
import { defined } from '../../shared/run/defined.ts';
import { EXIT, usageError } from '../exit.ts';
import type { Context, Verb } from '../verb.ts';
import { givenStage, packaged, parameterOptions } from './deployment-options.ts';

/** What an S3 key may begin with and no shell or template reads anything into. */
const PREFIX = /^[\w.-]+(\/[\w.-]+)*\/?$/;

/** The plain package as it was asked for; undefined where it was not. */
function plainOf({ args, env, profile }: Context, stage: string): PlainPackage | undefined {
  const bucket = args.text('code-bucket');
  const given = args.text('code-prefix');
  if (!args.flag('plain')) {
    if (bucket ?? given) throw usageError('--code-bucket and --code-prefix require --plain');
    return undefined;
  }
  if (bucket === undefined) {
    throw usageError(
      '--plain needs the bucket that the functions are deployed from',
      'pass one that is in the Region of the stage: --code-bucket NAME',
    );
  }
  if (!isBucketName(bucket)) throw usageError(`--code-bucket ${bucket}: ${NAME_RULE}`);
  const prefix = given ?? `baton/${stage}/`;
  if (prefix !== '' && !PREFIX.test(prefix)) {
    throw usageError(
      `--code-prefix ${prefix}: must be letters, digits, hyphens, dots and underscores, in parts separated by single slashes`,
    );
  }
  return {
    bucket,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    ...defined({ profile, region: args.text('region') ?? (env['AWS_REGION'] || undefined) }),
  };
}

/** `package` itself is a reserved word. */
export const packageVerb: Verb = {
  name: 'package',
  summary: 'make all that a deployment uploads, offline (npm run package)',
  description: `
Compiles the pipelines, bundles the functions and compiles the CloudFormation
template of a stage, into .build/package/STAGE. It needs no network and no
credentials: all that can be wrong without an account is reported here, with exit
code 2. \`baton deploy\` does the same first.
With --plain also what other tools deploy: zips named by their content and one
template with parameters, in .build/package/STAGE/plain, and a README there with
the commands, which are printed too. See docs/deploy-with-other-tools.md.`,
  positionals: [],
  options: {
    ...parameterOptions,
    plain: { help: 'also a template that is deployed without osls' },
    'code-bucket': {
      value: 'NAME',
      help: "--plain: the bucket for the functions' code, in the stage's Region",
    },
    'code-prefix': { value: 'PREFIX', help: '--plain: what keys in it begin with (default: baton/STAGE/)' },
  },
  examples: [
    'baton package --stage dev --param workgroup=etl --param workgroupId=ID',
    'baton package --stage prod --param cluster=warehouse --json',
    'baton package --stage prod --plain --code-bucket team-code',
  ],
  run: async (context) => {
    const { args, env, out, json } = context;
    const stage = givenStage(context);
    const plain = plainOf(context, stage);
    const made = await packaged(context, { region: args.text('region') ?? env['AWS_REGION'], plain });
    if (made.plain !== undefined) {
      const { folder, commands } = made.plain;
      out.say(`\nTo deploy it without osls (more in README.md there):`);
      for (const command of [`cd ${relative('.', folder)}`, ...commands]) out.say(`  ${command}`);
    }
    if (json) {
      const { service: folder, pipelines, functions, plain: plainPackage } = made;
      out.json({ stage, folder, pipelines, functions, ...defined({ plain: plainPackage }) });
    }
    return EXIT.done;
  },
};
