/** COPY: from the bucket folders into a table, as one stream through PostgreSQL's own COPY. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { DatabaseError } from 'pg';
import type { Client, Pool } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import type { Clock } from '../../clock.ts';
import type { CopyCommand } from '../dialect/copy-command.ts';
import { quoteName, quoteString } from '../dialect/nodes.ts';
import { WarehouseError } from '../execute/redshift-error.ts';
import type { RunCopy } from '../execute/run-part.ts';
import type { Session } from '../sessions/session.ts';
import { targetTable } from './columns.ts';
import { DEFAULT } from './converters.ts';
import type { TargetTable } from './columns.ts';
import { LOAD_ERROR } from './field-problem.ts';
import { keepLoadDetail } from './load-detail.ts';
import type { ScannedFile } from './load-detail.ts';
import { keepLoadErrors } from './load-errors.ts';
import type { LoadError } from './load-errors.ts';
import { errorColumn, LoadStopped, RowStream } from './row-stream.ts';
import { sourceFiles } from './source-files.ts';
import type { SourceFile } from './source-files.ts';

export interface CopyOptions {
  readonly admin: Pool;
  readonly s3Root: string;
  readonly clock: Clock;
}

interface Load {
  readonly copy: CopyCommand;
  readonly table: TargetTable;
  readonly files: readonly SourceFile[];
  readonly abort: AbortSignal;
}

interface Loaded {
  readonly rows: number;
  readonly errors: readonly LoadError[];
  readonly scanned: readonly ScannedFile[];
  /** Too many rows were bad: nothing is loaded. */
  readonly failed: boolean;
}

/** What pg_last_copy_id() and pg_last_copy_count() of the dialect's functions read. */
const LAST_COPY =
  "SELECT set_config('redshift.last_copy_id', $1, false), set_config('redshift.last_copy_count', $2, false)";

export function makeCopyExecutor({ admin, s3Root, clock }: CopyOptions): RunCopy {
  return async (session, copy, queryId, abort) => {
    const startedAt = clock.now();
    const table = await targetTable(session.client, copy);
    const files = await sourceFiles(s3Root, copy);
    const loaded = await load(session, { copy, table, files, abort });
    const place = {
      queryId,
      pid: session.pid,
      database: session.target.database,
      tableId: table.oid,
      startedAt,
    };
    await keepLoadErrors(admin, place, loaded.errors);
    await keepLoadDetail(admin, { queryId, startedAt, endedAt: clock.now() }, loaded.scanned);
    if (loaded.failed) {
      throw new WarehouseError(
        `Load into table '${table.name}' failed.  Check 'sys_load_error_detail' system table for details.`,
      );
    }
    await session.client.query(LAST_COPY, [String(queryId), String(loaded.rows)]);
    return { rows: loaded.rows };
  };
}

/** One pass: rows that are wrong are found before they are sent, so PostgreSQL's COPY is not broken off by them. */
async function load({ client }: Session, it: Load): Promise<Loaded> {
  const { copy, files, table } = it;
  const rows = new RowStream({ copy, files, columns: table.columns });
  try {
    const count = copy.noLoad ? await check(rows) : await send(client, it, rows);
    return { rows: count, errors: rows.errors, scanned: rows.scanned, failed: false };
  } catch (error) {
    if (error instanceof LoadStopped)
      return { rows: 0, errors: rows.errors, scanned: rows.scanned, failed: true };
    const refusal = refusedRow(error);
    if (refusal === undefined) throw error;
    const column = table.columns.find(({ name }) => name === refusal.column);
    const detail: LoadError = {
      ...(await rows.placeOf(refusal.row)),
      position: 0,
      code: LOAD_ERROR.line,
      message: refusal.message,
      ...(column === undefined ? {} : { column: errorColumn(column) }),
    };
    return { rows: 0, errors: [...rows.errors, detail], scanned: rows.scanned, failed: true };
  }
}

async function send(client: Client, { table, abort }: Load, rows: RowStream): Promise<number> {
  const names = table.columns.map(({ name }) => quoteName(name)).join(', ');
  const stream = client.query(
    copyFrom(`COPY ${table.sql} (${names}) FROM STDIN WITH (DEFAULT ${quoteString(DEFAULT)})`),
  );
  await pipeline(Readable.from(rows.rows(), { objectMode: true, highWaterMark: 1 }), stream, {
    signal: abort,
  });
  return stream.rowCount;
}

/** NOLOAD: reads and checks only. */
async function check(rows: RowStream): Promise<number> {
  for await (const _ of rows.rows()) continue;
  return 0;
}

interface RefusedRow {
  /** Of the rows sent, from 1. */
  readonly row: number;
  readonly column: string | undefined;
  readonly message: string;
}

/** SQLSTATE classes that say something of the row: data exceptions, constraints, limits. All others are of the machine. */
const OF_THE_ROW = /^(?:22|23|54)/;

/** PostgreSQL reports the row in the error's context: `COPY stage, line 3, column price: "x"`. */
function refusedRow(error: unknown): RefusedRow | undefined {
  if (!(error instanceof DatabaseError) || !OF_THE_ROW.test(error.code ?? '')) return undefined;
  const match = /^COPY .*?, line (\d+)(?:, column (.+?)(?::|$))?/m.exec(error.where ?? '');
  if (match === null) return undefined;
  return { row: Number(match[1]), column: match[2], message: error.message };
}
