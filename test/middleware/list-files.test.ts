import { Readable } from 'node:stream';

import { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';

import { listFiles } from '../../shared/middleware/list-files.ts';

/** Answers one page, as a bucket with versioning gives it. */
function clientOf(page: object, inputs: unknown[] = []): S3Client {
  return {
    send: ({ input }: { input: unknown }) => {
      inputs.push(input);
      return Promise.resolve(page);
    },
  } as unknown as S3Client;
}

const LastModified = new Date('2026-11-24T08:00:00Z');

it('a listing has the current version of each key, and no key whose current version is its deletion', async () => {
  const version = (Key: string, VersionId: string, IsLatest: boolean) => ({
    Key,
    VersionId,
    IsLatest,
    Size: 3,
    ETag: '"abc"',
    LastModified,
  });
  const inputs: unknown[] = [];
  const client = clientOf(
    {
      Versions: [version('a', 'a2', true), version('a', 'a1', false), version('b', 'b1', false)],
      DeleteMarkers: [
        { Key: 'b', IsLatest: true },
        { Key: 'c%2Bd+e', IsLatest: true },
      ],
      IsTruncated: true,
    },
    inputs,
  );
  expect(await listFiles(client, 'lake', 'p/', undefined, 5)).toEqual({
    files: [
      {
        bucket: 'lake',
        key: 'a',
        size: 3,
        etag: 'abc',
        versionId: 'a2',
        modified: '2026-11-24T08:00:00.000Z',
      },
    ],
    // Of the mark of a deletion.
    last: 'c+d e',
    isLast: false,
  });
  expect(inputs).toEqual([
    { Bucket: 'lake', Prefix: 'p/', KeyMarker: undefined, MaxKeys: 5, EncodingType: 'url' },
  ]);
});

it.each([
  [{ date: 'Tue, 24 Nov 2026 08:00:01 GMT' }, { at: '2026-11-24T08:00:01.000Z' }],
  [{ date: 'yesterday' }, {}],
  [{}, {}],
])('a listing says when S3 answered it, if S3 does: %j', async (headers, at) => {
  const body = Readable.from(['<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>']);
  const requestHandler = {
    handle: () => Promise.resolve({ response: { statusCode: 200, headers, body } }),
  };
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  const client = new S3Client({ region: 'us-east-1', credentials, requestHandler });
  expect(await listFiles(client, 'lake', 'p/', undefined, 5)).toEqual({ files: [], isLast: true, ...at });
});

it('the last key of a page is the greatest in bytes of UTF-8, not in UTF-16', async () => {
  const keys = ['\u{FFFD}', '\u{1F600}'];
  const Versions = keys.map((Key) => ({ Key: encodeURIComponent(Key), IsLatest: true, LastModified }));
  const { last, files } = await listFiles(clientOf({ Versions }), 'lake', '', undefined, 5);
  expect(last).toBe('\u{1F600}');
  expect(files.map(({ key }) => key)).toEqual(keys);
});
