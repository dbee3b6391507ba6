/** The way in: one statement with Redshift's types, as text for PostgreSQL, and the types of its columns. */
import type { Node } from 'libpg-query';

import type { Catalog, CatalogNames, TableName } from './catalog.ts';
import { creationOf } from './created-table.ts';
import { Extents, NoExtentError } from './extents.ts';
import { FUNCTIONS } from './functions.ts';
import { membersOf } from './members.ts';
import { Queries } from './queries.ts';
import type { Variables } from './resolver.ts';
import { dropOf } from './replaced-view.ts';
import { splice } from './splice.ts';
import type { Column } from './type.ts';

export interface Inferred {
  readonly sql: string;
  /** The same edits in a text that differs only where no expression is; undefined: there are none. */
  readonly editIn?: (text: string) => string;
  /** Of the statement's query; undefined: it has none, or they are not known. */
  readonly columns: readonly Column[] | undefined;
  /** A statement to run first, in the same transaction. It takes no parameters. */
  readonly before?: string;
}

const TYPED = [
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CreateTableAsStmt',
  'ViewStmt',
  'DeclareCursorStmt',
  'ExplainStmt',
];

/** Other statements have no types to infer. */
export function isTyped(tree: Node): boolean {
  return TYPED.some((tag) => Object.hasOwn(tree, tag));
}

/** Where the tree has a table's name. */
const TABLE_TAGS = new Set(['RangeVar', 'relation', 'rel', 'view']);

/** What the catalog is asked for. */
export function namesToRead(tree: Node): CatalogNames {
  const tables: TableName[] = [];
  const functions: string[] = [];
  const addTable = ({ schemaname, relname }: { schemaname?: string; relname?: string }): void => {
    if (relname === undefined) return;
    tables.push(schemaname === undefined ? { name: relname } : { schema: schemaname, name: relname });
  };
  const addFunction = (names: readonly Node[]): void => {
    const last = names.at(-1);
    const name = last !== undefined && 'String' in last ? (last.String.sval ?? '') : '';
    if (!Object.hasOwn(FUNCTIONS, name)) functions.push(name);
  };
  for (const [tag, inner] of membersOf(tree)) {
    if (TABLE_TAGS.has(tag)) addTable(inner as { schemaname?: string; relname?: string });
    if (tag === 'funcname') addFunction(inner as Node[]);
  }
  return { tables, functions };
}

/** @throws UnsupportedSqlError naming a conversion that no page of the developer guide settles */
export function inferTypes(
  sql: string,
  tree: Node,
  catalog: Catalog,
  variables: Variables = new Map(),
): Inferred {
  const queries = new Queries(catalog, variables);
  const columns = queries.statement(tree);
  const creation = creationOf(tree, columns, catalog);
  const drop = dropOf(tree, columns, catalog);
  if (queries.edits.length === 0 && creation === undefined) return { sql, columns };
  try {
    const extents = new Extents(sql);
    const edits = [...queries.edits, ...(creation?.edits(extents) ?? [])];
    const first = creation?.create ?? drop;
    const before = first === undefined ? {} : { before: first };
    const editIn = (text: string): string => splice(text, extents, edits, queries.items);
    return { sql: editIn(sql), editIn, columns, ...before };
  } catch (error) {
    if (error instanceof NoExtentError) return { sql, columns };
    throw error;
  }
}
