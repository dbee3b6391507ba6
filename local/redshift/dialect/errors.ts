/** Why a statement is not run. */

/** Valid in Redshift but not supported by the local warehouse. The message names the construct in Redshift's terms. */
export class UnsupportedSqlError extends Error {
  /** For example `UNLOAD` or `COPY … FORMAT PARQUET`. */
  readonly construct: string;
  constructor(construct: string, why?: string) {
    super(`${construct} is not supported by the local warehouse${why === undefined ? '' : `: ${why}`}`);
    this.name = 'UnsupportedSqlError';
    this.construct = construct;
  }
}

/** Redshift itself refuses this statement. The message is the engine's, without `ERROR: `. */
export class SqlError extends Error {
  /** SQLSTATE; 42601 is a syntax error. */
  readonly code: string;
  constructor(message: string, code = '42601') {
    super(message);
    this.name = 'SqlError';
    this.code = code;
  }
}

/** A syntax error at a piece of text; `undefined`: at the end. */
export function syntaxError(near: string | undefined): SqlError {
  return new SqlError(
    near === undefined ? 'syntax error at end of input' : `syntax error at or near "${near}"`,
  );
}
