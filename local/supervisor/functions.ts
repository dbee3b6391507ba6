/** Functions of the template, with the environment the local Lambda gives them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { defined } from '../../shared/run/defined.ts';
import { QUICK_PAUSES } from '../lambda/quick-pauses.ts';
import { functionAccessKey } from '../access-key.ts';
import type { FunctionSettings } from '../lambda/settings.ts';
import type { FunctionResource } from '../template/resources.ts';

export interface FunctionSurroundings {
  /** Folder with one folder a function: `<name>/index.mjs`. */
  readonly functionsFolder: string;
  readonly endpoint: string;
  readonly region: string;
  /** Pauses within an invocation pass at once. */
  readonly quickPauses: boolean;
}

/** Throws when a function's bundle is not there. */
export function functionSettings(
  functions: readonly FunctionResource[],
  surroundings: FunctionSurroundings,
): readonly FunctionSettings[] {
  return functions.map((each) => {
    const folder = bundleFolder(each, surroundings.functionsFolder);
    return {
      name: each.name,
      arn: each.arn,
      folder,
      handler: each.handler,
      environment: environmentOf(each, folder, surroundings),
      timeoutSeconds: each.timeoutSeconds,
      memoryMb: each.memoryMb,
      ...defined({ reservedConcurrency: each.reservedConcurrency }),
    };
  });
}

/** By the artifact's name, else by the longest folder name that ends the function's name. */
function bundleFolder(each: FunctionResource, functionsFolder: string): string {
  const folders = existsSync(functionsFolder) ? readdirSync(functionsFolder) : [];
  const found =
    folders.find((name) => name === each.artifact) ??
    folders
      .filter((name) => each.name.endsWith(`-${name}`))
      .sort((a, b) => b.length - a.length)
      .at(0);
  if (found === undefined) {
    throw new Error(
      `function ${each.name}: no bundle found in ${functionsFolder}; build the functions first`,
    );
  }
  return join(functionsFolder, found);
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function environmentOf(
  each: FunctionResource,
  folder: string,
  { endpoint, region, quickPauses }: FunctionSurroundings,
): Readonly<Record<string, string>> {
  return {
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    ...each.environment,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: each.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(each.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${each.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: each.handler,
    // The keys name the caller; the local services take any secret.
    AWS_ACCESS_KEY_ID: functionAccessKey({ role: each.roleName, session: each.name }),
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: endpoint,
    ...(quickPauses && { [QUICK_PAUSES]: '1' }),
    // A person's own AWS files must not reach a function.
    AWS_CONFIG_FILE: join(folder, 'no-aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no-aws-credentials'),
  };
}
