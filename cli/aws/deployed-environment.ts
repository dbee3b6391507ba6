/** What the functions of a stage were deployed with: the command need not be told it again. */
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';

import { isNamed } from '../../shared/errors.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { ClientSettings } from './client-settings.ts';

export type Environment = Readonly<Record<string, string>>;

/** @throws CommandError (exit 3) where there is no such function: no such stage */
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
    throw new CommandError(EXIT.unreachable, `there is no stage ${stage} in ${region}`, {
      hint: `are --stage, AWS_REGION and the account right? (no function ${functionName})`,
      cause: error,
    });
  }
}
