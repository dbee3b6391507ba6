/**
 * What a CALL needs. Late-binding views in procedures: PostgreSQL keeps a body as text, so a CALL runs a copy of the procedure, of the
 * session only, whose body has the views' queries of now. Procedures that it calls are copied too.
 */
import { createHash } from 'node:crypto';

import type { ClientBase } from 'pg';

import { quoteName } from '../dialect/nodes.ts';
import { SHIM } from '../dialect/shim/schema.ts';
import { readCatalog } from '../types/catalog.ts';
import { bodyOf } from '../types/procedure-body.ts';
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
export async function withViewsOfProcedures(sql: string, tree: Tree, client: ClientBase): Promise<string> {
  const { CallStmt: call } = (tree ?? {}) as { CallStmt?: CallStmt };
  const at = call?.funccall?.location;
  if (at === undefined || !canAsk(client)) return sql;
  await sayWhetherInBlock(client);
  const { rows } = await client.query<{ schema: string; name: string; visible: string; query: string }>(
    VIEWS,
  );
  if (rows.length === 0) return sql;
  const views = rows.map(({ schema, name, visible, query }) => ({
    schema,
    name,
    query,
    visible: visible === 'true',
  }));
  const parts = (call?.funccall?.funcname ?? []).map((part) => part.String?.sval ?? '');
  const copy = await new Copies(client, views).copyOf({ schema: parts.at(-2), name: parts.at(-1) ?? '' });
  return copy === undefined ? sql : splice(sql, [{ at, length: nameLength(sql, at), text: copy }]);
}

/** What reads a view was not typed when the procedure was created. */
async function typedBody(create: string, client: ClientBase): Promise<string> {
  const tree = parseTree(create);
  const body = tree === undefined ? undefined : bodyOf(create, tree);
  return body === undefined ? create : body.typed(await readCatalog(client, body.names));
}

/** The statements of a NONATOMIC procedure commit only outside of a transaction block. */
async function sayWhetherInBlock(client: ClientBase): Promise<void> {
  const status = (client as { getTransactionStatus?: () => string | null }).getTransactionStatus?.();
  if (status === 'T') await client.query("SET LOCAL redshift.in_transaction_block TO 'on'");
}

class Copies {
  readonly #client: ClientBase;
  readonly #views: readonly BodyView[];
  /** The name of each copy; undefined while it is being made, and where the procedure can stay as it is. */
  readonly #made = new Map<string, string | undefined>();

  constructor(client: ClientBase, views: readonly BodyView[]) {
    this.#client = client;
    this.#views = views;
  }

  /** The name of a procedure's copy; undefined: it reads no late-binding view. */
  async copyOf(procedure: Procedure): Promise<string | undefined> {
    const key = JSON.stringify([procedure.schema, procedure.name]);
    if (this.#made.has(key)) return this.#made.get(key);
    this.#made.set(key, undefined);
    const { rows } = await this.#client.query<{ body: string; definition: string }>(PROCEDURES, [
      procedure.schema ?? null,
      procedure.name,
    ]);
    const copies: { readonly body: string; readonly definition: string; readonly given: string }[] = [];
    for (const { body, definition } of rows)
      copies.push({ given: body, definition, body: await this.#bodyOf(body) });
    if (copies.every(({ body, given }) => body === given)) return undefined;
    const hash = createHash('sha256')
      .update(copies.map(({ body }) => body).join('\0'))
      .digest('hex');
    const name = `pg_temp.${quoteName(`${procedure.name.slice(0, 40)}~${hash.slice(0, 12)}`)}`;
    for (const { body, definition, given } of copies) {
      const head = definition.slice(0, definition.lastIndexOf(given));
      const tail = definition.slice(definition.lastIndexOf(given) + given.length);
      const open = head.indexOf('(');
      const create = `CREATE OR REPLACE PROCEDURE ${name}${head.slice(open)}${body}${tail}`;
      await this.#client.query(await typedBody(create, this.#client));
    }
    this.#made.set(key, name);
    return name;
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
