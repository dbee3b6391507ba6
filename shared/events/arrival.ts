/** What `start-run` is given: a batch of messages from the arrivals queue, or one schedule that fell due. */
import type { ObjectCreated } from './object-created.ts';
import { parseObjectCreated } from './object-created.ts';
import type { QueueMessage } from './queue-batch.ts';
import { parseQueueBatch } from './queue-batch.ts';
import { asObject, at, LONGEST_NAME, optionalText, parseJson, RefusedInputError, text } from './read.ts';
import type { ScheduleDue } from './schedule-due.ts';
import { parseScheduleDue, SCHEDULE_SOURCE } from './schedule-due.ts';

/** A reason to start runs. */
export type Arrival =
  | { readonly kind: 'file'; readonly created: ObjectCreated }
  /** A run of this stage succeeded; others may start behind it. */
  | { readonly kind: 'upstream'; readonly runId: string }
  | { readonly kind: 'schedule'; readonly due: ScheduleDue };

export type StartRunEvent =
  | { readonly kind: 'batch'; readonly messages: readonly QueueMessage[] }
  | { readonly kind: 'arrival'; readonly arrival: Arrival };

/** @throws RefusedInputError */
export function parseStartRunEvent(value: unknown, stage: string): StartRunEvent {
  const event = asObject(value, 'the event');
  if (at(event, 'Records') !== undefined) return { kind: 'batch', messages: parseQueueBatch(event) };
  if (at(event, 'source') === SCHEDULE_SOURCE)
    return { kind: 'arrival', arrival: { kind: 'schedule', due: parseScheduleDue(event, stage) } };
  throw new RefusedInputError(
    `start-run takes a batch of the arrivals queue (Records) or a schedule that fell due (source ${SCHEDULE_SOURCE}); this is ${JSON.stringify(event).slice(0, 200)}`,
  );
}

/**
 * A message of the arrivals queue.
 * @throws RefusedInputError
 */
export function parseArrival(body: string, stage: string): Arrival {
  const event = asObject(parseJson(body, 'the message'), 'the message');
  const source = optionalText(event, 'source');
  if (source === SCHEDULE_SOURCE) return { kind: 'schedule', due: parseScheduleDue(event, stage) };
  if (source !== 'baton') return { kind: 'file', created: parseObjectCreated(event) };
  const type = text(event, 'detail-type');
  const itsStage = text(event, 'detail.stage');
  if (type !== 'Run Succeeded' || itsStage !== stage)
    throw new RefusedInputError(
      `"Run Succeeded" of stage ${stage} was expected; this is "${type}" of stage ${itsStage}`,
    );
  return { kind: 'upstream', runId: text(event, 'detail.runId', LONGEST_NAME) };
}
