/** An SQS batch as Lambda receives it. */
import { asObject, at, expected, text } from './read.ts';

/** The longest message that SQS accepts. */
const LONGEST_MESSAGE = 1_048_576;

export interface QueueMessage {
  readonly id: string;
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receives: number;
}

/** @throws RefusedInputError */
export function parseQueueBatch(value: unknown): QueueMessage[] {
  const records = at(asObject(value, 'the event'), 'Records');
  if (!Array.isArray(records)) throw expected('Records', 'a list of SQS messages', records);
  return records.map((record: unknown, i) => {
    const message = asObject(record, `Records[${i}]`);
    const { attributes } = message;
    const receives = Number(isCounted(attributes) ? attributes['ApproximateReceiveCount'] : 1);
    return { id: text(message, 'messageId'), body: text(message, 'body', LONGEST_MESSAGE), receives };
  });
}

function isCounted(value: unknown): value is { readonly ApproximateReceiveCount: string } {
  return typeof value === 'object' && value !== null && 'ApproximateReceiveCount' in value;
}
