/** Columns of tables, and results of functions, as the session sees them: temporary and uncommitted ones too. */
import type { ClientBase } from 'pg';

import { typeOfCatalog, typeOfName, UNKNOWN } from './type.ts';
import type { Column, Type } from './type.ts';

export interface Catalog {
  /** Undefined: there is no such table, or it is a system table. */
  columns(schema: string | undefined, name: string): readonly Column[] | undefined;
  /** Of a function that is on no list. */
  result(name: string): Type;
}

export interface CatalogNames {
  readonly tables: readonly TableName[];
  readonly functions: readonly string[];
}

export interface TableName {
  readonly schema?: string;
  readonly name: string;
}

const COLUMNS = `
  SELECT n.name AS table, a.attname::text AS name, t.typname::text AS type, a.atttypmod AS modifier
  FROM unnest($1::text[]) WITH ORDINALITY AS n(name, place)
    JOIN pg_class c ON c.oid = to_regclass(n.name)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
  ORDER BY n.place, a.attnum`;

const RESULTS = `
  SELECT p.proname::text AS name, min(t.typname::text) AS type
  FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
  WHERE p.proname = ANY($1::text[]) AND p.prokind <> 'p'
  GROUP BY p.proname HAVING count(DISTINCT p.prorettype) = 1`;

interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly modifier: string | number;
}

/** @param client the session's own, not in a failed transaction */
export async function readCatalog(client: ClientBase, { tables, functions }: CatalogNames): Promise<Catalog> {
  const byTable = new Map<string, Column[]>();
  if (tables.length > 0) {
    const names = [...new Set(tables.map(({ schema, name }) => key(schema, name)))];
    const { rows } = await client.query<ColumnRow>({
      name: 'redshift-types-columns',
      text: COLUMNS,
      values: [names],
    });
    for (const { table, name, type, modifier } of rows) {
      const columns = byTable.get(table) ?? [];
      byTable.set(table, columns);
      columns.push({ name, type: { ...typeOfCatalog(type, Number(modifier)), ofTable: true } });
    }
  }
  const results = new Map<string, Type>();
  if (functions.length > 0) {
    const { rows } = await client.query<{ readonly name: string; readonly type: string }>({
      name: 'redshift-types-results',
      text: RESULTS,
      values: [[...new Set(functions)]],
    });
    for (const { name, type } of rows) results.set(name, typeOfName(type, []));
  }
  return {
    columns: (schema, name) => byTable.get(key(schema, name)),
    result: (name) => results.get(name) ?? UNKNOWN,
  };
}

function key(schema: string | undefined, name: string): string {
  return [...(schema === undefined ? [] : [schema]), name]
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}
