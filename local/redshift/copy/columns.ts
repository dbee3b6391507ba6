/** The table that COPY loads, as the session sees it: its own temporary tables first. */
import type { Client } from 'pg';

import type { CopyCommand, TableName } from '../dialect/copy-command.ts';
import { quoteName } from '../dialect/nodes.ts';
import { WarehouseError } from '../execute/redshift-error.ts';

export interface Column {
  readonly name: string;
  /** `pg_type.typname`, of a domain its own. */
  readonly type: string;
  /** Of `char` and `varchar` in bytes. */
  readonly length: number | undefined;
  readonly precision: number | undefined;
  readonly scale: number | undefined;
  readonly notNull: boolean;
  /** Has a DEFAULT. */
  readonly hasDefault: boolean;
}

export interface TargetTable {
  /** Quoted, with its schema. */
  readonly sql: string;
  readonly name: string;
  readonly oid: number;
  /** Those that the files have, in the files' order. */
  readonly columns: readonly Column[];
}

const TABLE = `
  SELECT c.oid::int AS oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS sql
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p')`;

const COLUMNS = `
  SELECT a.attname AS name, t.typname AS type, a.atttypmod AS modifier, a.attnotnull AS not_null,
         a.atthasdef AS has_default, a.attidentity AS identity
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  ORDER BY a.attnum`;

/** The session's clients give every value as text. */
interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly modifier: string;
  readonly not_null: string;
  readonly has_default: string;
  readonly identity: string;
}

export async function targetTable(client: Client, copy: CopyCommand): Promise<TargetTable> {
  const { rows } = await client.query<{ oid: string; sql: string }>(TABLE, [quoted(copy.table)]);
  const [table] = rows;
  if (table === undefined) throw new WarehouseError(`Cannot COPY into nonexistent table ${copy.table.name}`);
  const all = await client.query<ColumnRow>(COLUMNS, [table.oid]);
  return {
    sql: table.sql,
    name: copy.table.name,
    oid: Number(table.oid),
    columns: loadedColumns(all.rows, copy).map(columnOf),
  };
}

/** Without a list all columns in order, an IDENTITY that is always generated only with EXPLICIT_IDS. */
function loadedColumns(all: readonly ColumnRow[], copy: CopyCommand): readonly ColumnRow[] {
  const generated = (column: ColumnRow): boolean => column.identity === 'a';
  if (copy.columns === undefined) return all.filter((column) => copy.explicitIds || !generated(column));
  const found = copy.columns.map((name) => {
    const column = all.find((candidate) => candidate.name === name);
    if (column === undefined) {
      throw new WarehouseError(`column "${name}" of relation "${copy.table.name}" does not exist`);
    }
    return column;
  });
  const names = new Set(copy.columns);
  if (names.size < found.length) throw new WarehouseError('a column is named twice in the COPY column list');
  const identity = found.find(generated);
  if (identity !== undefined && !copy.explicitIds) {
    throw new WarehouseError(`cannot set an identity column to a value: ${identity.name} (use EXPLICIT_IDS)`);
  }
  if (identity === undefined && copy.explicitIds) {
    throw new WarehouseError('EXPLICIT_IDS needs the identity column in the COPY column list');
  }
  return found;
}

function columnOf({ name, type, modifier, not_null: notNull, has_default: hasDefault }: ColumnRow): Column {
  const given = Number(modifier) - 4;
  const isNumeric = type === 'numeric';
  const isText = type === 'varchar' || type === 'bpchar';
  return {
    name,
    type,
    length: isText && given >= 0 ? given : undefined,
    precision: isNumeric && given >= 0 ? given >>> 16 : undefined,
    scale: isNumeric && given >= 0 ? given & 0xff_ff : undefined,
    notNull: notNull === 't',
    hasDefault: hasDefault === 't',
  };
}

function quoted({ schema, name }: TableName): string {
  return schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`;
}
