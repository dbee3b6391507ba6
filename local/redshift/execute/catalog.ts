/** The tables of a result's columns, read from the catalog over a separate connection, since the session may be failed. */
import type { FieldDef, Pool } from 'pg';

import type { ColumnOrigin } from './fields.ts';

const ORIGINS = `
  SELECT a.attrelid::bigint AS relation, a.attnum AS column, n.nspname AS schema, c.relname AS name,
         NOT a.attnotnull AS nullable
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attrelid = ANY($1::oid[])`;

interface OriginRow {
  readonly relation: string;
  readonly column: number;
  readonly schema: string;
  readonly name: string;
  readonly nullable: boolean;
}

/** By `<relation>.<column>`; what a session made and has not committed is not seen. */
export async function originsOf(
  admin: Pool,
  fields: readonly FieldDef[],
): Promise<ReadonlyMap<string, ColumnOrigin>> {
  const relations = [...new Set(fields.map(({ tableID }) => tableID).filter((id) => id > 0))];
  if (relations.length === 0) return new Map();
  const { rows } = await admin.query<OriginRow>(ORIGINS, [relations]);
  return new Map(
    rows.map((row) => [
      `${row.relation}.${String(row.column)}`,
      { schemaName: row.schema, tableName: row.name, nullable: row.nullable },
    ]),
  );
}

export function originKey({ tableID, columnID }: FieldDef): string {
  return `${String(tableID)}.${String(columnID)}`;
}
