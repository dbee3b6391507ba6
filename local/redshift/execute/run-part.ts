/** Runs one SQL text of a statement on its session's backend, and returns the outcome. */
import { DatabaseError } from 'pg';
import type { Pool } from 'pg';

import type { CopyCommand } from '../dialect/copy-command.ts';
import type { UnloadCommand } from '../dialect/statements/unload.ts';
import { translate } from '../dialect/translate.ts';
import type { Translated, TranslatedSql } from '../dialect/translated.ts';
import { bindParameters, nameParameters } from '../protocol/parameters.ts';
import type { ResultFormat, SqlParameter } from '../protocol/requests.ts';
import type { Session } from '../sessions/session.ts';
import { runTranslated } from '../tree/lateral-aliases.ts';
import { refine } from '../tree/refine.ts';
import type { Column } from '../types/type.ts';
import { originKey, originsOf } from './catalog.ts';
import { csvField, fieldJson, resultColumn } from './fields.ts';
import { placeIn } from './position.ts';
import { runQuery } from './query.ts';
import type { QueryEnd } from './query.ts';
import { WarehouseError } from './redshift-error.ts';
import type { ResultStore, ResultWriter } from './result-store.ts';

export interface Outcome {
  readonly rows: number;
  readonly size: number;
  readonly hasResultSet: boolean;
}

export interface Part {
  readonly statementId: string;
  /** From 1; of a single statement 1. */
  readonly number: number;
  readonly sql: string;
  readonly parameters: readonly SqlParameter[] | undefined;
  readonly format: ResultFormat;
}

/** How a COPY is run; the executor lives in ../copy. */
export type RunCopy = (
  session: Session,
  copy: CopyCommand,
  queryId: number,
  abort: AbortSignal,
) => Promise<{ readonly rows: number }>;

/** How an UNLOAD is run; the executor lives in ../unload. */
export type RunUnload = (session: Session, unload: UnloadCommand) => Promise<{ readonly rows: number }>;

export interface PartRunner {
  readonly admin: Pool;
  readonly results: ResultStore;
  readonly runCopy: RunCopy;
  readonly runUnload: RunUnload;
}

export interface Prepared {
  readonly translated: Translated;
  /** Runs on the cluster's nodes, so it has a query id; the rest runs on the leader alone. */
  readonly hasQueryId: boolean;
}

const WITH_QUERY_ID = /^(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|CALL|CREATE (?:TEMP )?TABLE AS)\b/;

/** Throws what the dialect refuses. */
export function preparePart(part: Part): Prepared {
  const translated = translate(nameParameters(part.sql, part.parameters));
  return {
    translated,
    hasQueryId:
      translated.kind === 'copy' || translated.kind === 'unload' || WITH_QUERY_ID.test(translated.command),
  };
}

const NOTHING: Outcome = { rows: 0, size: 0, hasResultSet: false };

export async function runPart(
  runner: PartRunner,
  session: Session,
  part: Part,
  { translated }: Prepared,
  queryId: number,
  abort: AbortSignal,
): Promise<Outcome> {
  const sql = nameParameters(part.sql, part.parameters);
  return runTranslated(sql, (text) => runOnce(runner, session, part, text, queryId, abort), translated);
}

async function runOnce(
  runner: PartRunner,
  session: Session,
  part: Part,
  translated: Translated,
  queryId: number,
  abort: AbortSignal,
): Promise<Outcome> {
  if (translated.kind === 'copy') {
    const { rows } = await runner.runCopy(session, translated.copy, queryId, abort);
    return { ...NOTHING, rows };
  }
  if (translated.kind === 'unload') {
    const { rows } = await runner.runUnload(session, translated.unload);
    return { ...NOTHING, rows };
  }
  if (translated.notInTransaction === true && session.inTransaction) {
    throw new WarehouseError(`${translated.command} cannot run inside a transaction block`);
  }
  if (translated.kind === 'noop') return NOTHING;
  const run = (): Promise<Outcome> => runStatements(runner, session, part, translated);
  const outcome = translated.statements.length > 1 ? await asOne(session, run) : await run();
  if (translated.commits === true && session.inTransaction) await commit(session);
  return outcome;
}

/** Several statements in place of one are one: all of it or nothing. */
async function asOne<T>(session: Session, run: () => Promise<T>): Promise<T> {
  if (session.inTransaction) return run();
  await session.client.query('BEGIN');
  try {
    const done = await run();
    await commit(session);
    return done;
  } catch (error) {
    await session.client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** COMMIT of a failed transaction is a rollback: an error here, not a success. */
export async function commit(session: Session): Promise<void> {
  const { command } = await session.client.query('COMMIT');
  if (command === 'ROLLBACK') throw new WarehouseError('the transaction was rolled back');
}

async function runStatements(
  runner: PartRunner,
  session: Session,
  part: Part,
  { statements, rowsFrom, returnsRows }: TranslatedSql,
): Promise<Outcome> {
  let outcome = NOTHING;
  for (const [index, sql] of statements.entries()) {
    const counts = index === rowsFrom;
    let ran: string | undefined;
    try {
      const bound = bindParameters(sql, part.parameters);
      const { before, ...refined } = await refine(bound.sql, session.client);
      const command = { ...bound, ...refined, keepsRows: counts && returnsRows };
      const run = (): Promise<Outcome> => {
        ran = command.sql;
        return runOne(runner, session, part, command);
      };
      const done =
        before === undefined
          ? await run()
          : await asOne(session, async () => {
              await session.client.query(before);
              return run();
            });
      if (counts) outcome = done;
    } catch (error) {
      if (error instanceof DatabaseError) placeIn(part.sql, ran, error);
      throw error;
    }
  }
  return outcome;
}

interface Command {
  readonly sql: string;
  readonly values: readonly string[];
  /** Of its result, in Redshift's types; undefined: they are not known. */
  readonly columns?: readonly Column[] | undefined;
  /** Its rows are the statement's result. */
  readonly keepsRows: boolean;
}

async function runOne(
  runner: PartRunner,
  session: Session,
  part: Part,
  { sql, values, columns: inferred, keepsRows }: Command,
): Promise<Outcome> {
  let writer: ResultWriter | undefined;
  const open = (): ResultWriter => {
    writer ??= runner.results.write(part.statementId, part.number);
    return writer;
  };
  try {
    const end = await runQuery(session.client, sql, values, (row, fields) => {
      if (!keepsRows) return;
      const line = part.format === 'CSV' ? csvLine(row, fields) : jsonLine(row, fields);
      open().row(line, sizeOf(row));
    });
    if (end.fields.length === 0 || !keepsRows) return { rows: affected(end), size: 0, hasResultSet: false };
    const origins = await originsOf(runner.admin, end.fields);
    const isComplete = inferred?.length === end.fields.length;
    const columns = end.fields.map((field, at) =>
      resultColumn(field, origins.get(originKey(field)), isComplete ? inferred[at]?.type : undefined),
    );
    const { size, rows } = open().finish(columns, part.format);
    writer = undefined;
    return { rows, size, hasResultSet: true };
  } finally {
    writer?.discard();
  }
}

/** Rows affected by what affects rows; 0 for the rest. */
function affected({ rowCount }: QueryEnd): number {
  return rowCount ?? 0;
}

function jsonLine(row: readonly (string | null)[], fields: QueryEnd['fields']): string {
  return `[${row.map((value, index) => fieldJson(value, fields[index]?.dataTypeID ?? 0)).join(',')}]`;
}

/** As a JSON string, so that it is one line whatever is in it. */
function csvLine(row: readonly (string | null)[], fields: QueryEnd['fields']): string {
  return JSON.stringify(row.map((value, index) => csvField(value, fields[index]?.dataTypeID ?? 0)).join(','));
}

function sizeOf(row: readonly (string | null)[]): number {
  let size = 0;
  for (const value of row) if (value !== null) size += Buffer.byteLength(value);
  return size;
}
