/** ListObjectsV2. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
import { ServiceError } from '../service-error.ts';
import type { ObjectStore } from './object-store.ts';
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
  await store.needBucket(bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const encoding = query.get('encoding-type');
  if (encoding !== null && encoding !== 'url') {
    throw new ServiceError('InvalidArgument', 'Invalid Encoding Method specified in Request');
  }
  const limit = limitOf(query.get('max-keys'));
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const start: Position | undefined =
    token !== null ? readToken(token) : startAfter !== null ? { after: startAfter } : undefined;

  const encode = (text: string): string =>
    encoding === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text;
  const contents: XmlElements[] = [];
  const prefixes: XmlElements[] = [];
  let last: Position | undefined;
  let truncated = false;
  for (const { key } of await store.keys(bucket, prefix)) {
    if (start !== undefined && !isAfter(key, start)) continue;
    if (last?.prefix === true && key.startsWith(last.after)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (contents.length + prefixes.length >= limit) {
      // With max-keys 0, S3 reports the listing as complete.
      truncated = limit > 0;
      break;
    }
    if (common !== undefined) {
      prefixes.push({ Prefix: encode(common) });
      last = { after: common, prefix: true };
      continue;
    }
    const info = await store.info(bucket, key);
    if (info === undefined) continue;
    contents.push({
      Key: encode(key),
      LastModified: new Date(info.modified).toISOString(),
      ETag: `"${info.etag}"`,
      Size: info.size,
      StorageClass: 'STANDARD',
    });
    last = { after: key };
  }
  return writeXml('ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: encoding ?? undefined,
    StartAfter: startAfter === null ? undefined : encode(startAfter),
    ContinuationToken: token ?? undefined,
    NextContinuationToken: truncated && last !== undefined ? writeToken(last) : undefined,
    KeyCount: contents.length + prefixes.length,
    MaxKeys: limit,
    IsTruncated: truncated,
    Contents: contents,
    CommonPrefixes: prefixes,
  });
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
