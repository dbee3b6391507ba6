/** ListObjectsV2, https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, and ListObjectVersions. */
import { LOCAL_ACCOUNT } from '../account.ts';
import { ServiceError } from '../service-error.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import type { S3Request } from './request.ts';
import { writeXml, type XmlElements } from './xml.ts';

const MOST_KEYS = 1000;

/** Where the listing continues: after a key, or after everything below a common prefix. */
interface Position {
  readonly after: string;
  readonly prefix?: true;
}

export async function listObjectsV2(store: ObjectStore, request: S3Request): Promise<string> {
  const { bucket, query } = request;
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const start: Position | undefined =
    token !== null ? readToken(token) : startAfter !== null ? { after: startAfter } : undefined;
  const { encode, encoding, prefix, delimiter, limit, ...found } = await listed(store, request, start);
  const { objects, prefixes, last, isTruncated } = found;
  return writeXml('ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: encoding,
    StartAfter: startAfter === null ? undefined : encode(startAfter),
    ContinuationToken: token ?? undefined,
    NextContinuationToken: isTruncated && last !== undefined ? writeToken(last) : undefined,
    KeyCount: objects.length + prefixes.length,
    MaxKeys: limit,
    IsTruncated: isTruncated,
    Contents: objects.map((object) => contentsOf(object, encode, {})),
    CommonPrefixes: prefixes.map((each) => ({ Prefix: encode(each) })),
  });
}

/**
 * ListObjectVersions. Versioning was never switched on: each object is the one version of its key, with the id `null`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export async function listObjectVersions(store: ObjectStore, request: S3Request): Promise<string> {
  const { bucket, query } = request;
  const marker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker') ?? '';
  if (versionMarker !== '' && marker === '')
    throw new ServiceError(
      'InvalidArgument',
      'A version-id marker cannot be specified without a key marker.',
    );
  // A common prefix is passed over as a whole.
  const isPrefix = query.get('delimiter') !== null && marker.endsWith(query.get('delimiter') ?? '');
  const start: Position | undefined =
    marker === '' ? undefined : { after: marker, ...(isPrefix && { prefix: true }) };
  const { encode, encoding, prefix, delimiter, limit, ...found } = await listed(store, request, start);
  const { objects, prefixes, last, isTruncated } = found;
  const next = isTruncated ? last : undefined;
  return writeXml('ListVersionsResult', {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: encoding,
    KeyMarker: encode(marker),
    VersionIdMarker: versionMarker,
    NextKeyMarker: next === undefined ? undefined : encode(next.after),
    NextVersionIdMarker: next === undefined || next.prefix === true ? undefined : 'null',
    MaxKeys: limit,
    IsTruncated: isTruncated,
    Version: objects.map((object) => contentsOf(object, encode, ONLY_VERSION)),
    CommonPrefixes: prefixes.map((each) => ({ Prefix: encode(each) })),
  });
}

const ONLY_VERSION: XmlElements = { VersionId: 'null', IsLatest: true, Owner: { ID: LOCAL_ACCOUNT } };

function contentsOf(
  { key, modified, etag, size }: ObjectInfo,
  encode: (text: string) => string,
  more: XmlElements,
): XmlElements {
  return {
    Key: encode(key),
    LastModified: new Date(modified).toISOString(),
    ETag: `"${etag}"`,
    Size: size,
    StorageClass: 'STANDARD',
    ...more,
  };
}

interface Found {
  readonly encode: (text: string) => string;
  readonly encoding: string | undefined;
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  readonly objects: readonly ObjectInfo[];
  /** Common prefixes, up to the delimiter. */
  readonly prefixes: readonly string[];
  readonly last: Position | undefined;
  readonly isTruncated: boolean;
}

/** What both listings have in common. */
async function listed(
  store: ObjectStore,
  { bucket, query }: S3Request,
  start: Position | undefined,
): Promise<Found> {
  await store.needBucket(bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const encoding = query.get('encoding-type') ?? undefined;
  if (encoding !== undefined && encoding !== 'url') {
    throw new ServiceError('InvalidArgument', 'Invalid Encoding Method specified in Request');
  }
  const limit = limitOf(query.get('max-keys'));
  const encode = (text: string): string =>
    encoding === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text;
  const objects: ObjectInfo[] = [];
  const prefixes: string[] = [];
  let last: Position | undefined;
  let isTruncated = false;
  for (const { key } of await store.keys(bucket, prefix)) {
    if (start !== undefined && !isAfter(key, start)) continue;
    if (last?.prefix === true && key.startsWith(last.after)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (objects.length + prefixes.length >= limit) {
      // With max-keys 0, S3 reports the listing as complete.
      isTruncated = limit > 0;
      break;
    }
    if (common !== undefined) {
      prefixes.push(common);
      last = { after: common, prefix: true };
      continue;
    }
    const info = await store.info(bucket, key);
    if (info === undefined) continue;
    objects.push(info);
    last = { after: key };
  }
  return { encode, encoding, prefix, delimiter, limit, objects, prefixes, last, isTruncated };
}

function limitOf(text: string | null): number {
  if (text === null) return MOST_KEYS;
  if (!/^[0-9]+$/.test(text))
    throw new ServiceError('InvalidArgument', 'Provided max-keys not an integer or within integer range');
  return Math.min(Number(text), MOST_KEYS);
}

function isAfter(key: string, position: Position): boolean {
  if (position.prefix === true && key.startsWith(position.after)) return false;
  return Buffer.compare(Buffer.from(key), Buffer.from(position.after)) > 0;
}

function writeToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function readToken(token: string): Position {
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Partial<Position>;
    if (typeof value.after === 'string')
      return { after: value.after, ...(value.prefix === true && { prefix: true }) };
  } catch {
    // Said below.
  }
  throw new ServiceError('InvalidArgument', 'The continuation token provided is incorrect');
}
