/** The Warehouse port over the Redshift Data API. */
import type { Field, RedshiftDataClient, StatusString } from '@aws-sdk/client-redshift-data';
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  ListSessionsCommand,
  ListStatementsCommand,
} from '@aws-sdk/client-redshift-data';

import type { Refusal } from '../run/run-event.ts';
import { failureClassOf } from './failure-class.ts';
import { refusalOf, statementIdOf } from './refusal.ts';
import type { Opening, Result, SmallEnd, StatementStatus, Submission, Warehouse } from './warehouse.ts';

/** How to reach the warehouse with the first call of a session (Redshift management guide: Using the Data API). */
export interface Connection {
  readonly WorkgroupName?: string;
  readonly ClusterIdentifier?: string;
  readonly Database: string;
  readonly DbUser?: string;
  readonly SecretArn?: string;
}

/** Longer than a first step whose token was used up takes to be claimed anew (shared/run/old-claim.ts). */
const OPENER_KEEP_ALIVE_SECONDS = 300;
const LONGEST_WAIT_SECONDS = 30;

export class DataApiWarehouse implements Warehouse {
  readonly #client: RedshiftDataClient;
  readonly #connection: Connection;
  readonly #randomToken: () => string;
  readonly #others: Readonly<Record<string, Connection>>;

  /** `others`: the warehouses that pipelines name, by name. */
  constructor(
    client: RedshiftDataClient,
    connection: Connection,
    randomToken: () => string,
    others: Readonly<Record<string, Connection>> = {},
  ) {
    this.#client = client;
    this.#connection = connection;
    this.#randomToken = randomToken;
    this.#others = others;
  }

  async open({ set, name, warehouse }: Opening): Promise<Result<{ sessionId: string; pid?: number }>> {
    const settings = Object.entries(set).map(([key, value]) => `SET ${key} TO ${value}`);
    const common = {
      ...this.#connectionTo(warehouse),
      StatementName: name,
      ClientToken: this.#randomToken(),
      SessionKeepAliveSeconds: OPENER_KEEP_ALIVE_SECONDS,
      WaitTimeSeconds: LONGEST_WAIT_SECONDS,
    };
    return this.#asResult(async () => {
      const answer =
        settings.length > 1
          ? await this.#client.send(
              new BatchExecuteStatementCommand({ ...common, Sqls: settings, ExecutionMode: 'TRANSACTION' }),
            )
          : await this.#client.send(
              new ExecuteStatementCommand({ ...common, Sql: settings[0] ?? 'SELECT 1' }),
            );
      const ended = await this.#untilEnd(required(answer.Id, 'Id'), answer.Status);
      if (ended !== 'FINISHED')
        return { ok: false, refusal: await this.#whyNotOpened(required(answer.Id, 'Id'), ended) };
      const value = { sessionId: required(answer.SessionId, 'SessionId') };
      const pid = answer.RedshiftPid ?? (await this.#pidOf(required(answer.Id, 'Id')));
      return {
        ok: true,
        value: pid === undefined ? value : { ...value, pid },
      };
    });
  }

  async submit(submission: Submission): Promise<Result<{ statementId: string; sessionId?: string }>> {
    const common = {
      SessionId: submission.sessionId,
      SessionKeepAliveSeconds: submission.keepAliveSeconds,
      StatementName: submission.name,
      ClientToken: submission.token,
      WithEvent: true,
    };
    return this.#asResult(async () => {
      const answer = submission.transaction
        ? await this.#client.send(
            new BatchExecuteStatementCommand({
              ...common,
              Sqls: [...submission.sqls],
              ExecutionMode: 'TRANSACTION',
            }),
          )
        : await this.#client.send(new ExecuteStatementCommand({ ...common, Sql: submission.sqls[0] }));
      const value = { statementId: required(answer.Id, 'Id') };
      return {
        ok: true,
        value: answer.SessionId === undefined ? value : { ...value, sessionId: answer.SessionId },
      };
    }, adopted);
  }

  async describe(statementId: string): Promise<StatementStatus | 'NOT_FOUND'> {
    try {
      const answer = await this.#client.send(new DescribeStatementCommand({ Id: statementId }));
      const children = answer.SubStatements ?? [];
      const error =
        children.find((child) => child.Error !== undefined && child.Error !== '')?.Error ?? answer.Error;
      return {
        statementId,
        status: statusOf(answer.Status),
        rows:
          children.length > 0
            ? children.map((child) => rowCount(child.ResultRows))
            : [rowCount(answer.ResultRows)],
        ...(error === undefined || error === '' ? {} : { error }),
        ...(answer.UpdatedAt === undefined ? {} : { updatedAt: answer.UpdatedAt }),
        ...(answer.Duration === undefined || answer.Duration < 0
          ? {}
          : { durationMs: answer.Duration / 1e6 }),
        ...(answer.RedshiftQueryId === undefined || answer.RedshiftQueryId <= 0
          ? {}
          : { queryId: answer.RedshiftQueryId }),
        ...(answer.RedshiftPid === undefined ? {} : { pid: answer.RedshiftPid }),
      };
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return 'NOT_FOUND';
      throw error;
    }
  }

  async result(statementId: string, limit: number): ReturnType<Warehouse['result']> {
    const answer = await this.#client.send(new GetStatementResultCommand({ Id: statementId }));
    const rows = (answer.Records ?? []).slice(0, limit).map((record) => record.map(textOf));
    return {
      columns: (answer.ColumnMetadata ?? []).map((column) => column.label ?? column.name ?? ''),
      rows,
      total: answer.TotalNumRows ?? rows.length,
    };
  }

  async findByName(name: string): Promise<string | undefined> {
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListStatementsCommand({
          StatementName: name,
          Status: 'ALL',
          MaxResults: 100,
          ...(token === undefined ? {} : { NextToken: token }),
        }),
      );
      const found = page.Statements?.find((statement) => statement.StatementName === name);
      if (found !== undefined) return required(found.Id, 'Id');
      token = page.NextToken;
    } while (token !== undefined && token !== '');
    return undefined;
  }

  async session(sessionId: string): Promise<'AVAILABLE' | 'BUSY' | 'CLOSED' | 'UNKNOWN'> {
    try {
      const answer = await this.#client.send(new ListSessionsCommand({ SessionId: sessionId }));
      const status = answer.Sessions?.find((session) => session.SessionId === sessionId)?.Status;
      return status === 'AVAILABLE' || status === 'BUSY' || status === 'CLOSED' ? status : 'UNKNOWN';
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return 'UNKNOWN';
      throw error;
    }
  }

  async cancel(statementId: string): Promise<void> {
    try {
      await this.#client.send(new CancelStatementCommand({ Id: statementId }));
    } catch (error) {
      // Too late, or not running yet: the statement's own end tells, at the next look.
      if (!(error instanceof Error && error.name === 'ValidationException')) throw error;
    }
  }

  async ask(sql: string, warehouse?: string): ReturnType<Warehouse['ask']> {
    return this.#asResult<readonly (readonly (string | null)[])[]>(async () => {
      const answer = await this.#client.send(
        new ExecuteStatementCommand({
          ...this.#connectionTo(warehouse),
          Sql: sql,
          ClientToken: this.#randomToken(),
          WaitTimeSeconds: LONGEST_WAIT_SECONDS,
        }),
      );
      const statementId = required(answer.Id, 'Id');
      const status = await this.#untilEnd(statementId, answer.Status);
      if (status === 'FINISHED') return { ok: true, value: (await this.result(statementId, 1000)).rows };
      if (status === 'RUNNING') {
        return {
          ok: false,
          refusal: { reason: 'throttled', class: 'transient', message: 'the query took longer than 45 s' },
        };
      }
      const seen = await this.describe(statementId);
      return { ok: false, refusal: unanswered(seen === 'NOT_FOUND' ? undefined : seen.error, status) };
    });
  }

  async runSmall(
    sessionId: string,
    sql: string,
    keepAliveSeconds: number,
  ): ReturnType<Warehouse['runSmall']> {
    return this.#asResult<SmallEnd>(async () => {
      const answer = await this.#client.send(
        new ExecuteStatementCommand({
          SessionId: sessionId,
          Sql: sql,
          SessionKeepAliveSeconds: keepAliveSeconds,
          ClientToken: this.#randomToken(),
          WaitTimeSeconds: LONGEST_WAIT_SECONDS,
        }),
      );
      const statementId = required(answer.Id, 'Id');
      const status = await this.#untilEnd(statementId, answer.Status);
      if (status !== 'FAILED') return { ok: true, value: { statementId, status } };
      const seen = await this.describe(statementId);
      const error = seen === 'NOT_FOUND' ? undefined : seen.error;
      return { ok: true, value: { statementId, status, ...(error === undefined ? {} : { error }) } };
    });
  }

  /** One that the deployment was not told of is of the stage's own kind, as the local ones are. */
  #connectionTo(warehouse: string | undefined): Connection {
    if (warehouse === undefined) return this.#connection;
    const known = Object.hasOwn(this.#others, warehouse) ? this.#others[warehouse] : undefined;
    if (known !== undefined) return known;
    const name = this.#connection.ClusterIdentifier === undefined ? 'WorkgroupName' : 'ClusterIdentifier';
    return { ...this.#connection, [name]: warehouse };
  }

  /** A long poll may run out before the statement does; one more, then the caller goes on without. */
  async #untilEnd(statementId: string, status: StatusString | undefined): Promise<StatementStatus['status']> {
    if (statusOf(status) !== 'RUNNING') return statusOf(status);
    const answer = await this.#client.send(
      new DescribeStatementCommand({ Id: statementId, WaitTimeSeconds: LONGEST_WAIT_SECONDS / 2 }),
    );
    return statusOf(answer.Status);
  }

  /** A long poll that ran out does not say it; whether a lost session left a transaction open is asked by it. */
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
        message: 'the warehouse did not answer the first statement within 45 s',
      } as const;
    }
    const message = error ?? `the session's first statement was ${status}`;
    const rejected = /permission|does not exist|syntax|unrecognized|invalid|authentication|password/i.test(
      message,
    );
    return rejected
      ? ({
          reason: 'rejected',
          class: /permission|authentication|password/i.test(message) ? 'permission' : 'sql',
          message,
        } as const)
      : ({ reason: 'throttled', class: 'transient', message } as const);
  }

  /** `otherwise`: what an error may mean beside a refusal. */
  async #asResult<T>(
    call: () => Promise<Result<T>>,
    otherwise: (error: unknown) => T | undefined = () => undefined,
  ): Promise<Result<T>> {
    try {
      return await call();
    } catch (error) {
      const value = otherwise(error);
      if (value !== undefined) return { ok: true, value };
      return { ok: false, refusal: refusalOf(error) };
    }
  }
}

/** Refused is a question only where the warehouse says what is wrong with it; whatever else ended it, it is put again. */
function unanswered(error: string | undefined, status: StatementStatus['status']): Refusal {
  const message = error ?? `the query was ${status}`;
  const failureClass = error === undefined ? 'cancelled' : failureClassOf(error);
  return failureClass === 'sql' || failureClass === 'permission' || failureClass === 'data'
    ? { reason: 'rejected', class: failureClass, message }
    : { reason: 'throttled', class: 'transient', message };
}

/** ExecuteStatementException names the statement that it created: adopting it is what a good answer would be. */
function adopted(error: unknown): { statementId: string } | undefined {
  const statementId = statementIdOf(error);
  return statementId === undefined ? undefined : { statementId };
}

function statusOf(status: StatusString | undefined): StatementStatus['status'] {
  return status === 'FINISHED' || status === 'FAILED' || status === 'ABORTED' ? status : 'RUNNING';
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
  if (value === undefined) throw new Error(`the Data API's answer lacks ${name}`);
  return value;
}
