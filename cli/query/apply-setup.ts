/** Applies `sql/setup/*.sql` in name order, each file in one transaction. The files must be repeatable. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { decodeUtf8 } from '../../shared/pipeline/utf8.ts';
import type { SqlClient } from '../aws/sql-client.ts';
import { CommandError, usageError } from '../exit.ts';
import { splitSql } from './split-sql.ts';

/** Creates the schema and the table of the markers. */
const BASE_FILE = '00_baton.sql';

/** The Data API accepts 40 statements in one batch. */
const LARGEST_BATCH = 40;

/** The result of applying one file. */
export interface SetupFile {
  /** `setup/10_mart.sql`. */
  readonly name: string;
  /** Why it was not applied. */
  readonly error?: string;
  /** Materialized views that already exist; their statements were skipped. */
  readonly existing: readonly string[];
}

/** Names in the order they are applied: by their number, as for steps, then by name. */
function setupFiles(sqlFolder: string): string[] {
  const folder = join(sqlFolder, 'setup');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.sql$/i.test(name) && !name.startsWith('.'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** The files to apply: the folder's own, after the marker table that every pipeline needs. */
function filesOf(sqlFolder: string, baseFolder: string): { name: string; path: string }[] {
  const own = setupFiles(sqlFolder);
  const files = own.map((name) => ({ name, path: join(sqlFolder, 'setup', name) }));
  const base = join(baseFolder, 'setup', BASE_FILE);
  return own.includes(BASE_FILE) || !existsSync(base) ? files : [{ name: BASE_FILE, path: base }, ...files];
}

/**
 * Applies every file; a failure is reported and does not stop the others. If the folder has no file for
 * Baton's own tables, that of `baseFolder` is used. Calls `report` with each file as it completes.
 * @throws CommandError if Baton's own file fails: no run could work without it
 */
export async function applySetup(
  sql: SqlClient,
  sqlFolder: string,
  baseFolder: string,
  report: (file: SetupFile) => void = () => {},
): Promise<SetupFile[]> {
  const applied: SetupFile[] = [];
  for (const { name: base, path } of filesOf(sqlFolder, baseFolder)) {
    const name = `setup/${base}`;
    const existing: string[] = [];
    let error: string | undefined;
    try {
      await applyStatements(sql, statementsIn(path, name), existing);
    } catch (cause) {
      if (!(cause instanceof CommandError)) throw cause;
      error = cause.message.startsWith(name) ? cause.message.slice(name.length + 1) : cause.message;
      if (base === BASE_FILE) throw new CommandError(cause.code, `${name}: ${error}`, { cause });
    }
    const file = { name, existing, ...(error !== undefined && { error: error + remedyOf(error) }) };
    applied.push(file);
    report(file);
  }
  return applied;
}

/** The line of a file in the output: `ok   setup/10_mart.sql`. */
export function setupLine({ name, error, existing }: SetupFile): string {
  if (error !== undefined) return `${name}: ${error}`;
  if (existing.length === 0) return name;
  return `${name}  (${existing.join(', ')}: already exists, left unchanged; to recreate it, put DROP MATERIALIZED VIEW IF EXISTS before its CREATE)`;
}

function statementsIn(path: string, name: string): string[] {
  const { text, problem } = decodeUtf8(readFileSync(path));
  if (problem !== undefined) throw usageError(`${problem.line}:${problem.column}: ${problem.message}`);
  return splitSql(text, name);
}

const VIEW = /^(?:\s|--.*|\/\*[^]*?\*\/)*create\s+materialized\s+view\s+(\S+)/i;

/**
 * All of them in one transaction. Redshift has no CREATE MATERIALIZED VIEW IF NOT EXISTS: if such a view exists, the
 * other statements are applied without it, and its name is added to `existing`.
 */
async function applyStatements(sql: SqlClient, given: readonly string[], existing: string[]): Promise<void> {
  let statements = given;
  for (;;) {
    try {
      for (let i = 0; i < statements.length; i += LARGEST_BATCH)
        await sql.transaction(statements.slice(i, i + LARGEST_BATCH));
      return;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const taken = /relation "([^"]+)" already exists/i.exec(error.message)?.[1]?.toLowerCase();
      const view = statements.find((statement) => taken !== undefined && viewIn(statement).endsWith(taken));
      if (view === undefined) throw error;
      existing.push(viewIn(view));
      statements = statements.filter((statement) => statement !== view);
    }
  }
}

/** `mart.daily`; '' for other statements. */
function viewIn(statement: string): string {
  return (VIEW.exec(statement)?.[1] ?? '').replaceAll('"', '').toLowerCase();
}

function remedyOf(error: string): string {
  return /already exists/i.test(error)
    ? ' (setup is applied again at each start: write CREATE … IF NOT EXISTS or CREATE OR REPLACE)'
    : '';
}
