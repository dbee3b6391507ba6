/** Linked folders in a bucket: no operation follows one out of the bucket; links to files, and a linked bucket, are taken. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { BusEvent } from '../../../local/bus-event.ts';
import { findObject, listObjects } from '../../../local/s3/object-files.ts';
import { startS3, temporaryHome, until, type Running } from './harness.ts';

const Bucket = 'landing';
const CONTENT = 'of the machine\n';

let home: string;
let outside: string;
let remove: () => Promise<void>;
let running: Running;
const events: BusEvent[] = [];

beforeAll(async () => {
  ({ home, remove } = await temporaryHome());
  outside = join(home, 'outside');
  mkdirSync(join(outside, 'deep'), { recursive: true });
  for (const name of ['file.csv', 'deep/file.csv']) writeFileSync(join(outside, name), CONTENT);
  const bucket = join(home, 's3', Bucket);
  mkdirSync(join(bucket, 'inside'), { recursive: true });
  symlinkSync(outside, join(bucket, 'link'));
  symlinkSync(outside, join(bucket, 'inside', 'link'));
  symlinkSync('../inside', join(bucket, 'inside', 'around'));
  symlinkSync(join(home, 'nowhere'), join(bucket, 'dangling'));
  running = await startS3(home, (event) => {
    events.push(event);
    return Promise.resolve();
  });
});
afterAll(async () => {
  await running.stop();
  await remove();
});

const keys = ['link/file.csv', 'link/deep/file.csv', 'inside/link/file.csv', 'link/deep/../file.csv'];

describe.each(keys)('the key %s', (Key) => {
  it('is no object for GET, HEAD, COPY as source, and the loads of the warehouse', async () => {
    const { client } = running;
    await expect(client.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
      name: 'NotFound',
    });
    const copy = new CopyObjectCommand({ Bucket, Key: 'copied.csv', CopySource: `${Bucket}/${Key}` });
    await expect(client.send(copy)).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(await findObject(join(home, 's3'), Bucket, Key)).toBeUndefined();
  });

  it('is in no listing, also not below its own prefix', async () => {
    for (const Prefix of ['', 'link/', 'link/deep/', 'inside/link/', Key]) {
      const { Contents = [] } = await running.client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      expect(Contents.map((object) => object.Key)).not.toContain(Key);
      expect(await listObjects(join(home, 's3'), Bucket, Prefix)).toEqual([]);
    }
  });

  it('can be deleted without an effect outside', async () => {
    await running.client.send(new DeleteObjectCommand({ Bucket, Key }));
    await running.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }));
    expect(readFileSync(join(outside, 'file.csv'), 'utf8')).toBe(CONTENT);
    expect(readFileSync(join(outside, 'deep/file.csv'), 'utf8')).toBe(CONTENT);
  });
});

describe('an object put below a linked folder', () => {
  const content = async (Key: string): Promise<string | undefined> =>
    (await running.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

  it.each(['link/file.csv', 'link/deep/file.csv', 'link/new/file.csv', 'dangling/new.csv'])(
    'is kept and raises its event, and nothing outside changes: %s',
    async (Key) => {
      const { client } = running;
      await client.send(new PutObjectCommand({ Bucket, Key, Body: 'put' }));
      expect(await content(Key)).toBe('put');
      await client.send(
        new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${Key}`, MetadataDirective: 'REPLACE' }),
      );
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const { ETag } = await client.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'in parts' }),
      );
      await client.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
        }),
      );
      expect(await content(Key)).toBe('in parts');
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
      expect(Contents.map((object) => object.Key)).toEqual([Key]);
      await until(() => events.filter(({ detail }) => JSON.stringify(detail).includes(Key)).length === 3);
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
      expect(readdirSync(outside).length).toBe(2);
      expect(readFileSync(join(outside, 'file.csv'), 'utf8')).toBe(CONTENT);
      expect(existsSync(join(home, 'nowhere'))).toBe(false);
    },
  );
});

describe('the watch', () => {
  it('sees a file beside a linked folder, and none below it', async () => {
    const before = events.length;
    writeFileSync(join(outside, 'by-hand.csv'), 'x');
    symlinkSync(outside, join(home, 's3', Bucket, 'late'));
    writeFileSync(join(home, 's3', Bucket, 'inside', 'by-hand.csv'), 'x');
    await until(() => events.length > before);
    expect(events.slice(before).map(({ detail }) => (detail['object'] as { key: string }).key)).toEqual([
      'inside/by-hand.csv',
    ]);
  });

  it('takes a bucket that is itself a link', async () => {
    const before = events.length;
    mkdirSync(join(home, 'other-disk', 'in'), { recursive: true });
    writeFileSync(join(home, 'other-disk', 'in', 'a.csv'), 'linked bucket');
    symlinkSync(join(home, 'other-disk'), join(home, 's3', 'linked'));
    await until(() => events.length > before);
    const { Body } = await running.client.send(new GetObjectCommand({ Bucket: 'linked', Key: 'in/a.csv' }));
    expect(await Body?.transformToString()).toBe('linked bucket');
  });
});
