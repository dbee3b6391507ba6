import { clientSettings } from '../aws/connection.ts';
import { EXIT } from '../exit.ts';
import type { Context, Verb } from '../verb.ts';
import { givenProfile, givenRegion, givenStage, oslsOptions, regionOption } from './deployment-options.ts';

export const remove: Verb = {
  name: 'remove',
  summary: "delete a stage's stack; table and buckets stay (npm run remove)",
  description: `
Lists what would be removed and what stays, and with --yes deletes the stack of
the stage. Its table, its buckets and the schema baton in the warehouse stay: what
ran and what was loaded. A later deployment can continue with them. Without --yes it removes nothing and the exit code is 2. It
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
    const given = args.flag('print') ? undefined : await presentNames(context, region, profile);
    const { landing, artifacts, policies } = given ?? {
      landing: `${name}-ACCOUNT-${region}-landing`,
      artifacts: `${name}-ACCOUNT-${region}-artifacts`,
      policies: name,
    };
    const { bucketParameters } = await import('../deployment/bucket-parameters.ts');
    const parameters = ['takeOver=true', ...bucketParameters(landing, artifacts)];
    out.say(`Stack ${name} in ${region}: functions, rules, schedules, queues with their messages, alarms, policies and
the archive of file events are removed. No runs start any more; runs in progress stop. These stay:
  table ${name}                       all runs, and which files were loaded
  buckets ${landing}, ${artifacts}${given === undefined ? ', or as they were named' : ''}
  schema baton in the warehouse          the markers, which record what was applied
First detach the policies ${policies}-read, -operate and -copy from people and from the COPY role: IAM deletes no attached policy.
To continue with them later, deploy the stage with these parameters beside its own:
  ${parameters.map((parameter) => `--param ${parameter}`).join(' ')}
Only to begin anew, delete them afterwards; then files that were loaded can be loaded again:
  aws dynamodb delete-table --table-name ${name} ${where}
  aws s3 rb s3://${landing} --force ${where}
  aws s3 rb s3://${artifacts} --force ${where}
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

/** The buckets of what is deployed, and how its policies begin; undefined where it cannot be read. */
async function presentNames(
  { env, stage }: Context,
  region: string,
  profile: string | undefined,
): Promise<{ landing: string; artifacts: string; policies: string } | undefined> {
  const { deployedEnvironment } = await import('../aws/deployed-environment.ts');
  const settings = clientSettings(stage, { ...env, AWS_REGION: region, AWS_PROFILE: profile });
  try {
    const names = await deployedEnvironment(settings, stage, `baton-${stage}-operate`);
    const { BATON_LANDING_BUCKET: landing, BATON_ARTIFACTS_BUCKET: artifacts } = names;
    const { BATON_ROLE_NAME: role = `baton-${stage}-functions` } = names;
    if (landing === undefined || artifacts === undefined) return undefined;
    return { landing, artifacts, policies: role.replace(/-functions$/, '') };
  } catch {
    // What stays is listed all the same; the removal itself reports what is wrong with the credentials.
    return undefined;
  }
}
