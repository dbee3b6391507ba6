/** All rows of all tables that sessions made, at once: for tests that compare whole warehouses. */
import type { Pool } from 'pg';

export interface TableState {
  /** `schema.table` */
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    /** PostgreSQL's name of its type. */
    readonly type: string;
    /** Its values are the warehouse's own choice. */
    readonly isIdentity: boolean;
  }[];
  /** In no order; values as the server writes them. */
  readonly rows: readonly (readonly (string | null)[])[];
}

const COLUMNS = `
SELECT n.nspname AS schema, c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS names,
  array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum) AS types,
  array_agg(a.attidentity <> '' ORDER BY a.attnum) AS identities
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relpersistence = 'p'
  AND n.nspname !~ '^(pg_|redshift_)' AND n.nspname NOT IN ('information_schema', 'baton')
GROUP BY 1, 2 ORDER BY 1, 2`;

interface Found {
  readonly schema: string;
  readonly table: string;
  readonly names: readonly (string | null)[];
  readonly types: readonly string[];
  readonly identities: readonly boolean[];
}

/** Temporary tables and those of Baton are left out. */
export async function tableStates(admin: Pool): Promise<readonly TableState[]> {
  const client = await admin.connect();
  try {
    // One moment for all of them.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows: tables } = await client.query<Found>(COLUMNS);
    const states: TableState[] = [];
    for (const { schema, table, names, types, identities } of tables) {
      const columns = names.flatMap((name, i) =>
        name === null ? [] : [{ name, type: types[i] ?? '', isIdentity: identities[i] === true }],
      );
      const list = columns.map(({ name }) => `${client.escapeIdentifier(name)}::text`).join(', ');
      const place = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`;
      const { rows } = await client.query<(string | null)[]>({
        text: `SELECT ${list} FROM ${place}`,
        rowMode: 'array',
      });
      states.push({ name: `${schema}.${table}`, columns, rows });
    }
    return states;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}
