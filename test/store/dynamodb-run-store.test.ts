import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { DynamoRunReader } from '../../cli/aws/dynamo-run-reader.ts';
import type { FileEntry } from '../../cli/runs/run-reader.ts';
import { openDynamoDb } from '../../local/dynamodb/server.ts';
import { DynamoDbRunStore } from '../../shared/store/dynamodb-run-store.ts';
import { fileKey } from '../../shared/store/file-index.ts';
import { keyItemKey, paddedSequencer } from '../../shared/store/key-item.ts';
import { NEWEST_SCHEMA, runItem, runOfItem } from '../../shared/store/run-item.ts';
import { runStoreSuite } from '../contract/run-store.suite.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { changed, runOf } from '../fakes/run-of.ts';
import { fileOf } from '../fakes/world.ts';

async function openStore() {
  const folder = mkdtempSync(join(tmpdir(), 'baton-store-'));
  const dynamodb = await openDynamoDb(folder);
  await new Promise<void>((listening) => {
    dynamodb.server.listen(0, '127.0.0.1', listening);
  });
  const { port } = dynamodb.server.address() as AddressInfo;
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const text = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
  const index = (name: string, hash: string, range: string) => ({
    IndexName: name,
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' as const },
      { AttributeName: range, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  });
  await client.send(
    new CreateTableCommand({
      TableName: 'runs',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        ...['pk', 'sk', 'due', 'queue', 'queuedAt', 'pipeline', 'createdAt', 'fileKey', 'notSucceeded'].map(
          text,
        ),
        { AttributeName: 'next', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        index('due', 'due', 'next'),
        index('queue', 'queue', 'queuedAt'),
        index('by-pipeline', 'pipeline', 'createdAt'),
        index('by-file', 'pipeline', 'fileKey'),
        index('not-succeeded', 'notSucceeded', 'createdAt'),
      ],
    }),
  );
  const isActive = async (): Promise<boolean> =>
    (await client.send(new DescribeTableCommand({ TableName: 'runs' }))).Table?.TableStatus === 'ACTIVE';
  while (!(await isActive()));
  const close = async (): Promise<void> => {
    client.destroy();
    await dynamodb.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const unreadable: string[] = [];
  const store = new DynamoRunReader(client, 'runs', (problem) => unreadable.push(problem));
  return { client, store, unreadable, close };
}

runStoreSuite('DynamoDB', openStore);

runStoreSuite('DynamoDB in short pages', async () => {
  const opened = await openStore();
  shortPages(opened.client);
  return opened;
});

/** A page has at most two items, and the first one none: a page ends by its size, of what is read and not of what is found. */
function shortPages(client: DynamoDBClient): void {
  const before = { pk: { S: 'nothing yet' } };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== 'QueryCommand' && context.commandName !== 'ScanCommand') return next(args);
      const input = args.input as QueryCommandInput;
      if (input.ExclusiveStartKey === undefined)
        return { response: {}, output: { Items: [], Count: 0, LastEvaluatedKey: before, $metadata: {} } };
      const { ExclusiveStartKey, ...first } = input;
      const from = ExclusiveStartKey['pk']?.S === before.pk.S ? first : input;
      return next({ ...args, input: { ...from, Limit: Math.min(input.Limit ?? 2, 2) } });
    },
    { step: 'initialize', name: 'shortPages' },
  );
}

it('a run of a newer schema is refused untouched', async () => {
  const { client, store, close } = await openStore();
  try {
    await client.send(
      new PutItemCommand({
        TableName: 'runs',
        Item: marshall({ pk: 'run#r', sk: 'run', schema: NEWEST_SCHEMA + 1, id: 'r', version: 1 }),
      }),
    );
    await expect(store.load('r')).rejects.toThrow('was written by a newer Baton');
  } finally {
    await close();
  }
});

it('a run that an earlier version stored is absorbed, and leaves its batch without a trace of it', async () => {
  const { client, store, close } = await openStore();
  try {
    const { incarnationId, writerId, ...rest } = runItem(runOf({ id: 'r', state: 'QUEUED' }));
    const before = { ...rest, schema: 1, birth: incarnationId, by: writerId };
    await client.send(
      new PutItemCommand({ TableName: 'runs', Item: marshall(before, { removeUndefinedValues: true }) }),
    );
    const member = { run: 'r', version: 1, incarnation: String(incarnationId) };
    expect(await store.absorb(member, 'batch', '2026-01-01T00:00:00.000Z', 'driver')).toBe('absorbed');
    expect(await store.absorb(member, 'other', '2026-01-01T00:00:00.000Z', 'driver')).toBe('refused');
    const absorbed = await store.load('r');
    expect(absorbed?.life).toMatchObject({ state: 'ABSORBED', into: 'batch' });
    expect(await store.findQueued(String(rest['pipeline']), 10)).toEqual([]);

    await store.save(runOf({ id: 'r', state: 'FAILED', incarnationId: String(incarnationId) }), 2, 'driver');
    const { Item: left = {} } = await client.send(
      new GetItemCommand({ TableName: 'runs', Key: marshall({ pk: 'run#r', sk: 'run' }) }),
    );
    expect(unmarshall(left)).toMatchObject({ state: 'FAILED', schema: 2 });
    expect(Object.keys(left).filter((name) => ['into', 'absorbedAt', 'expiresAt'].includes(name))).toEqual(
      [],
    );
  } finally {
    await close();
  }
});

it('a list leaves out a run whose item cannot be read, reports it, and has all others', async () => {
  const { client, store, unreadable, close } = await openStore();
  try {
    const run = (id: string) => runOf({ id, pipeline: 'p', createdAt: `2026-01-01T00:00:00.00${id}Z` });
    for (const id of ['1', '2', '3', '4']) await store.create(run(id));
    const item = runItem(run('2'));
    await client.send(
      new PutItemCommand({ TableName: 'runs', Item: marshall({ ...item, state: 'CANCELLED' }) }),
    );
    const newer = runItem(run('3'));
    await client.send(new PutItemCommand({ TableName: 'runs', Item: marshall({ ...newer, schema: 99 }) }));
    const twice = [
      expect.stringMatching(/run 2 in the table: error is missing/),
      expect.stringMatching(/run 3 was written by a newer Baton/),
    ];
    expect((await store.listRuns('p', 10)).map(({ id }) => id)).toEqual(['4', '1']);
    expect(unreadable.sort()).toEqual(twice);
    unreadable.length = 0;
    const every: string[] = [];
    for await (const page of store.everyRun('p')) every.push(...page.map(({ id }) => id));
    expect(every).toEqual(['1', '4']);
    for await (const page of store.files('p', ''))
      expect(page.map(({ runId }) => runId).sort()).toEqual(['1', '4']);
    expect(unreadable).toHaveLength(4);
  } finally {
    await close();
  }
});

it('the files of a pipeline contain the parts of marked folders, which have no run of their own', async () => {
  const { client, store, unreadable, close } = await openStore();
  try {
    const at = '2026-01-01T00:00:00.000Z';
    const part = {
      ...keyItemKey({ pipeline: 'p', bucket: 'lake', key: 'out/part-1' }),
      pipeline: 'p',
      fileKey: fileKey('out/part-1', at),
      bucketName: 'lake',
      objectKey: 'out/part-1',
      run: 'p-marker',
      etag: 'e',
      size: 7,
      at,
    };
    await client.send(new PutItemCommand({ TableName: 'runs', Item: marshall(part) }));
    const broken = {
      ...part,
      ...keyItemKey({ pipeline: 'p', bucket: 'lake', key: 'out/part-2' }),
      objectKey: 'out/part-2',
      size: 'x',
    };
    await client.send(new PutItemCommand({ TableName: 'runs', Item: marshall(broken) }));
    // The key item of an ordinary file is not in the index.
    const name = { pipeline: 'p', bucket: 'lake', key: 'out/ordinary' };
    await store.admitKey(name, '01', { etag: 'e', size: 1, at, run: 'p-1', via: 'event' });
    const found: FileEntry[] = [];
    for await (const page of store.files('p', 'out/')) found.push(...page);
    expect(found).toEqual([
      {
        pipeline: 'p',
        file: { bucket: 'lake', key: 'out/part-1', etag: 'e', size: 7 },
        arrivedAt: at,
        runId: 'p-marker',
      },
    ]);
    expect(unreadable).toEqual([expect.stringContaining('file out/part-2 in the table: size is "x"')]);
    expect(await store.listRuns('p', 10)).toEqual([]);
  } finally {
    await close();
  }
});

it('a stage whose table lacks an index answers what to do', async () => {
  const refuse = (message: string): DynamoRunReader =>
    new DynamoRunReader(
      {
        send: () => Promise.reject(Object.assign(new Error(message), { name: 'ValidationException' })),
      } as unknown as DynamoDBClient,
      'runs',
      () => undefined,
    );
  for (const message of [
    'The table does not have the specified index: by-file',
    'Cannot read from backfilling global secondary index: by-file',
  ]) {
    const first = refuse(message).files('p', '').next();
    await expect(first).rejects.toMatchObject({
      code: 3,
      message: expect.stringContaining(message) as unknown,
    });
    await expect(first).rejects.toHaveProperty('hint', expect.stringContaining('deploy'));
    await expect(refuse(message).runsIn('p', 'FAILED', 10).next()).rejects.toThrow(
      'the index not-succeeded cannot be read',
    );
  }
  await expect(refuse('one of the values is invalid').files('p', '').next()).rejects.toThrow(/^one of/);
});

it('a run with a file changes the index of files only with its first write', async () => {
  const run = runOf({ id: 'r' });
  const { fileKey: first } = runItem(run);
  expect(first).toBe('orders/1.csv 1795507200');
  for (const state of ['RUNNING', 'FAILED', 'SUCCEEDED'] as const)
    expect(runItem(changed(run, { state }))['fileKey']).toBe(first);
});

it('an error other than a refused condition is thrown, not reported as a conflict', async () => {
  const client = {
    send: () => Promise.reject(Object.assign(new Error('slow down'), { name: 'ThrottlingException' })),
  } as unknown as DynamoDBClient;
  const store = new DynamoDbRunStore(client, 'runs');
  const run = runOf({ id: 'r', state: 'RUNNING', phase: 'SUBMITTED' });
  await expect(store.create(run)).rejects.toThrow('slow down');
  await expect(store.save(run, 1, 'me')).rejects.toThrow('slow down');
  await expect(store.record(run, 'me')).rejects.toThrow('slow down');
  await expect(store.takeSlot('p', 'r', 2)).rejects.toThrow('slow down');
  await expect(store.handSlot('p', { run: 'r', epoch: 1 }, 's', 2)).rejects.toThrow('slow down');
  await expect(store.releaseSlot('p', 'r', 1)).rejects.toThrow('slow down');
  const name = { pipeline: 'p', bucket: 'b', key: 'k' };
  const at = '2026-11-24T08:00:00.000Z';
  const upload = { etag: 'e', size: 1, at, run: 'r', via: 'event' as const };
  await expect(store.admitKey(name, '01', upload)).rejects.toThrow('slow down');
  await expect(store.changeKey(name, { upload }, undefined)).rejects.toThrow('slow down');
});

it('a history row expires, but not before its run', async () => {
  const { client, close } = await openStore();
  try {
    const store = new DynamoDbRunStore(client, 'runs', 90);
    const row = { index: 0, generation: 1, attempt: 1, name: 'a', kind: 'session', statementHash: 'h' };
    const times = { startedAt: '2026-11-24T00:00:00.000Z', endedAt: '2026-11-24T00:00:01.000Z' };
    await store.putHistory('r', { ...row, ...times, status: 'FINISHED' });
    const { Items = [] } = await client.send(new ScanCommand({ TableName: 'runs' }));
    expect(Items.map((item) => unmarshall(item)['expiresAt'] as unknown)).toEqual([
      Date.parse(times.startedAt) / 1000 + 180 * 86_400,
    ]);
    expect(await store.history('r')).toEqual([{ ...row, ...times, status: 'FINISHED' }]);
  } finally {
    await close();
  }
});

it('the record of a key expires 800 days after its last write, and not before an event of an older upload can have come', async () => {
  const { client, close } = await openStore();
  try {
    let now = Date.parse('2026-11-24T00:00:00.000Z');
    const upload = { etag: 'e', size: 1, at: '2020-01-01T00:00:00.000Z', run: 'r' };
    /** Days from now to the expiry. */
    const days = async (key: string): Promise<number> => {
      const { Item: item = {} } = await client.send(
        new GetItemCommand({
          TableName: 'runs',
          Key: marshall(keyItemKey({ pipeline: 'p', bucket: 'b', key })),
        }),
      );
      return (Number(unmarshall(item)['expiresAt']) - now / 1000) / 86_400;
    };
    for (const [historyDays, expected] of [
      [2, 800],
      [400, 800],
      [3_650, 3_680],
    ] as const) {
      const store = new DynamoDbRunStore(client, 'runs', historyDays, () => now);
      const name = { pipeline: 'p', bucket: 'b', key: `${historyDays}` };
      await store.admitKey(name, '01', { ...upload, via: 'event' });
      expect(await days(name.key)).toBe(expected);
      now += 5 * 86_400_000;
      await store.changeKey(name, { upload }, await store.loadKey(name));
      expect(await days(name.key)).toBe(expected);
    }
  } finally {
    await close();
  }
});

it('the item of a pool says since when the pipeline has had runs, and one that was there before does not', async () => {
  const { client, close } = await openStore();
  try {
    let now = Date.parse('2026-11-24T00:00:00.000Z');
    const store = new DynamoDbRunStore(client, 'runs', 400, () => now);
    const take = async (pipeline: string, run: string) => store.takeSlot(pipeline, run, 5);
    expect(await store.firstRunAt('new')).toBeUndefined();
    await take('new', 'r1');
    now += 1_000;
    await take('new', 'r2');
    expect(await store.firstRunAt('new')).toBe('2026-11-24T00:00:00.000Z');
    const before = { pk: 'pool#old', sk: 'pool', holders: {}, epoch: 7 };
    await client.send(new PutItemCommand({ TableName: 'runs', Item: marshall(before) }));
    await take('old', 'r1');
    expect(await store.firstRunAt('old')).toBe('');
    expect(await store.loadPool('old')).toEqual({ holders: { r1: 8 }, epoch: 8 });
  } finally {
    await close();
  }
});

it('history rows that DynamoDB leaves out of a batch are sent again, five times at most', async () => {
  const sent: number[] = [];
  const leaving = (left: (all: unknown[]) => unknown[]): DynamoDbRunStore =>
    new DynamoDbRunStore(
      {
        send: async ({ input }: { input: { RequestItems: { runs: unknown[] } } }) => {
          const { runs } = input.RequestItems;
          sent.push(runs.length);
          return { UnprocessedItems: left(runs).length === 0 ? {} : { runs: left(runs) } };
        },
      } as unknown as DynamoDBClient,
      'runs',
    );
  const times = { startedAt: '2026-11-24T00:00:00.000Z', endedAt: '2026-11-24T00:00:01.000Z' };
  const row = { generation: 1, attempt: 1, name: 'a', kind: 'session', statementHash: 'h', ...times };
  const rows = [0, 1, 2].map((index) => Object.assign({}, row, { index, status: 'FINISHED' as const }));
  await leaving((all) => all.slice(1)).putHistory('r', ...rows);
  expect(sent).toEqual([3, 2, 1]);
  sent.length = 0;
  await expect(leaving((all) => all).putHistory('r', ...rows)).rejects.toThrow(
    '3 history rows could not be written',
  );
  expect(sent).toEqual([3, 3, 3, 3, 3]);
});

describe('a run whose trigger is stored apart', () => {
  const LONG = 'k'.repeat(1_024);
  const file = fileOf(LONG);
  const time = '2026-11-24T08:00:00.000Z';
  const apart = (more: Partial<StoredRun> = {}) =>
    runOf({
      id: 'p-1',
      pipeline: 'p',
      trigger: { kind: 's3', time, file },
      parameters: { region: 'eu' },
      triggerApart: true,
      ...more,
    });

  let opened: Awaited<ReturnType<typeof openStore>>;
  beforeEach(async () => {
    opened = await openStore();
  });
  afterEach(async () => {
    await opened.close();
  });

  const items = async (): Promise<Record<string, unknown>[]> =>
    ((await opened.client.send(new ScanCommand({ TableName: 'runs' }))).Items ?? []).map((item) =>
      unmarshall(item),
    );
  const trigger = async () => (await items()).find(({ sk }) => sk === 'trigger');
  /** As another invocation reads it. */
  const fresh = () => new DynamoDbRunStore(opened.client, 'runs');

  it('is read as it was created, by whoever reads it, alone and with others', async () => {
    const { store } = opened;
    const run = apart();
    expect(await store.create(run)).toEqual({ outcome: 'created' });
    const other = runOf({ id: 'p-2', pipeline: 'p' });
    await store.create(other);
    for (const reader of [store, fresh(), fresh()]) expect(await reader.load('p-1')).toEqual(run);
    expect(new Set(await fresh().loadAll(['p-1', 'p-2']))).toEqual(new Set([run, other]));
    expect(await fresh().create(apart({ incarnationId: 'cd' }))).toEqual({ outcome: 'exists', run });
    expect(await store.listRuns('p', 10)).toEqual(expect.arrayContaining([run, other]));
  });

  it('stays so with every write, and its trigger expires with it and not before', async () => {
    const { store } = opened;
    await store.create(apart());
    const claimed = apart({ state: 'RUNNING', phase: 'CLAIMED', token: 'token' });
    await store.save(claimed, 1, 'x');
    const submitted = { ...claimed, ...apart({ state: 'RUNNING', phase: 'SUBMITTED', token: 'token' }) };
    const recorded = await fresh().record(submitted, 'x');
    expect(recorded).toMatchObject({ trigger: { file }, triggerApart: true, version: 3 });
    await store.save(apart({ state: 'FAILED' }), 3, 'x');
    await store.save(apart({ state: 'SUCCEEDED', pendingActions: ['history'] }), 4, 'x');
    expect(await trigger()).not.toHaveProperty('expiresAt');
    await store.save(apart({ state: 'SUCCEEDED' }), 5, 'x');
    const run = (await items()).find(({ sk }) => sk === 'run');
    expect(run).toMatchObject({ schema: 4, state: 'SUCCEEDED', version: 6 });
    expect(run).not.toHaveProperty('trigger');
    expect(run?.['expiresAt']).toBe(Date.parse(time) / 1000 + 400 * 86_400);
    expect((await trigger())?.['expiresAt']).toBe(run?.['expiresAt']);
  });

  it('is absorbed by a batch like another, where batches came in after it was created', async () => {
    const { store } = opened;
    await store.create(apart());
    const member = { run: 'p-1', version: 1, incarnation: 'ab' };
    expect(await store.absorb(member, 'p-batch', time, 'x')).toBe('absorbed');
    expect(await fresh().load('p-1')).toMatchObject({ trigger: { file }, life: { state: 'ABSORBED' } });
  });

  it('expires from the start if it ended when it was created', async () => {
    await opened.store.create(apart({ state: 'SUPERSEDED' }));
    const expiry = (await items()).map(({ expiresAt }) => expiresAt);
    expect(expiry).toEqual([expect.any(Number), expiry[0]]);
  });

  it('is created by the next delivery if the first one was interrupted after the trigger', async () => {
    const { store, client } = opened;
    await store.create(apart());
    await client.send(
      new DeleteItemCommand({ TableName: 'runs', Key: marshall({ pk: 'run#p-1', sk: 'run' }) }),
    );
    const again = apart({ incarnationId: 'cd' });
    expect(await fresh().create(again)).toEqual({ outcome: 'created' });
    expect(await fresh().load('p-1')).toEqual(again);
  });

  it('takes the trigger of its own creation, not one that is left of a deleted run', async () => {
    const { store, client } = opened;
    await store.create(apart());
    await client.send(
      new DeleteItemCommand({ TableName: 'runs', Key: marshall({ pk: 'run#p-1', sk: 'run' }) }),
    );
    const other = apart({ trigger: { kind: 's3', time, file: { ...file, etag: 'other' } } });
    await fresh().create(other);
    expect(await fresh().load('p-1')).toEqual(other);
    // A late creation does not change it.
    expect(await fresh().create(apart())).toMatchObject({ outcome: 'exists', run: other });
    expect(await fresh().load('p-1')).toEqual(other);
  });

  it('is in the list of files once, also if an earlier version had created it with its trigger', async () => {
    const { store } = opened;
    const { triggerApart: _, ...whole } = apart();
    await store.create(whole);
    expect(await store.create(apart())).toMatchObject({ outcome: 'exists', run: whole });
    await store.create(apart({ id: 'p-2' }));
    const listed: string[] = [];
    for await (const page of store.files('p', 'kkk'))
      listed.push(...page.map(({ runId, file: { key } }) => `${runId} ${key.length}`));
    expect(listed.sort()).toEqual(['p-1 1024', 'p-2 1024']);
  });

  it('is refused by its name if its trigger was deleted, and others are read', async () => {
    const { client } = opened;
    const unreadable: string[] = [];
    const reader = new DynamoRunReader(client, 'runs', (problem) => unreadable.push(problem));
    await fresh().create(apart());
    await fresh().create(runOf({ id: 'p-2', pipeline: 'p' }));
    await client.send(
      new DeleteItemCommand({ TableName: 'runs', Key: marshall({ pk: 'run#p-1', sk: 'trigger' }) }),
    );
    await expect(fresh().load('p-1')).rejects.toThrow('the item that says what started run p-1 was deleted');
    expect((await fresh().loadAll(['p-1', 'p-2'])).map(({ id }) => id)).toEqual(['p-2']);
    expect((await reader.listRuns('p', 10)).map(({ id }) => id)).toEqual(['p-2']);
    expect(unreadable).toEqual([expect.stringContaining('run p-1 was deleted')]);
  });
});

it('an item that is not a run is refused with its key', () => {
  expect(() => runOfItem({ pk: 'pool#x' })).toThrow('item pool#x is not a run');
});

it('reads the item of a key that an earlier version wrote, and refuses one that is not valid with its place', async () => {
  const { client, store, close } = await openStore();
  try {
    const name = { pipeline: 'p', bucket: 'b', key: 'k' };
    const item = { ...keyItemKey(name), bucketName: 'b', objectKey: 'k', highest: paddedSequencer('01') };
    await client.send(new PutItemCommand({ TableName: 'runs', Item: marshall(item) }));
    expect(await store.loadKey(name)).toEqual({ highest: paddedSequencer('01') });
    await client.send(new PutItemCommand({ TableName: 'runs', Item: marshall({ ...item, etag: 'e' }) }));
    await expect(store.loadKey(name)).rejects.toThrow('the item of b/k in the table: size is missing');
  } finally {
    await close();
  }
});
