import { EXIT } from '../exit.ts';
import type { Verb } from '../verb.ts';
import { givenProfile, givenRegion, givenStage, oslsOptions, regionOption } from './deployment-options.ts';

export const remove: Verb = {
  name: 'remove',
  summary: "delete a stage's stack; table and buckets stay (npm run remove)",
  description: `
Lists what would be removed and what stays, and with --yes deletes the stack of
the stage. Its table, its buckets and the schema baton in the warehouse stay: what
ran and what was loaded. Without --yes it removes nothing and the exit code is 2. It
needs no parameters.`,
  positionals: [],
  options: { ...regionOption, yes: { help: 'delete the stack' }, ...oslsOptions },
  examples: [
    'baton remove --stage dev --region eu-central-1',
    'baton remove --stage dev --region eu-central-1 --yes',
  ],
  run: async (context) => {
    const { args, out } = context;
    const stage = givenStage(context);
    const { checkStage } = await import('../../build/template.ts');
    checkStage(stage);
    const region = givenRegion(context);
    const profile = givenProfile(context);
    const name = `baton-${stage}`;
    const where = `--region ${region}${profile === undefined ? '' : ` --profile ${profile}`}`;
    out.say(`Stack ${name} in ${region}: functions, rules, schedules, queues with their messages, alarms, policies and
the archive of file events are removed. No runs start any more; runs in progress stop. These stay:
  table ${name}                       all runs
  buckets ${name}-landing, ${name}-artifacts, or as they were named; existing buckets are not changed
  schema baton in the warehouse          the markers, which record what was applied
A later deployment of this stage under the same names fails while they exist. To delete them too, run afterwards:
  aws dynamodb delete-table --table-name ${name} ${where}
  aws s3 rb s3://${name}-landing --force ${where}
  aws s3 rb s3://${name}-artifacts --force ${where}
A protected stage (prod) cannot be removed: deploy it with --param protect=false first.`);
    const { asTyped, bareService, oslsWords, runOsls } = await import('../../build/osls.ts');
    const words = oslsWords({ command: 'remove', stage, region, profile });
    if (args.flag('print')) {
      out.data(asTyped(bareService(stage), words));
      return EXIT.done;
    }
    if (!args.flag('yes')) {
      out.say('\nNothing was removed. To remove the stack, add --yes.');
      return EXIT.usage;
    }
    return (await runOsls(bareService(stage), words)) === 0 ? EXIT.done : EXIT.failed;
  },
};
