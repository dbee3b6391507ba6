/** A query as a value: common table expressions, the members of set operations, the clauses of each SELECT. Expressions stay tokens. */
import type { Code } from '../code.ts';
import { RESERVED } from '../code.ts';
import type { Name, Span } from './parts.ts';
import { refuseReserved } from './reserved-words.ts';
import { behind, labelAt, nameAt, nameList, splitCommas, until } from './parts.ts';

interface CommonTable {
  readonly name: Name;
  readonly columns?: readonly Name[];
  readonly query: Query;
}

export interface With {
  readonly recursive: boolean;
  readonly tables: readonly CommonTable[];
}

export interface Query extends Span {
  readonly with?: With;
  readonly members: readonly Member[];
}

/** One side of a set operation, or all of a query that has none. */
interface Member {
  /** Index of UNION and its like before it. */
  readonly operator?: number;
  /** A query in brackets has clauses of its own. */
  readonly body: Select | Query;
}

type ClauseName =
  | 'list'
  | 'into'
  | 'tables'
  | 'where'
  | 'group'
  | 'having'
  | 'qualify'
  | 'order'
  | 'limit'
  | 'offset'
  | 'other';

export interface Select extends Span {
  /** Without their key words. */
  readonly clauses: Readonly<Partial<Record<ClauseName, Span>>>;
  readonly items: readonly SelectItem[];
  readonly fromItems: readonly FromItem[];
}

export interface SelectItem extends Span {
  readonly alias?: Name;
  /** The alias stands behind AS. */
  readonly named: boolean;
}

export interface FromItem {
  readonly source:
    | { readonly kind: 'table'; readonly name: string; readonly at: number }
    | { readonly kind: 'query'; readonly query: Query }
    /** A function, or a path into a value of another item. */
    | { readonly kind: 'other' };
  readonly alias?: Name;
  readonly columns?: readonly Name[];
  /** PIVOT, UNPIVOT or AT follow: the columns are not those of the table. */
  readonly changed: boolean;
}

export function isSelect(body: Select | Query): body is Select {
  return 'clauses' in body;
}

const SET_OPERATORS: ReadonlySet<string> = new Set(['UNION', 'INTERSECT', 'EXCEPT', 'MINUS']);

const CLAUSES: readonly (readonly [ClauseName, ...string[]])[] = [
  ['into', 'INTO'],
  ['tables', 'FROM'],
  ['where', 'WHERE'],
  ['group', 'GROUP', 'BY'],
  ['having', 'HAVING'],
  ['qualify', 'QUALIFY'],
  ['order', 'ORDER', 'BY'],
  ['limit', 'LIMIT'],
  ['offset', 'OFFSET'],
  ['other', 'FETCH', 'FIRST'],
  ['other', 'FETCH', 'NEXT'],
  ['other', 'START', 'WITH'],
  ['other', 'CONNECT', 'BY'],
  ['other', 'FOR', 'UPDATE'],
];

/** @throws NotUnderstoodError */
export function parseQuery(code: Code, { from, to }: Span): Query {
  let at = from;
  const common = code.is(at, 'WITH') ? parseWith(code, at) : undefined;
  if (common !== undefined) at = common.next;
  const members: Member[] = [];
  for (;;) {
    const operator = members.length === 0 ? undefined : at;
    if (operator !== undefined) at += code.is(at + 1, 'ALL') || code.is(at + 1, 'DISTINCT') ? 2 : 1;
    const body = code.isMark(at, '(') ? inBrackets(code, at) : parseSelect(code, at, to);
    members.push({ body, ...(operator !== undefined && { operator }) });
    at = isSelect(body) ? body.to : body.to + 1;
    if (at >= to || !SET_OPERATORS.has(code.word(at))) break;
  }
  // ORDER BY and LIMIT behind a bracket.
  if (at < to && clauseAt(code, at) === undefined) throw code.unrecognized(at);
  return { from, to, ...(common && { with: common.value }), members };
}

function inBrackets(code: Code, open: number): Query {
  return parseQuery(code, { from: open + 1, to: code.closing(open) });
}

/** `WITH …` at `i`. */
export function parseWith(code: Code, i: number): { value: With; next: number } {
  const recursive = code.is(i + 1, 'RECURSIVE') && !code.is(i + 2, 'AS');
  const tables: CommonTable[] = [];
  let at = recursive ? i + 2 : i + 1;
  for (;;) {
    const name = nameAt(code, at);
    const list = code.isMark(at + 1, '(') ? nameList(code, at + 1) : undefined;
    at = list?.next ?? at + 1;
    if (!code.is(at, 'AS') || !code.isMark(at + 1, '(')) throw code.unrecognized(at);
    const query = inBrackets(code, at + 1);
    tables.push({ name, query, ...(list && { columns: list.names }) });
    at = query.to + 1;
    if (!code.isMark(at, ',')) return { value: { recursive, tables }, next: at };
    at += 1;
  }
}

/** The order of clauses; INTO has several places. */
const RANKS: Readonly<Partial<Record<ClauseName, number>>> = {
  list: 0,
  tables: 1,
  where: 2,
  group: 3,
  having: 4,
  qualify: 5,
  order: 6,
  limit: 7,
  offset: 7,
};

/** What follows a column of the name QUALIFY, which is no reserved word. */
export const NOT_QUALIFIED =
  /^(?:|[,)=<>]|from|where|group|having|order|limit|offset|union|intersect|except|minus|as|asc|desc|and|or|is)$/i;

const CLAUSE_WORDS: ReadonlySet<string> = new Set(CLAUSES.map(([, word = '']) => word));

function clauseAt(code: Code, i: number): { name: ClauseName; length: number } | undefined {
  if (!CLAUSE_WORDS.has(code.word(i))) return undefined;
  if (code.isMark(i - 1, '.') || code.isMark(i + 1, '.') || code.is(i - 1, 'AS')) return undefined;
  const found = CLAUSES.find(([, ...words]) => code.is(i, ...words));
  if (found === undefined) return undefined;
  const [name, ...words] = found;
  if (name === 'qualify' && NOT_QUALIFIED.test(code.tokens[i + 1]?.text ?? '')) return undefined;
  const isDistinctFrom =
    name === 'tables' && code.is(i - 1, 'DISTINCT') && (code.is(i - 2, 'IS') || code.is(i - 2, 'NOT'));
  return isDistinctFrom ? undefined : { name, length: words.length };
}

function parseSelect(code: Code, i: number, to: number): Select {
  if (!code.is(i, 'SELECT')) throw code.unrecognized(i);
  const clauses: Partial<Record<ClauseName, Span>> = {};
  let name: ClauseName = 'list';
  let start = behindHead(code, i + 1);
  let at = start;
  let reached = 0;
  for (;;) {
    at = until(
      code,
      at,
      to,
      (k) => (SET_OPERATORS.has(code.word(k)) && isOperator(code, k)) || clauseAt(code, k) !== undefined,
    );
    clauses[name] = { from: start, to: at };
    const next = at < to ? clauseAt(code, at) : undefined;
    if (next === undefined) break;
    ({ name } = next);
    const rank = RANKS[name];
    if (rank !== undefined && (rank < reached || clauses[name] !== undefined)) throw code.misplaced(at);
    reached = rank ?? reached;
    start = at + next.length;
    at = start;
  }
  const { list = { from: start, to: start }, tables } = clauses;
  if (list.from === list.to && clauses.into === undefined) throw code.misplaced(list.to);
  return {
    from: i,
    to: at,
    clauses,
    items: splitCommas(code, list).map((item) => itemOf(code, item)),
    fromItems: tables === undefined ? [] : parseFrom(code, tables),
  };
}

function isOperator(code: Code, i: number): boolean {
  const next = code.word(i + 1);
  return (
    !code.isMark(i - 1, '.') &&
    (code.isMark(i + 1, '(') || next === 'ALL' || next === 'DISTINCT' || next === 'SELECT' || next === 'WITH')
  );
}

/** Behind DISTINCT, ALL and TOP. */
function behindHead(code: Code, i: number): number {
  let at = i;
  for (;;) {
    const kind = code.tokens[at + 1]?.kind;
    if (code.is(at, 'DISTINCT') || code.is(at, 'ALL')) at += 1;
    else if (code.is(at, 'TOP') && (kind === 'number' || kind === 'param')) at += 2;
    else return at;
  }
}

/** Words that end an expression and are no alias, though they stand without AS. */
export const NOT_ALIASES: ReadonlySet<string> = new Set(
  `CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURRENT_USER_ID END FALSE ISNULL LOCALTIME LOCALTIMESTAMP NOTNULL NULL PRECISION
   SESSION_USER SYSDATE TRUE UNKNOWN USER VARYING ZONE YEAR MONTH DAY HOUR MINUTE SECOND`.split(/\s+/),
);

/** Words behind which an operand is to come. */
const OPERATORS: ReadonlySet<string> = new Set(
  'AND OR NOT IS IN LIKE ILIKE BETWEEN TO CASE WHEN THEN ELSE DISTINCT ALL ANY SOME ESCAPE INTERVAL DATE TIME TIMESTAMP PRIOR'.split(
    ' ',
  ),
);

function itemOf(code: Code, { from, to }: Span): SelectItem {
  const last = to - 1;
  if (code.is(to - 2, 'AS') && code.isName(last) && to - from > 2)
    return { from, to: to - 2, alias: labelAt(code, last), named: true };
  const before = code.tokens[to - 2];
  const endsOperand =
    before !== undefined &&
    (before.kind === 'word'
      ? !OPERATORS.has(before.text.toUpperCase())
      : before.kind !== 'mark' || before.text === ')' || before.text === ']');
  const isAlias = to - from > 1 && code.isName(last) && endsOperand && !NOT_ALIASES.has(code.word(last));
  return isAlias ? { from, to: last, alias: labelAt(code, last), named: false } : { from, to, named: false };
}

/** The tables of a FROM or USING clause, those in brackets too. */
export function parseFrom(code: Code, { from, to }: Span): FromItem[] {
  const items: FromItem[] = [];
  let at = from;
  while (at < to) {
    at = primary(code, at, to, items);
    // ON, USING and the kind of the next join.
    at = until(code, at, to, (i) => code.isMark(i, ',') || code.is(i, 'JOIN')) + 1;
  }
  return items;
}

function primary(code: Code, i: number, to: number, items: FromItem[]): number {
  const at = code.is(i, 'LATERAL') ? i + 1 : i;
  if (code.isMark(at, '(')) {
    const close = code.closing(at);
    const joined = !code.beginsQuery(at + 1) || isJoin(code, at + 1, close);
    if (joined) {
      const inner = parseFrom(code, { from: at + 1, to: close });
      const rest = aliasAt(code, close + 1, to, { kind: 'other' });
      if (rest.item.alias === undefined) items.push(...inner);
      else items.push(rest.item);
      return rest.next;
    }
    return add(aliasAt(code, close + 1, to, { kind: 'query', query: inBrackets(code, at) }), items);
  }
  // `FROM c, UNPIVOT c.orders AS value AT name`.
  if (code.is(at, 'UNPIVOT')) {
    const end = until(code, at + 1, to, (k) => code.isMark(k, ',') || code.is(k, 'AS') || code.is(k, 'AT'));
    return add(aliasAt(code, end, to, { kind: 'other' }), items);
  }
  if (!code.isName(at)) throw code.unrecognized(at);
  const { parts, next } = code.path(at);
  const callee = code.isMark(next, '(');
  if (!callee) refuseReserved(code, at);
  if (callee) return add(aliasAt(code, code.closing(next) + 1, to, { kind: 'other' }), items);
  if (parts.length > 3 || code.isMark(next, '[')) {
    const end = until(code, next, to, (k) => code.isMark(k, ',') || code.is(k, 'JOIN') || code.is(k, 'AS'));
    return add(aliasAt(code, end, to, { kind: 'other' }), items);
  }
  return add(aliasAt(code, next, to, { kind: 'table', name: parts.join('.'), at }), items);
}

/** `((SELECT …) a JOIN b ON …)`. */
function isJoin(code: Code, i: number, close: number): boolean {
  if (!code.isMark(i, '(')) return false;
  const next = code.closing(i) + 1;
  const word = code.word(next);
  return next < close && !SET_OPERATORS.has(word) && word !== 'ORDER' && word !== 'LIMIT';
}

function add({ item, next }: { item: FromItem; next: number }, items: FromItem[]): number {
  items.push(item);
  return next;
}

function aliasAt(
  code: Code,
  i: number,
  to: number,
  source: FromItem['source'],
): { item: FromItem; next: number } {
  let at = i;
  let alias: Name | undefined;
  let columns: readonly Name[] | undefined;
  let changed = isPivot(code, at);
  if (changed)
    at = behind(
      code,
      until(code, at, to, (k) => code.isMark(k, '(')),
    );
  const named = code.is(at, 'AS');
  if (named) at += 1;
  if (at < to && code.isName(at) && (named || !RESERVED.has(code.word(at))) && !code.is(at, 'AT')) {
    alias = nameAt(code, at);
    at += 1;
    // Behind a function there are types too.
    if (code.isMark(at, '(') && source.kind === 'other') at = behind(code, at);
    else if (code.isMark(at, '(')) ({ names: columns, next: at } = nameList(code, at));
  }
  if (code.is(at, 'AT')) changed = true;
  if (isPivot(code, at)) {
    const pivoted = aliasAt(code, at, to, { kind: 'other' });
    return pivoted.item.alias === undefined && alias !== undefined
      ? { item: { ...pivoted.item, alias }, next: pivoted.next }
      : pivoted;
  }
  return { item: { source, changed, ...(alias && { alias }), ...(columns && { columns }) }, next: at };
}

function isPivot(code: Code, i: number): boolean {
  return code.is(i, 'PIVOT') || code.is(i, 'UNPIVOT');
}

/** The queries in brackets within a span, outermost first; those inside them are not among them. */
export function subqueries(code: Code, { from, to }: Span): Query[] {
  const found: Query[] = [];
  for (let i = from; i < to; i += 1) {
    if (!code.isMark(i, '(') || !code.beginsQuery(i + 1)) continue;
    const close = code.closing(i);
    if (isJoin(code, i + 1, close)) continue;
    found.push(inBrackets(code, i));
    i = close;
  }
  return found;
}

/** Indices of a span outside the queries in it. */
export function* ownTokens(code: Code, { from, to }: Span): Generator<number> {
  for (let i = from; i < to; i += 1) {
    if (code.isMark(i, '(') && code.beginsQuery(i + 1) && !isJoin(code, i + 1, code.closing(i)))
      i = code.closing(i);
    else yield i;
  }
}
