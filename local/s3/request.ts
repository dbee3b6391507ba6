/** A request to S3, taken apart. Path style: `/<bucket>/<key>`. */
import type { IncomingMessage } from 'node:http';

import { defined } from '../../shared/run/defined.ts';
import { ServiceError } from '../service-error.ts';
import { makeRequestId, type ChangeReason, type Origin } from './object-index.ts';

export interface S3Request {
  readonly method: string;
  /** Empty: the service itself. */
  readonly bucket: string;
  /** As the client meant it; empty: the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly id: string;
  readonly message: IncomingMessage;
  header(name: string): string | undefined;
}

const LONGEST_KEY_BYTES = 1024;

/** @throws ServiceError */
export function readRequest(message: IncomingMessage): S3Request {
  const url = message.url ?? '/';
  const mark = url.indexOf('?');
  // Not `new URL`: it would take `..` and `.` in a key for steps.
  const path = (mark < 0 ? url : url.slice(0, mark)).slice(1);
  const slash = path.indexOf('/');
  const key = slash < 0 ? '' : decode(path.slice(slash + 1));
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES)
    throw new ServiceError('KeyTooLongError', 'Your key is too long');
  return {
    method: message.method ?? 'GET',
    bucket: decode(slash < 0 ? path : path.slice(0, slash)),
    key,
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    id: makeRequestId(),
    message,
    header: (name) => {
      const value = message.headers[name];
      return Array.isArray(value) ? value.join(',') : value;
    },
  };
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ServiceError('InvalidURI', `Couldn't parse the specified URI: ${text}`);
  }
}

export function originOf(request: S3Request, reason: ChangeReason): Origin {
  const sourceIp = request.message.socket.remoteAddress;
  return { reason, requestId: request.id, ...defined({ sourceIp }) };
}

const KEPT_HEADERS = ['content-type', 'content-disposition', 'content-language', 'cache-control', 'expires'];

/** What of an upload's headers a download gives back. */
export function headersToKeep(request: S3Request): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = request.header(name);
    if (value !== undefined) kept[name] = value;
  }
  const encodings = (request.header('content-encoding') ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'aws-chunked');
  if (encodings.length > 0) kept['content-encoding'] = encodings.join(',');
  for (const name of Object.keys(request.message.headers)) {
    const value = name.startsWith('x-amz-meta-') ? request.header(name) : undefined;
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
