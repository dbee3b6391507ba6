import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type ChecksumAlgorithm,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { BusEvent } from '../../../local/bus-event.ts';
import { findObject, listObjects } from '../../../local/s3/object-files.ts';
import type { ListedFile } from '../../../shared/engine/ports.ts';
import { listFiles } from '../../../shared/middleware/list-files.ts';
import { startS3, temporaryHome, until, type Running } from './harness.ts';

const Bucket = 'landing';

describe('the S3 endpoint', () => {
  let running: Running;
  let home: Awaited<ReturnType<typeof temporaryHome>>;
  const events: BusEvent[] = [];

  beforeAll(async () => {
    home = await temporaryHome();
    running = await startS3(home.home, (event) => {
      events.push(event);
      return Promise.resolve();
    });
  });

  afterAll(async () => {
    await running.stop();
    await home.remove();
  });

  function send<T>(work: (client: Running['client']) => Promise<T>): Promise<T> {
    return work(running.client);
  }

  it('has LastModified and the times of events on the local clock, wherever it stands', async () => {
    const time = Date.parse('2021-03-04T05:06:07Z');
    running.clock.moveTo(time - Date.now());
    await put('old/a.csv', 'a');
    const { LastModified } = await send((s3) => s3.send(new HeadObjectCommand({ Bucket, Key: 'old/a.csv' })));
    const { Contents = [] } = await send((s3) =>
      s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'old/' })),
    );
    running.clock.moveTo(0);
    const minute = '2021-03-04T05:06';
    expect(LastModified?.toISOString().slice(0, 16)).toBe(minute);
    expect(Contents.map((one) => one.LastModified?.toISOString().slice(0, 16))).toEqual([minute]);
    await until(() => events.some(({ time: at }) => at.startsWith(minute)));
  });

  async function put(Key: string, Body: string | Buffer = 'x'): Promise<void> {
    await send((s3) => s3.send(new PutObjectCommand({ Bucket, Key, Body })));
  }

  async function get(Key: string, more: { Range?: string; IfMatch?: string } = {}): Promise<Buffer> {
    const { Body } = await send((s3) => s3.send(new GetObjectCommand({ Bucket, Key, ...more })));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  async function errorOf(
    work: Promise<unknown>,
  ): Promise<{ name: string; status: number | undefined; message: string }> {
    try {
      await work;
    } catch (error) {
      const failure = error as Error & { $metadata?: { httpStatusCode?: number } };
      return { name: failure.name, status: failure.$metadata?.httpStatusCode, message: failure.message };
    }
    throw new Error('it succeeded');
  }

  it('stores a buffer byte for byte, with its MD5 as etag', async () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const { ETag } = await send((s3) =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'a/bytes.bin', Body: body })),
    );
    expect(ETag).toBe(`"${createHash('md5').update(body).digest('hex')}"`);
    expect(await readFile(join(home.home, 's3/landing/a/bytes.bin'))).toEqual(body);
    expect(await get('a/bytes.bin')).toEqual(body);
  });

  it('stores a stream with the default checksum byte for byte', async () => {
    const body = Buffer.alloc(3_000_000, 'line,of,a,file\r\n');
    const pieces = Array.from({ length: 30 }, (_, index) =>
      body.subarray(index * 100_000, (index + 1) * 100_000),
    );
    await send((s3) =>
      s3.send(
        new PutObjectCommand({
          Bucket,
          Key: 'stream.csv',
          Body: Readable.from(pieces),
          ContentLength: body.length,
        }),
      ),
    );
    expect((await readFile(join(home.home, 's3/landing/stream.csv'))).equals(body)).toBe(true);
  });

  it.each<ChecksumAlgorithm>(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'])(
    'takes a stream with a %s checksum and gives the checksum back',
    async (ChecksumAlgorithm) => {
      const body = Buffer.from(`checked with ${ChecksumAlgorithm}`);
      await send((s3) =>
        s3.send(
          new PutObjectCommand({
            Bucket,
            Key: 'checked',
            Body: Readable.from([body]),
            ContentLength: body.length,
            ChecksumAlgorithm,
          }),
        ),
      );
      expect(await get('checked')).toEqual(body);
      const head = await send((s3) =>
        s3.send(new HeadObjectCommand({ Bucket, Key: 'checked', ChecksumMode: 'ENABLED' })),
      );
      expect(head[`Checksum${ChecksumAlgorithm as 'CRC32'}`]).toMatch(/^[A-Za-z0-9+/]+=*$/);
    },
  );

  it('refuses a body whose checksum, trailer or MD5 is wrong, and keeps nothing', async () => {
    const wrong = await errorOf(
      send((s3) =>
        s3.send(new PutObjectCommand({ Bucket, Key: 'wrong', Body: 'x', ChecksumCRC32: 'AAAAAA==' })),
      ),
    );
    expect(wrong).toMatchObject({ name: 'BadDigest', status: 400 });
    const chunked = await fetch(`${running.endpoint}/landing/wrong`, {
      method: 'PUT',
      headers: {
        'content-encoding': 'aws-chunked',
        'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        'x-amz-decoded-content-length': '5',
        'x-amz-trailer': 'x-amz-checksum-crc32',
      },
      body: '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
    });
    expect(await chunked.text()).toContain('<Code>BadDigest</Code>');
    const cut = await fetch(`${running.endpoint}/landing/wrong`, {
      method: 'PUT',
      headers: { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '5' },
      body: '5\r\nhel',
    });
    expect(await cut.text()).toContain('<Code>IncompleteBody</Code>');
    const md5 = await fetch(`${running.endpoint}/landing/wrong`, {
      method: 'PUT',
      headers: { 'content-md5': Buffer.alloc(16).toString('base64') },
      body: 'x',
    });
    expect(await md5.text()).toContain('<Code>BadDigest</Code>');
    expect(await findObject(join(home.home, 's3'), Bucket, 'wrong')).toBeUndefined();
  });

  it('accepts signed chunks', async () => {
    const answer = await fetch(`${running.endpoint}/landing/signed`, {
      method: 'PUT',
      headers: {
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'x-amz-decoded-content-length': '8',
      },
      body: '5;chunk-signature=ab\r\nhello\r\n3;chunk-signature=cd\r\n\r\n!\r\n0;chunk-signature=ef\r\n\r\n',
    });
    expect(answer.status).toBe(200);
    expect((await get('signed')).toString()).toBe('hello\r\n!');
  });

  it('returns ranges', async () => {
    await put('ranged', '0123456789');
    expect((await get('ranged', { Range: 'bytes=2-4' })).toString()).toBe('234');
    expect((await get('ranged', { Range: 'bytes=7-' })).toString()).toBe('789');
    expect((await get('ranged', { Range: 'bytes=-3' })).toString()).toBe('789');
    expect((await get('ranged', { Range: 'bytes=8-99' })).toString()).toBe('89');
    expect(await errorOf(get('ranged', { Range: 'bytes=10-' }))).toMatchObject({
      name: 'InvalidRange',
      status: 416,
    });
  });

  it('supports conditional reads', async () => {
    await put('pinned', 'one');
    const { ETag } = await send((s3) => s3.send(new HeadObjectCommand({ Bucket, Key: 'pinned' })));
    expect((await get('pinned', { IfMatch: ETag ?? '' })).toString()).toBe('one');
    await put('pinned', 'two');
    expect(await errorOf(get('pinned', { IfMatch: ETag ?? '' }))).toMatchObject({
      name: 'PreconditionFailed',
      status: 412,
    });
    const head = send((s3) => s3.send(new HeadObjectCommand({ Bucket, Key: 'pinned', IfMatch: ETag })));
    expect((await errorOf(head)).status).toBe(412);
  });

  it('supports conditional writes: one of many writers wins', async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        send((s3) =>
          s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: String(index), IfNoneMatch: '*' })),
        ),
      ),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const stale = send((s3) =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'z', IfMatch: '"nope"' })),
    );
    expect(await errorOf(stale)).toMatchObject({ name: 'PreconditionFailed', status: 412 });
    const absent = send((s3) =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'absent', Body: 'z', IfMatch: '"nope"' })),
    );
    expect(await errorOf(absent)).toMatchObject({ name: 'NoSuchKey' });
  });

  it('keeps content type, encoding and metadata', async () => {
    await send((s3) =>
      s3.send(
        new PutObjectCommand({
          Bucket,
          Key: 'described',
          Body: 'x',
          ContentType: 'text/csv',
          ContentEncoding: 'gzip',
          Metadata: { maker: 'me' },
        }),
      ),
    );
    const head = await send((s3) => s3.send(new HeadObjectCommand({ Bucket, Key: 'described' })));
    expect(head).toMatchObject({
      ContentType: 'text/csv',
      ContentEncoding: 'gzip',
      Metadata: { maker: 'me' },
      ContentLength: 1,
    });
  });

  const oddKeys = [
    "a'; drop table x;--.csv",
    "x\\' or.csv",
    'with spaces + and %27 and %2F.csv',
    'größe/日本語 🙂.csv',
    'data/file1.csv',
    'data/file1.csv.bak',
    'folder/',
    '/leading',
    'double//slash',
    '../up',
    'a/./b',
    '..',
    '.hidden/file',
    'being-written.part',
    'line\nbreak\ttab',
    'nul\0byte',
    `${'k'.repeat(300)}/x`,
    Array.from({ length: 8 }, () => 'é'.repeat(63))
      .join('/')
      .slice(0, 511),
    'k'.repeat(1024),
    'clash',
    'clash/below',
    'q?x=1&y#z',
  ];

  it('keeps every key as it is, path or not', async () => {
    for (const key of oddKeys) await put(key, `content of ${key}`);
    for (const key of oddKeys) expect((await get(key)).toString()).toBe(`content of ${key}`);
    const keys: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await send((s3) =>
        s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 7, EncodingType: 'url', ContinuationToken })),
      );
      for (const { Key } of page.Contents ?? []) keys.push(decodeURIComponent(Key ?? ''));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(keys).toEqual(expect.arrayContaining(oddKeys));
    expect(keys).toEqual([...new Set(keys)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    const listed: ListedFile[] = [];
    for (let after: string | undefined, isLast = false; !isLast;) {
      const page = await listFiles(running.client, Bucket, '', after, 7);
      listed.push(...page.files);
      ({ last: after, isLast } = page);
    }
    expect(listed.map(({ key }) => key)).toEqual(keys);
    const files = await listObjects(join(home.home, 's3'), Bucket);
    expect(files.map(({ key }) => key)).toEqual(keys);
    for (const key of oddKeys) {
      const found = await findObject(join(home.home, 's3'), Bucket, key);
      expect(await readFile(found?.path ?? '', 'utf8')).toBe(`content of ${key}`);
      expect(events.some(({ detail }) => (detail['object'] as { key: string }).key === key)).toBe(true);
    }
    for (const key of oddKeys) await send((s3) => s3.send(new DeleteObjectCommand({ Bucket, Key: key })));
    for (const key of oddKeys) expect(await errorOf(get(key))).toMatchObject({ name: 'NoSuchKey' });
  });

  it('lists each object as the one version of its key', async () => {
    for (const key of ['v/a.csv', 'v/b c.csv', 'v/d.csv']) await put(key, key);
    const { Versions = [], DeleteMarkers } = await send((s3) =>
      s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'v/' })),
    );
    expect(DeleteMarkers).toBeUndefined();
    expect(Versions.map(({ Key, VersionId, IsLatest, Size }) => [Key, VersionId, IsLatest, Size])).toEqual([
      ['v/a.csv', 'null', true, 7],
      ['v/b c.csv', 'null', true, 9],
      ['v/d.csv', 'null', true, 7],
    ]);
    const page = await listFiles(running.client, Bucket, 'v/', 'v/a.csv', 1);
    expect(page).toMatchObject({ last: 'v/b c.csv', isLast: false });
    expect(page.files).toMatchObject([
      {
        bucket: Bucket,
        key: 'v/b c.csv',
        size: 9,
        etag: createHash('md5').update('v/b c.csv').digest('hex'),
        versionId: 'null',
        modified: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      },
    ]);
    expect(await listFiles(running.client, Bucket, 'v/', 'v/d.csv', 1)).toEqual({
      files: [],
      isLast: true,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
    });
    const lost = send((s3) => s3.send(new ListObjectVersionsCommand({ Bucket, VersionIdMarker: 'x' })));
    expect(await errorOf(lost)).toMatchObject({ name: 'InvalidArgument', status: 400 });
  });

  it('refuses a key of more than 1,024 bytes', async () => {
    expect(await errorOf(put('é'.repeat(513)))).toMatchObject({ name: 'KeyTooLongError' });
  });

  it('lists by prefix and delimiter, in pages', async () => {
    for (const key of ['l/a.csv', 'l/b/1', 'l/b/2', 'l/c/1', 'l/d.csv', 'l-other']) await put(key);
    const page = await send((s3) =>
      s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/' })),
    );
    expect(page.Contents?.map(({ Key }) => Key)).toEqual(['l/a.csv', 'l/d.csv']);
    expect(page.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['l/b/', 'l/c/']);
    const seen: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const next = await send((s3) =>
        s3.send(
          new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/', MaxKeys: 1, ContinuationToken }),
        ),
      );
      expect(next.KeyCount).toBe(1);
      seen.push(next.Contents?.[0]?.Key ?? next.CommonPrefixes?.[0]?.Prefix);
      ContinuationToken = next.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(seen).toEqual(['l/a.csv', 'l/b/', 'l/c/', 'l/d.csv']);
    const after = await send((s3) =>
      s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', StartAfter: 'l/b/2' })),
    );
    const versions: (string | undefined)[] = [];
    let KeyMarker: string | undefined;
    do {
      const next = await send((s3) =>
        s3.send(
          new ListObjectVersionsCommand({ Bucket, Prefix: 'l/', Delimiter: '/', MaxKeys: 1, KeyMarker }),
        ),
      );
      versions.push(next.Versions?.[0]?.Key ?? next.CommonPrefixes?.[0]?.Prefix);
      KeyMarker = next.NextKeyMarker;
    } while (KeyMarker !== undefined);
    expect(versions).toEqual(seen);
    expect(after.Contents?.map(({ Key }) => Key)).toEqual(['l/c/1', 'l/d.csv']);
    expect(after.Contents?.[0]).toMatchObject({
      Size: 1,
      ETag: `"${createHash('md5').update('x').digest('hex')}"`,
    });
  });

  it('copies, also onto a key with odd characters', async () => {
    await put('from here+1.csv', 'copied');
    await send((s3) =>
      s3.send(
        new CopyObjectCommand({
          Bucket,
          Key: "to 'there'.csv",
          CopySource: `landing/${encodeURIComponent('from here+1.csv')}`,
        }),
      ),
    );
    expect((await get("to 'there'.csv")).toString()).toBe('copied');
    await until(() => events.some(({ detail }) => detail['reason'] === 'CopyObject'));
    const missing = send((s3) =>
      s3.send(new CopyObjectCommand({ Bucket, Key: 'x', CopySource: 'landing/none' })),
    );
    expect(await errorOf(missing)).toMatchObject({ name: 'NoSuchKey' });
  });

  it('deletes many objects, without errors for missing ones', async () => {
    await put('d/1');
    await put('d/<2>&');
    const answer = await send((s3) =>
      s3.send(
        new DeleteObjectsCommand({
          Bucket,
          Delete: { Objects: [{ Key: 'd/1' }, { Key: 'd/<2>&' }, { Key: 'd/none' }] },
        }),
      ),
    );
    expect(answer.Deleted?.map(({ Key }) => Key)).toEqual(['d/1', 'd/<2>&', 'd/none']);
    expect(await listObjects(join(home.home, 's3'), Bucket, 'd/')).toEqual([]);
  });

  it('puts the parts of a multipart upload together', async () => {
    const parts = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('the end')];
    const { UploadId } = await send((s3) =>
      s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big' })),
    );
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1;
      const { ETag } = await send((s3) =>
        s3.send(new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber, Body })),
      );
      Parts.push({ PartNumber, ETag });
    }
    const done = await send((s3) =>
      s3.send(
        new CompleteMultipartUploadCommand({ Bucket, Key: 'big', UploadId, MultipartUpload: { Parts } }),
      ),
    );
    const md5s = Buffer.concat(parts.map((part) => createHash('md5').update(part).digest()));
    expect(done.ETag).toBe(`"${createHash('md5').update(md5s).digest('hex')}-2"`);
    expect((await get('big')).equals(Buffer.concat(parts))).toBe(true);
    await until(() => events.some(({ detail }) => detail['reason'] === 'CompleteMultipartUpload'));
    const head = await send((s3) => s3.send(new HeadObjectCommand({ Bucket, Key: 'big' })));
    expect(head.ETag).toBe(done.ETag);
  });

  it('refuses parts that are too small, missing or of an aborted upload', async () => {
    const { UploadId } = await send((s3) =>
      s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'small' })),
    );
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await send((s3) =>
        s3.send(new UploadPartCommand({ Bucket, Key: 'small', UploadId, PartNumber, Body: 'tiny' })),
      );
      Parts.push({ PartNumber, ETag });
    }
    const complete = (given: typeof Parts): Promise<unknown> =>
      send((s3) =>
        s3.send(
          new CompleteMultipartUploadCommand({
            Bucket,
            Key: 'small',
            UploadId,
            MultipartUpload: { Parts: given },
          }),
        ),
      );
    expect(await errorOf(complete(Parts))).toMatchObject({ name: 'EntityTooSmall' });
    expect(await errorOf(complete([{ PartNumber: 3, ETag: '"x"' }]))).toMatchObject({ name: 'InvalidPart' });
    expect(await errorOf(complete(Parts.toReversed()))).toMatchObject({ name: 'InvalidPartOrder' });
    await send((s3) => s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'small', UploadId })));
    expect(await errorOf(complete(Parts))).toMatchObject({ name: 'NoSuchUpload', status: 404 });
  });

  it('lists its buckets', async () => {
    await send((s3) => s3.send(new CreateBucketCommand({ Bucket: 'another' })));
    const { Buckets } = await send((s3) => s3.send(new ListBucketsCommand({})));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['another', 'landing']);
    await send((s3) => s3.send(new HeadBucketCommand({ Bucket: 'another' })));
    const location = await send((s3) => s3.send(new GetBucketLocationCommand({ Bucket: 'another' })));
    expect(location.LocationConstraint).toBeUndefined();
    expect((await errorOf(send((s3) => s3.send(new HeadBucketCommand({ Bucket: 'nowhere' }))))).status).toBe(
      404,
    );
    const lost = send((s3) => s3.send(new PutObjectCommand({ Bucket: 'nowhere', Key: 'x', Body: 'x' })));
    expect(await errorOf(lost)).toMatchObject({ name: 'NoSuchBucket', status: 404 });
  });

  it('refuses an unsupported operation by name', async () => {
    expect(await errorOf(send((s3) => s3.send(new GetBucketAclCommand({ Bucket }))))).toMatchObject({
      name: 'NotImplemented',
      status: 501,
      message: 'the local S3 does not have GetBucketAcl',
    });
    const first = await fetch(`${running.endpoint}/landing`);
    expect(await first.text()).toContain('ListObjects (version 1): use ListObjectsV2');
  });

  it('returns the current state of a file changed by hand', async () => {
    const path = join(home.home, 's3/landing/edited.csv');
    await put('edited.csv', 'before');
    for (const text of ['after1', 'after2', 'after3']) {
      await writeFile(path, text);
      const head = await send((s3) => s3.send(new HeadObjectCommand({ Bucket, Key: 'edited.csv' })));
      expect(head.ETag).toBe(`"${createHash('md5').update(text).digest('hex')}"`);
    }
    expect((await stat(path)).size).toBe(6);
  });

  it('never shows half of an object that is being replaced', async () => {
    const versions = ['a', 'b'].map((letter) => Buffer.alloc(400_000, letter));
    await put('swapped', versions[0]);
    const writes = (async () => {
      for (let turn = 0; turn < 20; turn += 1) await put('swapped', versions[turn % 2]);
    })();
    for (let turn = 0; turn < 20; turn += 1) {
      const body = await get('swapped');
      expect(versions.some((version) => version.equals(body))).toBe(true);
    }
    await writes;
  });
});
