/**
 * QUALIFY: the query becomes a subquery that also computes the condition, and the outer query keeps the rows
 * where it holds and leaves the condition's column out.
 */
import { UnsupportedSqlError } from '../errors.ts';
import {
  code,
  group,
  isMark,
  isName,
  isWord,
  joinWithCommas,
  mark,
  quotedName,
  splitAtCommas,
  word,
} from '../nodes.ts';
import type { Node } from '../nodes.ts';
import type { Clauses, SelectItem } from './clauses.ts';
import { relationNames } from './relations.ts';

const KEEP = '~keep';
const INNER = '~qualified';

export interface Qualified {
  /** Items of the inner query. */
  readonly inner: readonly Node[];
  /** Items of the outer query. */
  readonly outer: readonly Node[];
  readonly orderBy?: readonly Node[];
}

class Columns {
  readonly inner: Node[] = [];
  readonly outer: Node[] = [];
  #count = 0;

  add(nodes: readonly Node[]): string {
    this.#count += 1;
    const name = `~${this.#count}`;
    if (this.inner.length > 0) this.inner.push(mark(','));
    this.inner.push(...nodes, word('as'), quotedName(name));
    return name;
  }

  show(...nodes: readonly Node[]): void {
    if (this.outer.length > 0) this.outer.push(mark(','));
    this.outer.push(...nodes);
  }
}

function starRelations(item: SelectItem, from: readonly Node[]): string[] | undefined {
  if (!isMark(item.nodes.at(-1), '*') || item.name !== undefined) return undefined;
  if (item.nodes.length > 1) {
    const name = item.nodes.at(-3);
    return isName(name) ? [name.value] : undefined;
  }
  const names = relationNames(from);
  if (names === undefined)
    throw new UnsupportedSqlError('SELECT * with QUALIFY over a join by USING or NATURAL');
  return names;
}

/** An item of ORDER BY that the outer query can read by itself: an alias or a number. */
function isOutputName(part: readonly Node[], aliases: ReadonlySet<string>): boolean {
  const [first, ...order] = part;
  const plain = order.length === 0 || isWord(order[0], 'asc', 'desc', 'nulls');
  return plain && (first?.kind === 'number' || (isName(first) && aliases.has(first.value)));
}

function splitOrder(part: readonly Node[]): [readonly Node[], readonly Node[]] {
  const at = part.findIndex((node, index) => index > 0 && isWord(node, 'asc', 'desc', 'nulls'));
  return at === -1 ? [part, []] : [part.slice(0, at), part.slice(at)];
}

export function splitQualify(items: readonly SelectItem[], clauses: Clauses): Qualified {
  const columns = new Columns();
  const aliases = new Set<string>();
  for (const item of items) {
    const relations = starRelations(item, clauses.from ?? []);
    if (relations === undefined) {
      const name = columns.add(item.nodes);
      if (item.alias !== undefined) aliases.add(item.alias);
      columns.show(quotedName(name), word('as'), quotedName(item.name ?? '?column?'));
    } else {
      for (const relation of relations) {
        const name = columns.add([quotedName(relation)]);
        columns.show(
          group([quotedName(INNER), mark('.'), { ...quotedName(name), gap: '' }], ' '),
          mark('.'),
          mark('*'),
        );
      }
    }
  }
  const order = splitAtCommas(clauses['order by'] ?? []).map((part): readonly Node[] => {
    if (isOutputName(part, aliases)) return part;
    const [value, direction] = splitOrder(part);
    return direction.toSpliced(0, 0, quotedName(columns.add(value)));
  });
  const orderBy = joinWithCommas(order);
  columns.inner.push(mark(','), group(clauses.qualify ?? [], ' '), word('as'), quotedName(KEEP));
  return {
    inner: columns.inner,
    outer: columns.outer,
    ...(orderBy.length === 0 ? {} : { orderBy }),
  };
}

export function qualifiedFrom(inner: readonly Node[]): Node[] {
  return [group(inner, ' '), word('as'), quotedName(INNER), code('where'), quotedName(KEEP)];
}
