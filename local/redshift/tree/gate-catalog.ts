/** Whether a name that no list knows is one of PostgreSQL's own: asked once, since that never changes. */
import type { ClientBase } from 'pg';

import { UnsupportedSqlError } from '../dialect/errors.ts';
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
    if (known.get(`function ${name}`) === true) refuse(`the function ${name.toUpperCase()}`);
  for (const name of relations) if (known.get(`table ${name}`) === true) refuse(`the table ${name}`);
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
      throw new UnsupportedSqlError(`${written} in FROM`, 'SUPER values are only stored and serialized here');
}

function refuse(construct: string): never {
  throw new UnsupportedSqlError(construct, NOT_IN_REDSHIFT);
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
