/** Applies `sql/setup/*.sql`: each file one transaction, in name order. The files are written to be applied again. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { SqlClient } from '../aws/sql-client.ts';
import { CommandError } from '../exit.ts';
import { splitSql } from './split-sql.ts';

/** Makes schema and table of the markers. */
const BASE_FILE = '00_baton.sql';

/** The Data API takes 40 statements in one batch. */
const LARGEST_BATCH = 40;

/** Names in the order they are applied: by their number, as for steps, then by name. */
export function setupFiles(sqlFolder: string): string[] {
  const folder = join(sqlFolder, 'setup');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
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
 * Applies every file; answers their names. A folder that has no file for Baton's own tables gets that of `baseFolder`. `told` hears of each as it is done.
 * @throws CommandError that names the file
 */
export async function applySetup(
  sql: SqlClient,
  sqlFolder: string,
  baseFolder: string,
  told: (name: string) => void = () => {},
): Promise<string[]> {
  const files = filesOf(sqlFolder, baseFolder);
  for (const { name, path } of files) {
    const statements = splitSql(readFileSync(path, 'utf8'), `setup/${name}`);
    try {
      for (let i = 0; i < statements.length; i += LARGEST_BATCH) {
        await sql.transaction(statements.slice(i, i + LARGEST_BATCH));
      }
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new CommandError(error.code, `setup/${name}: ${error.message}`, { cause: error });
    }
    told(name);
  }
  return files.map((file) => file.name);
}
