/** One page of a bucket's current objects. Versions are listed, as only they tell the version id that events have. */
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';

import type { ListedFile, ListedPage } from '../engine/ports.ts';
import { defined } from '../run/defined.ts';

/**
 * The next page begins after the last key of this one, so that older versions of that key are passed over: a key's current
 * version, or the mark of its deletion, is listed first.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export async function listFiles(
  client: S3Client,
  bucket: string,
  prefix: string,
  after: string | undefined,
  limit: number,
): Promise<ListedPage> {
  const command = new ListObjectVersionsCommand({
    Bucket: bucket,
    Prefix: prefix,
    KeyMarker: after,
    MaxKeys: limit,
    // XML cannot have every character of a key.
    EncodingType: 'url',
  });
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { readonly headers?: Readonly<Record<string, string>> }).headers?.['date'];
      return result;
    },
    { step: 'deserialize' },
  );
  const { Versions = [], DeleteMarkers = [], IsTruncated } = await client.send(command);
  const keys = [...Versions, ...DeleteMarkers].map(({ Key }) => decoded(Key ?? ''));
  const last = keys.reduce<string | undefined>(
    (most, key) =>
      most === undefined || Buffer.compare(Buffer.from(key), Buffer.from(most)) > 0 ? key : most,
    undefined,
  );
  const files = Versions.filter(({ IsLatest }) => IsLatest === true).map(
    ({ Key, Size, ETag, VersionId, LastModified }): ListedFile => ({
      bucket,
      key: decoded(Key ?? ''),
      size: Size ?? 0,
      etag: (ETag ?? '').replaceAll('"', ''),
      versionId: VersionId ?? 'null',
      modified: (LastModified ?? new Date(0)).toISOString(),
    }),
  );
  return { files, ...defined({ last, at: instantOf(date) }), isLast: IsTruncated !== true };
}

/** Of the header `Date`: the clock that the times of objects and events are from. */
function instantOf(date: string | undefined): string | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** A space is `+`; a plus sign is `%2B`. */
function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
