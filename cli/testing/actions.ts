/** Does what happens in a test, in the local AWS. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

import { eventHead } from '../../local/bus-event.ts';
import { defined } from '../../shared/run/defined.ts';
import { DynamoDbRunStore } from '../../shared/store/dynamodb-run-store.ts';
import { CommandError } from '../exit.ts';
import type { LocalBaton } from './local-baton.ts';
import type { Action, SetupStatement } from './test-case.ts';

/** What an action is called in messages. */
export function actionName(action: Action): string {
  switch (action.kind) {
    case 'drop':
    case 'put':
      return action.key;
    case 'drop-all':
      return action.files.map(({ key }) => key).join(', ');
    case 'start':
      return `start ${action.pipeline}`;
    case 'schedule':
      return `schedule ${isoTime(action.time)}`;
    case 'upstream':
      return `upstream ${action.upstream}`;
    case 'event':
      return `event ${action.detailType}`;
    case 'resume':
    case 'sql':
      return action.kind;
    case 'clock':
      return `clock ${isoTime(action.time)}`;
    case 'advance':
      return `advance ${action.ms / 1000}s`;
    default:
      return action satisfies never;
  }
}

/** @throws CommandError with the reason of a refusal, or the warehouse's error */
export async function perform(action: Action, local: LocalBaton): Promise<void> {
  switch (action.kind) {
    case 'drop':
    case 'put':
      return local.put(action.key, action.bytes, action.bucket);
    case 'drop-all':
      for (const { key, bytes, bucket } of action.files) await local.put(key, bytes, bucket);
      return;
    case 'start': {
      const { file, pipeline, parameters } = action;
      const uri = file?.startsWith('s3://') === false ? `s3://${local.landingBucket}/${file}` : file;
      await local.startRun(pipeline, defined({ parameters, file: uri }));
      return;
    }
    case 'schedule': {
      const { pipeline, time, expression } = action;
      // What waited for a time may have moved the clock on already.
      if (time > (await local.now())) await local.setClock(time);
      const scheduledTime = new Date(time).toISOString();
      return sendToArrivals(
        { source: 'baton.schedule', pipeline, trigger: expression, scheduledTime },
        local,
      );
    }
    case 'upstream':
      return succeed(action.upstream, action.runId, local);
    case 'event': {
      const { pipelines, id, source, detailType, detail } = action;
      const head = eventHead(id, source, detailType, action.time ?? (await local.now()), []);
      for (const pipeline of pipelines)
        await sendToArrivals({ source: 'baton.event', pipeline, event: { ...head, detail } }, local);
      return;
    }
    case 'resume': {
      const newest = (await local.allRuns()).findLast(({ pipeline }) => pipeline === action.pipeline);
      return local.resume(newest?.id ?? '', action.from);
    }
    case 'sql':
      return runStatements(action.statements, local);
    case 'clock':
      if (action.time > (await local.now()) || action.isFirst) await local.setClock(action.time);
      return;
    case 'advance':
      return local.advance(action.ms);
    default:
      return action satisfies never;
  }
}

/** One after another. @throws CommandError (exit 1) with the warehouse's error and the line of the statement */
export async function runStatements(statements: readonly SetupStatement[], local: LocalBaton): Promise<void> {
  for (const { sql, line } of statements) {
    try {
      await local.execute([sql]);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new CommandError(error.code, `line ${line}: ${error.message}`, { cause: error });
    }
  }
}

/** What a rule or a schedule of the stage would deliver: it comes through the same queue. */
async function sendToArrivals(message: object, { connection }: LocalBaton): Promise<void> {
  const { settings, stage } = connection;
  const client = new SQSClient(settings);
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: `baton-${stage}-arrivals` }));
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ stage, ...message }) }));
  client.destroy();
}

/** A run that nothing executed, and its event: what starts after it trusts only the stored run. */
async function succeed(pipeline: string, runId: string, local: LocalBaton): Promise<void> {
  const { connection, plans } = local;
  const plan = plans.find((one) => one.pipeline === pipeline);
  const at = new Date(await local.now()).toISOString();
  const steps = plan?.steps.length ?? 0;
  const client = new DynamoDBClient(connection.settings);
  await new DynamoDbRunStore(client, connection.names.table).create({
    id: runId,
    pipeline,
    planHash: plan?.hash ?? '',
    steps,
    incarnationId: '0'.repeat(32),
    trigger: { kind: 'request', time: at, requestId: runId, actor: 'baton test' },
    parameters: {},
    life: { state: 'SUCCEEDED', endedAt: at, pendingActions: [] },
    session: { state: 'none' },
    cursor: steps,
    step: '',
    attempt: 1,
    firstAttempt: 1,
    generation: 1,
    rebuilds: 0,
    failedDrives: 0,
    failures: 0,
    replays: [],
    createdAt: at,
    startedAt: at,
    version: 1,
    writerId: 'baton test',
  });
  client.destroy();
  const detail = { stage: connection.stage, runId, pipeline, state: 'SUCCEEDED' };
  await sendToArrivals({ source: 'baton', 'detail-type': 'Run Succeeded', detail }, local);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
