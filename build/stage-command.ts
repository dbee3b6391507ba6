/** What `npm run package`, `deploy` and `remove` have in common: options, regions, and how they end. */
import process from 'node:process';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

import { TemplateError } from './template.ts';

const INVALID = 2;

/** An impossible request, reported in one line with the command's usage. */
class UsageError extends Error {
  override name = 'UsageError';
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const OPTIONS = {
  stage: { type: 'string' },
  region: { type: 'string' },
  param: { type: 'string', multiple: true },
  sql: { type: 'string' },
  'aws-profile': { type: 'string' },
  print: { type: 'boolean' },
  yes: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'] & {
  readonly stage: string;
};

/** `names`: of the options that the command has. */
export function readOptions(words: readonly string[], names: readonly (keyof typeof OPTIONS)[]): Options {
  const options = Object.fromEntries(names.map((name) => [name, OPTIONS[name]])) as typeof OPTIONS;
  try {
    const { values } = parseArgs({ args: [...words], options });
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

/** The Region of a deployment must be explicit: with a default, a stage could end up where it is not expected. */
export function regionOf(
  { stage, region }: Pick<Options, 'stage' | 'region'>,
  environment: NodeJS.ProcessEnv,
): string {
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

/** Runs a command; its exit code is 2 where something was wrong before it began. */
export async function runCommand(command: () => Promise<number>, usage: string): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    if (error instanceof TemplateError) say(error.message);
    else if (error instanceof UsageError) say(`${error.message}\n${usage}`);
    else throw error;
    process.exitCode = INVALID;
  }
}
