/** S3's "Object Created" as EventBridge delivers it (S3 user guide: EventBridge events). */
import { defined } from '../run/defined.ts';
import type { RunFile } from '../run/trigger.ts';
import {
  asObject,
  instant,
  LONGEST_NAME,
  optionalText,
  RefusedInputError,
  text,
  wholeNumber,
} from './read.ts';

export interface ObjectCreated {
  readonly file: RunFile;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly replayName?: string;
}

/**
 * The key is taken verbatim: EventBridge does not URL-encode it.
 * @throws RefusedInputError
 */
export function parseObjectCreated(value: unknown): ObjectCreated {
  const event = asObject(value, 'the event');
  const source = text(event, 'source');
  const type = text(event, 'detail-type');
  if (source !== 'aws.s3' || type !== 'Object Created') {
    throw new RefusedInputError(`expected "Object Created" from aws.s3; got "${type}" from ${source}`);
  }
  const time = instant(event, 'time');
  const versionId = optionalText(event, 'detail.object.version-id');
  const sequencer = optionalText(event, 'detail.object.sequencer');
  if (sequencer !== undefined && !/^[0-9A-Fa-f]{1,64}$/.test(sequencer)) {
    throw new RefusedInputError(`detail.object.sequencer must be hexadecimal; it is "${sequencer}"`);
  }
  const replayName = optionalText(event, 'replay-name', LONGEST_NAME);
  return {
    file: {
      bucket: text(event, 'detail.bucket.name', LONGEST_NAME),
      key: text(event, 'detail.object.key'),
      size: wholeNumber(event, 'detail.object.size'),
      etag: text(event, 'detail.object.etag', LONGEST_NAME),
      ...defined({ versionId, sequencer }),
    },
    time,
    ...defined({ replayName }),
  };
}

/** A zero-byte object whose key ends in "/": the S3 console creates one for a new folder. */
export function isFolderMark(file: RunFile): boolean {
  return file.size === 0 && file.key.endsWith('/');
}
