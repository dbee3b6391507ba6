/** The Warehouse port over the Redshift Data API. */
import type {
  DescribeStatementCommandOutput,
  ExecuteStatementCommandInput,
  Field,
  RedshiftDataClient,
  StatusString,
} from '@aws-sdk/client-redshift-data';
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  ListSessionsCommand,
  ListStatementsCommand,
} from '@aws-sdk/client-redshift-data';

import { isNamed } from '../errors.ts';
import { pages } from '../pages.ts';
import { defined } from '../run/defined.ts';
import type { Refusal } from '../run/run-event.ts';
import { OPENER_KEEP_ALIVE_SECONDS } from './warehouse.ts';
import type {
  Opened,
  Opening,
  Result,
  SmallEnd,
  StatementStatus,
  Submission,
  Warehouse,
} from './warehouse.ts';

/** How to reach the warehouse with the first call of a session (Redshift management guide: Using the Data API). */
export interface Connection {
  readonly WorkgroupName?: string;
  readonly ClusterIdentifier?: string;
  readonly Database: string;
  readonly DbUser?: string;
  readonly SecretArn?: string;
}

const LONGEST_WAIT_SECONDS = 30;
/** A warehouse that is awake answers sooner. */
const OPENER_WAIT_SECONDS = 2;
/** Within so many seconds after a wait its answer must have come. */
const ANSWER_SECONDS = 5;
/** Of an answer to a question of our own. */
const MOST_ROWS = 1_000;

export class DataApiWarehouse implements Warehouse {
  readonly #client: RedshiftDataClient;
  readonly #connection: Connection;
  readonly #randomToken: () => string;
  readonly #others: Readonly<Record<string, Connection>>;
  readonly #waiting: RedshiftDataClient;

  /** `others`: the warehouses that pipelines name, by name. `waiting`: for waits, which are tried once; a client without retries. */
  constructor(
    client: RedshiftDataClient,
    connection: Connection,
    randomToken: () => string,
    others: Readonly<Record<string, Connection>> = {},
    waiting: RedshiftDataClient = client,
  ) {
    this.#client = client;
    this.#connection = connection;
    this.#randomToken = randomToken;
    this.#others = others;
    this.#waiting = waiting;
  }

  async open({ set, name, warehouse, pending }: Opening): Promise<Result<Opened>> {
    if (pending !== undefined) return this.#asResult(() => this.#openPending(pending));
    const settings = Object.entries(set).map(([key, value]) => `SET ${key} TO ${value}`);
    return this.#asResult<Opened>(async () => {
      const answer = await this.#send(
        {
          ...this.#connectionTo(warehouse),
          StatementName: name,
          SessionKeepAliveSeconds: OPENER_KEEP_ALIVE_SECONDS,
          ClientToken: this.#randomToken(),
          WaitTimeSeconds: OPENER_WAIT_SECONDS,
        },
        settings.length === 0 ? ['SELECT 1'] : settings,
      );
      const statementId = required(answer.Id, 'Id');
      const status = statusOf(answer.Status);
      if (status !== 'RUNNING' && status !== 'FINISHED')
        return { ok: false, refusal: await this.#whyNotOpened(statementId, status) };
      const sessionId = required(answer.SessionId, 'SessionId');
      if (status === 'RUNNING') return { ok: true, value: { sessionId, statementId } };
      const pid = answer.RedshiftPid ?? (await this.#pidOf(statementId));
      return { ok: true, value: { sessionId, ...defined({ pid }) } };
    });
  }

  async #openPending({ sessionId, statementId }: Required<Opening>['pending']): Promise<Result<Opened>> {
    const seen = await this.#poll(statementId, LONGEST_WAIT_SECONDS);
    const status = seen === 'RUNNING' ? await this.#poll(statementId, LONGEST_WAIT_SECONDS / 2) : seen;
    if (status !== 'FINISHED') return { ok: false, refusal: await this.#whyNotOpened(statementId, status) };
    const pid = await this.#pidOf(statementId);
    return { ok: true, value: { sessionId, ...defined({ pid }) } };
  }

  async submit(submission: Submission): Promise<Result<{ statementId: string; sessionId?: string }>> {
    return this.#asResult(
      async () => {
        const answer = await this.#send(
          {
            SessionId: submission.sessionId,
            SessionKeepAliveSeconds: submission.keepAliveSeconds,
            StatementName: submission.name,
            ClientToken: submission.token,
            WithEvent: true,
          },
          submission.sqls,
          submission.transaction,
        );
        return {
          ok: true,
          value: { statementId: required(answer.Id, 'Id'), ...defined({ sessionId: answer.SessionId }) },
        };
        // ExecuteStatementException names the statement that it created: adopting it is what a good answer would be.
      },
      (statementId) => ({ statementId }),
    );
  }

  async describe(statementId: string, waitSeconds?: number): Promise<StatementStatus | 'NOT_FOUND'> {
    return unlessGone('NOT_FOUND', async () => {
      const answer = await (waitSeconds === undefined
        ? this.#client.send(new DescribeStatementCommand({ Id: statementId }))
        : this.#awaitEnd(statementId, waitSeconds));
      if (answer === undefined) return { statementId, status: 'RUNNING' as const, rows: [] };
      const { Duration, RedshiftQueryId } = answer;
      const children = answer.SubStatements ?? [];
      const withError = children.findIndex((child) => child.Error !== undefined && child.Error !== '');
      // Of a transaction that was cancelled, the statement that ran need not have a text; those after it did not run.
      const failed =
        withError === -1 && answer.Status === 'ABORTED'
          ? children.findIndex((child) => child.Status === 'ABORTED')
          : withError;
      const error = children[failed]?.Error ?? answer.Error;
      return {
        statementId,
        status: statusOf(answer.Status),
        rows:
          children.length > 0
            ? children.map((child) => rowCount(child.ResultRows))
            : [rowCount(answer.ResultRows)],
        parts: (children.length > 0 ? children : [answer]).map((part) =>
          defined({
            ms: millis(part.Duration),
            returned: part.HasResultSet === true ? rowCount(part.ResultRows) : undefined,
          }),
        ),
        ...defined({
          error: error === '' ? undefined : error,
          failed: failed === -1 ? undefined : failed,
          updatedAt: answer.UpdatedAt,
          durationMs: millis(Duration),
          queryId: RedshiftQueryId !== undefined && RedshiftQueryId > 0 ? RedshiftQueryId : undefined,
          pid: answer.RedshiftPid,
        }),
      };
    });
  }

  /** Undefined: the wait was refused, or its answer did not come. The completion event goes on, so nothing is tried again. */
  async #awaitEnd(statementId: string, seconds: number): Promise<DescribeStatementCommandOutput | undefined> {
    try {
      return await this.#waiting.send(
        new DescribeStatementCommand({ Id: statementId, WaitTimeSeconds: seconds }),
        { abortSignal: AbortSignal.timeout((seconds + ANSWER_SECONDS) * 1000) },
      );
    } catch (error) {
      if (isNamed(error, 'ResourceNotFoundException')) throw error;
      return undefined;
    }
  }

  async result(statementId: string, limit: number, mostBytes = Infinity): ReturnType<Warehouse['result']> {
    const rows: (string | null)[][] = [];
    let columns: string[] = [];
    let types: string[] = [];
    let bytes = 0;
    let total: number | undefined;
    const read = (NextToken: string | undefined) =>
      this.#client.send(new GetStatementResultCommand({ Id: statementId, NextToken }));
    return unlessGone('NOT_FOUND', async () => {
      for await (const page of pages(read)) {
        if (columns.length === 0) {
          const found = page.ColumnMetadata ?? [];
          columns = found.map((column) => column.label ?? column.name ?? '');
          types = found.map(({ typeName = '' }) => typeName);
        }
        total ??= page.TotalNumRows;
        for (const record of page.Records ?? []) {
          const row = record.map(textOf);
          if (mostBytes !== Infinity) bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
          if (bytes > mostBytes) return { columns, types, rows, total: total ?? rows.length + 1 };
          rows.push(row);
        }
        if (rows.length >= limit) break;
      }
      return { columns, types, rows: rows.slice(0, limit), total: total ?? rows.length };
    });
  }

  async findByName(name: string): Promise<string | undefined> {
    const read = (NextToken: string | undefined) =>
      this.#client.send(
        new ListStatementsCommand({ StatementName: name, Status: 'ALL', MaxResults: 100, NextToken }),
      );
    for await (const page of pages(read)) {
      const found = page.Statements?.find((statement) => statement.StatementName === name);
      if (found !== undefined) return required(found.Id, 'Id');
    }
    return undefined;
  }

  async session(sessionId: string): Promise<'AVAILABLE' | 'BUSY' | 'CLOSED' | 'UNKNOWN'> {
    return unlessGone('UNKNOWN', async () => {
      const read = (NextToken: string | undefined) =>
        this.#client.send(new ListSessionsCommand({ SessionId: sessionId, NextToken }));
      for await (const page of pages(read)) {
        const status = page.Sessions?.find((session) => session.SessionId === sessionId)?.Status;
        if (status === 'AVAILABLE' || status === 'BUSY' || status === 'CLOSED') return status;
      }
      return 'UNKNOWN';
    });
  }

  async cancel(statementId: string): Promise<void> {
    // Too late, not running yet, or forgotten: the next DescribeStatement shows its final status.
    await unlessGone(undefined, () =>
      this.#client.send(new CancelStatementCommand({ Id: statementId })).catch((error: unknown) => {
        if (!isNamed(error, 'ValidationException')) throw error;
      }),
    );
  }

  async ask(sql: string, warehouse?: string): ReturnType<Warehouse['ask']> {
    return this.#asResult<readonly (readonly (string | null)[])[]>(async () => {
      const { statementId, status } = await this.#runToEnd(this.#connectionTo(warehouse), [sql]);
      if (status === 'FINISHED') {
        const result = await this.result(statementId, MOST_ROWS);
        if (result !== 'NOT_FOUND') return { ok: true, value: result.rows };
      }
      if (status === 'RUNNING') {
        return {
          ok: false,
          refusal: { reason: 'throttled', class: 'transient', message: 'the query took longer than 45 s' },
        };
      }
      const seen = await this.describe(statementId);
      return { ok: false, refusal: await unanswered(seen === 'NOT_FOUND' ? undefined : seen.error, status) };
    });
  }

  async runSmall(
    sessionId: string,
    sql: string,
    keepAliveSeconds: number,
  ): ReturnType<Warehouse['runSmall']> {
    return this.#asResult<SmallEnd>(async () => {
      const { statementId, status } = await this.#runToEnd(
        { SessionId: sessionId, SessionKeepAliveSeconds: keepAliveSeconds },
        [sql],
      );
      if (status !== 'FAILED') return { ok: true, value: { statementId, status } };
      const seen = await this.describe(statementId);
      const error = seen === 'NOT_FOUND' ? undefined : seen.error;
      return { ok: true, value: { statementId, status, ...defined({ error }) } };
    });
  }

  /** A warehouse without a deployment parameter has the type of the stage's own one, as local ones do. */
  #connectionTo(warehouse: string | undefined): Connection {
    if (warehouse === undefined) return this.#connection;
    const known = Object.hasOwn(this.#others, warehouse) ? this.#others[warehouse] : undefined;
    if (known !== undefined) return known;
    const name = this.#connection.ClusterIdentifier === undefined ? 'WorkgroupName' : 'ClusterIdentifier';
    return { ...this.#connection, [name]: warehouse };
  }

  /** One statement, or several as one transaction. */
  async #send(
    request: Omit<ExecuteStatementCommandInput, 'Sql'>,
    sqls: readonly string[],
    transaction = sqls.length > 1,
  ) {
    return transaction
      ? this.#client.send(
          new BatchExecuteStatementCommand({ ...request, Sqls: [...sqls], ExecutionMode: 'TRANSACTION' }),
        )
      : this.#client.send(new ExecuteStatementCommand({ ...request, Sql: sqls[0] }));
  }

  /** An internal statement: with a fresh token, so that it always runs; waits up to 45 s. */
  async #runToEnd(request: Omit<ExecuteStatementCommandInput, 'Sql'>, sqls: readonly string[]) {
    const answer = await this.#send(
      { ...request, ClientToken: this.#randomToken(), WaitTimeSeconds: LONGEST_WAIT_SECONDS },
      sqls,
    );
    const statementId = required(answer.Id, 'Id');
    // The long poll may time out before the statement ends; one more is tried, then the caller continues without.
    const seen = statusOf(answer.Status);
    const status = seen === 'RUNNING' ? await this.#poll(statementId, LONGEST_WAIT_SECONDS / 2) : seen;
    return { statementId, status };
  }

  async #poll(statementId: string, seconds: number): Promise<StatementStatus['status']> {
    const answer = await this.#client.send(
      new DescribeStatementCommand({ Id: statementId, WaitTimeSeconds: seconds }),
    );
    return statusOf(answer.Status);
  }

  /** A timed-out long poll does not report it; it is needed to check for an open transaction of a lost session. */
  async #pidOf(statementId: string): Promise<number | undefined> {
    const seen = await this.describe(statementId);
    return seen === 'NOT_FOUND' ? undefined : seen.pid;
  }

  async #whyNotOpened(statementId: string, status: StatementStatus['status']) {
    const seen = await this.describe(statementId);
    const error = seen === 'NOT_FOUND' ? undefined : seen.error;
    if (status === 'RUNNING') {
      return {
        reason: 'throttled',
        class: 'transient',
        message: 'the first statement did not finish within 45 s',
      } as const;
    }
    const message = error ?? `the session's first statement was ${status}`;
    if (/permission|authentication|password/i.test(message))
      return { reason: 'rejected', class: 'permission', message } as const;
    // A setting that the warehouse rejects, with whatever error, is not retried: it would be rejected again.
    const { failureClassOf } = await import('./failure-class.ts');
    const found = failureClassOf(message);
    const isVerdict = found === 'sql' || found === 'data' || found === 'permission';
    return isVerdict || /does not exist|invalid|outside the valid range/i.test(message)
      ? ({ reason: 'rejected', class: isVerdict ? found : 'sql', message } as const)
      : ({ reason: 'throttled', class: 'transient', message } as const);
  }

  /** `adopt`: how to treat an error that names the statement it created. */
  async #asResult<T>(call: () => Promise<Result<T>>, adopt?: (statementId: string) => T): Promise<Result<T>> {
    try {
      return await call();
    } catch (error) {
      const { refusalOf, statementIdOf } = await import('./refusal.ts');
      const statementId = adopt === undefined ? undefined : statementIdOf(error);
      if (adopt !== undefined && statementId !== undefined) return { ok: true, value: adopt(statementId) };
      return { ok: false, refusal: refusalOf(error) };
    }
  }
}

/** A query counts as rejected only if the warehouse reports an error in it; after any other failure it is repeated. */
async function unanswered(error: string | undefined, status: StatementStatus['status']): Promise<Refusal> {
  const message = error ?? `the query was ${status}`;
  const { failureClassOf } = await import('./failure-class.ts');
  const failureClass = error === undefined ? 'cancelled' : failureClassOf(error);
  return failureClass === 'sql' || failureClass === 'permission' || failureClass === 'data'
    ? { reason: 'rejected', class: failureClass, message }
    : { reason: 'throttled', class: 'transient', message };
}

/** `gone`: returned if the Data API does not know the resource, or no longer knows it. */
async function unlessGone<T, G>(gone: G, ask: () => Promise<T>): Promise<T | G> {
  try {
    return await ask();
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return gone;
    throw error;
  }
}

function statusOf(status: StatusString | undefined): StatementStatus['status'] {
  return status === 'FINISHED' || status === 'FAILED' || status === 'ABORTED' ? status : 'RUNNING';
}

/** Of nanoseconds. */
function millis(duration: number | undefined): number | undefined {
  return duration === undefined || duration < 0 ? undefined : duration / 1e6;
}

function rowCount(rows: number | undefined): number | undefined {
  return rows === undefined || rows < 0 ? undefined : rows;
}

function textOf(field: Field): string | null {
  if (field.isNull === true) return null;
  const value = field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue;
  if (value !== undefined) return String(value);
  return field.blobValue === undefined ? null : Buffer.from(field.blobValue).toString('hex');
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the Data API's response lacks ${name}`);
  return value;
}
