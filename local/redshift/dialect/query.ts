/** Queries: set operations, the clauses of a SELECT, and what Redshift has beyond PostgreSQL's. */
import { Cursor } from './cursor.ts';
import { UnsupportedSqlError, syntaxError } from './errors.ts';
import { rewriteExpression } from './expression.ts';
import { isGroup, isMark, isWord, textOf, word } from './nodes.ts';
import type { Group, Node } from './nodes.ts';
import { rewriteBlock } from './select/block.ts';
import { splitTail } from './select/clauses.ts';

/** Rewrites an expression, with the queries inside it. */
export function expression(nodes: readonly Node[]): Node[] {
  return rewriteExpression(nodes, rewriteQuery);
}

interface SetOperation {
  readonly operator: Node[];
  readonly block: Node[];
}

/** Splits at UNION, INTERSECT, EXCEPT and MINUS; the first part has no operator. */
function splitSetOperations(nodes: readonly Node[]): SetOperation[] {
  const parts: SetOperation[] = [{ operator: [], block: [] }];
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at];
    if (node === undefined) break;
    const next = nodes[at + 1];
    const continues = isWord(next, 'all', 'distinct', 'select', 'with') || isGroup(next);
    if (isWord(node, 'union', 'intersect', 'except', 'minus') && continues) {
      const all = isWord(next, 'all', 'distinct');
      if (isWord(next, 'all') && node.value !== 'union') {
        throw new UnsupportedSqlError(`${node.value.toUpperCase()} ALL`, 'Redshift does not have it');
      }
      parts.push({
        operator: [
          node.value === 'minus' ? { ...word('except'), gap: node.gap } : node,
          ...(all ? [next] : []),
        ],
        block: [],
      });
      if (all) at += 1;
    } else parts.at(-1)?.block.push(node);
  }
  return parts;
}

/** `WITH [RECURSIVE] name [(columns)] AS (query), …`; the cursor then stands at the main statement. */
export function takeWith(cursor: Cursor): Node[] {
  if (!cursor.sees('with')) return [];
  const out: Node[] = [cursor.next()];
  const recursive = cursor.peek();
  if (isWord(recursive, 'recursive')) out.push(cursor.next());
  do {
    out.push(...cursor.expectQualifiedName().nodes);
    const columns = cursor.takeGroup();
    if (columns !== undefined) out.push(columns);
    cursor.expect('as');
    const query: Group = cursor.expectGroup();
    out.push(word('as'), { ...query, items: rewriteQuery(query.items), gap: ' ' });
    const comma = cursor.peek();
    if (!isMark(comma, ',')) return out;
    out.push(cursor.next());
  } while (!cursor.atEnd);
  throw syntaxError(undefined);
}

/** Rewrites a query, with or without WITH. */
export function rewriteQuery(nodes: readonly Node[]): Node[] {
  const cursor = new Cursor(nodes);
  const prefix = takeWith(cursor);
  const parts = splitSetOperations(cursor.rest());
  if (parts.length === 1) return [...prefix, ...rewriteMember(parts[0]?.block ?? [], false)];
  const last = parts.at(-1);
  const [body, tail] = splitTail(last?.block ?? []);
  return [
    ...prefix,
    ...parts.flatMap(({ operator, block }, index) =>
      operator.concat(rewriteMember(index === parts.length - 1 ? body : block, true)),
    ),
    ...expression(tail),
  ];
}

/** One SELECT of a query; `member`: of a set operation, so it is put in parentheses where it has a limit. */
function rewriteMember(block: readonly Node[], member: boolean): Node[] {
  const [first] = block;
  if (isWord(first, 'select')) return rewriteBlock(block, member, { expression, query: rewriteQuery });
  if (isGroup(first)) return expression(block);
  throw syntaxError(textOf(first));
}
