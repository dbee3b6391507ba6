/** A night in which the sweep and run-step fail, and one file is lost: the dead letters are the file, and nothing else. */
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { eventually, Stack } from './stack.ts';
import { isLong } from '../long.ts';

let stack: Stack;
let sqs: SQSClient;

beforeAll(async () => {
  stack = await Stack.start();
  sqs = new SQSClient({
    endpoint: stack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
});
afterAll(async () => {
  sqs.destroy();
  await stack.stop();
});

const url = (name: string): string => `${stack.endpoint}/000000000000/baton-local-${name}`;

async function deadLetters(): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: url('dead-letters'),
      AttributeNames: ['ApproximateNumberOfMessages'],
    }),
  );
  return Number(Attributes?.['ApproximateNumberOfMessages']);
}

/** How often calls of the function were refused. */
async function refusedCalls(caller: string): Promise<number> {
  const { faults } = (await stack.admin('GET', 'faults')) as { faults: { caller?: string; hits?: number }[] };
  return faults.find((fault) => fault.caller === caller)?.hits ?? 0;
}

it.runIf(isLong)(
  'neither the failed minutes of the sweep nor the last retry of run-step becomes a dead letter',
  async () => {
    // A right that was taken away: nothing that is tried again.
    for (const caller of ['baton-local-sweep', 'baton-local-run-step']) {
      const denied = {
        service: 'dynamodb',
        caller,
        times: null,
        status: 400,
        errorType: 'AccessDeniedException',
      };
      await stack.admin('POST', 'faults', { target: 'call', ...denied });
    }
    await stack.put('stores/waits.csv', 'store_id,name,city,country,opened_on\n1,A,Lyon,FR,2020-01-01\n');
    await stack.events.send(
      new PutEventsCommand({
        Entries: [
          {
            Source: 'baton.request',
            DetailType: 'Run Woken',
            Detail: '{"runId":"stores-x","stage":"local"}',
          },
        ],
      }),
    );
    const lost = '{"detail-type":"Object Created","source":"aws.s3","detail":{}}';
    await sqs.send(new SendMessageCommand({ QueueUrl: url('arrivals'), MessageBody: lost }));
    await eventually(
      'ten failed minutes, every retry of run-step, and a dead letter',
      async () => {
        await stack.advance(60_000);
        const failed = await refusedCalls('baton-local-sweep');
        const retried = await refusedCalls('baton-local-run-step');
        return failed >= 10 && retried >= 6 && (await deadLetters()) > 0 ? true : undefined;
      },
      60_000,
    );
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url('dead-letters'), MaxNumberOfMessages: 10 }),
    );
    expect(Messages?.map(({ Body }) => Body)).toEqual([lost]);

    // What the failures left undone, the next sweep does.
    await stack.admin('DELETE', 'faults');
    await stack.sweep();
    expect((await stack.runFor('stores', 'stores/waits.csv')).state).toBe('SUCCEEDED');
  },
);
