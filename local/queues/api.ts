/** SQS over HTTP (AWS JSON 1.0). Queues come from the template. */
import { defined } from '../../shared/run/defined.ts';
import {
  jsonHandler,
  optionalNumber,
  optionalObject,
  optionalObjects,
  optionalText,
  optionalTexts,
  requiredText,
  type JsonInput,
} from '../aws-json.ts';
import type { Clock } from '../clock.ts';
import type { Handler } from '../http.ts';
import { ServiceError } from '../service-error.ts';
import {
  md5OfAttributes,
  md5OfBody,
  systemAttributes,
  type MessageAttribute,
  type MessageAttributes,
  type ReceivedMessage,
} from './message.ts';
import type { Queue } from './queue.ts';
import type { QueueSet } from './queue-set.ts';

/** Bytes of a message and of a batch: 1 MiB. */
const LARGEST_MESSAGE_BYTES = 1024 * 1024;
const MOST_RECEIVED = 10;
const MOST_IN_BATCH = 10;
const LONGEST_WAIT_SECONDS = 20;
const LONGEST_DELAY_SECONDS = 900;
const LONGEST_VISIBILITY_SECONDS = 43_200;
const PREFIX = 'com.amazonaws.sqs#';

export function queuesHandler(queues: QueueSet, clock: Clock): Handler {
  const at = (input: JsonInput): Queue => queueOf(queues, requiredText(input, 'QueueUrl'));
  return jsonHandler({
    target: 'AmazonSQS',
    version: '1.0',
    operations: {
      ListQueues: (input) => {
        const prefix = optionalText(input, 'QueueNamePrefix') ?? '';
        const urls = queues.all().map(({ resource }) => resource);
        return { QueueUrls: urls.filter(({ name }) => name.startsWith(prefix)).map(({ url }) => url) };
      },
      GetQueueUrl: (input) => ({ QueueUrl: queueOf(queues, requiredText(input, 'QueueName')).resource.url }),
      GetQueueAttributes: (input) => getAttributes(at(input), input),
      SendMessage: (input) => sendMessage(at(input), input),
      SendMessageBatch: (input) => sendBatch(at(input), input),
      ReceiveMessage: (input) => receive(at(input), input, clock),
      DeleteMessage: (input) => {
        deleteMessage(at(input), input);
      },
      DeleteMessageBatch: (input) => deleteBatch(at(input), input),
      ChangeMessageVisibility: (input) => {
        changeVisibility(at(input), input);
      },
      PurgeQueue: (input) => {
        at(input).purge();
      },
    },
    unsupported: (operation) =>
      invalid(
        'UnsupportedOperation',
        `the local SQS has no ${operation === '' ? 'such operation' : operation}: queues come from serverless.yml, and it offers sending, receiving, deleting and reading of attributes`,
        'AWS.SimpleQueueService.UnsupportedOperation',
      ),
  });
}

function queueOf(queues: QueueSet, nameOrUrl: string): Queue {
  const queue = queues.find(nameOrUrl);
  if (queue !== undefined) return queue;
  throw invalid(
    'QueueDoesNotExist',
    `The specified queue does not exist: ${nameOrUrl}`,
    'AWS.SimpleQueueService.NonExistentQueue',
  );
}

function getAttributes(queue: Queue, input: JsonInput): unknown {
  const { resource } = queue;
  const counts = queue.counts();
  const all: Readonly<Record<string, string>> = {
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    QueueArn: resource.arn,
    VisibilityTimeout: String(resource.visibilitySeconds),
    DelaySeconds: String(resource.delaySeconds),
    MessageRetentionPeriod: String(resource.retentionSeconds),
    ...(resource.redrive && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: resource.redrive.deadLetterArn,
        maxReceiveCount: resource.redrive.maxReceiveCount,
      }),
    }),
  };
  const wanted = new Set(optionalTexts(input, 'AttributeNames') ?? []);
  return {
    Attributes: Object.fromEntries(
      Object.entries(all).filter(([name]) => wanted.has('All') || wanted.has(name)),
    ),
  };
}

interface NewMessage {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly delaySeconds: number | undefined;
}

function readMessage(input: JsonInput): NewMessage {
  const body = requiredText(input, 'MessageBody');
  const attributes = readAttributes(input);
  if (body === '') throw invalid('MissingParameter', 'The request must contain the parameter MessageBody.');
  return {
    body,
    attributes,
    delaySeconds: within(input, 'DelaySeconds', 0, LONGEST_DELAY_SECONDS),
  };
}

function readAttributes(input: JsonInput): MessageAttributes {
  const given = optionalObject(input, 'MessageAttributes') ?? {};
  const attributes = new Map<string, MessageAttribute>();
  for (const name of Object.keys(given)) {
    const attribute = optionalObject(given, name) ?? {};
    const type = requiredText(attribute, 'DataType');
    const value = type.startsWith('Binary')
      ? optionalText(attribute, 'BinaryValue')
      : optionalText(attribute, 'StringValue');
    if (value === undefined) {
      throw invalid(
        'InvalidParameterValue',
        `The message attribute '${name}' has no value for its type ${type}.`,
      );
    }
    attributes.set(name, { type, value });
  }
  return Object.fromEntries(attributes);
}

function sizeOf({ body, attributes }: NewMessage): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { type, value }]) => sum + Buffer.byteLength(name + type + value),
    Buffer.byteLength(body),
  );
}

function sent(queue: Queue, message: NewMessage): Readonly<Record<string, string>> {
  const { id } = queue.send(message.body, message.attributes, message.delaySeconds);
  const ofAttributes = md5OfAttributes(message.attributes);
  return {
    MessageId: id,
    MD5OfMessageBody: md5OfBody(message.body),
    ...defined({ MD5OfMessageAttributes: ofAttributes }),
  };
}

function sendMessage(queue: Queue, input: JsonInput): unknown {
  const message = readMessage(input);
  if (sizeOf(message) > LARGEST_MESSAGE_BYTES) {
    throw invalid(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${String(LARGEST_MESSAGE_BYTES)} bytes.`,
    );
  }
  return sent(queue, message);
}

function sendBatch(queue: Queue, input: JsonInput): unknown {
  const entries = readBatch(input).map(({ id, entry }) => ({ id, message: readMessage(entry) }));
  const size = entries.reduce((sum, { message }) => sum + sizeOf(message), 0);
  if (size > LARGEST_MESSAGE_BYTES) {
    throw invalid(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${String(LARGEST_MESSAGE_BYTES)} bytes.`,
      'AWS.SimpleQueueService.BatchRequestTooLong',
    );
  }
  const successful = entries.map(({ id, message }) => {
    const { MessageId, MD5OfMessageBody, MD5OfMessageAttributes } = sent(queue, message);
    return { Id: id, MessageId, MD5OfMessageBody, MD5OfMessageAttributes };
  });
  return { Successful: successful, Failed: [] };
}

function readBatch(input: JsonInput): readonly { readonly id: string; readonly entry: JsonInput }[] {
  const entries = optionalObjects(input, 'Entries') ?? [];
  if (entries.length === 0) {
    throw invalid(
      'EmptyBatchRequest',
      'There should be at least one entry in the request.',
      'AWS.SimpleQueueService.EmptyBatchRequest',
    );
  }
  if (entries.length > MOST_IN_BATCH) {
    throw invalid(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${String(MOST_IN_BATCH)}. You have sent ${String(entries.length)}.`,
      'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
    );
  }
  const read = entries.map((entry) => ({ id: requiredText(entry, 'Id'), entry }));
  if (new Set(read.map(({ id }) => id)).size < read.length) {
    throw invalid(
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries have the same Id.',
      'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
    );
  }
  return read;
}

async function receive(queue: Queue, input: JsonInput, clock: Clock): Promise<unknown> {
  const most = within(input, 'MaxNumberOfMessages', 1, MOST_RECEIVED) ?? 1;
  const visibility = within(input, 'VisibilityTimeout', 0, LONGEST_VISIBILITY_SECONDS);
  const wait = within(input, 'WaitTimeSeconds', 0, LONGEST_WAIT_SECONDS) ?? 0;
  let messages = queue.receive(most, visibility);
  if (messages.length === 0 && wait > 0) {
    await visibleWithin(queue, clock, wait * 1000);
    messages = queue.receive(most, visibility);
  }
  if (messages.length === 0) return {};
  const systemNames = namesWanted(input, 'MessageSystemAttributeNames', 'AttributeNames');
  const names = namesWanted(input, 'MessageAttributeNames');
  return { Messages: messages.map((message) => shown(message, systemNames, names)) };
}

async function visibleWithin(queue: Queue, clock: Clock, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.callAt(clock.now() + ms, () => {
      end();
    });
    const forget = queue.onVisible(() => {
      end();
    });
    const end = (): void => {
      timer.cancel();
      forget();
      resolve();
    };
  });
}

function namesWanted(input: JsonInput, ...members: readonly string[]): (name: string) => boolean {
  const wanted = members.flatMap((member) => optionalTexts(input, member) ?? []);
  return (name) =>
    wanted.some(
      (each) =>
        each === 'All' ||
        each === '.*' ||
        each === name ||
        (each.endsWith('.*') && name.startsWith(each.slice(0, -2))),
    );
}

function shown(
  message: ReceivedMessage,
  systemNames: (name: string) => boolean,
  names: (name: string) => boolean,
): unknown {
  const system = Object.entries(systemAttributes(message)).filter(([name]) => systemNames(name));
  const own = Object.fromEntries(Object.entries(message.attributes).filter(([name]) => names(name)));
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5OfBody(message.body),
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(Object.keys(own).length > 0 && {
      MD5OfMessageAttributes: md5OfAttributes(own),
      MessageAttributes: Object.fromEntries(
        Object.entries(own).map(([name, { type, value }]) => [
          name,
          {
            DataType: type,
            ...(type.startsWith('Binary') ? { BinaryValue: value } : { StringValue: value }),
          },
        ]),
      ),
    }),
  };
}

function deleteMessage(queue: Queue, input: JsonInput): void {
  const handle = requiredText(input, 'ReceiptHandle');
  if (!queue.delete(handle)) {
    throw invalid(
      'ReceiptHandleIsInvalid',
      `The input receipt handle "${handle}" is not a valid receipt handle.`,
    );
  }
}

function deleteBatch(queue: Queue, input: JsonInput): unknown {
  const successful: unknown[] = [];
  const failed: unknown[] = [];
  for (const { id, entry } of readBatch(input)) {
    if (queue.delete(requiredText(entry, 'ReceiptHandle'))) successful.push({ Id: id });
    else failed.push({ Id: id, Code: 'ReceiptHandleIsInvalid', SenderFault: true });
  }
  return { Successful: successful, Failed: failed };
}

function changeVisibility(queue: Queue, input: JsonInput): void {
  const seconds = within(input, 'VisibilityTimeout', 0, LONGEST_VISIBILITY_SECONDS);
  if (seconds === undefined) {
    throw invalid('MissingParameter', 'The request must contain the parameter VisibilityTimeout.');
  }
  if (!queue.changeVisibility(requiredText(input, 'ReceiptHandle'), seconds)) {
    throw invalid(
      'MessageNotInflight',
      'The specified message is not in flight.',
      'AWS.SimpleQueueService.MessageNotInflight',
    );
  }
}

function within(input: JsonInput, name: string, least: number, most: number): number | undefined {
  const value = optionalNumber(input, name);
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return value;
  throw invalid(
    'InvalidParameterValue',
    `Value ${String(value)} for parameter ${name} is invalid. Reason: Must be between ${String(least)} and ${String(most)}, if provided.`,
  );
}

function invalid(code: string, message: string, queryCode = code): ServiceError {
  return new ServiceError(PREFIX + code, message, 400, {
    // The older name, from the query protocol, for which SDKs still look.
    headers: { 'x-amzn-query-error': `${queryCode};Sender` },
  });
}
