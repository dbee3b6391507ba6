/** Which operation a request is, and what it does. One function an operation, each ends its response. */
import { rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

import { messageOf } from '../../shared/errors.ts';
import { defined } from '../../shared/run/defined.ts';
import { LOCAL_ACCOUNT } from '../account.ts';
import { ownEntry } from '../own-entry.ts';
import { ServiceError } from '../service-error.ts';
import { receiveBody, receiveText } from './body.ts';
import { readPieces, receiveFile, type ReceivedFile } from './files.ts';
import { listObjectsV2, listObjectVersions } from './listing.ts';
import { matchesEtag, type ObjectStore, type WriteConditions } from './object-store.ts';
import { sendObject } from './reading.ts';
import { decode, headersToKeep, originOf, type S3Request } from './request.ts';
import { noSuchKey, notImplemented, preconditionFailed } from './s3-error.ts';
import type { PartReference, Uploads } from './uploads.ts';
import { childText, readXml, writeXml, type ReadElement, type XmlElements } from './xml.ts';

interface S3Rooms {
  readonly store: ObjectStore;
  readonly uploads: Uploads;
  /** Each bucket's switch for EventBridge; the next start has them as the template says. */
  readonly events: {
    isOn(bucket: string): boolean;
    turn(bucket: string, on: boolean): void;
  };
  /** Called after each change. */
  announce(): void;
}

type Operation = (rooms: S3Rooms, request: S3Request, response: ServerResponse) => Promise<void>;

const LARGEST_XML = 2 * 1024 * 1024;
const MOST_DELETES = 1000;

/** Query parameters that belong to no operation of their own. */
const PLAIN_PARAMETER =
  /^(?:x-id|x-amz-.*|response-.*|versionId|prefix|delimiter|max-keys|encoding-type|key-marker|version-id-marker|continuation-token|start-after|fetch-owner|list-type|uploadId|partNumber|max-buckets|bucket-region)$/i;

/** @throws ServiceError NotImplemented with the operation's name */
export function operationOf(request: S3Request): Operation {
  const { method, bucket, key, query } = request;
  const parameter = [...query.keys()].find((name) => !PLAIN_PARAMETER.test(name));
  const place = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const name = [method, place, parameter ?? variantOf(request)].filter((part) => part !== '').join(' ');
  const found = ownEntry(operations, name);
  if (found === undefined) throw notImplemented(nameOf(method, place, parameter ?? variantOf(request)));
  const version = query.get('versionId');
  if (version !== null && version !== 'null') {
    throw new ServiceError('NoSuchVersion', 'the local S3 keeps no versions of objects', 404);
  }
  return found;
}

/** Distinguishes operations with the same method and resource. */
function variantOf(request: S3Request): string {
  const { method, key, query } = request;
  if (query.has('uploadId'))
    return query.has('partNumber') && copySourceOf(request) !== '' ? 'partCopy' : 'uploadId';
  if (query.has('partNumber')) return 'partNumber';
  if (method === 'GET' && key === '' && query.get('list-type') === '2') return 'list-type=2';
  return method === 'PUT' && copySourceOf(request) !== '' ? 'copy' : '';
}

function copySourceOf(request: S3Request): string {
  return request.header('x-amz-copy-source') ?? '';
}

const operations: Readonly<Record<string, Operation>> = {
  'GET service': listBuckets,
  'PUT bucket': createBucket,
  'HEAD bucket': headBucket,
  'GET bucket location': getBucketLocation,
  'GET bucket versioning': getBucketVersioning,
  'GET bucket notification': getBucketNotification,
  'PUT bucket notification': putBucketNotification,
  'GET bucket list-type=2': list,
  'GET bucket versions': listVersions,
  'POST bucket delete': deleteObjects,
  'PUT object': putObject,
  'PUT object copy': copyObject,
  'GET object': getObject,
  'HEAD object': getObject,
  'DELETE object': deleteObject,
  'POST object uploads': createMultipartUpload,
  'PUT object uploadId': uploadPart,
  'POST object uploadId': completeMultipartUpload,
  'DELETE object uploadId': abortMultipartUpload,
};

/** Names of what is not here, as people know them. */
const NAMES: Readonly<Record<string, string>> = {
  'GET bucket ': 'ListObjects (version 1): use ListObjectsV2',
  'DELETE bucket ': 'DeleteBucket',
  'GET bucket uploads': 'ListMultipartUploads',
  'GET object uploadId': 'ListParts',
  'GET object partNumber': 'GetObject with a part number',
  'HEAD object partNumber': 'HeadObject with a part number',
  'PUT object partCopy': 'UploadPartCopy',
  'POST object select': 'SelectObjectContent',
  'POST object restore': 'RestoreObject',
  'GET object attributes': 'GetObjectAttributes',
  'POST bucket ': 'PostObject (browser uploads)',
};

function nameOf(method: string, place: string, variant: string): string {
  const known = NAMES[`${method} ${place} ${variant}`];
  if (known !== undefined) return known;
  const verb = { GET: 'Get', PUT: 'Put', DELETE: 'Delete', HEAD: 'Head', POST: 'Post' }[method] ?? method;
  const title = place === 'bucket' ? 'Bucket' : place === 'object' ? 'Object' : 'Service';
  const part = variant.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return `${verb}${title}${part}`;
}

async function listBuckets({ store }: S3Rooms, _: S3Request, response: ServerResponse): Promise<void> {
  const buckets = await store.buckets();
  sendXml(response, 'ListAllMyBucketsResult', {
    Owner: { ID: LOCAL_ACCOUNT },
    Buckets: {
      Bucket: buckets.map(({ name, created }) => ({
        Name: name,
        CreationDate: new Date(created).toISOString(),
      })),
    },
  });
}

async function createBucket({ store }: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  await receiveText(request, LARGEST_XML);
  await store.createBucket(request.bucket);
  response.setHeader('location', `/${request.bucket}`);
  response.writeHead(200).end();
}

async function headBucket({ store }: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  await store.needBucket(request.bucket);
  response.setHeader('x-amz-bucket-region', 'us-east-1');
  response.writeHead(200).end();
}

/** Empty for us-east-1: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
async function getBucketLocation(
  { store }: S3Rooms,
  request: S3Request,
  response: ServerResponse,
): Promise<void> {
  await store.needBucket(request.bucket);
  sendXml(response, 'LocationConstraint', {});
}

/** Empty: versioning was never switched on. */
async function getBucketVersioning(
  { store }: S3Rooms,
  request: S3Request,
  response: ServerResponse,
): Promise<void> {
  await store.needBucket(request.bucket);
  sendXml(response, 'VersioningConfiguration', {});
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html */
async function getBucketNotification(
  { store, events }: S3Rooms,
  request: S3Request,
  response: ServerResponse,
): Promise<void> {
  await store.needBucket(request.bucket);
  const on = events.isOn(request.bucket);
  sendXml(response, 'NotificationConfiguration', on ? { EventBridgeConfiguration: {} } : {});
}

/** Replaces the whole configuration, as on AWS; of its parts only the switch for EventBridge is here. */
async function putBucketNotification(
  { store, events }: S3Rooms,
  request: S3Request,
  response: ServerResponse,
): Promise<void> {
  await store.needBucket(request.bucket);
  const body = parseXml(await receiveText(request, LARGEST_XML), 'NotificationConfiguration');
  const other = body.children.find(({ name }) => name !== 'EventBridgeConfiguration');
  if (other !== undefined) throw notImplemented(`a ${other.name} of a bucket: its events go to EventBridge`);
  events.turn(request.bucket, body.children.length > 0);
  response.writeHead(200).end();
}

async function list({ store }: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  send(response, await listObjectsV2(store, request));
}

async function listVersions({ store }: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  send(response, await listObjectVersions(store, request));
}

async function getObject({ store }: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  await sendObject(store, request, response);
}

async function putObject(rooms: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  const { store } = rooms;
  await store.needBucket(request.bucket);
  const { file, checksums } = await receiveBody(request, store.temporary);
  await withFile(file, () =>
    store.place(request.bucket, request.key, file, {
      etag: file.md5,
      headers: { ...headersToKeep(request), ...checksums },
      conditions: conditionsOf(request),
      origin: originOf(request, 'PutObject'),
    }),
  );
  rooms.announce();
  response.setHeader('etag', `"${file.md5}"`);
  for (const [name, value] of Object.entries(checksums)) response.setHeader(name, value);
  response.writeHead(200).end();
}

async function copyObject(rooms: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  const { store } = rooms;
  await store.needBucket(request.bucket);
  const [path = '', version] = copySourceOf(request).split('?');
  if (version !== undefined) throw notImplemented('CopyObject of a version');
  const [, bucket = '', key = ''] = /^\/?([^/]+)\/([^]+)$/.exec(decode(path)) ?? [];
  const replace = request.header('x-amz-metadata-directive')?.toUpperCase() === 'REPLACE';
  if (bucket === request.bucket && key === request.key && !replace) {
    throw new ServiceError(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.",
    );
  }
  await store.needBucket(bucket);
  const source = await store.open(bucket, key);
  if (source === undefined) throw noSuchKey();
  let file: ReceivedFile;
  try {
    const wanted = request.header('x-amz-copy-source-if-match');
    if (wanted !== undefined && !matchesEtag(wanted, source.info.etag)) {
      throw preconditionFailed('x-amz-copy-source-If-Match');
    }
    file = await receiveFile(readPieces(source.handle, 0, Number.POSITIVE_INFINITY), store.temporary);
  } finally {
    await source.handle.close();
  }
  const copy = await withFile(file, () =>
    store.place(request.bucket, request.key, file, {
      etag: file.md5,
      headers: replace ? headersToKeep(request) : (source.info.headers ?? {}),
      conditions: conditionsOf(request),
      origin: originOf(request, 'CopyObject'),
    }),
  );
  rooms.announce();
  sendXml(response, 'CopyObjectResult', {
    LastModified: new Date(copy.modified).toISOString(),
    ETag: `"${copy.etag}"`,
  });
}

async function deleteObject(rooms: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  await rooms.store.needBucket(request.bucket);
  await rooms.store.remove(request.bucket, request.key, originOf(request, 'DeleteObject'));
  rooms.announce();
  response.writeHead(204).end();
}

async function deleteObjects(rooms: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  await rooms.store.needBucket(request.bucket);
  const body = parseXml(await receiveText(request, LARGEST_XML), 'Delete');
  const objects = body.children.filter(({ name }) => name === 'Object');
  if (objects.length === 0 || objects.length > MOST_DELETES) {
    throw new ServiceError('MalformedXML', `A Delete needs 1 to ${String(MOST_DELETES)} objects`);
  }
  const deleted: XmlElements[] = [];
  const errors: XmlElements[] = [];
  for (const object of objects) {
    const Key = childText(object, 'Key') ?? '';
    try {
      await rooms.store.remove(request.bucket, Key, originOf(request, 'DeleteObject'));
      deleted.push({ Key });
    } catch (error) {
      errors.push({
        Key,
        Code: 'InternalError',
        Message: messageOf(error),
      });
    }
  }
  rooms.announce();
  const quiet = childText(body, 'Quiet') === 'true';
  sendXml(response, 'DeleteResult', { Deleted: quiet ? undefined : deleted, Error: errors });
}

async function createMultipartUpload(
  rooms: S3Rooms,
  request: S3Request,
  response: ServerResponse,
): Promise<void> {
  const { bucket, key } = request;
  await rooms.store.needBucket(bucket);
  const UploadId = await rooms.uploads.create({ bucket, key, headers: headersToKeep(request) });
  sendXml(response, 'InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId });
}

async function uploadPart(rooms: S3Rooms, request: S3Request, response: ServerResponse): Promise<void> {
  const id = request.query.get('uploadId') ?? '';
  await rooms.uploads.find(id, request.bucket, request.key);
  const { file, checksums } = await receiveBody(request, rooms.store.temporary);
  await withFile(file, () => rooms.uploads.putPart(id, Number(request.query.get('partNumber')), file));
  response.setHeader('etag', `"${file.md5}"`);
  for (const [name, value] of Object.entries(checksums)) response.setHeader(name, value);
  response.writeHead(200).end();
}

async function completeMultipartUpload(
  rooms: S3Rooms,
  request: S3Request,
  response: ServerResponse,
): Promise<void> {
  const { bucket, key } = request;
  const id = request.query.get('uploadId') ?? '';
  const upload = await rooms.uploads.find(id, bucket, key);
  const body = parseXml(await receiveText(request, LARGEST_XML), 'CompleteMultipartUpload');
  const { file, etag } = await rooms.uploads.assemble(id, body.children.flatMap(partOf));
  await withFile(file, () =>
    rooms.store.place(bucket, key, file, {
      etag,
      headers: upload.headers,
      conditions: conditionsOf(request),
      origin: originOf(request, 'CompleteMultipartUpload'),
    }),
  );
  await rooms.uploads.remove(id);
  rooms.announce();
  sendXml(response, 'CompleteMultipartUploadResult', {
    Location: `http://${request.header('host') ?? 'localhost'}/${bucket}/${encodeURIComponent(key)}`,
    Bucket: bucket,
    Key: key,
    ETag: `"${etag}"`,
  });
}

async function abortMultipartUpload(
  rooms: S3Rooms,
  request: S3Request,
  response: ServerResponse,
): Promise<void> {
  const id = request.query.get('uploadId') ?? '';
  await rooms.uploads.find(id, request.bucket, request.key);
  await rooms.uploads.remove(id);
  response.writeHead(204).end();
}

function partOf(element: ReadElement): readonly PartReference[] {
  if (element.name !== 'Part') return [];
  return [{ number: Number(childText(element, 'PartNumber')), etag: childText(element, 'ETag') ?? '' }];
}

function conditionsOf(request: S3Request): WriteConditions {
  const ifNoneMatch = request.header('if-none-match');
  const ifMatch = request.header('if-match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw notImplemented('writing with If-None-Match other than *');
  }
  return defined({ ifNoneMatch, ifMatch });
}

function parseXml(text: string, root: string): ReadElement {
  try {
    const element = readXml(text);
    if (element.name === root) return element;
  } catch {
    // Said below.
  }
  throw new ServiceError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

/** A received file that could not be put in place does not stay. */
async function withFile<T>(file: ReceivedFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await rm(file.path, { force: true });
    throw error;
  }
}

function sendXml(response: ServerResponse, root: string, elements: XmlElements): void {
  send(response, writeXml(root, elements));
}

function send(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
