/** SYS_LOAD_ERROR_DETAIL, as in the Redshift developer guide: why rows were not loaded. Kept outside of the loading transaction. */
import type { Pool } from 'pg';

/**
 * The view lies in pg_catalog, so that it is found whatever the search path is. STL_LOAD_ERRORS is of provisioned
 * clusters only and is not here.
 */
export const LOAD_ERRORS = `
  CREATE SCHEMA IF NOT EXISTS redshift_state;
  GRANT USAGE ON SCHEMA redshift_state TO PUBLIC;
  CREATE TABLE IF NOT EXISTS redshift_state.load_error (
    user_id int NOT NULL DEFAULT 100,
    query_id bigint NOT NULL,
    transaction_id bigint NOT NULL DEFAULT 0,
    session_id int NOT NULL,
    database_name varchar(128) NOT NULL,
    table_id int NOT NULL,
    start_time timestamp NOT NULL,
    file_name varchar(256) NOT NULL,
    line_number bigint NOT NULL,
    column_name varchar(128) NOT NULL,
    column_type varchar(64) NOT NULL,
    column_length varchar(10) NOT NULL,
    position int NOT NULL,
    error_code int NOT NULL,
    error_message varchar(512) NOT NULL
  );
  SET allow_system_table_mods = on;
  CREATE OR REPLACE VIEW pg_catalog.sys_load_error_detail AS SELECT * FROM redshift_state.load_error;
  GRANT SELECT ON pg_catalog.sys_load_error_detail TO PUBLIC;
  RESET allow_system_table_mods;`;

export interface LoadError {
  readonly file: string;
  readonly line: number;
  readonly column?: { readonly name: string; readonly type: string; readonly length: number };
  /** Of the field in its row, from 0. */
  readonly position: number;
  readonly code: number;
  readonly message: string;
}

export interface LoadErrorPlace {
  readonly queryId: number;
  readonly pid: number;
  readonly database: string;
  readonly tableId: number;
  /** ms since the epoch. */
  readonly startedAt: number;
}

const INSERT = `
  INSERT INTO redshift_state.load_error (query_id, session_id, database_name, table_id, start_time, file_name,
    line_number, column_name, column_type, column_length, position, error_code, error_message)
  SELECT $1, $2, $3, $4, $5::timestamp, left(e.file, 256), e.line, left(e.column_name, 128), e.column_type,
    e.column_length, e.position, e.code, left(e.message, 512)
  FROM jsonb_to_recordset($6::jsonb) AS e(file text, line bigint, column_name text, column_type text,
    column_length text, position int, code int, message text)`;

/** Rows of one statement: a JSON of all errors that IGNOREALLERRORS may let pass would be too large. */
const AT_ONCE = 10_000;

export async function keepLoadErrors(
  admin: Pool,
  place: LoadErrorPlace,
  errors: readonly LoadError[],
): Promise<void> {
  const startedAt = new Date(place.startedAt).toISOString().slice(0, 23);
  for (let from = 0; from < errors.length; from += AT_ONCE) {
    const rows = errors
      .slice(from, from + AT_ONCE)
      .map(({ file, line, column, position, code, message }) => ({
        file: fromBytes(file),
        line,
        column_name: column?.name ?? '',
        column_type: column?.type ?? '',
        column_length: String(column?.length ?? 0),
        position,
        code,
        message: fromBytes(message),
      }));
    await admin.query(INSERT, [
      place.queryId,
      place.pid,
      place.database,
      place.tableId,
      startedAt,
      JSON.stringify(rows),
    ]);
  }
}

/** Messages quote data: NUL cannot be stored. */
function fromBytes(text: string): string {
  return text.replaceAll('\0', '?');
}
