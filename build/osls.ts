/** How osls is called: from where, with which words and which surroundings. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { writeWhole } from './folders.ts';
import { buildFolder } from './project.ts';

export const oslsFolder = dirname(createRequire(import.meta.url).resolve('serverless/package.json'));

interface Words {
  readonly command: 'package' | 'deploy' | 'remove';
  readonly stage: string;
  readonly region?: string | undefined;
  /** `key=value` */
  readonly parameters?: readonly string[];
  /** Of the AWS configuration. */
  readonly profile?: string | undefined;
}

/**
 * The words after `node`: the program, the command, its options. Package and deploy share the folder `package` below
 * the service's.
 */
export function oslsWords({ command, stage, region, parameters = [], profile }: Words): string[] {
  return [
    join(oslsFolder, 'bin', 'serverless.js'),
    command,
    ...(command === 'remove' ? [] : ['--package', 'package']),
    '--stage',
    stage,
    ...(region === undefined ? [] : ['--region', region]),
    ...(profile === undefined ? [] : ['--aws-profile', profile]),
    ...parameters.flatMap((parameter) => ['--param', parameter]),
  ];
}

/** To remove a stack osls needs its name only: with the real file it would ask for all parameters again. */
export function bareService(stage: string): string {
  const service = join(buildFolder, 'remove', stage);
  writeWhole(
    join(service, 'serverless.yml'),
    ['service: baton', 'provider:', '  name: aws', '  runtime: nodejs24.x', ''].join('\n'),
  );
  return service;
}

/** Keeps its caches inside this project, and sends no telemetry. */
export const QUIET = {
  SLS_SCHEMA_CACHE_BASE_DIR: join(buildFolder, 'osls'),
  SLS_TRACKING_DISABLED: '1',
  SLS_NOTIFICATIONS_MODE: 'off',
};

/** Runs osls in `service`, with the caller's surroundings (credentials, HOME) and terminal; gives its exit code. */
export async function runOsls(service: string, words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, words, {
    cwd: service,
    env: { ...process.env, ...QUIET },
    stdio: 'inherit',
  });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => {
      done(code ?? 1);
    });
  });
}

/** As a person would type it. */
export function asTyped(service: string, words: readonly string[]): string {
  return `cd ${service} && node ${quoted(words)}`;
}

/** Words as a shell takes them. */
export function quoted(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
