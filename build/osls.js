// @ts-check
/** How osls is called: from where, with which words and which surroundings. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { buildFolder } from './bundle.js';

export const oslsFolder = dirname(createRequire(import.meta.url).resolve('serverless/package.json'));

/**
 * @typedef {object} Words
 * @property {'package' | 'deploy' | 'remove'} command
 * @property {string} stage
 * @property {string | undefined} [region]
 * @property {readonly string[]} [parameters] `key=value`
 * @property {string | undefined} [profile] of the AWS configuration
 */

/**
 * The words behind `node`: the program, the command, its options. Package and deploy share the folder `package` below
 * the service's.
 *
 * @param {Words} words
 */
export function oslsWords({ command, stage, region, parameters = [], profile }) {
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

/** Its caches stay in this project, and it tells nobody that it runs. */
export const QUIET = {
  SLS_SCHEMA_CACHE_BASE_DIR: join(buildFolder, 'osls'),
  SLS_TRACKING_DISABLED: '1',
  SLS_NOTIFICATIONS_MODE: 'off',
};

/**
 * Runs osls with the caller's surroundings (credentials, HOME) and terminal.
 *
 * @param {string} service the folder with serverless.yml
 * @param {readonly string[]} words
 * @returns {Promise<number>} its exit code
 */
export async function runOsls(service, words) {
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

/**
 * As a person would type it.
 *
 * @param {string} service
 * @param {readonly string[]} words
 */
export function asTyped(service, words) {
  const quoted = words.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
  );
  return `cd ${service} && node ${quoted.join(' ')}`;
}
