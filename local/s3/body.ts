/** The body of an upload: unwrapped, checked against everything the client said of it, on disk. */
import { rm } from 'node:fs/promises';

import { ServiceError } from '../service-error.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { checksumNames, startChecksum, type RunningChecksum } from './checksums.ts';
import { receiveFile, type ReceivedFile } from './files.ts';
import type { S3Request } from './request.ts';
import { notImplemented } from './s3-error.ts';

export interface ReceivedBody {
  readonly file: ReceivedFile;
  /** `x-amz-checksum-…` headers that were given and hold. */
  readonly checksums: Readonly<Record<string, string>>;
}

const CHECKSUM = 'x-amz-checksum-';
/** Headers of that beginning that name no value. */
const NO_VALUE = new Set(['algorithm', 'type', 'mode']);

/** Streams the body into a file of `folder`. @throws ServiceError when it is not what it should be, and nothing is left */
export async function receiveBody(request: S3Request, folder: string): Promise<ReceivedBody> {
  const trailers = new Map<string, string>();
  const checks = startChecks(request);
  const file = await receiveFile(unwrapped(request, trailers), folder, (piece) => {
    for (const check of checks.values()) check.update(piece);
  });
  try {
    return { file, checksums: compare(request, file, trailers, checks) };
  } catch (error) {
    await rm(file.path, { force: true });
    throw error;
  }
}

/** A small body in memory. */
export async function receiveText(request: S3Request, limit: number): Promise<string> {
  const trailers = new Map<string, string>();
  const checks = startChecks(request);
  const md5 = startChecksum('md5');
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of unwrapped(request, trailers)) {
    size += piece.length;
    if (size > limit)
      throw new ServiceError('MalformedXML', `The request body is larger than ${String(limit)} bytes`);
    for (const check of checks.values()) check.update(piece);
    md5?.update(piece);
    pieces.push(piece);
  }
  const digest = Buffer.from(md5?.digest() ?? '', 'base64').toString('hex');
  compare(request, { size, md5: digest }, trailers, checks);
  return Buffer.concat(pieces).toString('utf8');
}

function isChunked(request: S3Request): boolean {
  return (
    request.header('x-amz-content-sha256')?.startsWith('STREAMING-') === true ||
    request.header('content-encoding')?.includes('aws-chunked') === true
  );
}

function unwrapped(request: S3Request, trailers: Map<string, string>): AsyncIterable<Buffer> {
  const source = request.message as AsyncIterable<Buffer>;
  return isChunked(request) ? decodeAwsChunked(source, trailers) : source;
}

/** One running checksum for every one that is announced, in a header or as a trailer. */
function startChecks(request: S3Request): ReadonlyMap<string, RunningChecksum> {
  const names = new Set<string>();
  for (const header of Object.keys(request.message.headers)) {
    if (header.startsWith(CHECKSUM)) names.add(header.slice(CHECKSUM.length));
  }
  for (const trailer of (request.header('x-amz-trailer') ?? '').split(',')) {
    const name = trailer.trim().toLowerCase();
    if (name.startsWith(CHECKSUM)) names.add(name.slice(CHECKSUM.length));
  }
  const checks = new Map<string, RunningChecksum>();
  for (const name of names) {
    if (NO_VALUE.has(name)) continue;
    const check = startChecksum(name);
    if (check === undefined) {
      throw notImplemented(`the checksum ${name}; it has ${checksumNames.join(', ')}`);
    }
    checks.set(name, check);
  }
  const sha256 = request.header('x-amz-content-sha256') ?? '';
  const check = /^[0-9a-f]{64}$/.test(sha256) ? startChecksum('sha256') : undefined;
  if (check !== undefined) checks.set(PAYLOAD, check);
  return checks;
}

/** The signed hash of the payload, among the checksums. */
const PAYLOAD = 'payload';

function compare(
  request: S3Request,
  file: Pick<ReceivedFile, 'size' | 'md5'>,
  trailers: ReadonlyMap<string, string>,
  checks: ReadonlyMap<string, RunningChecksum>,
): Readonly<Record<string, string>> {
  const length = request.header('x-amz-decoded-content-length');
  if (length !== undefined && Number(length) !== file.size) {
    throw new ServiceError(
      'IncompleteBody',
      `The request body has ${String(file.size)} bytes; its header specifies ${length}`,
    );
  }
  const md5 = request.header('content-md5');
  if (md5 !== undefined && Buffer.from(md5, 'base64').toString('hex') !== file.md5) {
    throw new ServiceError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const held: Record<string, string> = {};
  for (const [name, check] of checks) {
    const computed = check.digest();
    if (name === PAYLOAD) {
      if (Buffer.from(computed, 'base64').toString('hex') !== request.header('x-amz-content-sha256')) {
        throw new ServiceError(
          'XAmzContentSHA256Mismatch',
          "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
      }
      continue;
    }
    const given = trailers.get(CHECKSUM + name) ?? request.header(CHECKSUM + name);
    if (given === undefined) {
      throw new ServiceError('MalformedTrailerError', `the announced trailer ${CHECKSUM}${name} is missing`);
    }
    if (given !== computed) {
      throw new ServiceError(
        'BadDigest',
        `The ${name.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    }
    held[CHECKSUM + name] = computed;
  }
  return held;
}
