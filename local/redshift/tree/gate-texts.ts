/** What PostgreSQL's tree has as a text: the bodies of procedures and functions, and the queries of late-binding views. */
import { parsePlPgSQLSync } from 'libpg-query';
import type { Node } from 'libpg-query';

import { UnsupportedSqlError } from '../dialect/errors.ts';
import { sqlBody } from '../types/procedure-body.ts';
import { gate, isFields, NOT_IN_REDSHIFT } from './gate.ts';
import type { Fields, Unknowns } from './gate.ts';
import { createdQuery } from './late-binding.ts';
import { parseTree } from './parse.ts';

/** What a statement of PL/pgSQL has that Redshift's has not. */
const STATEMENT_CHECKS: Readonly<Record<string, (statement: Fields) => string | undefined>> = {
  PLpgSQL_stmt_fetch: ({ is_move: move }) => (move === true ? 'MOVE' : undefined),
  PLpgSQL_stmt_fori: ({ step }) => (step === undefined ? undefined : 'FOR … BY'),
  PLpgSQL_stmt_getdiag: ({ is_stacked: stacked, diag_items: items }) => {
    if (stacked === true) return 'GET STACKED DIAGNOSTICS';
    return /"kind":"(?!ROW_COUNT")/.test(JSON.stringify(items))
      ? 'GET DIAGNOSTICS of more than ROW_COUNT'
      : undefined;
  },
  PLpgSQL_stmt_raise: ({ options, condname: condition }) => {
    if (options !== undefined) return 'RAISE … USING';
    return condition === undefined ? undefined : 'RAISE with the name of a condition';
  },
};

/**
 * @param sql of the statement that `tree` is
 * @returns what only the catalog knows
 * @throws UnsupportedSqlError naming what Redshift does not have
 */
export function gateTexts(tree: Node, sql: string): Unknowns {
  const unknowns: Unknowns = { functions: new Set(), relations: new Set(), nested: new Map() };
  for (const text of textsOf(tree, sql)) {
    const inner = parseTree(text);
    if (inner === undefined) continue;
    const { functions, relations, nested } = gate(inner);
    for (const name of functions) unknowns.functions.add(name);
    for (const name of relations) unknowns.relations.add(name);
    for (const [schema, written] of nested) unknowns.nested.set(schema, written);
  }
  return unknowns;
}

function textsOf(tree: Node, sql: string): readonly string[] {
  if (!('CreateFunctionStmt' in tree)) {
    const view = createdQuery(tree);
    return view === undefined ? [] : [view];
  }
  const query = sqlBody(tree);
  return query === undefined ? textsIn(parsePlPgSQL(sql)) : [query];
}

/** Undefined: PostgreSQL will refuse the text in its own words. */
function parsePlPgSQL(sql: string): unknown {
  try {
    return parsePlPgSQLSync(sql);
  } catch {
    return undefined;
  }
}

/** How PL/pgSQL's parser calls a text: a statement, an expression, or (3 and up) an assignment. */
const EXPRESSION = 2;

function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const word = isFields(inner) ? STATEMENT_CHECKS[key]?.(inner) : undefined;
    if (word !== undefined) throw new UnsupportedSqlError(`${word} in a procedure`, NOT_IN_REDSHIFT);
    if (key === 'PLpgSQL_expr') return [textOf(inner as { query: string; parseMode: number })];
    if (key === 'PLpgSQL_stmt_dynexecute') return executedIn(inner).concat(textsIn(inner));
    return textsIn(inner);
  });
}

function textOf({ query, parseMode }: { readonly query: string; readonly parseMode: number }): string {
  if (parseMode < EXPRESSION) return query;
  if (parseMode === EXPRESSION) return `select ${query}`;
  return `select ${query.slice(query.search(/:?=/)).replace(/^:?=/, '')}`;
}

/** The translator has let only constants through. */
function executedIn(statement: unknown): string[] {
  const [text] = textsIn((statement as { query?: unknown }).query);
  const literal = /^select\s+'([^]*)'$/.exec(text ?? '')?.[1];
  return literal === undefined ? [] : [literal.replaceAll("''", "'")];
}
