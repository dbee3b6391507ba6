/** The Later port over the arrivals queue: a delayed message. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

import { QUEUE_LOOK_SOURCE } from '../events/queue-look.ts';
import type { Later } from '../engine/ports.ts';

/** The longest delay of a message, in seconds (SQS API reference: SendMessage). */
const LONGEST_DELAY = 900;

/** `queueUrl` undefined: the sweep looks instead, once a minute. */
export function laterThrough(queueUrl: string | undefined): Later {
  return async (pipeline, seconds) => {
    if (queueUrl === undefined) return;
    await new SQSClient({}).send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify({ source: QUEUE_LOOK_SOURCE, pipeline }),
        DelaySeconds: Math.min(Math.ceil(seconds), LONGEST_DELAY),
      }),
    );
  };
}
