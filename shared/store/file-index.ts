/**
 * The sort key of the index `by-file`: which files a pipeline received, by key. It is stored when the item is made and is the same in
 * every later write, so that the index is written once for each file.
 */
import { startOf } from '../run/text.ts';

/** DynamoDB rejects an item with a longer sort key of an index (developer guide: Quotas, sort key). Bytes. */
const LONGEST = 1_024;

/** An S3 key has up to 1,024 bytes: the rest of a longer one is compared after reading. Leaves room for the time. */
const LONGEST_KEY = 990;

/** `time`: ISO 8601; of one key, uploads are in its order. */
export function fileKey(key: string, time: string): string {
  return startOf(`${fileKeyStart(key)} ${time}`, LONGEST);
}

/** What the `fileKey` of every key with this prefix begins with. */
export function fileKeyStart(prefix: string): string {
  return startOf(prefix, LONGEST_KEY);
}
