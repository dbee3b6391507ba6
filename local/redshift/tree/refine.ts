/** What is done to translated SQL before PostgreSQL gets it: it is parsed, and looked at as a tree. */
import type { ClientBase } from 'pg';

import { gate } from './gate.ts';
import { loadParser, parseTree } from './parse.ts';

export interface Refined {
  readonly sql: string;
}

/**
 * @param sql one translated statement, its parameters as `$1`
 * @param _client of the session that runs it: its catalog has the session's temporary tables
 * @throws UnsupportedSqlError naming what Redshift does not have
 */
export async function refine(sql: string, _client: ClientBase): Promise<Refined> {
  await loadParser();
  const tree = parseTree(sql);
  if (tree === undefined) return { sql };
  gate(tree);
  return { sql };
}
