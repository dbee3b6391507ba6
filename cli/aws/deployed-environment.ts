/** What the functions of a stage were deployed with: the command need not be told it again. */
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';

import type { ClientSettings } from './connection.ts';

export type Environment = Readonly<Record<string, string>>;

/** What serverless.yml gives the functions of the local stage. */
const LOCAL: Environment = {
  BATON_WORKGROUP: 'local',
  BATON_DATABASE: 'dev',
  BATON_LANDING_BUCKET: 'baton-local-landing',
};

export async function deployedEnvironment(
  settings: ClientSettings,
  stage: string,
  functionName: string,
): Promise<Environment> {
  if (stage === 'local') return LOCAL;
  const client = new LambdaClient(settings);
  const found = await client.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
  return found.Environment?.Variables ?? {};
}
