/** What a Redshift statement becomes. */
import type { CopyCommand } from './copy-command.ts';
import type { UnloadCommand } from './statements/unload.ts';

export interface TranslatedSql {
  readonly kind: 'sql';
  /** PostgreSQL statements to run in order, all in the same transaction. */
  readonly statements: readonly string[];
  /** In upper case, for example `SELECT`, `INSERT`, `CREATE TABLE`. */
  readonly command: string;
  /** Which of the statements gives the row count and the result; absent: none does. */
  readonly rowsFrom?: number;
  /** The result has rows to read, not only a count. */
  readonly returnsRows: boolean;
  /** Ends the open transaction by committing it, as TRUNCATE does. */
  readonly commits?: true;
  /** BEGIN, COMMIT or ROLLBACK, by whatever name. */
  readonly transaction?: 'begin' | 'commit' | 'rollback';
  /** Cannot run inside a transaction block in Redshift. */
  readonly notInTransaction?: true;
  /** For the session's notices. */
  readonly notice?: string;
}

/** Valid in Redshift and without any effect here. */
export interface TranslatedNoop {
  readonly kind: 'noop';
  readonly command: string;
  readonly notice: string;
  readonly notInTransaction?: true;
}

interface TranslatedCopy {
  readonly kind: 'copy';
  readonly copy: CopyCommand;
}

interface TranslatedUnload {
  readonly kind: 'unload';
  readonly unload: UnloadCommand;
}

export type Translated = TranslatedSql | TranslatedNoop | TranslatedCopy | TranslatedUnload;

/** A statement that changes something and is its own row count. */
export function change(command: string, sql: string): TranslatedSql {
  return { kind: 'sql', statements: [sql], command, rowsFrom: 0, returnsRows: false };
}

/** Statements whose row counts mean nothing to the user. */
export function definition(command: string, ...statements: readonly string[]): TranslatedSql {
  return { kind: 'sql', statements, command, returnsRows: false };
}

export function rows(command: string, sql: string): TranslatedSql {
  return { kind: 'sql', statements: [sql], command, rowsFrom: 0, returnsRows: true };
}

export function noop(command: string, notice: string): TranslatedNoop {
  return { kind: 'noop', command, notice };
}
