/**
 * CREATE TABLE AS and SELECT INTO in two statements: a table with the inferred columns, lengths in bytes checked, and an
 * INSERT. PostgreSQL's own forms would give the columns its types.
 */
import type { IntoClause, Node, SelectStmt } from 'libpg-query';

import { quoteName } from '../dialect/nodes.ts';
import { SHIM } from '../dialect/shim/schema.ts';
import { columnSql } from '../dialect/table/column.ts';
import type { DataType } from '../dialect/types.ts';
import type { Catalog } from './catalog.ts';
import { NoExtentError } from './extents.ts';
import type { Extents } from './extents.ts';
import type { Edit } from './splice.ts';
import { MAX_LENGTH, typeSql } from './type.ts';
import type { Column, Type } from './type.ts';

interface NewTable {
  readonly into: IntoClause;
  readonly isSelectInto: boolean;
}

export interface Creation {
  /** To run before the INSERT. */
  readonly create: string;
  /** Make an INSERT of the statement. */
  readonly edits: (extents: Extents) => readonly Edit[];
}

/** Undefined: the statement makes no table of a query, or not all of its columns are known. */
export function creationOf(
  tree: Node,
  columns: readonly Column[] | undefined,
  catalog: Catalog,
): Creation | undefined {
  const table = newTable(tree);
  const { relname, schemaname, catalogname, relpersistence } = table?.into.rel ?? {};
  if (table === undefined || columns === undefined || relname === undefined || catalogname !== undefined)
    return undefined;
  const isTemporary = relpersistence === 't';
  // An INSERT could mean a temporary table of this name.
  if (!isTemporary && schemaname === undefined && catalog.columns(undefined, relname) !== undefined)
    return undefined;
  const names = (table.into.colNames ?? []).map((node) => ('String' in node ? node.String.sval : undefined));
  if (names.length > columns.length) return undefined;
  const definitions = columns.map(({ name, type }, at) => {
    const stored = storedType(type);
    return stored && columnSql({ name: names[at] ?? name, type: stored, options: [], notNull: false });
  });
  if (definitions.includes(undefined)) return undefined;
  const target = [schemaname, relname]
    .flatMap((part) => (part === undefined ? [] : [quoteName(part)]))
    .join('.');
  return {
    create: `create ${isTemporary ? 'temp ' : ''}table ${target} (${definitions.join(', ')})`,
    edits: (extents) => (table.isSelectInto ? withoutInto : withoutHead)(extents, table.into, target),
  };
}

/** IF NOT EXISTS stays: an INSERT would fill a table that is there already. */
function newTable(tree: Node): NewTable | undefined {
  if ('CreateTableAsStmt' in tree) {
    const { into, objtype, if_not_exists: ifNotExists } = tree.CreateTableAsStmt;
    const isTable = objtype === 'OBJECT_TABLE' && ifNotExists !== true;
    return isTable && into !== undefined ? { into, isSelectInto: false } : undefined;
  }
  if (!('SelectStmt' in tree)) return undefined;
  let first: SelectStmt = tree.SelectStmt;
  while (first.larg !== undefined) first = first.larg;
  return first.intoClause === undefined ? undefined : { into: first.intoClause, isSelectInto: true };
}

/** The longest that can be where the size is not known. */
function storedType(type: Type): DataType | undefined {
  if (type.kind === 'unknown') return undefined;
  if (type.kind === 'super') return { sql: `${SHIM}.super` };
  if (
    type.kind === 'untyped' ||
    type.kind === 'varchar' ||
    (type.kind === 'char' && type.length === undefined)
  ) {
    const bytes = Math.max(type.length ?? MAX_LENGTH, 1);
    return { sql: `varchar(${String(bytes)})`, bytes };
  }
  return { sql: typeSql(type), ...(type.length === undefined ? {} : { bytes: type.length }) };
}

function withoutHead(extents: Extents, into: IntoClause, target: string): readonly Edit[] {
  const { tokens } = extents;
  const name = extents.indexAt(into.rel?.location);
  let depth = 0;
  for (let at = name; at < tokens.length; at += 1) {
    const { text = '', end = 0 } = tokens[at] ?? {};
    if (text === '(') depth += 1;
    else if (text === ')') depth -= 1;
    else if (text === 'as' && depth === 0)
      return [{ kind: 'range', start: 0, end, text: `insert into ${target}` }];
  }
  throw new NoExtentError('CREATE TABLE without AS');
}

function withoutInto(extents: Extents, into: IntoClause, target: string): readonly Edit[] {
  const { tokens } = extents;
  const name = extents.indexAt(into.rel?.location);
  let first = name;
  while (first >= 0 && tokens[first]?.text !== 'into') first -= 1;
  const last = name + (into.rel?.schemaname === undefined ? 0 : 2);
  const [start, end] = [tokens[first]?.start, tokens[last]?.end];
  if (start === undefined || end === undefined) throw new NoExtentError('SELECT INTO without INTO');
  return [
    { kind: 'range', start: 0, end: 0, text: `insert into ${target} ` },
    { kind: 'range', start, end, text: '' },
  ];
}
