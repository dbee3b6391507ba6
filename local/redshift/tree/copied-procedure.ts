/**
 * What a CALL needs: it runs a copy of the procedure, of the session only, whose body has the types of the tables of now, and the queries
 * of late-binding views in the place of their names. Procedures that it calls are copied too.
 */
import { createHash } from 'node:crypto';

import type { ClientBase } from 'pg';

import { quoteName } from '../dialect/nodes.ts';
import { SHIM } from '../dialect/shim/schema.ts';
import { readCatalog } from '../types/catalog.ts';
import { bodyOf } from '../types/procedure-body.ts';
import type { MadeTables } from '../types/procedure-body.ts';
import { withViewsInBody } from './body-views.ts';
import type { BodyView } from './body-views.ts';
import { canAsk, expandedQuery } from './late-binding.ts';
import { parseTree } from './parse.ts';
import type { Tree } from './parse.ts';
import { nameLength, splice } from './splice.ts';

const VIEWS = `
  SELECT n.nspname AS schema, c.relname AS name, pg_table_is_visible(c.oid)::text AS visible,
    ${SHIM}.late_binding_text(c.oid, 'query_of') AS query
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'v' AND ${SHIM}.is_late_binding(c.oid)`;

const PROCEDURES = `
  SELECT p.prosrc AS body, pg_get_functiondef(p.oid) AS definition
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prokind = 'p' AND p.proname = $2
    AND CASE WHEN $1::text IS NULL THEN pg_function_is_visible(p.oid) ELSE n.nspname = $1 END`;

interface Procedure {
  readonly schema: string | undefined;
  readonly name: string;
}

interface CallStmt {
  readonly funccall?: {
    readonly funcname?: readonly { readonly String?: { readonly sval?: string } }[];
    readonly location?: number;
  };
}

/** @param tree of `sql` */
export async function withCopiedProcedure(sql: string, tree: Tree, client: ClientBase): Promise<string> {
  const { CallStmt: call } = (tree ?? {}) as { CallStmt?: CallStmt };
  const at = call?.funccall?.location;
  if (at === undefined || !canAsk(client)) return sql;
  await sayWhetherInBlock(client);
  const { rows } = await client.query<{ schema: string; name: string; visible: string; query: string }>(
    VIEWS,
  );
  const views = rows.map(({ schema, name, visible, query }) => ({
    schema,
    name,
    query,
    visible: visible === 'true',
  }));
  const parts = (call?.funccall?.funcname ?? []).map((part) => part.String?.sval ?? '');
  const procedure = { schema: parts.at(-2), name: parts.at(-1) ?? '' };
  const made: MadeTables = new Map();
  let copies = new Copies(client, views, made);
  let copy = await copies.copyOf(procedure);
  if (copies.count > 1 && made.size > 0) {
    // One procedure may read what another one makes.
    copies = new Copies(client, views, made);
    copy = await copies.copyOf(procedure);
  }
  for (const create of copies.creates) await client.query(create);
  return copy === undefined ? sql : splice(sql, [{ at, length: nameLength(sql, at), text: copy }]);
}

async function typedBody(create: string, client: ClientBase, made: MadeTables): Promise<string> {
  const tree = parseTree(create);
  const body = tree === undefined ? undefined : bodyOf(create, tree);
  return body === undefined ? create : body.typed(await readCatalog(client, body.names), made);
}

/** Everything after the name, with the sizes of arguments that the translator has kept in a comment. */
function withSizes(definition: string, body: string): string {
  const rest = definition.slice(definition.indexOf('('));
  const args = /^\s*\/\*([^]*?)\*\//.exec(body)?.[1];
  return args === undefined ? rest : rest.replace(/^\([^]*?\)(?=\n LANGUAGE )/, () => `(${args})`);
}

/** The statements of a NONATOMIC procedure commit only outside of a transaction block. */
async function sayWhetherInBlock(client: ClientBase): Promise<void> {
  const status = (client as { getTransactionStatus?: () => string | null }).getTransactionStatus?.();
  if (status === 'T') await client.query("SET LOCAL redshift.in_transaction_block TO 'on'");
}

class Copies {
  readonly #client: ClientBase;
  readonly #views: readonly BodyView[];
  /** The name of each copy, also while it is being made; undefined where the procedure can stay as it is. */
  readonly #made = new Map<string, string | undefined>();

  readonly #tables: MadeTables;
  /** The statements that make the copies. */
  readonly creates: string[] = [];

  constructor(client: ClientBase, views: readonly BodyView[], tables: MadeTables) {
    this.#client = client;
    this.#views = views;
    this.#tables = tables;
  }

  /** Procedures that were looked at. */
  get count(): number {
    return this.#made.size;
  }

  /** The name of a procedure's copy; undefined: it would be the same. */
  async copyOf(procedure: Procedure): Promise<string | undefined> {
    const key = JSON.stringify([procedure.schema, procedure.name]);
    if (this.#made.has(key)) return this.#made.get(key);
    const { rows } = await this.#client.query<{ body: string; definition: string }>(PROCEDURES, [
      procedure.schema ?? null,
      procedure.name,
    ]);
    const hash = createHash('sha256')
      .update(rows.map(({ definition }) => definition).join('\0'))
      .digest('hex');
    const name = `pg_temp.${quoteName(`${procedure.name.slice(0, 40)}~${hash.slice(0, 12)}`)}`;
    this.#made.set(key, name);
    const copies: string[] = [];
    let isSame = true;
    for (const { body, definition } of rows) {
      const rest = withSizes(definition, body);
      const at = rest.lastIndexOf(body);
      const copied = (text: string): string =>
        `CREATE OR REPLACE PROCEDURE ${name}${rest.slice(0, at)}${text}${rest.slice(at + body.length)}`;
      const copy = await typedBody(copied(await this.#bodyOf(body)), this.#client, this.#tables);
      isSame &&= copy === copied(body);
      copies.push(copy);
    }
    if (isSame) this.#made.set(key, undefined);
    else this.creates.push(...copies);
    return this.#made.get(key);
  }

  async #bodyOf(body: string): Promise<string> {
    const lower = body.toLowerCase();
    const views: BodyView[] = [];
    for (const view of this.#views) {
      if (lower.includes(view.name.toLowerCase()))
        views.push({ ...view, query: await expandedQuery(view.query, this.#client) });
    }
    const { text, calls } = withViewsInBody(body, views);
    let changed = text;
    for (const call of calls) {
      const copy = await this.copyOf(call);
      if (copy !== undefined) changed = changed.replace(call.pattern, () => `call ${copy}`);
    }
    return changed;
  }
}
