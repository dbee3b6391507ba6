/** The relations of a FROM clause, by the names a query can use for them. */
import { Cursor } from '../cursor.ts';
import { code, isGroup, isMark, isName, isWord } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { SHIM } from '../shim/schema.ts';

const NOT_ALIASES = new Set([
  'on',
  'using',
  'join',
  'inner',
  'left',
  'right',
  'full',
  'cross',
  'natural',
  'as',
]);

function takeAlias(cursor: Cursor): string | undefined {
  const explicit = cursor.take('as');
  const node = cursor.peek();
  if (!isName(node) || (!explicit && node.kind === 'word' && NOT_ALIASES.has(node.value))) return undefined;
  cursor.next();
  cursor.takeGroup();
  return node.value;
}

function takeRelation(cursor: Cursor, names: string[]): boolean {
  const inside = cursor.takeGroup();
  if (inside !== undefined) {
    const alias = takeAlias(cursor);
    if (alias !== undefined) names.push(alias);
    else {
      const nested = isWord(inside.items[0], 'select', 'with') ? undefined : relationNames(inside.items);
      if (nested === undefined) return false;
      names.push(...nested);
    }
    return true;
  }
  if (!isName(cursor.peek())) return false;
  const table = cursor.expectQualifiedName();
  const call = isGroup(cursor.peek());
  if (call) cursor.next();
  names.push(takeAlias(cursor) ?? table.name);
  return true;
}

/** In order; undefined where `*` is not simply all columns of each: joins by USING or NATURAL merge columns. */
export function relationNames(from: readonly Node[]): string[] | undefined {
  const names: string[] = [];
  const cursor = new Cursor(from);
  if (!takeRelation(cursor, names)) return undefined;
  while (!cursor.atEnd) {
    const node = cursor.next();
    if (isWord(node, 'natural') || (isWord(node, 'using') && isGroup(cursor.peek()))) return undefined;
    if ((isMark(node, ',') || isWord(node, 'join')) && !takeRelation(cursor, names)) return undefined;
  }
  return names;
}

/** Redshift takes a table alone in parentheses; PostgreSQL takes only joins and queries so. */
export function withoutParentheses(from: readonly Node[]): Node[] {
  return from.flatMap((node, at): readonly Node[] => {
    const before = from[at - 1];
    const isRelation = before === undefined || isMark(before, ',') || isWord(before, 'join');
    if (!isGroup(node) || !isRelation || isWord(node.items[0], 'select', 'with')) return [node];
    const items = withoutParentheses(node.items);
    const [first] = items;
    // A join, a query in more parentheses, or several of them put together.
    const isWhole = items.some((item) => isWord(item, 'join', 'union', 'except', 'intersect', 'minus'));
    if (first === undefined || isWhole || (isGroup(first) && items.length === 1)) return [{ ...node, items }];
    return [{ ...first, gap: node.gap }, ...items.slice(1)];
  });
}

/** Relations of Redshift's catalog that the shim has under the same name. */
const SYSTEM_VIEWS = new Set(['pg_table_def', 'pg_views']);

/** The FROM clause with the shim's views in the place of Redshift's. */
export function withSystemViews(from: readonly Node[]): Node[] {
  return from.map((node, at) => {
    const before = from[at - 1];
    const isRelation = before === undefined || isMark(before, ',') || isWord(before, 'join');
    if (!isRelation || !isWord(node) || !SYSTEM_VIEWS.has(node.value) || isMark(from[at + 1], '.'))
      return node;
    return { ...code(`${SHIM}.${node.value}`), gap: node.gap };
  });
}
