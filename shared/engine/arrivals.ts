/** The input of `start-run`: a batch of messages from the arrivals queue, or one due schedule. */
import { EVENT_SOURCE, parseBusEvent } from '../events/bus-event.ts';
import { parseObjectCreated } from '../events/object-created.ts';
import type { QueueMessage } from '../events/queue-batch.ts';
import { parseQueueBatch } from '../events/queue-batch.ts';
import type { JsonObject } from '../events/read.ts';
import { asObject, at, optionalText, parseJson, RefusedInputError } from '../events/read.ts';
import { parseRunSucceeded } from '../events/run-succeeded.ts';
import { parseScheduleDue, SCHEDULE_SOURCE } from '../events/schedule-due.ts';
import { parseQueueLook, QUEUE_LOOK_SOURCE } from '../events/queue-look.ts';
import { admit } from './admit.ts';
import type { Start } from './start-all.ts';
import { fillPool } from './slots.ts';
import { startByEvent } from './start-by-event.ts';
import { startFollowing } from './start-following.ts';
import { startScheduled } from './start-scheduled.ts';

/** Parses one kind of event. `body`: the unparsed JSON. @throws RefusedInputError */
type Reader = (event: JsonObject, stage: string, body: string) => Start;

const readFile: Reader = (event) => {
  const created = parseObjectCreated(event);
  return (engine) => admit(created, engine);
};

/** By event source. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  ['aws.s3', readFile],
  [
    'baton',
    (event, stage) => {
      const runId = parseRunSucceeded(event, stage);
      return (engine) => startFollowing(runId, engine);
    },
  ],
  [
    QUEUE_LOOK_SOURCE,
    (message) => {
      const pipeline = parseQueueLook(message);
      return async (engine) => {
        await fillPool(pipeline, engine);
        return [];
      };
    },
  ],
  [
    SCHEDULE_SOURCE,
    (event, stage) => {
      const due = parseScheduleDue(event, stage);
      return async (engine) => [await startScheduled(due, engine)];
    },
  ],
  [
    EVENT_SOURCE,
    (envelope, stage, body) => {
      const arrived = parseBusEvent(envelope, stage, body);
      return async (engine) => {
        const started = await startByEvent(arrived, engine);
        return started === undefined ? [] : [started];
      };
    },
  ],
]);

export type StartRunEvent =
  | { readonly kind: 'batch'; readonly messages: readonly QueueMessage[] }
  | { readonly kind: 'arrival'; readonly start: Start };

/** @throws RefusedInputError */
export function readStartRunEvent(value: unknown, stage: string): StartRunEvent {
  const event = asObject(value, 'the event');
  if (at(event, 'Records') !== undefined) return { kind: 'batch', messages: parseQueueBatch(event) };
  const body = JSON.stringify(event);
  if (at(event, 'source') === SCHEDULE_SOURCE) return { kind: 'arrival', start: readArrival(body, stage) };
  throw new RefusedInputError(
    `expected a batch of the arrivals queue (Records) or a due schedule (source ${SCHEDULE_SOURCE}); got ${body.slice(0, 200)}`,
  );
}

/**
 * Parses a message of the arrivals queue. A message with an unknown source must be a file event.
 * @throws RefusedInputError
 */
export function readArrival(body: string, stage: string): Start {
  const event = asObject(parseJson(body, 'the message'), 'the message');
  const read = READERS.get(optionalText(event, 'source') ?? '') ?? readFile;
  return read(event, stage, body);
}
