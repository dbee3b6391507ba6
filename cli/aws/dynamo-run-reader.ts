/** Runs and files as the DynamoDB table has them. */
import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

import { isNamed, messageOf } from '../../shared/errors.ts';
import { pages } from '../../shared/pages.ts';
import { defined } from '../../shared/run/defined.ts';
import type { Run } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { DynamoDbRunStore } from '../../shared/store/dynamodb-run-store.ts';
import { fileKeyStart } from '../../shared/store/file-index.ts';
import { DUE_PARTITION, runOfItem, notSucceededKey, type Item } from '../../shared/store/run-item.ts';
import { count, instant, map, optional, text } from '../../shared/store/shape.ts';
import {
  MissingIndexError,
  type ByState,
  type EveryRun,
  type FileEntry,
  type FileReader,
  type IndexedState,
  type StageReader,
} from '../runs/run-reader.ts';
import type { ClientSettings } from './client-settings.ts';

type StoredItem = Record<string, AttributeValue>;

/** Items are loaded one by one, so many at once. */
const PAGE = 100;

/** Receives one sentence for each item that a list leaves out because it cannot be read. */
export type OnUnreadable = (problem: string) => void;

export type DynamoReader = StageReader & EveryRun & ByState & FileReader;

export function dynamoRunReader(
  settings: ClientSettings,
  table: string,
  onUnreadable: OnUnreadable,
): DynamoReader {
  return new DynamoRunReader(new DynamoDBClient(settings), table, onUnreadable);
}

/** The item of a part of a marked folder: it has no run of its own (ARCHITECTURE.md: Stored items). */
const part = map({
  pipeline: text,
  bucketName: text,
  objectKey: text,
  run: text,
  etag: optional(text),
  size: optional(count),
  versionId: optional(text),
  at: instant,
});

export class DynamoRunReader extends DynamoDbRunStore implements EveryRun, ByState, FileReader {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #onUnreadable: OnUnreadable;

  constructor(client: DynamoDBClient, table: string, onUnreadable: OnUnreadable) {
    super(client, table);
    this.#client = client;
    this.#table = table;
    this.#onUnreadable = onUnreadable;
  }

  async listRuns(pipeline: string, limit: number): Promise<Run[]> {
    const runs: Run[] = [];
    let read = 0;
    const size = (): number => Math.min(PAGE, limit - read);
    for await (const page of this.#pages(newestFirst(pipeline), size, runOf)) {
      runs.push(...page.found);
      read += page.read;
      if (read >= limit) break;
    }
    return runs;
  }

  newestRuns(pipeline: string, atFirst: number): AsyncGenerator<readonly Run[]> {
    return this.#runs(newestFirst(pipeline), atFirst);
  }

  everyRun(pipeline: string): AsyncGenerator<readonly Run[]> {
    return this.#runs(byPipeline(pipeline), PAGE);
  }

  runsIn(pipeline: string, state: IndexedState, atFirst: number): AsyncGenerator<readonly Run[]> {
    const query =
      state === 'QUEUED'
        ? entries('queue', 'queue', pipeline)
        : entries('not-succeeded', 'notSucceeded', notSucceededKey(pipeline, state));
    return this.#runs({ ...query, ScanIndexForward: false }, atFirst);
  }

  activeRuns(): AsyncGenerator<readonly Run[]> {
    return this.#runs(entries('due', 'due', DUE_PARTITION), PAGE);
  }

  async *#runs(query: Omit<QueryCommandInput, 'TableName'>, atFirst: number): AsyncGenerator<readonly Run[]> {
    let size = Math.min(PAGE, atFirst);
    for await (const { found } of this.#pages(query, () => size, runOf)) {
      size = PAGE;
      yield found;
    }
  }

  async *files(pipeline: string, prefix: string): AsyncGenerator<readonly FileEntry[]> {
    const start = fileKeyStart(prefix);
    const query = {
      IndexName: 'by-file',
      KeyConditionExpression: `pipeline = :pipeline${start === '' ? '' : ' AND begins_with(fileKey, :start)'}`,
      ExpressionAttributeValues: marshall({
        ':pipeline': pipeline,
        ...(start !== '' && { ':start': start }),
      }),
      ScanIndexForward: false,
    };
    for await (const { found } of this.#pages(query, () => PAGE, entryOf))
      yield found.filter(({ file }) => file.key.startsWith(prefix));
  }

  /**
   * What the items of an index are; `limit` is asked before each page. Items that are gone or cannot be read are left out.
   * @throws MissingIndexError
   */
  async *#pages<T>(
    query: Omit<QueryCommandInput, 'TableName'>,
    limit: () => number,
    parse: (item: Item) => T,
  ): AsyncGenerator<{ readonly found: T[]; readonly read: number }> {
    const read = async (from: StoredItem | undefined) => {
      const input = {
        ...query,
        TableName: this.#table,
        Limit: limit(),
        ...defined({ ExclusiveStartKey: from }),
      };
      try {
        return await this.#client.send(new QueryCommand(input));
      } catch (error) {
        // "The table does not have the specified index", "Cannot read from backfilling global secondary index".
        if (!isNamed(error, 'ValidationException') || !/index/i.test(messageOf(error))) throw error;
        throw new MissingIndexError(query.IndexName ?? '', messageOf(error));
      }
    };
    for await (const { Items: items = [] } of pages(read, ({ LastEvaluatedKey: key }) => key)) {
      const found = await Promise.all(items.map((item) => this.#parsed(item, parse)));
      yield { found: found.filter((each) => each !== undefined), read: items.length };
    }
  }

  async #parsed<T>({ pk, sk }: StoredItem, parse: (item: Item) => T): Promise<T | undefined> {
    // What started a run may be in an item of its own; the index of files has that one.
    const isTrigger = sk?.S === 'trigger';
    const key = defined({ pk, sk: isTrigger ? { S: 'run' } : sk }) as StoredItem;
    const { Item: item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
    );
    if (item === undefined) return undefined;
    // Left by a creation that another one was ahead of.
    if (isTrigger && item['trigger'] !== undefined) return undefined;
    try {
      return parse(await this.completed(unmarshall(item)));
    } catch (error) {
      this.#onUnreadable(`left out, its item cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }
}

const runOf = (item: Item): Run => runOfItem(item);

/** All entries of an index with this hash key. */
function entries(index: string, hash: string, value: string) {
  return {
    IndexName: index,
    KeyConditionExpression: '#hash = :value',
    ExpressionAttributeNames: { '#hash': hash },
    ExpressionAttributeValues: marshall({ ':value': value }),
  };
}

function byPipeline(pipeline: string) {
  return entries('by-pipeline', 'pipeline', pipeline);
}

function newestFirst(pipeline: string) {
  return { ...byPipeline(pipeline), ScanIndexForward: false };
}

function entryOf(item: Item): FileEntry {
  if (item['sk'] === 'run') return runEntry(runOfItem(item));
  const { pipeline, bucketName, objectKey, run, at, ...rest } = part(
    item,
    `file ${String(item['objectKey'])} in the table: `,
  );
  return { pipeline, file: { bucket: bucketName, key: objectKey, ...rest }, arrivedAt: at, runId: run };
}

/** @throws Error where the run has no file */
export function runEntry(run: Run): FileEntry {
  const file = fileOf(run.trigger);
  if (file === undefined) throw new Error(`run ${run.id} has no file`);
  return { pipeline: run.pipeline, file, arrivedAt: run.trigger.time, runId: run.id, run };
}
