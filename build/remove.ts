/**
 * `npm run remove -- --stage dev --yes`: takes a stage's stack away. What ran and what was loaded stays: the table and
 * the buckets are kept, and named here with how to delete them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { buildFolder } from './project.ts';
import { asTyped, oslsWords, runOsls } from './osls.ts';
import { readOptions, regionOf, runCommand, say } from './stage-command.ts';
import { checkStage } from './template.ts';

const USAGE = 'usage: npm run remove -- --stage NAME [--region REGION] [--aws-profile NAME] [--print] --yes';
const NOT_CONFIRMED = 2;

/** To remove a stack osls needs its name only. With the real file it would ask for all parameters again. */
function bareService(stage: string): string {
  const service = join(buildFolder, 'remove', stage);
  mkdirSync(service, { recursive: true });
  writeFileSync(
    join(service, 'serverless.yml'),
    ['service: baton', 'provider:', '  name: aws', '  runtime: nodejs24.x', ''].join('\n'),
  );
  return service;
}

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2), ['stage', 'region', 'aws-profile', 'print', 'yes']);
  const { stage, 'aws-profile': profile } = options;
  checkStage(stage);
  const region = regionOf(options, process.env);
  const name = `baton-${stage}`;
  const where = `--region ${region}${profile === undefined ? '' : ` --profile ${profile}`}`;
  say(`Stack ${name} in ${region}: functions, rules, schedules, queues with their messages, alarms, policies and
the archive of file events are removed. No runs start any more; runs in progress stop. These stay:
  table ${name}                       all runs
  buckets ${name}-landing, ${name}-artifacts, or as they were named; existing buckets are not changed
  schema baton in the warehouse          the markers, which record what was applied
A later deployment of this stage under the same names fails while they exist. To delete them too, run afterwards:
  aws dynamodb delete-table --table-name ${name} ${where}
  aws s3 rb s3://${name}-landing --force ${where}
  aws s3 rb s3://${name}-artifacts --force ${where}
A protected stage (prod) cannot be removed: deploy it with --param protect=false first.`);
  const words = oslsWords({ command: 'remove', stage, region, profile });
  if (options.print === true) {
    process.stdout.write(`${asTyped(bareService(stage), words)}\n`);
    return 0;
  }
  if (options.yes !== true) {
    say('\nNothing was removed. To remove the stack, add --yes.');
    return NOT_CONFIRMED;
  }
  return runOsls(bareService(stage), words);
}, USAGE);
