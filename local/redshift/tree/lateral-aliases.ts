/**
 * References to an alias of the same SELECT, where FROM has a column of that name: FROM's wins. Only the catalog knows,
 * so the statement is translated again once PostgreSQL has found such a name in two places.
 */
import type { ClientBase } from 'pg';

import { SHIM } from '../dialect/shim/schema.ts';
import { translate } from '../dialect/translate.ts';
import type { Translated } from '../dialect/translated.ts';

/** The name that the translator's guard has. */
const GUARD = '"~alias"';

/** A name that is an alias in the text and a column of FROM. */
class AliasIsColumn extends Error {
  readonly column: string;
  constructor(column: string) {
    super(`column reference "${column}" is ambiguous`);
    this.column = column;
  }
}

/**
 * To be called before a statement is run.
 * @param sql translated, its parameters as `$1`
 */
export async function checkAliases(sql: string, client: ClientBase): Promise<void> {
  if (!sql.includes(GUARD)) return;
  const { rows } = await client.query<{ name: string | null }>(
    `SELECT ${SHIM}.ambiguous_column($1) AS name`,
    [sql.replaceAll(/\$\d+/g, 'null')],
  );
  const name = rows[0]?.name ?? undefined;
  if (name !== undefined) throw new AliasIsColumn(name);
}

/** @param run may be called again, with another translation; nothing of the first has run then */
export async function runTranslated<T>(
  sql: string,
  run: (translated: Translated) => Promise<T>,
  first: Translated = translate(sql),
): Promise<T> {
  const columns = new Set<string>();
  let translated = first;
  for (;;) {
    try {
      return await run(translated);
    } catch (error) {
      if (!(error instanceof AliasIsColumn) || columns.has(error.column)) throw error;
      columns.add(error.column);
      translated = translate(sql, columns);
    }
  }
}
