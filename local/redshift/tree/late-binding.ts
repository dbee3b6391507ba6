/** Late-binding views: a statement that reads one gets the view's query in the place of its name. */
import type { ClientBase } from 'pg';

import { SqlError } from '../dialect/errors.ts';
import { quoteName, quoteString } from '../dialect/nodes.ts';
import { SHIM } from '../dialect/shim/schema.ts';
import { parseTree } from './parse.ts';
import type { Tree } from './parse.ts';
import { relationsOf } from './relations.ts';
import type { Relation, Relations } from './relations.ts';
import { nameLength, qualifierLength, splice } from './splice.ts';
import type { Edit } from './splice.ts';

/** PostgreSQL's own schemas hold no views of users. */
const OF_THE_SYSTEM: ReadonlySet<string | undefined> = new Set(['pg_catalog', 'information_schema', SHIM]);

const QUERIES = `
  SELECT n.name, ${SHIM}.late_binding_text(c.oid, 'query_of') AS query
  FROM unnest($1::text[]) AS n(name) JOIN pg_class c ON c.oid = to_regclass(n.name) AND c.relkind = 'v'
  WHERE ${SHIM}.is_late_binding(c.oid)`;

function sqlName({ schema, name }: Pick<Relation, 'schema' | 'name'>): string {
  return schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`;
}

/** The queries of the late-binding views among these relations, by name, as the session sees them. */
async function queriesOf(
  client: ClientBase,
  relations: readonly Relation[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Set(relations.filter(({ schema }) => !OF_THE_SYSTEM.has(schema)).map(sqlName));
  if (names.size === 0) return new Map();
  const { rows } = await client.query<{ name: string; query: string }>({
    name: 'late-binding-views',
    text: QUERIES,
    values: [[...names]],
  });
  return new Map(rows.map(({ name, query }) => [name, query]));
}

/** In a failed transaction nothing can be asked; the statement fails anyway. */
export function canAsk(client: ClientBase): boolean {
  return (client as { getTransactionStatus?: () => string | null }).getTransactionStatus?.() !== 'E';
}

/**
 * @param tree of `sql`, one translated statement
 * @throws SqlError for a view that reads itself
 */
export async function withLateBindingViews(sql: string, tree: Tree, client: ClientBase): Promise<string> {
  if (tree === undefined || !canAsk(client)) return sql;
  const created = createdQuery(tree);
  if (created !== undefined) {
    await checkCreated(created, client);
    return sql;
  }
  const expanded = await expand(sql, tree, client, []);
  return expanded === sql ? sql : (boundLate(sql, tree, expanded) ?? expanded);
}

/** The query of a late-binding view with those that it reads itself. */
export async function expandedQuery(query: string, client: ClientBase): Promise<string> {
  return expand(query, parseTree(query), client, []);
}

/** @param inside the views whose query this is, from the outermost */
async function expand(
  sql: string,
  tree: Tree,
  client: ClientBase,
  inside: readonly string[],
): Promise<string> {
  if (tree === undefined) return sql;
  const found = relationsOf(tree);
  const queries = await queriesOf(client, found.relations);
  if (queries.size === 0) return sql;
  const whole = new Map<string, string>();
  for (const [name, query] of queries) {
    if (inside.includes(name))
      throw new SqlError(`infinite recursion detected in the late-binding view ${name}`, '42P17');
    whole.set(name, await expand(query, parseTree(query), client, [...inside, name]));
  }
  return splice(sql, editsFor(sql, found, whole));
}

function editsFor(
  sql: string,
  { relations, columns }: Relations,
  queries: ReadonlyMap<string, string>,
): readonly Edit[] {
  const read = relations.flatMap((relation) => {
    const query = queries.get(sqlName(relation));
    if (query === undefined) return [];
    const alias = relation.hasAlias ? '' : ` as ${quoteName(relation.name)}`;
    return [{ at: relation.at, length: nameLength(sql, relation.at), text: `(${query})${alias}` }];
  });
  // A subquery's name has no schema.
  const qualified = columns
    .filter(({ schema, table }) => queries.has(sqlName({ schema, name: table })))
    .map(({ at }) => ({ at, length: qualifierLength(sql, at), text: '' }));
  return [...read, ...qualified];
}

interface ViewStmt {
  readonly view?: { readonly location?: number };
  readonly replace?: boolean;
}

/**
 * A view over a late-binding view is kept as text too: PostgreSQL would bind it to the tables of today.
 * @param expanded what it would be, to be checked: unlike a late-binding view it is bound to what there is
 */
function boundLate(sql: string, tree: Tree, expanded: string): string | undefined {
  const { ViewStmt: view } = (tree ?? {}) as { ViewStmt?: ViewStmt };
  const at = view?.view?.location;
  if (view === undefined || at === undefined) return undefined;
  const bytes = Buffer.from(sql);
  const end = at + nameLength(sql, at);
  const name = bytes.subarray(at, end).toString();
  const [, columns, query = ''] =
    /^\s*(\([^)]*\))?\s*as\s([^]*)$/i.exec(bytes.subarray(end).toString()) ?? [];
  const named = columns === undefined ? query : `select * from (${query}) as "~columns" ${columns}`;
  const texts = [name, `${sql};`, named].map(quoteString);
  return `select ${SHIM}.create_late_binding_view(${texts.join(', ')}, ${String(view.replace === true)}), (select count(*) from (${queryOf(expanded)}) as "~check" where false)`;
}

/** What stands after the head of CREATE VIEW. */
function queryOf(create: string): string {
  const tree = parseTree(create) as { ViewStmt?: ViewStmt } | undefined;
  const at = tree?.ViewStmt?.view?.location ?? 0;
  const rest = Buffer.from(create)
    .subarray(at + nameLength(create, at))
    .toString();
  return rest.replace(/^\s*(?:\([^)]*\))?\s*as\s/i, '');
}

interface FuncCall {
  readonly funcname?: readonly { readonly String?: { readonly sval?: string } }[];
  readonly args?: readonly { readonly A_Const?: { readonly sval?: { readonly sval?: string } } }[];
}

interface Select {
  readonly targetList?: readonly {
    readonly ResTarget?: { readonly val?: { readonly FuncCall?: FuncCall } };
  }[];
}

/** The query of a late-binding view that this statement creates. */
export function createdQuery(tree: NonNullable<Tree>): string | undefined {
  const { SelectStmt: select } = tree as { SelectStmt?: Select };
  const call = select?.targetList?.[0]?.ResTarget?.val?.FuncCall;
  if (call?.funcname?.at(-1)?.String?.sval !== 'create_late_binding_view') return undefined;
  return call.args?.[2]?.A_Const?.sval?.sval;
}

/** Its relations need a schema, which must exist; they themselves need not. */
async function checkCreated(query: string, client: ClientBase): Promise<void> {
  const tree = parseTree(query);
  const relations = tree === undefined ? [] : relationsOf(tree).relations;
  const schemas = new Set<string>();
  for (const { schema } of relations) {
    if (schema === undefined) {
      throw new SqlError(
        'All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING.',
        '42601',
      );
    }
    schemas.add(schema);
  }
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS n(name) WHERE to_regnamespace(quote_ident(name)) IS NULL',
    [[...schemas]],
  );
  const [missing] = rows;
  if (missing !== undefined) throw new SqlError(`schema "${missing.name}" does not exist`, '3F000');
}
