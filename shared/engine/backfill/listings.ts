/** What a backfill of a pipeline lists: the prefixes of its s3 triggers, each object once. */
import type { Plan } from '../../pipeline/plan.ts';
import type { Settings } from '../ports.ts';

export interface Listing {
  readonly bucket: string;
  readonly prefix: string;
}

/** Narrowed to `prefix`; a prefix within another one is left out. In a fixed order. */
export function listingsOf(
  { triggers }: Plan,
  prefix: string,
  { landingBucket, artifactsBucket }: Settings,
): Listing[] {
  const listings = triggers.flatMap((trigger): Listing[] => {
    if (trigger.kind !== 's3') return [];
    const { bucket = landingBucket, prefix: own } = trigger;
    if (bucket === artifactsBucket) return [];
    if (prefix.startsWith(own)) return [{ bucket, prefix }];
    return own.startsWith(prefix) ? [{ bucket, prefix: own }] : [];
  });
  return listings
    .filter(
      (one, i) =>
        !listings.some(
          (other, j) =>
            other.bucket === one.bucket &&
            one.prefix.startsWith(other.prefix) &&
            (other.prefix !== one.prefix || j < i),
        ),
    )
    .sort((a, b) => (`${a.bucket}/${a.prefix}` < `${b.bucket}/${b.prefix}` ? -1 : 1));
}
