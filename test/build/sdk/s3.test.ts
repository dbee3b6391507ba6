/** The functions' client for S3 beside the SDK's. */
import { crc32 } from 'node:zlib';

import { expect, test, vi } from 'vitest';

import { type Clients, expectSame, useBothSdks } from './comparison.ts';
import type { Answer } from './scripted-server.ts';

useBothSdks();

const KEYS = [
  'a.csv',
  "a b/ä+c=d/(1)'!*.csv",
  '/leading',
  'double//slash/',
  './dots/../x',
  'q?x=1&y#z%20',
  '日本/🎉',
];

/** What the functions read of an answer. */
const read = ({ ContentLength, ETag, VersionId, LastModified }: Record<string, unknown>): object => ({
  ContentLength,
  ETag,
  VersionId,
  LastModified,
});

const head =
  (Key: string) =>
  async ({ S3Client, HeadObjectCommand }: Clients, config: object) =>
    read((await new S3Client(config).send(new HeadObjectCommand({ Bucket: 'bucket', Key }))) as never);

const put =
  (Body: string) =>
  async ({ S3Client, PutObjectCommand }: Clients, config: object) => {
    const client = new S3Client(config);
    const ContentType = 'application/json';
    const { ETag, VersionId } = await client.send(
      new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body, ContentType }),
    );
    return { ETag, VersionId };
  };

const get =
  (Range?: string) =>
  async ({ S3Client, GetObjectCommand }: Clients, config: object) => {
    const object = await new S3Client(config).send(
      new GetObjectCommand({ Bucket: 'bucket', Key: 'k', Range }),
    );
    return { ...read(object as never), text: await object.Body?.transformToString() };
  };

const list = async ({ S3Client, ListObjectVersionsCommand }: Clients, config: object) => {
  const command = new ListObjectVersionsCommand({
    Bucket: 'bucket',
    Prefix: 'in/ä b',
    KeyMarker: 'after+x',
    MaxKeys: 7,
    EncodingType: 'url',
  });
  const { Versions, DeleteMarkers, IsTruncated } = await new S3Client(config).send(command);
  const fields = ({ Key, Size, ETag, VersionId, IsLatest, LastModified }: Record<string, unknown>) => ({
    Key,
    Size: Size ?? 0,
    ETag,
    VersionId,
    IsLatest,
    LastModified,
  });
  return {
    versions: (Versions ?? []).map((version) => fields(version as never)),
    marks: (DeleteMarkers ?? []).map((mark) => fields(mark as never)),
    IsTruncated,
  };
};

const OBJECT = {
  etag: '"abc"',
  'x-amz-version-id': 'v1',
  'last-modified': 'Wed, 04 Mar 2026 05:00:00 GMT',
};

test('looks for an object of any name as the SDK does', async () => {
  for (const key of KEYS) {
    const { requests } = await expectSame(head(key), [{ headers: { ...OBJECT, 'content-length': '12' } }]);
    expect(requests).toHaveLength(1);
  }
});

test('writes text with its checksum', async () => {
  for (const body of ['{"a":"ä"}', '', 'x'.repeat(100_000)])
    await expectSame(put(body), [{ headers: OBJECT }]);
});

test('reads an object, and the beginning of one', async () => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32('content ä'));
  const checksum = { 'x-amz-checksum-crc32': sum.toString('base64') };
  await expectSame(get(), [{ body: 'content ä' }]);
  await expectSame(get(), [{ body: 'content ä', headers: checksum }]);
  await expectSame(get('bytes=0-9'), [{ status: 206, body: 'content ä' }]);
});

test('an object that arrives with another content is an error', async () => {
  const { outcome } = await expectSame(
    async (clients, config) => {
      const failure: unknown = await get()(clients, config).catch(String);
      return String(failure).includes('Checksum mismatch');
    },
    [{ body: 'other', headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }],
  );
  expect(outcome).toBe(true);
});

const version = (key: string, more = ''): string =>
  `<Version><Key>${key}</Key><VersionId>v</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&#x2d;1&quot;</ETag><Size>9</Size>${more}<Owner><ID>o</ID><DisplayName>n</DisplayName></Owner></Version>`;

const page = (content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>in</Prefix><MaxKeys>7</MaxKeys><EncodingType>url</EncodingType>${content}</ListVersionsResult>`;

test('lists versions as the SDK does', async () => {
  const pages = [
    page('<IsTruncated>false</IsTruncated>'),
    page(`<IsTruncated>true</IsTruncated>${version('in/a%2Bb+c')}`),
    page(
      `<IsTruncated>true</IsTruncated>${version('a')}${version('b', '<StorageClass>STANDARD</StorageClass>')}<DeleteMarker><Owner><ID>o</ID></Owner><Key>c</Key><VersionId>null</VersionId><IsLatest>false</IsLatest><LastModified>2026-01-02T03:04:05.000Z</LastModified></DeleteMarker>`,
    ),
  ];
  for (const body of pages)
    await expectSame(list, [{ body, headers: { 'content-type': 'application/xml' } }]);
});

const xml = (code: string, status: number, headers = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-amz-request-id': 'r', 'x-amz-id-2': 'i', ...headers },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>no &amp; never</Message><RequestId>r</RequestId><HostId>h</HostId></Error>`,
});

/** What callers see of an error. */
const caught =
  (call: (clients: Clients, config: object) => Promise<unknown>) =>
  (clients: Clients, config: object): Promise<unknown> =>
    call(clients, config).catch((error: Error & { $metadata: object; $fault: string }) => {
      const { name, message, $metadata, $fault } = error;
      return { name, message, $metadata, $fault };
    });

const failures: Readonly<Record<string, Answer>> = {
  'no such key': xml('NoSuchKey', 404),
  'no such bucket': xml('NoSuchBucket', 404),
  'access denied': xml('AccessDenied', 403),
  'slow down': xml('SlowDown', 503),
  'an internal error': xml('InternalError', 500),
  'a timeout': xml('RequestTimeout', 400),
  'another Region': xml('PermanentRedirect', 301),
  'a wrong clock': xml('RequestTimeTooSkewed', 403, { date: 'Wed, 04 Mar 2026 09:00:00 GMT' }),
  'retry after 1 s': xml('SlowDown', 503, { 'retry-after': '1' }),
  'no connection': 'cut',
};

for (const [what, answer] of Object.entries(failures)) {
  test(`S3 answers ${what}: once and always`, async () => {
    for (const call of [put('{}'), get(), list]) {
      await expectSame(
        caught(call),
        Array.from({ length: 9 }, () => answer),
      );
      await expectSame(caught(call), [answer, { body: page('<IsTruncated>false</IsTruncated>') }]);
    }
  });
}

test('an answer without a body names its error by its status', async () => {
  for (const status of [301, 400, 403, 404, 412, 429, 500, 503]) {
    const answers = Array.from({ length: 9 }, () => ({ status, headers: { 'x-amz-request-id': 'r' } }));
    await expectSame(caught(head('k')), answers);
  }
});

test('a list that turns out to be an error is asked for again', async () => {
  const { requests } = await expectSame(caught(list), [
    { ...(xml('InternalError', 200) as object) },
    { body: page('<IsTruncated>false</IsTruncated>') },
  ]);
  expect(requests).toHaveLength(2);
});

test('a connection is free again after each call: many calls share few', async () => {
  const times = <T>(call: () => Promise<T>) => Promise.all(Array.from({ length: 60 }, call));
  const { requests: looked } = await expectSame(async ({ S3Client, HeadObjectCommand }, config) => {
    const client = new S3Client(config);
    await times(() => client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'k' })));
  }, []);
  const { requests: written } = await expectSame(async ({ S3Client, PutObjectCommand }, config) => {
    const client = new S3Client(config);
    await times(() => client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'x' })));
  }, []);
  expect([looked.length, written.length]).toEqual([60, 60]);
});

test('AWS_MAX_ATTEMPTS holds for S3', async () => {
  vi.stubEnv('AWS_MAX_ATTEMPTS', '2');
  const { requests } = await expectSame(
    caught(put('{}')),
    Array.from({ length: 5 }, () => xml('SlowDown', 503)),
  );
  expect(requests).toHaveLength(2);
});
