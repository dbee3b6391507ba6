/** What is done to translated SQL before PostgreSQL gets it: it is parsed, and looked at as a tree. */
import type { ClientBase } from 'pg';

import { gate } from './gate.ts';
import { withLateBindingViews } from './late-binding.ts';
import { loadParser, parseTree } from './parse.ts';
import { withViewsOfProcedures } from './procedure-views.ts';

export interface Refined {
  readonly sql: string;
}

/**
 * @param sql one translated statement, its parameters as `$1`
 * @param client of the session that runs it: its catalog has the session's temporary tables
 * @throws UnsupportedSqlError naming what Redshift does not have
 */
export async function refine(sql: string, client: ClientBase): Promise<Refined> {
  await loadParser();
  const given = parseTree(sql);
  if (given === undefined) return { sql };
  gate(given);
  const bound = await withLateBindingViews(sql, given, client);
  return { sql: await withViewsOfProcedures(bound, given, client) };
}
