/** Whether a name that no list knows is one of PostgreSQL's own: asked once, since that never changes. */
import type { ClientBase } from 'pg';

import { UnsupportedSqlError } from '../dialect/errors.ts';
import { SHIM } from '../dialect/shim/schema.ts';
import { ownEntry } from '../../own-entry.ts';
import { OTHER_CATALOG } from './gate-lists.ts';
import { NOT_IN_REDSHIFT } from './gate.ts';
import type { Unknowns } from './gate.ts';
import { canAsk } from './late-binding.ts';

/** In an open transaction too; the session's client may read every value as a text. */
const OWN = {
  name: 'baton_own_names',
  text: `
    SELECT 'function ' || proname AS own FROM pg_catalog.pg_proc
      WHERE proname = ANY($1::name[]) AND pronamespace = 'pg_catalog'::regnamespace
    UNION
    SELECT 'table ' || relname FROM pg_catalog.pg_class
      WHERE relname = ANY($2::name[]) AND relnamespace = 'pg_catalog'::regnamespace`,
} as const;

/** By kind and name: true for PostgreSQL's own. */
const known = new Map<string, boolean>();

/**
 * @param client of the session
 * @throws UnsupportedSqlError naming a function or a table of PostgreSQL's that Redshift does not have
 */
export async function checkUnknowns(
  { functions, relations, nested }: Unknowns,
  client: ClientBase,
): Promise<void> {
  if (nested.size > 0) await checkNested(nested, client);
  const keys = [
    ...Array.from(functions, (name) => `function ${name}`),
    ...Array.from(relations, (name) => `table ${name}`),
  ];
  if (keys.some((key) => !known.has(key))) await learn(keys, [[...functions], [...relations]], client);
  for (const name of functions)
    if (known.get(`function ${name}`) === true)
      throw new UnsupportedSqlError(`the function ${name.toUpperCase()}`, await whyNot(name, client));
  for (const name of relations)
    if (known.get(`table ${name}`) === true)
      throw new UnsupportedSqlError(`the table ${name}`, ownEntry(OTHER_CATALOG, name) ?? NOT_IN_REDSHIFT);
}

/** The user may have made a function with a name of PostgreSQL's, which would run in its place. */
async function whyNot(name: string, client: ClientBase): Promise<string> {
  if (!canAsk(client)) return NOT_IN_REDSHIFT;
  const { rows } = await client.query<{ schema: string }>(
    `SELECT n.nspname AS schema FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE p.proname = $1 AND n.nspname NOT IN ('pg_catalog', 'information_schema', '${SHIM}')`,
    [name],
  );
  const [own] = rows;
  return own === undefined
    ? NOT_IN_REDSHIFT
    : `PostgreSQL has one of its own by this name; call yours with its schema, ${own.schema}.${name}`;
}

/** `FROM t, t.items`: what looks like a schema is a relation before it, unless there is such a schema. */
async function checkNested(nested: ReadonlyMap<string, string>, client: ClientBase): Promise<void> {
  if (!canAsk(client)) return;
  const { rows } = await client.query<{ name: string }>(
    'SELECT nspname AS name FROM pg_catalog.pg_namespace WHERE nspname = ANY($1::name[])',
    [[...nested.keys()]],
  );
  for (const [schema, written] of nested)
    if (!rows.some(({ name }) => name === schema))
      throw new UnsupportedSqlError(`${written} in FROM`, 'SUPER values are not unnested here');
}

async function learn(
  keys: readonly string[],
  values: [string[], string[]],
  client: ClientBase,
): Promise<void> {
  if (!canAsk(client)) return;
  const { rows } = await client.query<{ own: string }>({ ...OWN, values });
  const own = new Set(rows.map((row) => row.own));
  for (const key of keys) known.set(key, own.has(key));
}
