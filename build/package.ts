/**
 * `npm run package -- --stage dev --param workgroup=etl --param workgroupId=...`: all that a deployment uploads, and the
 * sizes of the functions. Needs no network and no credentials.
 */
import { join, resolve } from 'node:path';
import process from 'node:process';

import { projectFolder } from './project.ts';
import { packageStage } from './package-stage.ts';
import { readOptions, runCommand, say } from './stage-command.ts';

const USAGE =
  'usage: npm run package -- --stage NAME [--region REGION] [--param KEY=VALUE ...] [--sql FOLDER]';

await runCommand(async () => {
  const words = process.argv.slice(2);
  const {
    stage,
    region,
    param = [],
    sql = join(projectFolder, 'sql'),
  } = readOptions(words, ['stage', 'region', 'param', 'sql']);
  await packageStage(
    { stage, ...(region !== undefined && { region }), parameters: param, sqlFolder: resolve(sql) },
    say,
  );
  return 0;
}, USAGE);
