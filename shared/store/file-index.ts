/**
 * The sort key of the index `by-file`: which files a pipeline received, by key. It is stored when the item is made and is the same in
 * every later write, so that the index is written once for each file.
 */
import { startOf } from '../run/text.ts';

/**
 * DynamoDB rejects an item whose sort key of an index has more than 1,024 bytes (developer guide: Quotas), as many as a key of S3 may have: of a longer one
 * the rest is compared after reading. Leaves room for the time.
 */
const LONGEST_KEY = 1_000;

/** `time`: ISO 8601; of one key, uploads are in its order. In seconds: the shorter a run's item, the more of its writes cost one unit. */
export function fileKey(key: string, time: string): string {
  return `${fileKeyStart(key)} ${Math.floor(Date.parse(time) / 1000)}`;
}

/** What the `fileKey` of every key with this prefix begins with. */
export function fileKeyStart(prefix: string): string {
  return startOf(prefix, LONGEST_KEY);
}
