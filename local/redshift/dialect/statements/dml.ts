/** INSERT, UPDATE and DELETE. */
import { Cursor } from '../cursor.ts';
import { UnsupportedSqlError, syntaxError } from '../errors.ts';
import { isGroup, isWord, render, word } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { expression, rewriteQuery, takeWith } from '../query.ts';
import { withoutParentheses } from '../select/relations.ts';
import { change } from '../translated.ts';
import type { TranslatedSql } from '../translated.ts';

function values(nodes: readonly Node[]): Node[] {
  if (nodes.some((node) => isWord(node, 'on'))) {
    throw new UnsupportedSqlError('INSERT … ON CONFLICT', 'Redshift does not have it');
  }
  return expression(nodes);
}

/** A query after INSERT INTO t; also `(SELECT …)` in parentheses. */
function insertedQuery(nodes: readonly Node[]): Node[] {
  const [first, second] = nodes;
  if (isWord(first, 'default') && isWord(second, 'values') && nodes.length === 2) return [...nodes];
  if (isWord(first, 'values')) return values(nodes);
  const conflict = nodes.findIndex((node, at) => isWord(node, 'on') && isWord(nodes[at + 1], 'conflict'));
  if (conflict !== -1) throw new UnsupportedSqlError('INSERT … ON CONFLICT', 'Redshift does not have it');
  return rewriteQuery(nodes);
}

function isQuery(node: Node | undefined): boolean {
  return isGroup(node) && (isWord(node.items[0], 'select', 'with') || isQuery(node.items[0]));
}

export function insert(nodes: readonly Node[]): TranslatedSql {
  const cursor = new Cursor(nodes);
  cursor.expect('insert', 'into');
  const table = cursor.expectQualifiedName();
  const columns = isGroup(cursor.peek()) && !isQuery(cursor.peek()) ? cursor.takeGroup() : undefined;
  const rest = cursor.rest();
  if (rest.length === 0) throw syntaxError(undefined);
  const target = [...table.nodes, ...(columns === undefined ? [] : [columns])];
  return change('INSERT', `insert into ${render(target)} ${render(insertedQuery(rest))}`);
}

/** The tables after this word, up to WHERE, may stand alone in parentheses. */
function withPlainTables(nodes: readonly Node[], after: 'from' | 'using'): Node[] {
  const start = nodes.findIndex((node) => isWord(node, after)) + 1;
  if (start === 0) return [...nodes];
  const length = nodes.slice(start).findIndex((node) => isWord(node, 'where'));
  const end = length === -1 ? nodes.length : start + length;
  return [...nodes.slice(0, start), ...withoutParentheses(nodes.slice(start, end)), ...nodes.slice(end)];
}

/** @param prefix a WITH clause, already rewritten */
function update(cursor: Cursor, prefix: readonly Node[]): TranslatedSql {
  cursor.expect('update');
  const rest = cursor.rest();
  const head = new Cursor(rest);
  head.expectQualifiedName();
  if (head.take('as') || !head.sees('set') || head.sees('set', 'set')) head.expectName();
  head.expect('set');
  if (isGroup(head.peek())) throw syntaxError('(');
  return change('UPDATE', render([...prefix, word('update'), ...expression(withPlainTables(rest, 'from'))]));
}

/** Redshift lets FROM be left out. */
function remove(cursor: Cursor, prefix: readonly Node[]): TranslatedSql {
  cursor.expect('delete');
  cursor.take('from');
  const table = cursor.expectQualifiedName();
  const rest = expression(withPlainTables(cursor.rest(), 'using'));
  return change('DELETE', render([...prefix, word('delete'), word('from'), ...table.nodes, ...rest]));
}

export function updateOrDelete(nodes: readonly Node[]): TranslatedSql {
  const cursor = new Cursor(nodes);
  const prefix = takeWith(cursor);
  return cursor.sees('update') ? update(cursor, prefix) : remove(cursor, prefix);
}
