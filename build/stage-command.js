// @ts-check
/** What `npm run package`, `deploy` and `remove` have in common: options, regions, and how they end. */
import process from 'node:process';
import { parseArgs } from 'node:util';

import { TemplateError } from './template.js';

const INVALID = 2;

/** Somebody asked for something that cannot be; said in one line, with how the command is used. */
export class UsageError extends Error {
  /** @override */
  name = 'UsageError';
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** @satisfies {import('node:util').ParseArgsOptionsConfig} */
const OPTIONS = {
  stage: { type: 'string' },
  region: { type: 'string' },
  param: { type: 'string', multiple: true },
  sql: { type: 'string' },
  'aws-profile': { type: 'string' },
  print: { type: 'boolean' },
  yes: { type: 'boolean' },
};

/**
 * @param {readonly string[]} words
 * @param {readonly (keyof typeof OPTIONS)[]} names of the options that the command has
 */
export function readOptions(words, names) {
  /** @type {Partial<typeof OPTIONS>} */
  const options = Object.fromEntries(names.map((name) => [name, OPTIONS[name]]));
  try {
    const { values } = parseArgs({ args: [...words], options: /** @type {typeof OPTIONS} */ (options) });
    const { stage } = values;
    if (stage === undefined) throw new UsageError('--stage is missing');
    const unreadable = values.param?.find((parameter) => !/^[^=]+=./.test(parameter));
    if (unreadable !== undefined) {
      throw new UsageError(`--param ${unreadable}: must be NAME=VALUE; omit a parameter without a value`);
    }
    return { ...values, stage };
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/**
 * Of what goes to AWS: a region that nobody named would be a deployment that nobody finds.
 *
 * @param {{ stage: string, region?: string | undefined }} options
 * @param {NodeJS.ProcessEnv} environment
 */
export function regionOf({ stage, region }, environment) {
  if (stage === 'local') {
    throw new UsageError(
      'stage local runs on this machine, not on AWS: start it with `npm start`, or choose another stage',
    );
  }
  const found = region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? '';
  if (found === '')
    throw new UsageError('no Region is set: pass --region, or set AWS_REGION in the environment');
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(found)) {
    throw new UsageError(`region "${found}" is not a Region: pass one like eu-central-1 with --region`);
  }
  return found;
}

/**
 * Runs a command; its exit code is 2 where something was wrong before it began.
 *
 * @param {() => Promise<number>} command
 * @param {string} usage
 */
export async function runCommand(command, usage) {
  try {
    process.exitCode = await command();
  } catch (error) {
    if (error instanceof TemplateError) say(error.message);
    else if (error instanceof UsageError) say(`${error.message}\n${usage}`);
    else throw error;
    process.exitCode = INVALID;
  }
}
