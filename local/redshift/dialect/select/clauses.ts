/** The clauses of one SELECT. */
import { NOT_QUALIFIED } from '../../../../shared/pipeline/statements/query.ts';
import { UnsupportedSqlError } from '../errors.ts';
import { isGroup, isMark, isName, isWord, splitAtCommas, textOf } from '../nodes.ts';
import type { Leaf, Node } from '../nodes.ts';

export type ClauseName =
  | 'select'
  | 'into'
  | 'from'
  | 'where'
  | 'group by'
  | 'having'
  | 'qualify'
  | 'order by'
  | 'limit'
  | 'offset';

/** Each with its key words cut off. */
export type Clauses = Partial<Record<ClauseName, readonly Node[]>>;

const REFUSED: Readonly<Record<string, string>> = {
  window: 'the WINDOW clause',
  fetch: 'FETCH FIRST',
  for: 'FOR UPDATE',
};

function clauseAt(nodes: readonly Node[], at: number): { name: ClauseName; length: number } | undefined {
  const node = nodes[at];
  const next = nodes[at + 1];
  if (!isWord(node) || isMark(nodes[at - 1], '.') || isMark(next, '.') || isWord(nodes[at - 1], 'as'))
    return undefined;
  switch (node.value) {
    case 'select':
      return at === 0 ? { name: 'select', length: 1 } : undefined;
    case 'into':
    case 'from':
    case 'where':
    case 'having':
    case 'limit':
    case 'offset':
      return { name: node.value, length: 1 };
    case 'qualify':
      return NOT_QUALIFIED.test(textOf(next) ?? '') ? undefined : { name: 'qualify', length: 1 };
    case 'group':
      return isWord(next, 'by') ? { name: 'group by', length: 2 } : undefined;
    case 'order':
      return isWord(next, 'by') ? { name: 'order by', length: 2 } : undefined;
    default:
      return undefined;
  }
}

export function splitClauses(nodes: readonly Node[]): Clauses {
  const clauses: Record<string, Node[]> = {};
  let current: Node[] = [];
  for (let at = 0; at < nodes.length; at += 1) {
    const clause = clauseAt(nodes, at);
    const node = nodes[at];
    if (clause !== undefined) {
      current = [];
      clauses[clause.name] = current;
      at += clause.length - 1;
    } else if (node !== undefined) {
      refuse(nodes, at);
      current.push(node);
    }
  }
  return withListAfterInto(clauses);
}

/** PL/pgSQL's `SELECT INTO a, b x, y FROM …`: what follows the targets is the select list. */
function withListAfterInto(clauses: Clauses): Clauses {
  const { select, into = [] } = clauses;
  if (select === undefined || select.length > 0 || into.length === 0) return clauses;
  let end = 1;
  while (isMark(into[end], '.') || isMark(into[end], ',')) end += 2;
  return { ...clauses, select: into.slice(end), into: into.slice(0, end) };
}

function refuse(nodes: readonly Node[], at: number): void {
  const node = nodes[at];
  if (!isWord(node) || isMark(nodes[at - 1], '.') || isWord(nodes[at - 1], 'as')) return;
  const next = nodes[at + 1];
  const starts =
    (node.value === 'window' && isName(next) && isWord(nodes[at + 2], 'as') && isGroup(nodes[at + 3])) ||
    (node.value === 'fetch' && isWord(next, 'first', 'next')) ||
    (node.value === 'for' && isWord(next, 'update', 'share', 'no', 'key'));
  if (starts) throw new UnsupportedSqlError(REFUSED[node.value] ?? node.text, 'Redshift does not have it');
  if (node.value === 'start' && isWord(next, 'with'))
    throw new UnsupportedSqlError('START WITH … CONNECT BY');
}

/** Cuts ORDER BY, LIMIT and OFFSET off: of a set operation they belong to the whole. */
export function splitTail(nodes: readonly Node[]): [Node[], Node[]] {
  const at = nodes.findIndex((_, index) =>
    ['order by', 'limit', 'offset'].includes(clauseAt(nodes, index)?.name ?? ''),
  );
  return at === -1 ? [[...nodes], []] : [nodes.slice(0, at), nodes.slice(at)];
}

/** Words that end an expression and are no alias, though they stand without AS. */
const NOT_ALIASES = new Set([
  'current_date',
  'current_timestamp',
  'current_user',
  'end',
  'false',
  'isnull',
  'notnull',
  'null',
  'precision',
  'sysdate',
  'true',
  'unknown',
  'user',
  'varying',
  'zone',
]);

const INTERVAL_FIELDS = ['year', 'month', 'day', 'hour', 'minute', 'second'];

export interface SelectItem {
  /** Without alias. */
  readonly nodes: readonly Node[];
  readonly alias?: string;
  /** The name of the result's column as Redshift gives it; undefined for `*`. */
  readonly name?: string;
}

function endsOperand(node: Node | undefined): boolean {
  if (node === undefined) return false;
  if (node.kind === 'group' || node.kind === 'string' || node.kind === 'number' || node.kind === 'quoted')
    return true;
  return node.kind === 'word' && !OPERATOR_WORDS.has(node.value);
}

const OPERATOR_WORDS = new Set([
  'and',
  'or',
  'not',
  'is',
  'in',
  'like',
  'ilike',
  'between',
  'to',
  'case',
  'when',
  'then',
  'else',
]);

function aliasOf(nodes: readonly Node[]): Leaf | undefined {
  const last = nodes.at(-1);
  if (!isName(last) || nodes.length < 2) return undefined;
  const before = nodes.at(-2);
  if (isWord(before, 'as')) return last;
  if (isMark(before, '.') || isMark(before, '::') || !endsOperand(before)) return undefined;
  if (last.kind === 'word' && NOT_ALIASES.has(last.value)) return undefined;
  if (before?.kind === 'string' && isWord(nodes.at(-3), 'interval') && isWord(last, ...INTERVAL_FIELDS))
    return undefined;
  return last;
}

function defaultName(nodes: readonly Node[]): string | undefined {
  const last = nodes.at(-1);
  if (isMark(last, '*')) return nodes.length === 1 || isMark(nodes.at(-2), '.') ? undefined : '?column?';
  const castAt = nodes.findIndex((node) => isMark(node, '::'));
  if (castAt > 0) return defaultName(nodes.slice(0, castAt));
  const names = nodes.every((node, index) => (index % 2 === 0 ? isName(node) : isMark(node, '.')));
  if (names && isName(last)) return last.value;
  const [first, second] = nodes;
  if (isWord(first, 'case')) return 'case';
  if (
    isWord(first) &&
    isGroup(second) &&
    (nodes.length === 2 || isWord(nodes[2], 'over', 'within', 'ignore'))
  )
    return first.value;
  return '?column?';
}

export function selectItems(list: readonly Node[]): SelectItem[] {
  return splitAtCommas(list).map((nodes) => {
    const alias = aliasOf(nodes);
    if (alias !== undefined) {
      const end = isWord(nodes.at(-2), 'as') ? -2 : -1;
      return { nodes: nodes.slice(0, end), alias: alias.value, name: alias.value };
    }
    const name = defaultName(nodes);
    return name === undefined ? { nodes } : { nodes, name };
  });
}
