import { EXIT } from '../exit.ts';
import type { Verb } from '../verb.ts';
import { givenStage, packaged, parameterOptions } from './deployment-options.ts';

/** `package` itself is a reserved word. */
export const packageVerb: Verb = {
  name: 'package',
  summary: 'make all that a deployment uploads, offline (npm run package)',
  description: `
Compiles the pipelines, bundles the functions and compiles the CloudFormation
template of a stage, into .build/package/STAGE. It needs no network and no
credentials: all that can be wrong without an account is reported here, with exit
code 2. \`baton deploy\` does the same first.`,
  positionals: [],
  options: parameterOptions,
  examples: [
    'baton package --stage dev --param workgroup=etl --param workgroupId=ID',
    'baton package --stage prod --param cluster=warehouse --json',
  ],
  run: async (context) => {
    const { args, env, out, json } = context;
    const stage = givenStage(context);
    const made = await packaged(context, { region: args.text('region') ?? env['AWS_REGION'] });
    if (json) out.json({ stage, folder: made.service, pipelines: made.pipelines, functions: made.functions });
    return EXIT.done;
  },
};
