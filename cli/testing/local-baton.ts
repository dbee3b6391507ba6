/** A local AWS with the pipelines of a folder in it, for tests: files in, runs to their end, rows out (`baton/testing`). */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import {
  BatchWriteItemCommand,
  DynamoDBClient,
  ScanCommand,
  type AttributeValue,
  type ScanCommandInput,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

import type { Call } from '../../local/gateway/call-log.ts';
import { removePlaceOfHome } from '../../local/redshift/postgres/place.ts';
import type { TableState } from '../../local/redshift/table-states.ts';
import type { Settled } from '../../local/supervisor/settle.ts';
import { pages } from '../../shared/pages.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { defined } from '../../shared/run/defined.ts';
import { isAtRest, type Run } from '../../shared/run/run.ts';
import type { Connection } from '../aws/connection.ts';
import type { Operator } from '../aws/operator.ts';
import type { Cell, SqlClient } from '../aws/sql-client.ts';
import { CommandError, EXIT } from '../exit.ts';
import { localAdmin, type LocalAdmin } from '../local/admin.ts';
import { parseDuration } from '../local/duration.ts';
import { startStack, type Stack } from '../local/stack.ts';
import { sqlFolder } from '../project.ts';
import { setupLine } from '../query/apply-setup.ts';
import { ask, requestBy } from '../requests.ts';
import type { HistoryRow, RunReader } from '../runs/run-reader.ts';
import type { Fault } from './library.ts';

export interface LocalOptions {
  /** Folder of the pipelines. Default: `sql` of the project. */
  readonly sql?: string;
  /** Where its state is kept, and stays after `stop`. Default: a temporary folder, which `stop` removes. */
  readonly home?: string;
  /** True: schedules start runs as the clock passes their times. Default: false. */
  readonly schedules?: boolean;
  /** Lines for people. Default: none. */
  readonly log?: (line: string) => void;
  /** Ends what waits: `untilAtRest` and `settle` reject then. */
  readonly signal?: AbortSignal;
}

/** How far `untilAtRest` may go. */
export interface RestLimits {
  /** Real time, in ms. Default: 60,000. */
  readonly limitMs?: number;
  /** By how much the clock may be moved on, in ms. Default: six hours. */
  readonly clockMs?: number;
}

const REST_MS = 60_000;
const CLOCK_MS = 6 * 3_600_000;
/** After so many times that were due and brought nothing, the clock is moved on further. */
const PATIENCE = 12;
const MOST_ITEMS = 25;
const MOST_OBJECTS = 1000;

const SETTLE_SLICE_MS = 500;

/** Some runs were not at rest at the limit. */
export class NotAtRest extends Error {
  override name = 'NotAtRest';
  /** All of them, the oldest first. */
  readonly runs: readonly Run[];
  constructor(runs: readonly Run[]) {
    const open = runs.filter((run) => !isDone(run)).map((run) => `${run.id} is still ${run.life.state}`);
    super(open.join('; '));
    this.runs = runs;
  }
}

export class LocalBaton {
  /** `http://127.0.0.1:PORT`: of every AWS client, with any credentials. */
  readonly endpoint: string;
  readonly region: string;
  readonly landingBucket: string;
  /** The way to it, as the commands have it. */
  readonly connection: Connection;
  #plans: readonly Plan[];
  readonly #folder: string;
  readonly #stack: Stack;
  readonly #reader: RunReader;
  readonly #operator: Operator;
  readonly #sql: SqlClient;
  readonly #admin: LocalAdmin;
  readonly #s3: S3Client;
  readonly #dynamodb: DynamoDBClient;
  readonly #removeHome: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #artifacts: string;

  private constructor(
    stack: Stack,
    ports: { reader: RunReader; operator: Operator; sql: SqlClient; landing: string; artifacts: string },
    {
      plans,
      folder,
      removeHome,
      signal,
    }: {
      plans: readonly Plan[];
      folder: string;
      removeHome: () => void;
      signal: AbortSignal | undefined;
    },
  ) {
    this.#stack = stack;
    this.#reader = ports.reader;
    this.#operator = ports.operator;
    this.#sql = ports.sql;
    this.endpoint = stack.ready.endpoint;
    this.region = stack.ready.region;
    this.connection = stack.connection;
    this.landingBucket = ports.landing;
    this.#plans = plans;
    this.#folder = folder;
    this.#admin = localAdmin(this.endpoint);
    this.#s3 = new S3Client({ ...stack.connection.settings, forcePathStyle: true });
    this.#dynamodb = new DynamoDBClient(stack.connection.settings);
    this.#removeHome = removeHome;
    this.#signal = signal;
    this.#artifacts = ports.artifacts;
  }

  /**
   * Compiles the pipelines, starts the local AWS on a free port, and applies `setup/`. Some seconds. Pipelines with errors
   * are left out.
   * @throws CommandError with the files of `setup/` that could not be applied
   */
  static async start({ sql, home, schedules = false, log, signal }: LocalOptions = {}): Promise<LocalBaton> {
    const folder = sqlFolder(sql);
    const place = resolve(home ?? mkdtempSync(join(tmpdir(), 'baton-test-')));
    const removeHome = (): void => {
      if (home !== undefined) return;
      rmSync(place, { recursive: true, force: true, maxRetries: 3 });
      removePlaceOfHome(place);
    };
    let stack: Stack | undefined;
    try {
      stack = await startStack({
        home: place,
        port: 0,
        sql: folder,
        quickPauses: true,
        schedules,
        log: log ?? (() => undefined),
      });
      refuseBadSetup(stack.setup);
      const { connection } = stack;
      const [reader, operator, sqlClient, landing, deployed] = await Promise.all([
        connection.runs(),
        connection.operator(),
        connection.sql(),
        connection.landing(),
        connection.deployed(),
      ]);
      const ports = {
        reader,
        operator,
        sql: sqlClient,
        landing: landing.bucket,
        artifacts: deployed['BATON_ARTIFACTS_BUCKET'] ?? '',
      };
      const { plans } = loadPipelines(folder);
      return new LocalBaton(stack, ports, { plans, folder, removeHome, signal });
    } catch (error) {
      await stack?.stop();
      removeHome();
      throw error;
    }
  }

  /** Of the pipelines without errors. */
  get plans(): readonly Plan[] {
    return this.#plans;
  }

  /** Compiles the pipelines again, where they have changed. One with errors stays as it was. */
  async reload(): Promise<void> {
    await this.#stack.reload();
    this.#plans = loadPipelines(this.#folder).plans;
  }

  /** Uploads an object; `bucket`: the landing bucket, another one is made. What it starts goes on by itself: `untilAtRest` waits for it. */
  async put(key: string, body: string | Uint8Array, bucket = this.landingBucket): Promise<void> {
    if (this.#stack.ready.buckets.every(({ name }) => name !== bucket)) await this.ensureBucket(bucket);
    await this.#s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  }

  /** The keys that begin with `prefix`, in their order. */
  async keys(prefix = '', bucket = this.landingBucket): Promise<readonly string[]> {
    const list = (ContinuationToken: string | undefined) =>
      this.#s3.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...defined({ ContinuationToken }) }),
      );
    const keys: string[] = [];
    for await (const { Contents = [] } of pages(list, ({ NextContinuationToken: next }) => next))
      keys.push(...Contents.flatMap(({ Key }) => Key ?? []));
    return keys;
  }

  /** The bytes of an object. */
  async get(key: string, bucket = this.landingBucket): Promise<Uint8Array> {
    const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  }

  /** Makes a bucket that is not there; its files send events too. */
  async ensureBucket(Bucket: string): Promise<void> {
    const { Buckets: buckets = [] } = await this.#s3.send(new ListBucketsCommand());
    if (buckets.every(({ Name }) => Name !== Bucket))
      await this.#s3.send(new CreateBucketCommand({ Bucket }));
  }

  /** The names of the buckets, that of Baton's own artifacts left out. */
  async buckets(): Promise<readonly string[]> {
    const { Buckets: buckets = [] } = await this.#s3.send(new ListBucketsCommand());
    return buckets.flatMap(({ Name }) => Name ?? []).filter((name) => name !== this.#artifacts);
  }

  /** Delivers the events of files from this time on again, from the archive, as `baton replay` does. `from`: ms since the epoch. */
  async replay(from: number): Promise<void> {
    const replayer = await this.#stack.connection.replayer();
    await replayer.begin({ name: `test-${randomUUID()}`, from, to: await this.now() });
  }

  /** The calls of functions that have ended since a call of this number, and the number of the last one. */
  async calls(since = 0): Promise<{ readonly last: number; readonly calls: readonly Call[] }> {
    return (await this.#admin.get(`calls?detail&since=${since}`)) as { last: number; calls: readonly Call[] };
  }

  /** Starts a run as `baton start` does. @returns its id */
  async startRun(
    pipeline: string,
    { parameters = {}, file }: { parameters?: Readonly<Record<string, string>>; file?: string } = {},
  ): Promise<string> {
    const request = { verb: 'start', pipeline, parameters, ...defined({ file }), ...requestBy() } as const;
    return (await ask(this.#operator, request)).runId;
  }

  /** Resumes a run that failed, as `baton resume` does: at the failed step, or at an earlier one. */
  async resume(runId: string, from?: string): Promise<void> {
    await ask(this.#operator, { verb: 'resume', runId, ...defined({ from }), ...requestBy() });
  }

  /** Cancels a run, as `baton cancel` does. */
  async cancel(runId: string): Promise<void> {
    await ask(this.#operator, { verb: 'cancel', runId, ...requestBy() });
  }

  /** Waits until nothing happens any more at the time of the clock; `limitMs`: real time. */
  async settle(limitMs = REST_MS): Promise<Settled> {
    const end = Date.now() + limitMs;
    for (;;) {
      this.#signal?.throwIfAborted();
      const slice = Math.min(Math.max(end - Date.now(), 0), SETTLE_SLICE_MS);
      const answer = (await this.#admin.post('settle', { limitMs: slice })) as Settled;
      if (answer.settled || Date.now() >= end) return answer;
    }
  }

  /**
   * Waits until every run has ended, or stopped until a person acts, and no event, retry or message waits for a later time: the
   * clock is moved on to what is due next.
   * @returns all runs, the oldest first
   * @throws NotAtRest
   */
  async untilAtRest({ limitMs = REST_MS, clockMs = CLOCK_MS }: RestLimits = {}): Promise<readonly Run[]> {
    const end = Date.now() + limitMs;
    let moved = 0;
    for (let looks = 0; ; looks += 1) {
      const { settled, waiting, nextAt, now } = await this.settle(Math.max(end - Date.now(), 0));
      const runs = await this.allRuns();
      if (waiting === 0 && runs.every(isDone)) return runs;
      if (!settled || moved >= clockMs || nextAt === null) throw new NotAtRest(runs);
      const due = Math.max(Date.parse(nextAt) - Date.parse(now), 1);
      const ms = looks < PATIENCE ? due : due * 2 ** Math.min(looks - PATIENCE, 4);
      await this.advance(ms);
      moved += ms;
    }
  }

  /** @throws CommandError with the warehouse's error. @returns the rows, with the columns' names in lower case */
  async query(sql: string): Promise<readonly Readonly<Record<string, Cell>>[]> {
    const [result] = await this.#sql.run([sql]);
    const names = (result?.columns ?? []).map(({ name }) => name);
    return (result?.rows ?? []).map((row) =>
      Object.fromEntries(row.map((cell, i) => [names[i] ?? String(i), cell])),
    );
  }

  /** Statements one after another in one session. @throws CommandError with the warehouse's error */
  async execute(statements: readonly string[]): ReturnType<SqlClient['run']> {
    return this.#sql.run(statements);
  }

  /** All rows of all tables, those of Baton left out. */
  async tables(): Promise<readonly TableState[]> {
    return ((await this.#admin.get('tables')) as { tables: readonly TableState[] }).tables;
  }

  /** Injects a fault; it strikes once unless it says otherwise. @throws CommandError for a fault that is not understood */
  async fault(fault: Fault): Promise<void> {
    await this.#admin.post('faults', fault);
  }

  /** The faults that are injected, each with how often it struck (`hits`, `touched`). */
  async faults(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return ((await this.#admin.get('faults')) as { faults: readonly Readonly<Record<string, unknown>>[] })
      .faults;
  }

  async clearFaults(): Promise<void> {
    await this.#admin.remove('faults');
  }

  /** Ends a warehouse session as if its connection broke; `all`: every one. */
  async killSession(sessionId = 'all'): Promise<void> {
    await this.#admin.post('kill-session', { sessionId });
  }

  /** Moves the clock on: ms, or a duration like `2h`. */
  async advance(by: number | string): Promise<void> {
    const advanceMs = typeof by === 'number' ? by : parseDuration(by, 'advance');
    await this.#admin.post('clock', { advanceMs });
  }

  /** Sets the clock, also back: ms since the epoch. Nothing should be under way then. */
  async setClock(now: number): Promise<void> {
    await this.#admin.post('clock', { now: new Date(now).toISOString() });
  }

  /** Of the local clock, ms since the epoch. */
  async now(): Promise<number> {
    return Date.parse(((await this.#admin.get('clock')) as { now: string }).now);
  }

  /**
   * Everything as at the start: no runs, files, faults, sessions; an empty warehouse to which `setup/` is applied. The clock
   * stays. What is under way is broken off.
   * @throws CommandError with the files of `setup/` that could not be applied
   */
  async reset(): Promise<void> {
    await this.clearFaults();
    await this.killSession();
    await this.settle();
    await this.#admin.post('forget');
    await Promise.all([this.#emptyTable(), this.#emptyBuckets(), this.#admin.post('empty-warehouse')]);
    refuseBadSetup(await this.#stack.applySetup());
  }

  /** The attempts of a run's steps, in no order. */
  async history(runId: string): Promise<readonly HistoryRow[]> {
    return this.#reader.history(runId);
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#s3.destroy();
    this.#dynamodb.destroy();
    await this.#stack.stop();
    this.#removeHome();
  }

  /** All runs, the oldest first. */
  async allRuns(): Promise<readonly Run[]> {
    const items = await this.#scan({
      FilterExpression: '#sk = :run',
      ProjectionExpression: '#id',
      ExpressionAttributeNames: { '#sk': 'sk', '#id': 'id' },
      ExpressionAttributeValues: { ':run': { S: 'run' } },
    });
    const runs = await Promise.all(items.map(({ id }) => this.#reader.load(id?.S ?? '')));
    return runs.filter((run) => run !== undefined).sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  }

  async #scan(what: Partial<ScanCommandInput>): Promise<readonly Record<string, AttributeValue>[]> {
    const { table: TableName } = this.#stack.ready;
    const scan = (ExclusiveStartKey: ScanCommandInput['ExclusiveStartKey']) =>
      this.#dynamodb.send(
        new ScanCommand({ TableName, ConsistentRead: true, ...what, ...defined({ ExclusiveStartKey }) }),
      );
    const found: Record<string, AttributeValue>[] = [];
    for await (const { Items = [] } of pages(scan, (page) => page.LastEvaluatedKey)) found.push(...Items);
    return found;
  }

  async #emptyTable(): Promise<void> {
    const { table: TableName } = this.#stack.ready;
    const keys = await this.#scan({
      ProjectionExpression: '#pk, #sk',
      ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
    });
    for (let i = 0; i < keys.length; i += MOST_ITEMS)
      await this.#dynamodb.send(
        new BatchWriteItemCommand({
          RequestItems: {
            [TableName]: keys.slice(i, i + MOST_ITEMS).map((Key) => ({ DeleteRequest: { Key } })),
          },
        }),
      );
  }

  /** Every bucket but that of Baton's own artifacts, whose plans are named by their content. */
  async #emptyBuckets(): Promise<void> {
    for (const Bucket of await this.buckets()) {
      const keys = await this.keys('', Bucket);
      for (let i = 0; i < keys.length; i += MOST_OBJECTS)
        await this.#s3.send(
          new DeleteObjectsCommand({
            Bucket,
            Delete: { Objects: keys.slice(i, i + MOST_OBJECTS).map((Key) => ({ Key })) },
          }),
        );
    }
  }
}

function refuseBadSetup(setup: Stack['setup']): void {
  const failed = setup.filter(({ error }) => error !== undefined);
  if (failed.length === 0) return;
  throw new CommandError(EXIT.failed, `not applied: ${failed.map(setupLine).join('\n')}`, {
    hint: 'tests need every file of sql/setup/: correct it',
  });
}

/** Nothing of the run is left to do; a file in a batch has the fate of its batch. */
function isDone(run: Run): boolean {
  return run.life.state === 'ABSORBED' || (isAtRest(run) && run.life.pendingActions.length === 0);
}
