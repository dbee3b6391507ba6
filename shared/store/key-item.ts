/** The item of an object key: which upload of it a pipeline admitted last, by its event or by a backfill. */
import { createHash } from 'node:crypto';

import { defined } from '../run/defined.ts';
import { fileKey } from './file-index.ts';
import type { Item } from './run-item.ts';
import type { Shape } from './shape.ts';
import { count, instant, map, one, optional, text } from './shape.ts';

export interface KeyName {
  readonly pipeline: string;
  readonly bucket: string;
  readonly key: string;
}

/** An upload that was admitted. */
export interface Upload {
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** `event`: the event's time; `backfill`: LastModified. ISO 8601, UTC, with milliseconds. */
  readonly at: string;
  /** Id of its run. */
  readonly run: string;
  /** Absent: it is a part of a marked folder. */
  readonly via?: 'event' | 'backfill';
}

/** The upload that the latest backfill admitted. Its event may still arrive, with a sequencer that no listing shows. */
export interface Listed {
  readonly etag: string;
  readonly lastModified: string;
  /** When it was listed. As `Upload.at`. */
  readonly at: string;
  readonly run: string;
}

export interface KeyItem {
  /** The highest sequencer of an event, padded. */
  readonly highest?: string;
  /** Absent: the item was written by a version that did not keep it. */
  readonly upload?: Upload;
  readonly listed?: Listed;
}

/**
 * An event is treated as that of a listed upload until so long after the listing: clocks differ, and the time of an event
 * is that of the upload's end, not that of its delivery. In ms.
 */
const LISTED_FOR_MS = 60_000;

/** An upload with this time or a later one took place after a listing at `at` for certain. ISO 8601. */
export function certainlyAfter(at: string): string {
  return moved(at, LISTED_FOR_MS);
}

/** A listing at this time or an earlier one took place before an upload with time `at` for certain. ISO 8601. */
export function certainlyBefore(at: string): string {
  return moved(at, -LISTED_FOR_MS);
}

function moved(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString();
}

/**
 * How long a key is remembered after the last write of its item, at least. Of what is older than this, a backfill does not know whether it
 * was loaded. Does not depend on a parameter of the stage: an item that was written before the parameter changed must not be
 * missing earlier than a backfill expects. In days.
 */
const REMEMBERED_DAYS = 800;

/** What an event may take from the archive, or from its object, to its run: retries of EventBridge (1 day), queue and dead letters (14 days each). */
const DELIVERY_DAYS = 30;

const DAY_MS = 86_400_000;

/**
 * When the item of a key expires, if it is written now (ms). Epoch seconds. What must hold until then:
 *
 * - **Order**: an event that was never delivered may arrive, or be replayed, until `archiveDays` (less than `historyDays`) and its delivery are
 *   over. A newer upload was admitted after the older one took place, so its item is still there when the event of the older one comes.
 *   (What a load reads is compared with the event besides: an older upload would fail, not be loaded.)
 * - **An event that comes again**: its run has the same id, and is stored for `historyDays` after its end, longer than the archive.
 * - **An event after a backfill**: the item says what was listed; it was written when the listing was made, after the upload.
 * - **A backfill**: where there is no item, the upload was never admitted, or so long ago that it is older than `forgottenBefore`: that one is
 *   `unclear`, and only a person admits it. A bucket with versions has the run's id besides, while the run is stored.
 */
export function keyExpiry(now: number, historyDays: number): number {
  return Math.floor(now / 1000) + Math.max(REMEMBERED_DAYS, historyDays + DELIVERY_DAYS) * 86_400;
}

/**
 * The upload of an object without an item may have been loaded and forgotten if its LastModified is before this. ISO 8601; empty: none was
 * forgotten, since the pipeline has had its first run too recently (`since`; empty: it is not known when).
 */
export function forgottenBefore(now: string, since: string): string {
  // A day less: clocks differ, and a pipeline admits files a while before its first run.
  const from = moved(now, -(REMEMBERED_DAYS - 1) * DAY_MS);
  return since > from ? '' : from;
}

/** Sequencers are compared as text after padding the shorter with zeros on the left (S3 user guide: Event message structure). */
export function paddedSequencer(sequencer: string): string {
  return sequencer.toLowerCase().padStart(64, '0');
}

export function keyItemKey({ pipeline, bucket, key }: KeyName): { pk: string; sk: string } {
  const hash = createHash('sha256').update(`${bucket}\0${key}`).digest('hex').slice(0, 40);
  return { pk: `key#${pipeline}#${hash}`, sk: 'key' };
}

/** Was a newer upload of its key admitted than that of this run? A file that a backfill admitted has no sequencer. */
export function isSuperseded(
  item: KeyItem | undefined,
  { run, sequencer }: { readonly run: string; readonly sequencer: string | undefined },
): boolean {
  if (item === undefined || item.upload?.run === run) return false;
  const { highest, upload, listed } = item;
  if (sequencer !== undefined) return highest !== undefined && paddedSequencer(sequencer) < highest;
  if (listed === undefined) return false;
  // Of an event at about the time of the listing it is not known whether it is the older one.
  return listed.run !== run || (upload !== undefined && upload.at > certainlyAfter(listed.at));
}

/** The attributes of the item, without those of its key. */
export function keyAttributes(
  { pipeline, bucket, key }: KeyName,
  { highest, upload, listed }: KeyItem,
): Item {
  // A part of a marked folder is found by its key: it has no run of its own.
  const part = upload !== undefined &&
    upload.via === undefined && { pipeline, fileKey: fileKey(key, upload.at) };
  return { ...part, bucketName: bucket, objectKey: key, ...upload, ...defined({ highest, listed }) };
}

const upload: Shape<Upload> = map({
  etag: text,
  size: count,
  at: instant,
  run: text,
  via: optional(one('event', 'backfill')),
});

const rest = map({
  highest: optional(text),
  listed: optional(map({ etag: text, lastModified: instant, at: instant, run: text })),
});

/** @throws MalformedItemError */
export function parseKeyItem(item: Item): KeyItem {
  const place = `the item of ${String(item['bucketName'])}/${String(item['objectKey'])} in the table: `;
  return {
    ...rest(item, place),
    ...(item['etag'] === undefined ? {} : { upload: upload(item, place) }),
  };
}
