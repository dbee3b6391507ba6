/** The environment that the functions of a stage were deployed with, so that the command needs no settings of its own. */
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';

import { isNamed } from '../../shared/errors.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { ClientSettings } from './client-settings.ts';

export type Environment = Readonly<Record<string, string>>;

/** @throws CommandError (exit 3) if the function does not exist, so neither does the stage */
export async function deployedEnvironment(
  settings: ClientSettings,
  stage: string,
  functionName: string,
): Promise<Environment> {
  const client = new LambdaClient(settings);
  try {
    const found = await client.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
    return found.Environment?.Variables ?? {};
  } catch (error) {
    if (!isNamed(error, 'ResourceNotFoundException')) throw error;
    const region = await client.config.region();
    throw new CommandError(EXIT.unreachable, `stage ${stage} not found in ${region}`, {
      hint: `check --stage, AWS_REGION and the account (there is no function ${functionName})`,
      cause: error,
    });
  }
}
