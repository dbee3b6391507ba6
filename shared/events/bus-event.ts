/**
 * An event of the bus for a pipeline with `on: - event:`. The rule of the trigger hands it over in an envelope that names
 * the pipeline (build/serverless/events.cjs): so EventBridge alone decides what matches, and nothing here has to match
 * patterns exactly as it does.
 */
import { MOST_EVENT_BYTES } from '../pipeline/triggers/event-size.ts';
import { defined } from '../run/defined.ts';
import { asObject, at, instant, LONGEST_NAME, optionalText, RefusedInputError, text } from './read.ts';
import type { JsonObject } from './read.ts';

export const EVENT_SOURCE = 'baton.event';

export interface BusEvent {
  readonly pipeline: string;
  /** Chosen by EventBridge; every delivery and replay of the event has it. */
  readonly id: string;
  readonly source: string;
  readonly detailType: string;
  /** The event's own. ISO 8601, UTC. */
  readonly time: string;
  /** The whole event but the name of a replay. */
  readonly json: string;
  readonly replayName?: string;
  /** Baton, or its functions, made it happen. */
  readonly isOwn: boolean;
}

/** @param body the envelope as it came: numbers are kept as they are written there. @throws RefusedInputError */
export function parseBusEvent(envelope: JsonObject, stage: string, body: string): BusEvent {
  const itsStage = text(envelope, 'stage');
  if (itsStage !== stage)
    throw new RefusedInputError(`expected an event for stage ${stage}; got one for stage ${itsStage}`);
  const event = asObject(at(envelope, 'event'), 'event');
  const source = text(event, 'source', LONGEST_NAME);
  const json = jsonOf(body);
  const bytes = Buffer.byteLength(json);
  if (bytes > MOST_EVENT_BYTES)
    throw new RefusedInputError(
      `an event that starts a run may have ${MOST_EVENT_BYTES} bytes; this one has ${bytes}: put large data into a file in S3 and start the pipeline with the file (on: - s3)`,
    );
  return defined({
    pipeline: text(envelope, 'pipeline', LONGEST_NAME),
    id: text(event, 'id', LONGEST_NAME),
    source,
    detailType: text(event, 'detail-type', LONGEST_NAME),
    time: instant(event, 'time'),
    json,
    replayName: optionalText(event, 'replay-name', LONGEST_NAME),
    isOwn: isOwn(event, source),
  });
}

/**
 * A run makes statements, and CloudTrail may record its calls: a pipeline that starts with these would start itself in
 * a loop. (The compiler refuses Baton's own sources.) Of all stages, or two of them could start each other.
 */
function isOwn(event: JsonObject, source: string): boolean {
  const texts = ['detail.statementName', 'detail.principal', 'detail.userIdentity.arn'].map((path) => {
    const value = at(event, path);
    return typeof value === 'string' ? value : '';
  });
  return (
    /^baton(?:\.|$)/.test(source) ||
    texts.some((value) => value.startsWith('baton:') || /:assumed-role\/baton-[^/]+-functions\//.test(value))
  );
}

/** The characters that JSON may have and a literal of SQL may not. */
const UNPRINTABLE = /[\u007F-\u009F]/g;

/** The event as one line, the same however often it is delivered. 12345678901234567890 stays what it is. */
function jsonOf(body: string): string {
  const envelope = JSON.parse(body, (_, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? rawJson(context.source) : value,
  ) as { readonly event: JsonObject };
  const { 'replay-name': _, ...event } = envelope.event;
  return JSON.stringify(event).replaceAll(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** ECMAScript's JSON.rawJSON, which TypeScript does not know yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };
