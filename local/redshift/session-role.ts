/**
 * The database role that the warehouse's sessions run as. It may make and change everything in its database and owns what
 * it makes, but has no rights over the server: PostgreSQL lets its superuser read and write the machine's files.
 */
import { createHmac } from 'node:crypto';

import type { ClientBase } from 'pg';

import { SHIM } from './dialect/shim/schema.ts';
import type { ConnectOptions } from './postgres/start-postgres.ts';

/**
 * Named as Redshift names the user of a role, so that, as there, `"$user"` in the search path is no schema and what is
 * made without a schema lands in `public`.
 */
export const SESSION_ROLE = 'IAMR:local';

/** How a session connects. `owner`: how the superuser does; from its password the role's own is derived. */
export function asSessionRole(owner: ConnectOptions): ConnectOptions {
  const password = createHmac('sha256', owner.password).update(SESSION_ROLE).digest('hex');
  return { ...owner, user: SESSION_ROLE, password };
}

/**
 * Makes the role, and gives it what earlier versions made as the superuser, whose schema was the first of the search
 * path: what they made without a schema moves to `public`. Idempotent; returns a line for each object that moved, or could
 * not. `client`: the superuser's.
 */
export async function prepareSessionRole(
  client: ClientBase,
  owner: ConnectOptions,
): Promise<readonly string[]> {
  const { user, password } = asSessionRole(owner);
  const role = client.escapeIdentifier(user);
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [user]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${role}`);
  await client.query(`
    ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
      PASSWORD ${client.escapeLiteral(password)};
    ALTER ROLE ${role} SET extra_float_digits = 0;
    GRANT CREATE, TEMPORARY ON DATABASE ${client.escapeIdentifier(owner.database)} TO ${role};
    GRANT USAGE, CREATE ON SCHEMA public TO ${role};
    GRANT SELECT ON ALL TABLES IN SCHEMA ${SHIM} TO PUBLIC;`);
  await client.query('BEGIN');
  try {
    const moved = await moveToPublic(client, owner.user);
    await handOver(client, owner.user, role);
    await client.query('COMMIT');
    return moved;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

interface FoundObject {
  /** As ALTER has it: `TABLE`, `MATERIALIZED VIEW`, `ROUTINE`. */
  readonly kind: string;
  /** Quoted, with its schema, and of a routine with its argument types. */
  readonly sql: string;
  readonly schema: string;
  readonly name: string;
}

/** Tables, views, sequences of their own and routines that the superuser owns, but for what belongs to the system. */
const OWNED = `
  WITH place AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', '${SHIM}', 'redshift_state')
  )
  SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
    format('%I.%I', n.nspname, c.relname) AS sql, n.nspname::text AS schema, c.relname::text AS name
  FROM pg_class c JOIN place n ON n.oid = c.relnamespace
  WHERE c.relowner = $1::text::regrole AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND c.relkind = 'S')
  UNION ALL
  SELECT 'ROUTINE', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), n.nspname, p.proname
  FROM pg_proc p JOIN place n ON n.oid = p.pronamespace
  WHERE p.proowner = $1::text::regrole`;

/** The only object of Baton's own in the schema that has the superuser's name. */
const MARKER = 'step_marker';

async function moveToPublic(client: ClientBase, owner: string): Promise<string[]> {
  const lines: string[] = [];
  for (const { kind, sql, schema, name } of await ownedBy(client, owner)) {
    if (schema !== owner || name === MARKER) continue;
    await client.query('SAVEPOINT move');
    try {
      await client.query(`ALTER ${kind} ${sql} SET SCHEMA public`);
      lines.push(`${sql} was created without a schema; moved to public`);
    } catch (error) {
      await client.query('ROLLBACK TO SAVEPOINT move');
      lines.push(`${sql} was not moved: ${(error as Error).message}`);
    }
  }
  return lines;
}

async function handOver(client: ClientBase, owner: string, role: string): Promise<void> {
  for (const { kind, sql } of await ownedBy(client, owner))
    await client.query(`ALTER ${kind} ${sql} OWNER TO ${role}`);
  const { rows } = await client.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspowner = $1::text::regrole AND nspname !~ '^pg_'
       AND nspname NOT IN ('information_schema', '${SHIM}', 'redshift_state')`,
    [owner],
  );
  for (const { name } of rows)
    await client.query(`ALTER SCHEMA ${client.escapeIdentifier(name)} OWNER TO ${role}`);
}

async function ownedBy(client: ClientBase, owner: string): Promise<readonly FoundObject[]> {
  return (await client.query<FoundObject>(OWNED, [owner])).rows;
}
