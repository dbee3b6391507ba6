/** Determines service, operation and resource of a request from its URL and headers alone. */
import type { IncomingMessage } from 'node:http';

import { defined } from '../../shared/run/defined.ts';
import { schedulerOperation } from '../events/scheduler-api.ts';
import { decodePercent } from '../http.ts';
import { functionIn, functionNameOf } from '../lambda/api.ts';
import { hostnameOf } from '../loopback.ts';
import { ownEntry } from '../own-entry.ts';

export type ServiceName =
  | 'dynamodb'
  | 'redshift-data'
  | 'events'
  | 'scheduler'
  | 'sqs'
  | 'lambda'
  | 's3'
  | 'unknown';

export interface Route {
  readonly service: ServiceName;
  readonly operation: string;
  /** Function, or bucket and key; of JSON services it is read from the body. */
  readonly resource?: string;
}

const TARGETS: Readonly<Record<string, ServiceName>> = {
  DynamoDB_20111205: 'dynamodb',
  DynamoDB_20120810: 'dynamodb',
  RedshiftData: 'redshift-data',
  AWSEvents: 'events',
  AmazonSQS: 'sqs',
};

/** Signed for these but without a target: S3 takes everything else. */
const SIGNED_FOR: Readonly<Record<string, ServiceName>> = { s3: 's3', s3express: 's3' };

const CONFIGURATION = /^\/2015-03-31\/functions\/([^/]+)\/configuration$/;

export function routeOf(request: IncomingMessage, signedFor: string | undefined): Route {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    const [prefix = '', operation = ''] = target.split('.');
    return { service: ownEntry(TARGETS, prefix) ?? 'unknown', operation: operation || target };
  }
  const url = request.url ?? '/';
  const [path = '/', query = ''] = url.split('?', 2);
  const configured = CONFIGURATION.exec(path)?.[1];
  if (configured !== undefined && request.method === 'GET') {
    const resource = functionIn(decodePercent(configured));
    return { service: 'lambda', operation: 'GetFunctionConfiguration', resource };
  }
  if (path.replace(/\/$/, '') === '/2015-03-31/event-source-mappings' && request.method === 'GET') {
    const resource = functionIn(new URLSearchParams(query).get('FunctionName') ?? '');
    return { service: 'lambda', operation: 'ListEventSourceMappings', resource };
  }
  if (path.startsWith('/2015-03-31/') || signedFor === 'lambda') {
    const name = functionNameOf(path);
    return {
      service: 'lambda',
      operation: name === undefined ? `${String(request.method)} ${path}` : 'Invoke',
      ...defined({ resource: name }),
    };
  }
  if (signedFor === 'scheduler')
    return { service: 'scheduler', operation: schedulerOperation(request.method ?? 'GET', path) };
  if (signedFor !== undefined && ownEntry(SIGNED_FOR, signedFor) === undefined) {
    return { service: 'unknown', operation: `${signedFor} ${String(request.method)} ${path}` };
  }
  return { service: 's3', operation: s3Operation(request, path, query), resource: path.slice(1) };
}

/**
 * S3 also takes a bucket as a name of its host (`bucket.localhost`, `bucket.s3.localhost`), and SDKs choose that for
 * `http://localhost`: such an address is turned into path style.
 */
export function inPathStyle(
  url: string,
  headers: IncomingMessage['headers'],
  signedFor: string | undefined,
): string {
  const isOther = headers['x-amz-target'] !== undefined || url.startsWith('/2015-03-31/');
  if (isOther || (signedFor !== undefined && ownEntry(SIGNED_FOR, signedFor) !== 's3')) return url;
  const name = hostnameOf(headers.host ?? '').replace(/(?:^|\.)s3\.localhost$/, '.localhost');
  const bucket = /^(.+)\.localhost$/.exec(name)?.[1];
  return bucket === undefined ? url : `/${bucket}${url}`;
}

function s3Operation(request: IncomingMessage, path: string, query: string): string {
  const method = request.method ?? 'GET';
  const slash = path.indexOf('/', 1);
  const bucket = path.length > 1;
  const key = slash > 0 && slash < path.length - 1;
  const has = (name: string): boolean => new RegExp(`(?:^|&)${name}(?:=|&|$)`, 'i').test(query);
  if (!bucket) return 'ListBuckets';
  if (!key) {
    if (has('notification')) return `${method === 'PUT' ? 'Put' : 'Get'}BucketNotificationConfiguration`;
    if (method === 'GET' && has('versions')) return 'ListObjectVersions';
    if (method === 'GET') return has('location') ? 'GetBucketLocation' : 'ListObjectsV2';
    if (method === 'POST' && has('delete')) return 'DeleteObjects';
    return { HEAD: 'HeadBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' }[method] ?? `${method} bucket`;
  }
  if (has('uploads')) return 'CreateMultipartUpload';
  if (has('uploadId')) {
    const names: Readonly<Record<string, string>> = {
      PUT: 'UploadPart',
      POST: 'CompleteMultipartUpload',
      DELETE: 'AbortMultipartUpload',
      GET: 'ListParts',
    };
    return names[method] ?? `${method} upload`;
  }
  if (method === 'PUT' && request.headers['x-amz-copy-source'] !== undefined) return 'CopyObject';
  const names: Readonly<Record<string, string>> = {
    GET: 'GetObject',
    HEAD: 'HeadObject',
    PUT: 'PutObject',
    DELETE: 'DeleteObject',
  };
  return names[method] ?? `${method} object`;
}

/** What a JSON request is about, found without parsing the whole body. */
export function resourceOf(service: ServiceName, body: Buffer): string | undefined {
  const member = { dynamodb: 'TableName', 'redshift-data': 'StatementName', sqs: 'QueueUrl' }[
    service as string
  ];
  if (member === undefined) return undefined;
  const text = body.toString('utf8');
  const named = new RegExp(`"${member}"\\s*:\\s*"([^"\\\\]{1,300})`).exec(text)?.[1];
  // Of a batch operation: the first table.
  return (
    named ??
    (service === 'dynamodb' ? /"RequestItems"\s*:\s*\{\s*"([^"\\]{1,300})/.exec(text)?.[1] : undefined)
  );
}
