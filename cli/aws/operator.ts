/** Asks the `operate` function and reads its answer. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

import type {
  AnyRequest,
  BackfillAnswer,
  BackfillRequest,
  CheckAnswer,
  CheckRequest,
  OperateAnswer,
  OperateRequest,
  PauseAnswer,
  PauseRequest,
  ProbeAnswer,
  ProbeRequest,
  QueryAnswer,
  QueryRequest,
  Refusal,
  StartDueAnswer,
  StartDueRequest,
} from '../../shared/events/requests.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { ClientSettings } from './client-settings.ts';

export interface Operator {
  ask(request: OperateRequest): Promise<OperateAnswer>;
  pause(request: PauseRequest): Promise<PauseAnswer>;
  /** One page. */
  backfill(request: BackfillRequest): Promise<BackfillAnswer | Refusal>;
  /** Some of the due times. */
  startDue(request: StartDueRequest): Promise<StartDueAnswer | Refusal>;
  /** One statement in the session of a run. */
  query(request: QueryRequest): Promise<QueryAnswer>;
  /** Undefined: what is deployed does not know the question. */
  check(request: CheckRequest): Promise<CheckAnswer | undefined>;
  /** One part. Undefined: what is deployed does not know the question. */
  probe(request: ProbeRequest): Promise<ProbeAnswer | undefined>;
}

type Answer =
  | OperateAnswer
  | PauseAnswer
  | CheckAnswer
  | ProbeAnswer
  | BackfillAnswer
  | StartDueAnswer
  | QueryAnswer;

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'ok' in value && 'message' in value;
}

function parseAnswer(payload: string, functionError: string | undefined): Answer {
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
  const invoke = async (request: AnyRequest): Promise<Answer> => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(request)) }),
    );
    return parseAnswer(Buffer.from(answer.Payload ?? []).toString('utf8'), answer.FunctionError);
  };
  return {
    ask: async (request) => (await invoke(request)) as OperateAnswer,
    pause: async (request) => (await invoke(request)) as PauseAnswer,
    backfill: async (request) => (await invoke(request)) as BackfillAnswer | Refusal,
    startDue: async (request) => (await invoke(request)) as StartDueAnswer | Refusal,
    query: async (request) => (await invoke(request)) as QueryAnswer,
    check: async (request) => {
      const answer = await invoke(request);
      return 'probes' in answer ? answer : undefined;
    },
    probe: async (request) => {
      const answer = await invoke(request);
      return 'observations' in answer ? answer : undefined;
    },
  };
}
