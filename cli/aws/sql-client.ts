/** SQL through the Data API for the command's own use: submit, wait by long poll, read every page. */
import type { ColumnMetadata, Field } from '@aws-sdk/client-redshift-data';
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { setTimeout as sleep } from 'node:timers/promises';

import { pages } from '../../shared/pages.ts';
import { CLOSING_KEEP_ALIVE_SECONDS } from '../../shared/warehouse/warehouse.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { ClientSettings } from './client-settings.ts';
import type { WarehouseTarget } from './warehouse-target.ts';

export type Cell = string | number | boolean | null;

export interface SqlResult {
  /** Absent: the statement has no result set. */
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly Cell[])[];
  /** Rows returned or affected, where the warehouse says. */
  readonly affected?: number;
}

export interface SqlClient {
  /**
   * Runs statements one after another in a session of their own; a temporary table lives to the last of them.
   * @throws CommandError (exit 1) with the warehouse's own error
   */
  run(statements: readonly string[], signal?: AbortSignal): Promise<SqlResult[]>;
  /**
   * Runs statements as one transaction, at most 40.
   * @throws CommandError (exit 1) with the warehouse's own error
   */
  transaction(statements: readonly string[]): Promise<void>;
}

const LONG_POLL_SECONDS = 30;
const SESSION_SECONDS = 60;
/** A session is refused for a moment after its statement ended: try again, this often. */
const BUSY_TRIES = 8;
const BUSY_PAUSE_MS = 100;

const ENDS = new Set(['FINISHED', 'FAILED', 'ABORTED']);

function cellOf(field: Field): Cell {
  if (field.isNull === true) return null;
  if (field.stringValue !== undefined) return field.stringValue;
  if (field.longValue !== undefined) return field.longValue;
  if (field.doubleValue !== undefined) return field.doubleValue;
  if (field.booleanValue !== undefined) return field.booleanValue;
  if (field.blobValue !== undefined) return Buffer.from(field.blobValue).toString('hex');
  return null;
}

function columnOf(column: ColumnMetadata): { name: string; type: string } {
  return { name: column.label ?? column.name ?? '', type: column.typeName ?? '' };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /session is not available/i.test(error.message);
}

class DataApiClient implements SqlClient {
  readonly #client: RedshiftDataClient;
  readonly #target: () => Promise<WarehouseTarget>;

  constructor(client: RedshiftDataClient, target: () => Promise<WarehouseTarget>) {
    this.#client = client;
    this.#target = target;
  }

  async run(statements: readonly string[], signal?: AbortSignal): Promise<SqlResult[]> {
    const results: SqlResult[] = [];
    let session: string | undefined;
    for (const [i, sql] of statements.entries()) {
      const isLast = i === statements.length - 1;
      const submitted = await this.#submit(sql, session, isLast);
      session = submitted.SessionId ?? session;
      const id = submitted.Id ?? '';
      const cancel = (): void => void this.#cancel(id);
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        results.push(await this.#result(id));
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
    }
    return results;
  }

  async transaction(statements: readonly string[]): Promise<void> {
    const [only, ...more] = statements;
    if (only === undefined) return;
    if (more.length === 0) {
      await this.run([only]);
      return;
    }
    const { Id } = await this.#client.send(
      new BatchExecuteStatementCommand({
        ...(await this.#target()),
        Sqls: [...statements],
        ExecutionMode: 'TRANSACTION',
        StatementName: 'baton-cli',
        WaitTimeSeconds: LONG_POLL_SECONDS,
      }),
    );
    await this.#end(Id ?? '');
  }

  async #submit(sql: string, session: string | undefined, isLast: boolean) {
    const where =
      session === undefined
        ? { ...(await this.#target()), ...(!isLast && { SessionKeepAliveSeconds: SESSION_SECONDS }) }
        : { SessionId: session, ...(isLast && { SessionKeepAliveSeconds: CLOSING_KEEP_ALIVE_SECONDS }) };
    const command = { ...where, Sql: sql, StatementName: 'baton-cli', WaitTimeSeconds: LONG_POLL_SECONDS };
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#client.send(new ExecuteStatementCommand(command));
      } catch (error) {
        if (session === undefined || !isBusy(error) || tries >= BUSY_TRIES) throw error;
        await sleep(BUSY_PAUSE_MS * tries);
      }
    }
  }

  /** Waits for the end; a failure is an error with the warehouse's words. */
  async #end(id: string) {
    for (;;) {
      const seen = await this.#client.send(
        new DescribeStatementCommand({ Id: id, WaitTimeSeconds: LONG_POLL_SECONDS }),
      );
      if (!ENDS.has(seen.Status ?? '')) continue;
      if (seen.Status === 'FINISHED') return seen;
      const inner = seen.SubStatements?.find((one) => (one.Error ?? '') !== '');
      const words = inner?.Error ?? seen.Error ?? '';
      throw new CommandError(EXIT.failed, words === '' ? `the statement was ${seen.Status ?? ''}` : words);
    }
  }

  async #result(id: string): Promise<SqlResult> {
    const seen = await this.#end(id);
    const affected = (seen.ResultRows ?? -1) >= 0 ? { affected: seen.ResultRows } : {};
    if (seen.HasResultSet !== true) return { rows: [], ...affected } as SqlResult;
    const rows: Cell[][] = [];
    let columns: { name: string; type: string }[] | undefined;
    const read = (NextToken: string | undefined) =>
      this.#client.send(new GetStatementResultCommand({ Id: id, NextToken }));
    for await (const page of pages(read)) {
      columns ??= (page.ColumnMetadata ?? []).map(columnOf);
      rows.push(...(page.Records ?? []).map((record) => record.map(cellOf)));
    }
    return { columns, rows, ...affected } as SqlResult;
  }

  async #cancel(id: string): Promise<void> {
    try {
      await this.#client.send(new CancelStatementCommand({ Id: id }));
    } catch {
      // It has ended already: that is what was wanted.
    }
  }
}

/** `target`: asked for once, at the first statement. */
export function dataApiClient(settings: ClientSettings, target: () => Promise<WarehouseTarget>): SqlClient {
  let found: Promise<WarehouseTarget> | undefined;
  return new DataApiClient(new RedshiftDataClient(settings), () => (found ??= target()));
}
