/**
 * Lateral column aliases: in Redshift a select item may use the alias of an earlier one, unless the FROM clause
 * has a column of that name, which then wins. Here the alias is replaced by its expression, and a guard is put
 * into FROM and WHERE that makes PostgreSQL report the name as ambiguous when FROM has such a column after all; the
 * statement is then translated again (`tree/lateral-aliases.ts`).
 */
import { defined } from '../../../../shared/run/defined.ts';
import { UnsupportedSqlError } from '../errors.ts';
import {
  code,
  group,
  isGroup,
  isMark,
  isName,
  isWord,
  joinWithCommas,
  mark,
  quotedName,
  spaced,
  splitAtCommas,
  word,
} from '../nodes.ts';
import type { Leaf, Node } from '../nodes.ts';
import type { Clauses, SelectItem } from './clauses.ts';
import { relationNames } from './relations.ts';

type Aliases = ReadonlyMap<string, readonly Node[]>;

function isReference(nodes: readonly Node[], at: number): boolean {
  const next = nodes[at + 1];
  return (
    isName(nodes[at]) &&
    !isMark(nodes[at - 1], '.') &&
    !isMark(nodes[at - 1], '::') &&
    !isWord(nodes[at - 1], 'as') &&
    !isMark(next, '.') &&
    !isGroup(next) &&
    next?.kind !== 'string'
  );
}

function isQuery(nodes: readonly Node[]): boolean {
  return isWord(nodes[0], 'select', 'with');
}

/** The names used as columns without a table, in any depth; queries inside are looked at too if `deep`. */
function references(nodes: readonly Node[], deep: boolean, found = new Set<string>()): Set<string> {
  for (const [at, node] of nodes.entries()) {
    if (node.kind === 'group') {
      if (deep || !isQuery(node.items)) references(node.items, deep, found);
    } else if (isReference(nodes, at)) found.add(node.value);
  }
  return found;
}

function substitute(nodes: readonly Node[], aliases: Aliases): Node[] {
  return nodes.map((node, at) => {
    if (node.kind === 'group') {
      return isQuery(node.items) ? node : { ...node, items: substitute(node.items, aliases) };
    }
    const replacement = isReference(nodes, at) ? aliases.get(node.value) : undefined;
    return replacement === undefined ? node : group(replacement, ' ');
  });
}

function mentions(nodes: readonly Node[], name: string): boolean {
  return nodes.some((node) => (node.kind === 'group' ? mentions(node.items, name) : node.value === name));
}

function isVolatile(nodes: readonly Node[]): boolean {
  return mentions(nodes, 'random');
}

/** GROUP BY and ORDER BY: an alias alone stays, or becomes the item's number; inside an expression it is replaced. */
function inList(
  nodes: readonly Node[] | undefined,
  aliases: Aliases,
  items: readonly SelectItem[],
  numbers: boolean,
) {
  if (nodes === undefined) return undefined;
  const parts = splitAtCommas(nodes).map((part): readonly Node[] => {
    const [only, ...order] = part;
    const alone =
      isName(only) &&
      aliases.has(only.value) &&
      (order.length === 0 || isWord(order[0], 'asc', 'desc', 'nulls'));
    if (!alone) return substitute(part, aliases);
    if (!numbers) return part;
    const number = items.findIndex((item) => item.alias === only.value) + 1;
    return order.toSpliced(0, 0, code(String(number)));
  });
  return joinWithCommas(parts);
}

function expandStars(items: readonly SelectItem[], from: readonly Node[]): SelectItem[] {
  return items.flatMap((item) => {
    if (item.nodes.length !== 1 || !isMark(item.nodes[0], '*')) return [item];
    const names = relationNames(from);
    if (names === undefined)
      throw new UnsupportedSqlError('SELECT * with a reference to an alias of the same SELECT');
    return names.map((name) => ({ nodes: [quotedName(name), mark('.'), mark('*')] }));
  });
}

function guarded(clauses: Clauses, names: readonly string[]): Clauses {
  const { from, where } = clauses;
  if (from === undefined) return clauses;
  const columns = names.flatMap((name, index) => [
    ...(index === 0 ? [] : [mark(',')]),
    code('null::int as'),
    quotedName(name),
  ]);
  const tests = names.flatMap((name, index): Node[] => [
    ...(index === 0 ? [] : [word('and')]),
    quotedName(name),
    code('is null'),
  ]);
  const alias: Leaf = quotedName('~alias');
  return {
    ...clauses,
    from: [...from, mark(','), group([word('select'), ...columns], ' '), alias],
    where: [...(where === undefined ? [] : [group(where, ' '), word('and')]), ...spaced(tests)],
  };
}

/** Of the translation that is under way: names of aliases that FROM has as columns, too. */
let columnsOfFrom: ReadonlySet<string> = new Set();

/** Translates with the knowledge that these names are columns of FROM. */
export function withColumnsOfFrom<T>(names: ReadonlySet<string>, translation: () => T): T {
  columnsOfFrom = names;
  try {
    return translation();
  } finally {
    columnsOfFrom = new Set();
  }
}

/** Replaces the aliases of a SELECT where they are used by its own later items or by QUALIFY. */
export function resolveAliases(
  items: readonly SelectItem[],
  clauses: Clauses,
): { items: readonly SelectItem[]; clauses: Clauses } {
  const { from = [], where = [], having = [], qualify = [] } = clauses;
  /** Columns that FROM must have, since only FROM is seen there. */
  const columns = references([...from, ...where, ...having], true);
  const aliases = new Map<string, readonly Node[]>();
  const used = new Set<string>();
  const resolve = (nodes: readonly Node[]): readonly Node[] => {
    const wanted = [...references(nodes, false)].filter((name) => aliases.has(name));
    if (wanted.length === 0) return nodes;
    for (const name of wanted) used.add(name);
    return substitute(nodes, aliases);
  };
  const resolved = items.map((item) => {
    const nodes = resolve(item.nodes);
    const { alias } = item;
    if (
      alias !== undefined &&
      !columns.has(alias) &&
      !columnsOfFrom.has(alias) &&
      !mentions(item.nodes, alias)
    ) {
      if (isVolatile(nodes)) aliases.delete(alias);
      else aliases.set(alias, nodes);
    }
    return { ...item, nodes };
  });
  const kept = resolve(qualify);
  if (used.size === 0) return { items, clauses };
  const only: Aliases = new Map([...aliases].filter(([name]) => used.has(name)));
  const groupBy = inList(clauses['group by'], only, items, true);
  const orderBy = inList(clauses['order by'], only, items, false);
  return {
    items: from.length === 0 ? resolved : expandStars(resolved, from),
    clauses: guarded(
      {
        ...clauses,
        ...defined({
          qualify: clauses.qualify && kept,
          'group by': groupBy,
          'order by': orderBy,
        }),
      },
      [...used],
    ),
  };
}
