/** Messages of a queue, and the digests that clients check. */
import { createHash } from 'node:crypto';

import { defined } from '../../shared/run/defined.ts';

export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, perhaps with `.something` after it. */
  readonly type: string;
  /** Of `Binary`: base64. */
  readonly value: string;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  /** Ms since the epoch, as all times here. */
  readonly sentAt: number;
  /** Not to be received before. */
  readonly availableAt: number;
  readonly firstReceivedAt?: number;
  readonly receiveCount: number;
  /** ARN of the queue that gave it up, on messages of a dead-letter queue. */
  readonly deadLetterSource?: string;
}

export interface ReceivedMessage extends Message {
  readonly receiptHandle: string;
}

export function textAttributes(values: Readonly<Record<string, string>>): MessageAttributes {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { type: 'String', value }]));
}

export function md5OfBody(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

/**
 * Undefined when there are none.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const { type, value } = attributes[name] ?? { type: 'String', value: '' };
    const binary = type.startsWith('Binary');
    add(Buffer.from(name));
    add(Buffer.from(type));
    hash.update(Buffer.from([binary ? 2 : 1]));
    add(Buffer.from(value, binary ? 'base64' : 'utf8'));
  }
  return hash.digest('hex');
}

/** What SQS calls a message's system attributes; all values are text. */
export function systemAttributes(message: Message): Readonly<Record<string, string>> {
  return {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    SenderId: 'AIDALOCAL',
    ...(message.firstReceivedAt !== undefined && {
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    }),
    ...defined({ DeadLetterQueueSourceArn: message.deadLetterSource }),
  };
}
