/** Asks the `operate` function and reads its answer. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

import type { OperateAnswer, OperateRequest } from '../../shared/events/requests.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { ClientSettings } from './connection.ts';

export interface Operator {
  ask(request: OperateRequest): Promise<OperateAnswer>;
}

function isAnswer(value: unknown): value is OperateAnswer {
  return typeof value === 'object' && value !== null && 'ok' in value && 'message' in value;
}

function parseAnswer(payload: string, functionError: string | undefined): OperateAnswer {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    value = undefined;
  }
  if (functionError === undefined && isAnswer(value)) return value;
  const said =
    typeof value === 'object' && value !== null && 'errorMessage' in value
      ? String(value.errorMessage)
      : payload;
  throw new CommandError(EXIT.unreachable, `the operate function failed: ${said}`);
}

export function lambdaOperator(settings: ClientSettings, functionName: string): Operator {
  const client = new LambdaClient(settings);
  return {
    ask: async (request) => {
      const answer = await client.send(
        new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(request)) }),
      );
      return parseAnswer(Buffer.from(answer.Payload ?? []).toString('utf8'), answer.FunctionError);
    },
  };
}
