/** One SELECT, with TOP, QUALIFY, GROUP BY ALL and references to its own aliases. */
import { defined } from '../../../../shared/run/defined.ts';
import { UnsupportedSqlError, syntaxError } from '../errors.ts';
import {
  code,
  group,
  isGroup,
  isMark,
  isWord,
  joinWithCommas,
  quotedName,
  spaced,
  splitAtCommas,
  textOf,
  word,
} from '../nodes.ts';
import type { Leaf, Node } from '../nodes.ts';
import { resolveAliases } from './aliases.ts';
import { selectItems, splitClauses } from './clauses.ts';
import type { ClauseName, Clauses, SelectItem } from './clauses.ts';
import { qualifiedFrom, splitQualify } from './qualify.ts';
import { withoutParentheses, withSystemViews } from './relations.ts';

/** How expressions and queries inside the SELECT are rewritten. */
export interface Tools {
  expression(nodes: readonly Node[]): Node[];
  query(nodes: readonly Node[]): Node[];
}

interface Head {
  readonly distinct: boolean;
  readonly top?: Leaf;
  readonly list: readonly Node[];
}

function readHead(select: readonly Node[]): Head {
  let list = select;
  let distinct = false;
  let top: Leaf | undefined;
  for (;;) {
    const [first, second] = list;
    if (isWord(first, 'distinct', 'all')) {
      if (isWord(second, 'on') && isGroup(list[2]))
        throw new UnsupportedSqlError('DISTINCT ON', 'Redshift does not have it');
      distinct = first.value === 'distinct';
      list = list.slice(1);
    } else if (isWord(first, 'top') && second?.kind === 'number') {
      top = second;
      list = list.slice(2);
    } else return { distinct, list, ...defined({ top }) };
  }
}

const AGGREGATES = new Set([
  'any_value',
  'avg',
  'bit_and',
  'bit_or',
  'bool_and',
  'bool_or',
  'count',
  'listagg',
  'max',
  'median',
  'min',
  'percentile_cont',
  'percentile_disc',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'sum',
  'variance',
  'var_pop',
  'var_samp',
]);

function hasAggregate(nodes: readonly Node[]): boolean {
  return nodes.some((node, at) => {
    if (node.kind === 'group') return !isWord(node.items[0], 'select', 'with') && hasAggregate(node.items);
    return isWord(node) && AGGREGATES.has(node.value) && isGroup(nodes[at + 1]);
  });
}

function hasWord(nodes: readonly Node[], value: string): boolean {
  return nodes.some((node) => (node.kind === 'group' ? hasWord(node.items, value) : isWord(node, value)));
}

/** GROUP BY ALL: by every item that has no aggregate. */
function groupByAll(items: readonly SelectItem[]): Node[] | undefined {
  const numbers = items.flatMap((item, index) => {
    if (item.name === undefined) throw new UnsupportedSqlError('GROUP BY ALL with SELECT *');
    if (hasWord(item.nodes, 'over')) throw new UnsupportedSqlError('GROUP BY ALL with a window function');
    return hasAggregate(item.nodes) ? [] : [[code(String(index + 1))]];
  });
  return numbers.length === 0 ? undefined : joinWithCommas(numbers);
}

function refuseExclude(list: readonly Node[]): void {
  for (const part of splitAtCommas(list)) {
    const at = part.findIndex((node, index) => isWord(node, 'exclude') && isMark(part[index - 1], '*'));
    if (at !== -1) throw new UnsupportedSqlError('SELECT * EXCLUDE');
  }
}

function refuseValues(from: readonly Node[]): void {
  for (const node of from) {
    if (isGroup(node) && isWord(node.items[0], 'values')) {
      throw new UnsupportedSqlError('VALUES as a table', 'Redshift does not have it');
    }
  }
}

function clause(words: string, nodes: readonly Node[] | undefined): Node[] {
  return nodes === undefined ? [] : [code(words), ...spaced(nodes)];
}

function itemNodes(items: readonly SelectItem[]): Node[] {
  return joinWithCommas(
    items.map(({ nodes, alias }) =>
      alias === undefined ? nodes : [...nodes, word('as'), quotedName(alias)],
    ),
  );
}

function into(target: readonly Node[] | undefined): Node[] {
  if (target === undefined) return [];
  const [first] = target;
  const temporary = first?.kind === 'quoted' && first.value.startsWith('#');
  return [code(temporary ? 'into temp' : 'into'), ...spaced(target)];
}

const BODY: readonly ClauseName[] = ['from', 'where', 'group by', 'having'];

/** @param member a member of a set operation: a limit of its own needs parentheses */
export function rewriteBlock(nodes: readonly Node[], member: boolean, tools: Tools): Node[] {
  const written = splitClauses(nodes);
  const { distinct, top, list } = readHead(written.select ?? []);
  if (list.length === 0 && written.from !== undefined) throw syntaxError(textOf(written.from[0]));
  refuseExclude(list);
  refuseValues(written.from ?? []);
  const { items, clauses } = resolveAliases(selectItems(list), expandGroupByAll(written, list));
  const body = (select: readonly Node[], isDistinct: boolean): Node[] => [
    { ...word('select'), gap: nodes[0]?.gap ?? '' },
    ...(isDistinct ? [word('distinct')] : []),
    ...spaced(tools.expression(select)),
  ];
  const rest = BODY.flatMap((name) => {
    const written =
      name === 'from' && clauses.from !== undefined
        ? withSystemViews(withoutParentheses(clauses.from))
        : clauses[name];
    return clause(name, written && tools.expression(written));
  });
  const tail = (orderBy: readonly Node[] | undefined): Node[] => [
    ...clause('order by', orderBy && tools.expression(orderBy)),
    ...clause('limit', top === undefined ? clauses.limit : [top]),
    ...clause('offset', clauses.offset),
  ];
  const inParentheses = (query: Node[]): Node[] =>
    member && top !== undefined ? [group(query, ' ')] : query;
  if (clauses.qualify === undefined) {
    return inParentheses([
      ...body(itemNodes(items), distinct),
      ...into(clauses.into),
      ...rest,
      ...tail(clauses['order by']),
    ]);
  }
  const { inner, outer, orderBy } = splitQualify(items, clauses);
  return inParentheses([
    ...body([], distinct),
    ...outer,
    ...into(clauses.into),
    code('from'),
    ...qualifiedFrom([...body(inner, false), ...rest]),
    ...tail(orderBy),
  ]);
}

function expandGroupByAll(clauses: Clauses, list: readonly Node[]): Clauses {
  const by = clauses['group by'];
  if (by?.length !== 1 || !isWord(by[0], 'all')) return clauses;
  const { 'group by': _, ...others } = clauses;
  const numbers = groupByAll(selectItems(list));
  return numbers === undefined ? others : { ...others, 'group by': numbers };
}
