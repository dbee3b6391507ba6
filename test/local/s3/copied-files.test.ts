import { createHash } from 'node:crypto';
import { appendFile, cp, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { BusEvent } from '../../../local/bus-event.ts';
import { startS3, temporaryHome, until, type Running } from './harness.ts';

interface Told {
  readonly type: string;
  readonly key: string;
  readonly size: number | undefined;
  readonly etag: string | undefined;
  readonly sequencer: string;
}

function told(event: BusEvent): Told {
  const object = event.detail['object'] as Omit<Told, 'type'>;
  return {
    type: event['detail-type'],
    key: object.key,
    size: object.size,
    etag: object.etag,
    sequencer: object.sequencer,
  };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

describe('files in a bucket directory', () => {
  let home: string;
  let remove: () => Promise<void>;
  let running: Running;
  let events: BusEvent[];
  let landing: string;

  beforeEach(async () => {
    ({ home, remove } = await temporaryHome());
    landing = join(home, 's3/landing');
    events = [];
    running = await startS3(home, accept);
  });

  afterEach(async () => {
    await running.stop();
    await remove();
  });

  function accept(event: BusEvent): Promise<void> {
    events.push(event);
    return Promise.resolve();
  }

  async function restart(folder = home): Promise<void> {
    await running.stop();
    running = await startS3(folder, accept);
  }

  /** A file that is dropped last and announced: everything before it has been looked at by then. */
  async function settle(folder = landing): Promise<void> {
    const name = `mark-${String(events.length)}`;
    await writeFile(join(folder, name), name);
    await until(() => events.some((event) => told(event).key === name));
    events = events.filter((event) => told(event).key !== name);
  }

  it('raise one Object Created event each, as S3 sends it, with the key as it is', async () => {
    await mkdir(join(landing, "it's 100%"), { recursive: true });
    await writeFile(join(landing, "it's 100%/a+b c.csv"), 'content');
    await until(() => events.length > 0);
    await settle();
    expect(events).toHaveLength(1);
    expect(events[0]).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      'detail-type': 'Object Created',
      source: 'aws.s3',
      account: '000000000000',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      region: 'us-east-1',
      resources: ['arn:aws:s3:::landing'],
      detail: {
        version: '0',
        bucket: { name: 'landing' },
        object: {
          key: "it's 100%/a+b c.csv",
          size: 7,
          etag: md5('content'),
          sequencer: expect.stringMatching(/^[0-9A-F]{18}$/) as string,
        },
        'request-id': expect.stringMatching(/^[0-9A-F]{16}$/) as string,
        requester: '000000000000',
        reason: 'PutObject',
      },
    });
  });

  it('and PutObject raise one event, never two', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      await running.client.send(
        new PutObjectCommand({ Bucket: 'landing', Key: `put/${String(turn)}`, Body: 'sent' }),
      );
    }
    expect(events.length).toBeGreaterThan(0);
    await settle();
    expect(events.map(told).map(({ key }) => key)).toEqual(
      Array.from({ length: 10 }, (_, turn) => `put/${String(turn)}`),
    );
    expect(events[0]?.detail['source-ip-address']).toBe('127.0.0.1');
  });

  it('raise their event when they are complete', async () => {
    const path = join(landing, 'slow.csv');
    await writeFile(path, 'begin');
    for (let piece = 0; piece < 20; piece += 1) {
      await appendFile(path, ',more');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await until(() => events.length > 0);
    await settle();
    expect(events.map(told)).toMatchObject([{ key: 'slow.csv', size: 105 }]);
  });

  it('raise another event when they change, with a greater sequencer', async () => {
    await writeFile(join(landing, 'x.csv'), 'one');
    await until(() => events.length === 1);
    await writeFile(join(landing, 'x.csv'), 'two');
    await until(() => events.length === 2);
    const [first, second] = events.map(told);
    expect(second?.etag).toBe(md5('two'));
    expect((second?.sequencer ?? '') > (first?.sequencer ?? '')).toBe(true);
  });

  it('that are removed raise Object Deleted, a whole directory too', async () => {
    await mkdir(join(landing, 'd/e'), { recursive: true });
    await writeFile(join(landing, 'd/e/1.csv'), '1');
    await writeFile(join(landing, 'd/2.csv'), '2');
    await until(() => events.length === 2);
    await rm(join(landing, 'd'), { recursive: true });
    await until(() => events.length === 4);
    expect(
      events
        .slice(2)
        .map(told)
        .map(({ type, key, size }) => `${type}: ${key} ${String(size)}`)
        .sort(),
    ).toEqual(['Object Deleted: d/2.csv undefined', 'Object Deleted: d/e/1.csv undefined']);
    expect(events[2]?.detail).toMatchObject({
      reason: 'DeleteObject',
      'deletion-type': 'Permanently Deleted',
    });
  });

  it('that are hidden or temporary are not objects; an empty one is', async () => {
    for (const name of ['.DS_Store', 'a.csv.part', '.a.csv.swp', 'a.csv~', '.rsync.X1', 'b.tmp']) {
      await writeFile(join(landing, name), 'passing');
    }
    await writeFile(join(landing, 'empty.csv'), '');
    await until(() => events.length > 0);
    await rename(join(landing, 'a.csv.part'), join(landing, 'a.csv'));
    await until(() => events.length > 1);
    await settle();
    expect(events.map(told).map(({ key, size }) => [key, size])).toEqual([
      ['empty.csv', 0],
      ['a.csv', 7],
    ]);
  });

  it('in directories moved in, links to files, and a bucket made by hand count too', async () => {
    await mkdir(join(home, 'outside/deep/er'), { recursive: true });
    await writeFile(join(home, 'outside/deep/er/1.csv'), '1');
    await writeFile(join(home, 'linked.csv'), 'linked');
    await rename(join(home, 'outside'), join(landing, 'inside'));
    await symlink(join(home, 'linked.csv'), join(landing, 'link.csv'));
    await mkdir(join(home, 's3/by-hand'));
    await writeFile(join(home, 's3/by-hand/x.csv'), 'x');
    await until(() => events.length === 3);
    expect(
      events
        .map(told)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['inside/deep/er/1.csv', 'link.csv', 'x.csv']);
  });

  it('raise no event again after a restart, unless they were added, changed or removed in between', async () => {
    for (const name of ['same.csv', 'changes.csv', 'goes.csv']) await writeFile(join(landing, name), name);
    await running.client.send(new PutObjectCommand({ Bucket: 'landing', Key: 'odd/', Body: 'odd' }));
    await until(() => events.length === 4);
    const before = events.map(told).map(({ sequencer }) => sequencer);
    await running.stop();
    events = [];
    await writeFile(join(landing, 'changes.csv'), 'changed');
    await writeFile(join(landing, 'new.csv'), 'new');
    await rm(join(landing, 'goes.csv'));
    running = await startS3(home, accept);
    await until(() => events.length === 3);
    await settle();
    expect(
      events
        .map(told)
        .map(({ type, key }) => `${type}: ${key}`)
        .sort(),
    ).toEqual(['Object Created: changes.csv', 'Object Created: new.csv', 'Object Deleted: goes.csv']);
    for (const event of events) for (const old of before) expect(told(event).sequencer > old).toBe(true);
    events = [];
    await restart();
    await settle();
    expect(events).toEqual([]);
  });

  it('raise no event again after the home was copied', async () => {
    await writeFile(join(landing, 'x.csv'), 'x');
    await running.client.send(
      new PutObjectCommand({ Bucket: 'landing', Key: 'y.csv', Body: 'y', ContentType: 'text/csv' }),
    );
    await until(() => events.length === 2);
    await running.stop();
    events = [];
    await cp(home, `${home}-copy`, { recursive: true, preserveTimestamps: true });
    running = await startS3(`${home}-copy`, accept);
    await settle(join(`${home}-copy`, 's3/landing'));
    const head = await running.client.send(new HeadObjectCommand({ Bucket: 'landing', Key: 'y.csv' }));
    await rm(`${home}-copy`, { recursive: true });
    expect(events).toEqual([]);
    expect(head).toMatchObject({ ETag: `"${md5('y')}"`, ContentType: 'text/csv' });
  });

  it('keep their event until it is accepted: neither a refusing bus nor a killed process loses it', async () => {
    await running.stop();
    const refused: BusEvent[] = [];
    running = await startS3(home, (event) => {
      refused.push(event);
      return Promise.reject(new Error('no'));
    });
    await running.client.send(new PutObjectCommand({ Bucket: 'landing', Key: 'owed.csv', Body: 'first' }));
    await running.client.send(new PutObjectCommand({ Bucket: 'landing', Key: 'owed.csv', Body: 'second' }));
    await running.client.send(new DeleteObjectCommand({ Bucket: 'landing', Key: 'owed.csv' }));
    await until(() => refused.length > 0);
    // What a killed process leaves, with a line it was in the middle of.
    await appendFile(join(home, 'state/s3/index.jsonl'), '{"put":{"bucket":"land');
    await restart();
    await until(() => events.length === 3);
    expect(events.map(told).map(({ type, etag }) => [type, etag])).toEqual([
      ['Object Created', md5('first')],
      ['Object Created', md5('second')],
      ['Object Deleted', undefined],
    ]);
    expect(events[0]).toEqual(refused[0]);
    expect(events.map(told).map(({ sequencer }) => sequencer)).toEqual(
      events
        .map(told)
        .map(({ sequencer }) => sequencer)
        .sort(),
    );
    events = [];
    await restart();
    await settle();
    expect(events).toEqual([]);
  });

  it('touched or copied again are uploads again', async () => {
    await writeFile(join(landing, 'x.csv'), 'x');
    await until(() => events.length === 1);
    await utimes(join(landing, 'x.csv'), new Date(), new Date(Date.now() - 60_000));
    await until(() => events.length === 2);
    expect(events.map(told).map(({ etag }) => etag)).toEqual([md5('x'), md5('x')]);
  });

  it('of a bucket without EventBridge raise nothing', async () => {
    await running.stop();
    running = await startS3(home, accept, [
      { name: 'landing', eventBridge: true },
      { name: 'quiet', eventBridge: false },
    ]);
    await running.client.send(new PutObjectCommand({ Bucket: 'quiet', Key: 'x.csv', Body: 'x' }));
    await writeFile(join(home, 's3/quiet/y.csv'), 'y');
    await settle();
    expect(events).toEqual([]);
    expect(await readFile(join(home, 's3/quiet/x.csv'), 'utf8')).toBe('x');
  });

  it('raise one event each, even hundreds at once', async () => {
    await mkdir(join(landing, 'many'));
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        writeFile(join(landing, `many/${String(index)}.csv`), String(index)),
      ),
    );
    await until(() => events.length >= 500);
    await settle();
    expect(new Set(events.map(told).map(({ key }) => key)).size).toBe(500);
    expect(events).toHaveLength(500);
  });
});
