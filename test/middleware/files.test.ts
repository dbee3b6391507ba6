/** The file store against a bucket with versions, as an existing landing bucket may have them. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { S3FileStore } from '../../shared/middleware/files.ts';

/** Newest last: a version stays when another is put over it. */
let versions: { readonly id: string; readonly etag: string; readonly deleted?: true }[];
let asked: string[];
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://any');
    asked.push(`${request.method ?? ''} ${pathname}`);
    const wanted = searchParams.get('versionId');
    const found = wanted === null ? versions.at(-1) : versions.find(({ id }) => id === wanted);
    if (found === undefined || found.deleted === true) response.writeHead(404).end();
    else
      response
        .writeHead(200, {
          etag: `"${found.etag}"`,
          'x-amz-version-id': found.id,
          'content-length': 7,
          'last-modified': 'Tue, 24 Nov 2026 08:00:01 GMT',
        })
        .end();
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'any');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'any');
});

afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
  server.closeAllConnections();
});

beforeEach(() => {
  versions = [{ id: 'v1', etag: 'one' }];
  asked = [];
});

const file = { bucket: 'files', key: 'stores/a b.csv', size: 7, etag: 'one', versionId: 'v1' };
const store = new S3FileStore('manifests');

test('the object that a COPY would read is found, whatever versions exist', async () => {
  await store.find(file.bucket, file.key);
  expect(asked).toEqual(['HEAD /files/stores/a%20b.csv']);
});

test('a deleted object is not found, even if older versions exist', async () => {
  versions.push({ id: 'v2', etag: '', deleted: true });
  expect(await store.find(file.bucket, file.key)).toBeUndefined();
});

test('the newest object is found, with its version and its time', async () => {
  versions.push({ id: 'v2', etag: 'two' });
  expect(await store.find('files', 'stores/a b.csv')).toEqual({
    bucket: 'files',
    key: 'stores/a b.csv',
    size: 7,
    etag: 'two',
    versionId: 'v2',
    modified: '2026-11-24T08:00:01.000Z',
  });
});
