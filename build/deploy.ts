/**
 * `npm run deploy -- --stage dev --param workgroup=etl --param workgroupId=...`: packages (all that can be wrong without
 * an account is told then), brings it to AWS with the caller's credentials, says what comes next. With --print it says
 * what it would run, and runs nothing.
 */
import { join, resolve } from 'node:path';
import process from 'node:process';

import { projectFolder } from './project.ts';
import { asTyped, oslsWords, runOsls } from './osls.ts';
import { packageStage } from './package-stage.ts';
import { readOptions, regionOf, runCommand, say } from './stage-command.ts';

const USAGE =
  'usage: npm run deploy -- --stage NAME [--region REGION] [--param KEY=VALUE ...] [--sql FOLDER] [--aws-profile NAME] [--print]';

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2), [
    'stage',
    'region',
    'param',
    'sql',
    'aws-profile',
    'print',
  ]);
  const { stage, param: parameters = [], sql = join(projectFolder, 'sql'), 'aws-profile': profile } = options;
  const region = regionOf(options, process.env);
  const { service } = await packageStage({ stage, region, parameters, sqlFolder: resolve(sql) }, say);
  const words = oslsWords({ command: 'deploy', stage, region, parameters, profile });
  if (options.print === true) {
    process.stdout.write(`${asTyped(service, words)}\n`);
    return 0;
  }
  const code = await runOsls(service, words);
  if (code !== 0) {
    say('');
    say('The deployment failed for the reason above. CloudFormation rolls its changes back.');
    return code;
  }
  say(`
Deployed. Next steps:
  npx baton setup --stage ${stage}      # tables and markers in the warehouse; again after each change of sql/setup
  npx baton doctor --stage ${stage}     # checks credentials, permissions, buckets and markers, and prints how to fix each problem`);
  return 0;
}, USAGE);
