/** GetObject and HeadObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { codeOf } from '../../shared/errors.ts';
import { ServiceError } from '../service-error.ts';
import { readPieces } from './files.ts';
import { matchesEtag, type ObjectInfo, type ObjectStore } from './object-store.ts';
import type { S3Request } from './request.ts';
import { noSuchKey, preconditionFailed } from './s3-error.ts';

/** Bytes, both inclusive. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Sends the object, or with HEAD only what is known of it. */
export async function sendObject(
  store: ObjectStore,
  request: S3Request,
  response: ServerResponse,
): Promise<void> {
  await store.needBucket(request.bucket);
  const found = await store.open(request.bucket, request.key);
  if (found === undefined) throw noSuchKey();
  const { info, handle } = found;
  try {
    response.setHeader('etag', `"${info.etag}"`);
    response.setHeader('last-modified', new Date(info.modified).toUTCString());
    if (isUnchanged(request, info)) {
      response.writeHead(304).end();
      return;
    }
    const range = rangeOf(request.header('range'), info.size);
    setHeaders(request, response, info, range);
    response.statusCode = range === undefined ? 200 : 206;
    const from = range?.from ?? 0;
    const to = range?.to ?? info.size - 1;
    response.setHeader('content-length', to - from + 1);
    if (request.method === 'HEAD') response.end();
    else await pipeline(Readable.from(exactly(readPieces(handle, from, to), to - from + 1)), response);
  } catch (error) {
    // A client that has read enough goes away; that is no failure.
    if (codeOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    await handle.close();
  }
}

/** A file cut short by hand while it is sent must break the response, not end it as if it were whole. */
async function* exactly(pieces: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer, void> {
  let left = bytes;
  for await (const piece of pieces) {
    left -= piece.length;
    yield piece;
  }
  if (left !== 0) throw new Error('the file was cut short while it was sent');
}

function setHeaders(
  request: S3Request,
  response: ServerResponse,
  info: ObjectInfo,
  range: Range | undefined,
): void {
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('content-type', 'binary/octet-stream');
  // A checksum is that of the whole object.
  const withChecksum =
    request.header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && range === undefined;
  for (const [name, value] of Object.entries(info.headers ?? {})) {
    if (withChecksum || !name.startsWith('x-amz-checksum-')) response.setHeader(name, value);
  }
  // A page among the objects, opened in a browser, must not be of the endpoint's own origin.
  response.setHeader('content-security-policy', 'sandbox');
  for (const name of OVERRIDES) {
    const value = request.query.get(`response-${name}`);
    if (value === null) continue;
    try {
      response.setHeader(name, value);
    } catch {
      throw new ServiceError('InvalidArgument', `response-${name} cannot be the value of a header`);
    }
  }
  if (range !== undefined) {
    response.setHeader(
      'content-range',
      `bytes ${String(range.from)}-${String(range.to)}/${String(info.size)}`,
    );
  }
}

/** True: answer 304. @throws ServiceError PreconditionFailed */
function isUnchanged(request: S3Request, info: ObjectInfo): boolean {
  const ifMatch = request.header('if-match');
  if (ifMatch !== undefined && !matchesEtag(ifMatch, info.etag)) throw preconditionFailed('If-Match');
  const seconds = Math.floor(info.modified / 1000) * 1000;
  const unmodifiedSince = Date.parse(request.header('if-unmodified-since') ?? '');
  if (ifMatch === undefined && seconds > unmodifiedSince) throw preconditionFailed('If-Unmodified-Since');
  const ifNoneMatch = request.header('if-none-match');
  if (ifNoneMatch !== undefined) return matchesEtag(ifNoneMatch, info.etag);
  return seconds <= Date.parse(request.header('if-modified-since') ?? '');
}

/** Headers that a GetObject may choose itself. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** Undefined: the whole object. What S3 does not understand it passes over. @throws ServiceError InvalidRange */
function rangeOf(header: string | undefined, size: number): Range | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < from) return undefined;
  if (from >= size || (first === '' && Number(last) === 0)) {
    throw new ServiceError('InvalidRange', 'The requested range is not satisfiable', 416);
  }
  return { from, to };
}
