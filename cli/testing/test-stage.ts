/** The local AWS as the tests see it: emptied between them, given rows and files, read. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

import type { Plan } from '../../shared/pipeline/plan.ts';
import { pages } from '../../shared/pages.ts';
import { defined } from '../../shared/run/defined.ts';
import { isAtEnd, type Run } from '../../shared/run/run.ts';
import type { Connection } from '../aws/connection.ts';
import type { SqlClient } from '../aws/sql-client.ts';
import { findNewRuns, runsBefore } from '../drop/find-new-runs.ts';
import { pipelinesFor } from '../drop/key-of.ts';
import { CommandError, EXIT } from '../exit.ts';
import { localAdmin, type LocalAdmin } from '../local/admin.ts';
import type { Stack } from '../local/stack.ts';
import { setupLine } from '../query/apply-setup.ts';
import { requestBy } from '../requests.ts';
import { followRun } from '../runs/follow-run.ts';
import type { HistoryRow, RunReader } from '../runs/run-reader.ts';
import type { FoundRows } from './compare.ts';
import { insertStatements, quotedName } from './insert.ts';
import { followersOf } from './started-by.ts';
import type { Action, GivenTable, SetupStatement } from './test-case.ts';

/** A run that does nothing for so long only waits for a time: the clock is moved on, further each time. */
const IDLE_MS = 1000;
const FIRST_PASS_MS = 60_000;
const LONGEST_PASS_MS = 480_000;
const PAUSE_MS = 100;
const CANCEL_MS = 30_000;
const LATEST_MS = 120_000;
const TIMED_OUT = Symbol('timed out');
/** Newest runs of a pipeline that are looked through. */
const LOOKED_AT = 200;

/** The test came to its time limit. */
export class TestTimeout extends Error {
  override name = 'TestTimeout';
}

/** Nothing of the run is left to do; a file in a batch has the fate of its batch. */
function isOver(run: Run): boolean {
  return run.life.state === 'ABSORBED' || (isAtEnd(run) && run.life.pendingActions.length === 0);
}

export class TestStage {
  readonly #connection: Connection;
  readonly #stack: Stack;
  readonly #plans: readonly Plan[];
  readonly #reader: RunReader;
  readonly #sql: SqlClient;
  readonly #admin: LocalAdmin;
  readonly #s3: S3Client;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  /** Searches for runs that a test did not wait for to the end. */
  readonly #late: Promise<unknown>[] = [];
  #isEmpty = true;

  private constructor(
    stack: Stack,
    ports: { reader: RunReader; sql: SqlClient },
    options: { plans: readonly Plan[]; folder: string; signal: AbortSignal },
  ) {
    this.#stack = stack;
    this.#connection = stack.connection;
    this.#reader = ports.reader;
    this.#sql = ports.sql;
    this.#admin = localAdmin(stack.ready.endpoint);
    this.#s3 = new S3Client({ ...stack.connection.settings, forcePathStyle: true });
    this.#plans = options.plans;
    this.#folder = options.folder;
    this.#signal = options.signal;
  }

  /** @param options `folder`: for files on their way into a bucket */
  static async open(
    stack: Stack,
    options: { plans: readonly Plan[]; folder: string; signal: AbortSignal },
  ): Promise<TestStage> {
    const { connection } = stack;
    mkdirSync(options.folder, { recursive: true });
    return new TestStage(stack, { reader: await connection.runs(), sql: await connection.sql() }, options);
  }

  /**
   * Ends the runs of the test before, empties buckets and warehouse, and applies sql/setup/.
   * @throws CommandError (exit 1) with the files of sql/setup/ that could not be applied
   */
  async begin(): Promise<void> {
    let { setup } = this.#stack;
    if (!this.#isEmpty) {
      await this.#endRuns();
      await this.#emptyBuckets();
      await this.#admin.post('empty-warehouse');
      setup = await this.#stack.applySetup();
    }
    this.#isEmpty = false;
    const failed = setup.filter(({ error }) => error !== undefined);
    if (failed.length === 0) return;
    throw new CommandError(EXIT.failed, `not applied: ${failed.map(setupLine).join('\n')}`, {
      hint: 'tests need every file of sql/setup/: correct it',
    });
  }

  /** @throws CommandError (exit 1) with the warehouse's error */
  async execute({ sql }: SetupStatement): Promise<void> {
    await this.#sql.run([sql], this.#signal);
  }

  /** @throws CommandError (exit 1) with the warehouse's error */
  async insert(table: GivenTable): Promise<void> {
    const statements = insertStatements(table);
    if (statements.length > 0) await this.#sql.run(statements, this.#signal);
  }

  /**
   * Uploads a file, and waits until its runs, and those that follow them, are at rest.
   * @param deadline ms since the epoch
   * @throws TestTimeout
   */
  async drop({ key, bytes }: Action, deadline: number): Promise<readonly Run[]> {
    const landing = await this.#connection.landing();
    const pipelines = pipelinesFor(key, this.#plans, landing.bucket);
    const before = await runsBefore(this.#reader, pipelines);
    const path = join(this.#folder, 'dropped');
    writeFileSync(path, bytes);
    const { etag } = await landing.upload(path, bytes.byteLength, key);
    const upload = { bucket: landing.bucket, key, etag };
    const search = findNewRuns(this.#reader, pipelines, upload, before, { signal: this.#signal });
    const ids = await this.#before(
      deadline,
      search,
      `it was uploaded, but no run of ${pipelines.join(' or ')} started within the test's timeout`,
    );
    const runs: Run[] = [];
    for (const id of ids) runs.push(await this.#atRest(id, deadline));
    // The list grows while it is walked.
    for (const run of runs) {
      if (run.life.state !== 'SUCCEEDED') continue;
      for (const follower of followersOf(run.pipeline, this.#plans)) {
        const missing = `${run.id} succeeded, but no run of ${follower} started within the test's timeout`;
        const id = await this.#before(deadline, this.#followerOf(run, follower), missing);
        runs.push(await this.#atRest(id, deadline));
      }
    }
    return runs;
  }

  /** The attempts of its steps. */
  async history({ id }: Run): Promise<readonly HistoryRow[]> {
    return this.#reader.history(id);
  }

  /** The rows of a table, with those columns; with all of them where none is named. */
  async read(
    table: string,
    named: readonly string[],
  ): Promise<FoundRows & { readonly columns: readonly string[] }> {
    const name = quotedName(table);
    const [probe] = await this.#sql.run([`SELECT * FROM ${name} LIMIT 0`], this.#signal);
    const known = new Map(probe?.columns?.map((column) => [column.name.toLowerCase(), column.type]));
    const columns = named.length === 0 ? [...known.keys()] : named;
    const unknown = columns.find((column) => !known.has(column));
    if (unknown !== undefined) {
      throw new CommandError(
        EXIT.failed,
        `it has no column ${unknown}; its columns: ${[...known.keys()].join(', ')}`,
      );
    }
    const types = columns.map((column) => known.get(column) ?? '');
    // A BIGINT may have more digits than a number of JavaScript.
    const selected = columns.map((column, i) =>
      types[i] === 'int8' ? `CAST(${quotedName(column)} AS VARCHAR)` : quotedName(column),
    );
    const [result] = await this.#sql.run([`SELECT ${selected.join(', ')} FROM ${name}`], this.#signal);
    return { columns, types, rows: result?.rows ?? [] };
  }

  async #atRest(runId: string, deadline: number): Promise<Run> {
    let passedAt = 0;
    let passMs = FIRST_PASS_MS;
    const run = await followRun(this.#reader, runId, {
      signal: this.#signal,
      onQuiet: async (now, quietMs) => {
        if (Date.now() > deadline) return 'stop';
        const waits = now.life.state === 'QUEUED' || now.life.state === 'WAITING';
        if (waits && quietMs > IDLE_MS && Date.now() - passedAt > IDLE_MS) {
          passedAt = Date.now();
          await this.#admin.post('clock', { advanceMs: passMs });
          passMs = Math.min(passMs * 2, LONGEST_PASS_MS);
        }
        return 'go on';
      },
    });
    if (run.life.state === 'ABSORBED') return this.#atRest(run.life.into, deadline);
    return run;
  }

  /** Waits for a run up to the deadline of the test; the next test waits for it a little longer. */
  async #before<T>(deadline: number, search: Promise<T>, missing: string): Promise<T> {
    const over = new AbortController();
    const limit = sleep(Math.max(deadline - Date.now(), 0), TIMED_OUT, { signal: over.signal });
    limit.catch(() => undefined);
    try {
      const found = await Promise.race([search, limit]);
      if (found !== TIMED_OUT) return found;
    } finally {
      over.abort();
    }
    this.#late.push(search.catch(() => undefined));
    throw new TestTimeout(missing);
  }

  async #followerOf(upstream: Run, pipeline: string): Promise<string> {
    const limit = Date.now() + LATEST_MS;
    for (;;) {
      const found = (await this.#reader.listRuns(pipeline, LOOKED_AT)).find(
        ({ trigger }) => trigger.kind === 'pipeline' && trigger.upstream.runId === upstream.id,
      );
      if (found !== undefined) return found.id;
      if (Date.now() > limit) throw new TestTimeout(`no run of ${pipeline} started after ${upstream.id}`);
      await sleep(PAUSE_MS, undefined, { signal: this.#signal });
    }
  }

  /**
   * Cancels what is not at an end (a failed run keeps its slot, and the next test would wait for it), and waits until no
   * follow-up of any run is left.
   */
  async #endRuns(): Promise<void> {
    const operator = await this.#connection.operator();
    const deadline = Date.now() + CANCEL_MS;
    // A run that is made later than this would hold the slot of the next test.
    await Promise.race([
      Promise.all(this.#late.splice(0)),
      sleep(CANCEL_MS, undefined, { signal: this.#signal, ref: false }),
    ]);
    for (;;) {
      const lists = this.#plans.map(({ pipeline }) => this.#reader.listRuns(pipeline, LOOKED_AT));
      const open = (await Promise.all(lists)).flat().filter((run) => !isOver(run));
      const [first] = open;
      if (first === undefined) return;
      if (Date.now() > deadline)
        throw new CommandError(EXIT.unreachable, `run ${first.id} of an earlier test could not be ended`);
      // The newest first: none gets the slot of another.
      for (const run of open)
        if (!isAtEnd(run) && run.life.state !== 'CANCELLING')
          // A refusal: it has ended meanwhile.
          await operator.ask({ verb: 'cancel', runId: run.id, ...requestBy('the test is over') });
      await sleep(PAUSE_MS, undefined, { signal: this.#signal });
    }
  }

  /** Every bucket but that of Baton's own artifacts: the next test may load the same folder. */
  async #emptyBuckets(): Promise<void> {
    const { BATON_ARTIFACTS_BUCKET: artifacts } = await this.#connection.deployed();
    for (const { name: Bucket } of this.#stack.ready.buckets) {
      if (Bucket === artifacts) continue;
      const list = (ContinuationToken: string | undefined) =>
        this.#s3.send(new ListObjectsV2Command({ Bucket, ...defined({ ContinuationToken }) }));
      const keys: string[] = [];
      for await (const page of pages(list, ({ NextContinuationToken: next }) => next))
        keys.push(...(page.Contents ?? []).flatMap(({ Key: key }) => key ?? []));
      for (const Key of keys) await this.#s3.send(new DeleteObjectCommand({ Bucket, Key }));
    }
  }
}
