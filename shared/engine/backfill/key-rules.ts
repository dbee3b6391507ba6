/**
 * One upload, one admission: what the item of a key says of an upload that an event announces, or that a listing shows. A
 * listing has no sequencer, so an event and a listing of one upload are recognized by etag and time. Pure.
 */
import { defined } from '../../run/defined.ts';
import type { KeyItem, Listed, Upload } from '../../store/key-item.ts';
import { certainlyAfter } from '../../store/key-item.ts';

export interface EventUpload {
  readonly upload: Upload;
  /** Padded. */
  readonly sequencer: string;
  /** The object has a version: it is the same upload as a listed one only if its run is. */
  readonly hasVersion: boolean;
  /** A replay that runs the file again, whether it was loaded or not. */
  readonly isRerun: boolean;
}

/** `next`: the item to store first; absent: it stays as it is. */
export type EventVerdict =
  /** It is the newest upload of its key. */
  | { readonly kind: 'admit'; readonly next: KeyItem }
  | { readonly kind: 'superseded'; readonly next?: undefined }
  /** A backfill admitted it: its run is that of `listed`. `isNewest`: no newer upload was admitted since. */
  | {
      readonly kind: 'listed';
      readonly next?: KeyItem;
      readonly listed: Listed;
      readonly isNewest: boolean;
    };

export function judgeEvent(item: KeyItem, event: EventUpload): EventVerdict {
  const { upload, sequencer } = event;
  const { highest = '', listed } = item;
  const isInTime = listed !== undefined && upload.at <= certainlyAfter(listed.at);
  if (isInTime && isListedUpload(item, listed, event)) {
    // An admitted upload with a lower sequencer is older than the listed one, which is the newest again.
    const isNewest = item.upload?.run === listed.run || highest < sequencer;
    const next: KeyItem = {
      ...item,
      highest: sequencer,
      ...(item.upload?.run === listed.run
        ? {}
        : { upload: { ...upload, run: listed.run, via: 'backfill' as const } }),
    };
    return { kind: 'listed', listed, isNewest, ...(highest < sequencer ? { next } : {}) };
  }
  // The upload ended before the listed one began.
  if (isInTime && upload.etag !== listed.etag && upload.at < listed.lastModified)
    return { kind: 'superseded' };
  if (highest > sequencer) return { kind: 'superseded' };
  return { kind: 'admit', next: { ...item, highest: sequencer, upload } };
}

function isListedUpload(item: KeyItem, listed: Listed, event: EventUpload): boolean {
  const { upload, sequencer, hasVersion, isRerun } = event;
  if (isRerun) return false;
  if (upload.run === listed.run) return true;
  if (hasVersion || upload.etag !== listed.etag) return false;
  // The same bytes again, after another upload that came after the listing.
  const isPutBack =
    item.upload !== undefined &&
    item.upload.run !== listed.run &&
    item.upload.at > listed.at &&
    (item.highest ?? '') < sequencer;
  return !isPutBack;
}

export interface ListedUpload {
  readonly listed: Listed;
  /** Bytes. */
  readonly size: number;
  readonly hasVersion: boolean;
}

export type ListVerdict =
  /** Store `next`, then create its run. */
  | { readonly kind: 'admit'; readonly next: KeyItem }
  /** An earlier backfill admitted it, and may have been interrupted before it created the run. */
  | { readonly kind: 'ensure'; readonly isNewest: boolean }
  | { readonly kind: 'known' | 'superseded' }
  /** The same bytes were admitted by an earlier backfill: if that was interrupted before it created this run, as `admit`. */
  | { readonly kind: 'same'; readonly run: string; readonly next: KeyItem }
  /** An upload of this key was admitted, and which one was not kept; or one may have been, so long ago that it is forgotten. */
  | { readonly kind: 'unclear' };

export interface ListRules {
  /** Of ended runs, in days. */
  readonly historyDays: number;
  /** An upload with an earlier LastModified that has no item may have been loaded and forgotten. ISO 8601. */
  readonly forgottenBefore: string;
  /** Admit what is unclear. */
  readonly again: boolean;
}

/** `item`: undefined: no upload of the key was admitted, or all of them are forgotten. */
export function judgeListing(
  item: KeyItem | undefined,
  { listed, size, hasVersion }: ListedUpload,
  { historyDays, forgottenBefore, again }: ListRules,
): ListVerdict {
  const { etag, lastModified, at, run } = listed;
  const upload = { etag, size, at: lastModified, run, via: 'backfill' as const };
  const next = { ...defined({ highest: item?.highest }), upload, listed };
  const admit: ListVerdict = { kind: 'admit', next };
  if (item === undefined) return lastModified < forgottenBefore && !again ? { kind: 'unclear' } : admit;
  const before = item.listed;
  // Later its run may have ended and expired.
  const isKept = before !== undefined && Date.parse(at) - Date.parse(before.at) < historyDays * 86_400_000;
  if (before?.run === run) {
    const isNewest =
      item.upload === undefined || item.upload.run === run || item.upload.at <= certainlyAfter(before.at);
    return isKept ? { kind: 'ensure', isNewest } : { kind: 'known' };
  }
  if (item.upload === undefined) return again ? admit : { kind: 'unclear' };
  const known = item.upload;
  if (known.etag === etag) {
    // Another version may have the same bytes.
    const isOlder = hasVersion && certainlyAfter(known.at) < lastModified;
    if (isOlder) return admit;
    return isKept && before.run === known.run ? { kind: 'same', run: known.run, next } : { kind: 'known' };
  }
  // The listing shows the current object: what ended a while before it is older, whenever the listed upload began.
  const isOlder = known.at < lastModified || certainlyAfter(known.at) < at;
  return isOlder ? admit : { kind: 'superseded' };
}
