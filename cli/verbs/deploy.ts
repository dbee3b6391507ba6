import { clientSettings } from '../aws/connection.ts';
import { EXIT } from '../exit.ts';
import type { Verb } from '../verb.ts';
import {
  givenProfile,
  givenRegion,
  givenStage,
  oslsOptions,
  packaged,
  parameterOptions,
} from './deployment-options.ts';

export const deploy: Verb = {
  name: 'deploy',
  summary: 'package a stage and deploy it to AWS (npm run deploy)',
  description: `
Packages the stage like \`baton package\`, which reports all that can be wrong
without an account, then deploys it with your credentials, and prints what comes
next. The Region must be set. CloudFormation rolls a failed deployment back.
Before it begins it compares the stage with the account: it refuses to give a
deployed stage other buckets or another role, and to create what is already there.`,
  positionals: [],
  options: {
    ...parameterOptions,
    'new-names': { help: 'let a deployed stage have other buckets, or another role' },
    ...oslsOptions,
  },
  examples: [
    'baton deploy --stage dev --region eu-central-1 --param cluster=warehouse',
    'baton deploy --stage prod --region eu-central-1 --profile work --print',
  ],
  run: async (context) => {
    const { args, env, out } = context;
    const stage = givenStage(context);
    const region = givenRegion(context);
    const profile = givenProfile(context);
    const { asTyped, oslsWords, runOsls } = await import('../../build/osls.ts');
    const print = args.flag('print');
    const { service, parameters } = await packaged(context, { region, held: !print });
    const words = oslsWords({ command: 'deploy', stage, region, parameters, profile });
    if (print) {
      out.data(asTyped(service, words));
      return EXIT.done;
    }
    const [{ packagedTemplate }, { checkAccount }] = await Promise.all([
      import('../../build/template.ts'),
      import('../deployment/account-check.ts'),
    ]);
    const template = packagedTemplate(service);
    await checkAccount({
      stage,
      region,
      template,
      settings: clientSettings(stage, { ...env, AWS_REGION: region, AWS_PROFILE: profile }),
      newNames: args.flag('new-names'),
    });
    if ((await runOsls(service, words)) !== 0) {
      out.say('');
      out.say('The deployment failed for the reason above. CloudFormation rolls its changes back.');
      return EXIT.failed;
    }
    const { nextSteps } = await import('../deployment/next-steps.ts');
    out.say(nextSteps({ stage, region, profile, template }));
    return EXIT.done;
  },
};
