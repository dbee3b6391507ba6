/** The RunStore port over DynamoDB: one table, single-item conditional writes only. */
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';

import type { AttributeValue, DynamoDBClient, WriteRequest } from '@aws-sdk/client-dynamodb';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

import { pages } from '../pages.ts';
import type { Plan } from '../pipeline/plan.ts';
import { defined } from '../run/defined.ts';
import type { Durations, Run } from '../run/run.ts';
import { underwayOf } from '../run/run.ts';
import { conflictOf } from './conflict.ts';
import type { DynamoDbKeys } from './dynamodb-keys.ts';
import type { KeyItem, KeyName, Upload } from './key-item.ts';
import type { Item } from './run-item.ts';
import {
  absorbedExpiry,
  NEWEST_SCHEMA,
  BATCH_SCHEMA,
  DUE_PARTITION,
  HISTORY_DAYS,
  historyKey,
  planKey,
  poolKey,
  runItem,
  runKey,
  runOfItem,
} from './run-item.ts';
import { parsePool } from './parse-pool.ts';
import type { HeldSlot, HistoryRow, Member, Paused, Pool, RunStore } from './run-store.ts';
import { triggerItem, triggerKey } from './trigger-item.ts';

type StoredItem = Record<string, AttributeValue>;

/** What started a run, of the run or of its item. */
interface Started {
  readonly trigger?: unknown;
  readonly parameters?: unknown;
}

/** Triggers that are kept in memory. */
const MOST_REMEMBERED = 1_000;

/** The count of waiting runs stops here. */
const MOST_COUNTED = 1_000;

/** Items of one BatchWriteItem (API reference). */
const MOST_PUT = 25;

/** How often items that were left out are sent; what is still left is written by the next driver. */
const MOST_TRIES = 5;

/** Waiting runs that one search for pipelines looks at. */
const MOST_SCANNED = 1_000;

export class DynamoDbRunStore implements RunStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #historyDays: number;
  readonly #now: () => number;
  /** What started runs, where it is in an item of its own, by run. */
  readonly #started = new Map<string, Started>();
  /** Where the last search for pipelines with waiting runs stopped. */
  #scanned: StoredItem | undefined;

  /** `historyDays`: days until an ended run is deleted. */
  constructor(
    client: DynamoDBClient,
    table: string,
    historyDays: number = HISTORY_DAYS,
    now: () => number = Date.now,
  ) {
    this.#client = client;
    this.#table = table;
    this.#historyDays = historyDays;
    this.#now = now;
  }

  async load(runId: string): Promise<Run | undefined> {
    const item = await this.#get(runKey(runId));
    return item === undefined ? undefined : runOfItem(await this.completed(item));
  }

  /** The item of a run with what started it, which may be in an item of its own; that never changes, so it is read once. */
  protected async completed(item: Item): Promise<Item> {
    const { id, schema, trigger } = item;
    // Of anything else `runOfItem` says what it is.
    if (trigger !== undefined || typeof id !== 'string' || Number(schema) > NEWEST_SCHEMA) return item;
    const started = this.#started.get(id) ?? (await this.#get(triggerKey(id)));
    if (started === undefined) throw new Error(`the item that says what started run ${id} was deleted`);
    this.#remember(id, started);
    return withTrigger(item, started);
  }

  #remember(runId: string, { trigger, parameters }: Started): void {
    if (this.#started.size >= MOST_REMEMBERED) this.#started.clear();
    this.#started.set(runId, { trigger, parameters });
  }

  /** Before the run: a run without it could not be read. If its creation is interrupted here, the next one finds the same. */
  async #putTrigger(run: Run, expiresAt: unknown): Promise<void> {
    const item = triggerItem(run, expiresAt);
    const refused = await this.#put(item, 'attribute_not_exists(pk)');
    const there = refused?.item;
    const isSame = (name: string): boolean => isDeepStrictEqual(there?.[name], plain(item)[name]);
    if (refused === undefined || (isSame('trigger') && isSame('parameters'))) return;
    // Of a run that was deleted by hand, or never created.
    if ((await this.#get(runKey(run.id))) === undefined) await this.#put(item);
  }

  async create(run: Run): ReturnType<RunStore['create']> {
    const item = runItem(run, this.#historyDays);
    if (run.triggerApart === true) await this.#putTrigger(run, item['expiresAt']);
    const refused = await this.#put(item, 'attribute_not_exists(pk)');
    if (refused === undefined) {
      if (run.triggerApart === true) this.#remember(run.id, run);
      return { outcome: 'created' };
    }
    const there =
      refused.item === undefined ? await this.load(run.id) : runOfItem(await this.completed(refused.item));
    if (there === undefined)
      throw new Error(`run ${run.id} was deleted while it was created; deliver the event again`);
    return { outcome: 'exists', run: there };
  }

  async save(run: Run, version: number, by: string): Promise<Run | 'conflict'> {
    const next: Run = { ...run, version: version + 1, writerId: by };
    const item = runItem(next, this.#historyDays);
    if (run.triggerApart === true && item['expiresAt'] !== undefined)
      await this.#expireTrigger(run.id, item['expiresAt']);
    const refused = await this.#put(
      item,
      'version = :version AND (incarnationId = :incarnation OR birth = :incarnation)',
      {
        ':version': version,
        ':incarnation': run.incarnationId,
      },
    );
    if (refused === undefined) return next;
    // Exactly what was written: one invocation may write the same run in another way, too, when it absorbs it into a batch.
    return isDeepStrictEqual(refused.item, plain(item)) ? next : 'conflict';
  }

  /** Before the run's last write: if that is repeated, this is too. */
  async #expireTrigger(runId: string, expiresAt: unknown): Promise<void> {
    await this.#update(
      triggerKey(runId),
      { UpdateExpression: 'SET expiresAt = :at', ConditionExpression: 'attribute_exists(pk)' },
      { ':at': expiresAt },
    );
  }

  async record(run: Run, by: string): Promise<Run | 'conflict'> {
    const work = underwayOf(run);
    if (work?.phase !== 'SUBMITTED') throw new Error(`run ${run.id} has no submission to record`);
    // `last`: as schema 1 called it.
    const clearHistory = run.lastStep === undefined ? ' REMOVE lastStep, #last' : '';
    const stored = await this.#update(
      runKey(run.id),
      {
        UpdateExpression: `SET phase = :submitted, statementId = :id, submittedAt = :at, version = version + :one, writerId = :by${clearHistory}`,
        ConditionExpression: 'phase = :claimed AND #token = :token',
        ExpressionAttributeNames: {
          '#token': 'token',
          ...(clearHistory === '' ? {} : { '#last': 'last' }),
        },
        ReturnValues: 'ALL_NEW',
      },
      {
        ':submitted': 'SUBMITTED',
        ':claimed': 'CLAIMED',
        ':id': work.statementId,
        ':at': work.submittedAt,
        ':token': work.token,
        ':one': 1,
        ':by': by,
      },
    );
    if (stored === undefined) return 'conflict';
    const item = unmarshall(stored);
    return runOfItem(run.triggerApart === true ? withTrigger(item, run) : item);
  }

  async absorb(member: Member, into: string, at: string, by: string): Promise<'absorbed' | 'refused'> {
    const { run, version, incarnation } = member;
    const refused = await this.#conditionally(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: marshall(runKey(run)),
        UpdateExpression:
          'SET #state = :absorbed, #into = :into, absorbedAt = :at, version = :next, writerId = :by, #schema = :schema, expiresAt = :expires REMOVE #queue, queuedAt, due, #next, nextCheckAt',
        ConditionExpression:
          'version = :version AND #state = :queued AND (incarnationId = :incarnation OR birth = :incarnation)',
        ExpressionAttributeNames: {
          '#state': 'state',
          '#into': 'into',
          '#schema': 'schema',
          '#queue': 'queue',
          '#next': 'next',
        },
        ExpressionAttributeValues: marshall({
          ':absorbed': 'ABSORBED',
          ':queued': 'QUEUED',
          ':into': into,
          ':at': at,
          ':version': version,
          ':next': version + 1,
          ':incarnation': incarnation,
          ':by': by,
          ':schema': BATCH_SCHEMA,
          ':expires': absorbedExpiry(at, this.#historyDays),
        }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    // Ours, by another driver, or by a call whose reply was lost.
    const isMine =
      refused?.item?.['state'] === 'ABSORBED' &&
      refused.item['into'] === into &&
      refused.item['version'] === version + 1;
    return refused === undefined || isMine ? 'absorbed' : 'refused';
  }

  async loadAll(runIds: readonly string[]): Promise<Run[]> {
    const items = await this.#getAll(runIds.map(runKey));
    const apart = items.filter(
      (item) => item['trigger'] === undefined && !this.#started.has(String(item['id'])),
    );
    for (const started of await this.#getAll(apart.map((item) => triggerKey(String(item['id'])))))
      this.#remember(runIdOf(started), started);
    return (await Promise.all(items.map((item) => this.#readable(item)))).flat();
  }

  async putHistory(runId: string, ...rows: readonly HistoryRow[]): Promise<void> {
    const items = rows.map((row) => this.#historyItem(runId, row));
    const [only] = items;
    if (items.length === 1 && only !== undefined) await this.#put(only);
    else
      for (let at = 0; at < items.length; at += MOST_PUT) await this.#putAll(items.slice(at, at + MOST_PUT));
  }

  /** Written once, before the end of the run is known: its rows must not expire before the run itself. */
  #historyItem(runId: string, row: HistoryRow): Item {
    const expiresAt = Math.floor(Date.parse(row.startedAt) / 1000) + 2 * this.#historyDays * 86_400;
    return { ...historyKey(runId, row), ...row, expiresAt };
  }

  /** BatchWriteItem may leave items out and return them as unprocessed, for example when it is throttled (API reference). */
  async #putAll(items: readonly Item[]): Promise<void> {
    let left: WriteRequest[] = items.map((item) => ({
      PutRequest: { Item: marshall(item, { removeUndefinedValues: true }) },
    }));
    for (let tries = 0; left.length > 0; tries += 1) {
      if (tries >= MOST_TRIES) throw new Error(`${left.length} history rows could not be written: throttled`);
      const { UnprocessedItems } = await this.#client.send(
        new BatchWriteItemCommand({ RequestItems: { [this.#table]: left } }),
      );
      left = UnprocessedItems?.[this.#table] ?? [];
    }
  }

  async history(runId: string): Promise<HistoryRow[]> {
    const items = await this.#query({
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :step)',
      ExpressionAttributeValues: marshall({ ':pk': runKey(runId).pk, ':step': 'step#' }),
      ConsistentRead: true,
    });
    const rows = items.map(
      (item) =>
        Object.fromEntries(
          Object.entries(item).filter(([name]) => name !== 'pk' && name !== 'sk' && name !== 'expiresAt'),
        ) as unknown as HistoryRow,
    );
    return rows.sort((a, b) => a.startedAt.localeCompare(b.startedAt) || a.index - b.index);
  }

  async putPlan(plan: Plan): Promise<void> {
    const body = gzipSync(JSON.stringify(plan));
    await this.#put(
      { ...planKey(plan.hash), pipelineName: plan.pipeline, plan: body },
      'attribute_not_exists(pk)',
    );
  }

  async loadPlan(hash: string): Promise<Plan | undefined> {
    const item = await this.#get(planKey(hash));
    if (item === undefined) return undefined;
    return JSON.parse(gunzipSync(item['plan'] as Uint8Array).toString('utf8')) as Plan;
  }

  async findDue(now: number, limit: number): Promise<string[]> {
    const items = await this.#query(
      {
        IndexName: 'due',
        KeyConditionExpression: 'due = :due AND #next <= :now',
        ExpressionAttributeNames: { '#next': 'next' },
        ExpressionAttributeValues: marshall({ ':due': DUE_PARTITION, ':now': now }),
      },
      limit,
    );
    return items.map(runIdOf);
  }

  async findQueued(pipeline: string, limit: number): Promise<string[]> {
    const items = await this.#query(
      {
        IndexName: 'queue',
        KeyConditionExpression: '#queue = :pipeline',
        ExpressionAttributeNames: { '#queue': 'queue' },
        ExpressionAttributeValues: marshall({ ':pipeline': pipeline }),
      },
      limit,
    );
    return items.map(runIdOf);
  }

  async findWaitingPipelines(): Promise<string[]> {
    const page = await this.#client.send(
      new ScanCommand({
        TableName: this.#table,
        IndexName: 'queue',
        Limit: MOST_SCANNED,
        ExclusiveStartKey: this.#scanned,
      }),
    );
    this.#scanned = page.LastEvaluatedKey;
    return [...new Set((page.Items ?? []).map((stored) => String(unmarshall(stored)['queue'])))];
  }

  async countQueued(pipeline: string): Promise<number> {
    let count = 0;
    const read = (from: StoredItem | undefined) =>
      this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: 'queue',
          KeyConditionExpression: '#queue = :pipeline',
          ExpressionAttributeNames: { '#queue': 'queue' },
          ExpressionAttributeValues: marshall({ ':pipeline': pipeline }),
          Select: 'COUNT',
          Limit: MOST_COUNTED - count,
          ExclusiveStartKey: from,
        }),
      );
    for await (const page of pages(read, lastKey)) {
      count += page.Count ?? 0;
      if (count >= MOST_COUNTED) break;
    }
    return count;
  }

  async loadPool(pipeline: string): Promise<Pool> {
    const item = await this.#get(poolKey(pipeline));
    return parsePool(item, pipeline);
  }

  async firstRunAt(pipeline: string): Promise<string | undefined> {
    const item = await this.#get(poolKey(pipeline));
    const { epoch } = parsePool(item, pipeline);
    const since = item?.['since'];
    if (epoch === 0) return undefined;
    return typeof since === 'string' ? since : '';
  }

  async takeSlot(
    pipeline: string,
    runId: string,
    limit: number,
    epoch?: number,
  ): ReturnType<RunStore['takeSlot']> {
    const asRead = epoch === undefined ? '' : 'epoch = :before AND ';
    const take = {
      // Both values are computed from the item as it was.
      UpdateExpression: 'SET holders.#run = epoch + :one, epoch = epoch + :one',
      ConditionExpression: `${asRead}size(holders) < :limit AND attribute_not_exists(holders.#run) AND attribute_not_exists(paused)`,
      ExpressionAttributeNames: { '#run': runId },
      ExpressionAttributeValues: marshall({ ':one': 1, ':limit': limit, ...defined({ ':before': epoch }) }),
    };
    const { exists, ...answer } = await this.#changePool(pipeline, take);
    if (exists) return answer;
    await this.#makePool(pipeline);
    const { taken, pool } = await this.#changePool(pipeline, take);
    return { taken, pool };
  }

  /** Before the first run of a pipeline. */
  async #makePool(pipeline: string): Promise<void> {
    await this.#update(
      poolKey(pipeline),
      {
        UpdateExpression:
          'SET holders = if_not_exists(holders, :none), epoch = if_not_exists(epoch, :zero), since = if_not_exists(since, :now)',
      },
      { ':none': {}, ':zero': 0, ':now': new Date(this.#now()).toISOString() },
    );
  }

  async pausePool(pipeline: string, paused: Paused, requestId: string): Promise<Paused | undefined> {
    const stored = await this.#update(
      poolKey(pipeline),
      {
        UpdateExpression:
          'SET paused = :paused, pauseRequest = :request, holders = if_not_exists(holders, :none), epoch = if_not_exists(epoch, :zero)',
        // A second delivery of the request must not pause again what was unpaused in between.
        ConditionExpression:
          'attribute_not_exists(paused) AND (attribute_not_exists(pauseRequest) OR pauseRequest <> :request)',
      },
      { ':paused': paused, ':request': requestId, ':none': {}, ':zero': 0 },
    );
    return stored === undefined ? (await this.loadPool(pipeline)).paused : paused;
  }

  async unpausePool(pipeline: string, requestId: string): Promise<Paused | undefined> {
    const before = await this.#update(
      poolKey(pipeline),
      {
        UpdateExpression: 'SET unpauseRequest = :request REMOVE paused',
        ConditionExpression:
          'attribute_exists(paused) AND (attribute_not_exists(unpauseRequest) OR unpauseRequest <> :request)',
        ReturnValues: 'ALL_OLD',
      },
      { ':request': requestId },
    );
    return before === undefined ? undefined : parsePool(unmarshall(before), pipeline).paused;
  }

  async releaseSlot(
    pipeline: string,
    runId: string,
    epoch: number,
    took?: Durations,
  ): Promise<Pool | undefined> {
    // Rejected: already released, or held again under a later epoch.
    const stored = await this.#update(
      poolKey(pipeline),
      {
        UpdateExpression: `REMOVE holders.#run${took === undefined ? '' : ' SET took = :took'}`,
        ConditionExpression: 'holders.#run = :epoch',
        ExpressionAttributeNames: { '#run': runId },
        ReturnValues: 'ALL_NEW',
      },
      { ':epoch': epoch, ...defined({ ':took': took }) },
    );
    return stored === undefined ? undefined : parsePool(unmarshall(stored), pipeline);
  }

  async handSlot(pipeline: string, { run, epoch, took }: HeldSlot, to: string, limit: number): Promise<Pool> {
    const { pool } = await this.#changePool(pipeline, {
      UpdateExpression: `SET holders.#to = epoch + :one, epoch = epoch + :one${took === undefined ? '' : ', took = :took'} REMOVE holders.#from`,
      ConditionExpression:
        'holders.#from = :mine AND size(holders) <= :limit AND attribute_not_exists(holders.#to) AND attribute_not_exists(paused)',
      ExpressionAttributeNames: { '#from': run, '#to': to },
      ExpressionAttributeValues: marshall(
        defined({ ':mine': epoch, ':one': 1, ':limit': limit, ':took': took }),
      ),
    });
    return pool;
  }

  /** The pool after it, or as it is if the condition failed. `exists`: false: it has never had a holder. */
  async #changePool(
    pipeline: string,
    update: Omit<ConstructorParameters<typeof UpdateItemCommand>[0], 'TableName' | 'Key'>,
  ): Promise<{ taken: boolean; exists: boolean; pool: Pool }> {
    try {
      const { Attributes = {} } = await this.#client.send(
        new UpdateItemCommand({
          ...update,
          TableName: this.#table,
          Key: marshall(poolKey(pipeline)),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { taken: true, exists: true, pool: parsePool(unmarshall(Attributes), pipeline) };
    } catch (error) {
      const conflict = conflictOf(error);
      if (conflict === undefined) throw error;
      const { item } = conflict;
      return { taken: false, exists: item?.['holders'] !== undefined, pool: parsePool(item, pipeline) };
    }
  }

  async loadKeys(
    pipeline: string,
    keys: readonly { readonly bucket: string; readonly key: string }[],
  ): Promise<(KeyItem | undefined)[]> {
    const { keyItemKey, parseKeyItem } = await import('./key-item.ts');
    const itemKeys = keys.map(({ bucket, key }) => keyItemKey({ pipeline, bucket, key }));
    const items = new Map((await this.#getAll(itemKeys)).map((item) => [item['pk'], parseKeyItem(item)]));
    return itemKeys.map(({ pk }) => items.get(pk));
  }

  async admitKey(name: KeyName, sequencer: string, upload: Upload): Promise<KeyItem | undefined> {
    return (await this.#keys()).admit(name, sequencer, upload);
  }

  async loadKey(name: KeyName): Promise<KeyItem | undefined> {
    return (await this.#keys()).load(name);
  }

  async changeKey(name: KeyName, next: KeyItem, read: KeyItem | undefined): Promise<boolean> {
    return (await this.#keys()).change(name, next, read);
  }

  async #keys(): Promise<DynamoDbKeys> {
    const { DynamoDbKeys: Keys } = await import('./dynamodb-keys.ts');
    const { keyExpiry } = await import('./key-item.ts');
    return new Keys(this.#client, this.#table, () => keyExpiry(this.#now(), this.#historyDays));
  }

  /** Nothing for an item that cannot be read: `load` says why. */
  async #readable(item: Item): Promise<Run[]> {
    try {
      return [runOfItem(await this.completed(item))];
    } catch {
      return [];
    }
  }

  async #get(key: { pk: string; sk: string }): Promise<Item | undefined> {
    const answer = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(key), ConsistentRead: true }),
    );
    return answer.Item === undefined ? undefined : unmarshall(answer.Item);
  }

  /** Of distinct keys; in no order. BatchGetItem takes 100 keys and may return fewer items than asked for (API reference). */
  async #getAll(keys: readonly { pk: string; sk: string }[]): Promise<Item[]> {
    const items: Item[] = [];
    for (let from = 0; from < keys.length; from += 100) {
      let left: StoredItem[] = keys.slice(from, from + 100).map((key) => marshall(key));
      for (let tries = 0; left.length > 0; tries += 1) {
        if (tries > 0) await new Promise((later) => setTimeout(later, Math.min(50 * 2 ** tries, 2_000)));
        const answer = await this.#client.send(
          new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: left, ConsistentRead: true } } }),
        );
        for (const item of answer.Responses?.[this.#table] ?? []) items.push(unmarshall(item));
        left = answer.UnprocessedKeys?.[this.#table]?.Keys ?? [];
      }
    }
    return items;
  }

  /** Undefined if stored; otherwise the item that failed the condition, if DynamoDB returns it. */
  async #put(
    item: Item,
    condition?: string,
    values: Item = {},
  ): Promise<{ item: Item | undefined } | undefined> {
    return this.#conditionally(
      new PutItemCommand({
        TableName: this.#table,
        Item: marshalled(item),
        ...(condition === undefined
          ? {}
          : { ConditionExpression: condition, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
        ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: marshall(values) }),
      }),
    );
  }

  async #conditionally(
    command: PutItemCommand | UpdateItemCommand,
  ): Promise<{ item: Item | undefined } | undefined> {
    try {
      await (command instanceof PutItemCommand ? this.#client.send(command) : this.#client.send(command));
      return undefined;
    } catch (error) {
      const conflict = conflictOf(error);
      if (conflict === undefined) throw error;
      return { item: conflict.item };
    }
  }

  /** The returned attributes of the item; undefined if the condition failed. */
  async #update(
    key: { pk: string; sk: string },
    update: Omit<ConstructorParameters<typeof UpdateItemCommand>[0], 'TableName' | 'Key'>,
    values: Item,
  ): Promise<StoredItem | undefined> {
    try {
      const answer = await this.#client.send(
        new UpdateItemCommand({
          ...update,
          TableName: this.#table,
          Key: marshall(key),
          ExpressionAttributeValues: marshall(values),
        }),
      );
      return answer.Attributes ?? {};
    } catch (error) {
      if (conflictOf(error) === undefined) throw error;
      return undefined;
    }
  }

  async #query(
    query: Omit<ConstructorParameters<typeof QueryCommand>[0], 'TableName'>,
    limit = Infinity,
  ): Promise<Item[]> {
    const items: Item[] = [];
    const read = (from: StoredItem | undefined) =>
      this.#client.send(
        new QueryCommand({
          ...query,
          TableName: this.#table,
          ...(Number.isFinite(limit) ? { Limit: limit - items.length } : {}),
          ExclusiveStartKey: from,
        }),
      );
    for await (const page of pages(read, lastKey)) {
      for (const item of page.Items ?? []) items.push(unmarshall(item));
      if (items.length >= limit) break;
    }
    return items;
  }
}

function marshalled(item: Item): StoredItem {
  return marshall(item, { removeUndefinedValues: true });
}

function withTrigger(item: Item, { trigger, parameters }: Started): Item {
  return { ...item, trigger, parameters, triggerApart: true };
}

/** As it is read again. */
function plain(item: Item): Item {
  return unmarshall(marshalled(item));
}

/** Start key of the next page. */
function lastKey(page: { LastEvaluatedKey?: StoredItem | undefined }): StoredItem | undefined {
  return page.LastEvaluatedKey;
}

function runIdOf(item: Item): string {
  return String(item['pk']).slice('run#'.length);
}
