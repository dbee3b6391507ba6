/**
 * Walks a query's tokens and records which tables it reads and what makes it non-deterministic. It distinguishes
 * where FROM begins a list of tables from where it does not, and rejects unknown syntax.
 */
import type { Code } from './code.ts';
import { RESERVED } from './code.ts';
import {
  DETERMINISTIC_FUNCTIONS,
  EFFECTFUL_FUNCTIONS,
  FROM_FUNCTIONS,
  NONDETERMINISTIC_FUNCTIONS,
  NOT_FUNCTIONS,
  ORDERED_WINDOW_FUNCTIONS,
} from './functions.ts';
import type { StatementFacts } from './statement-facts.ts';
import { nameKey, nameParts } from './table-name.ts';

/** Words that end a list of tables, alone or with the one behind them. */
const FROM_ENDS: ReadonlySet<string> = new Set(
  'WHERE HAVING QUALIFY LIMIT OFFSET UNION INTERSECT EXCEPT MINUS'.split(' '),
);
const FROM_ENDS_OF_TWO: ReadonlySet<string> = new Set([
  'GROUP BY',
  'ORDER BY',
  'FETCH FIRST',
  'FETCH NEXT',
  'CONNECT BY',
  'START WITH',
]);

/** Keywords that are followed by a list of tables. */
const BEHIND_TABLE: ReadonlySet<string> = new Set(
  'ON USING JOIN INNER LEFT RIGHT FULL CROSS NATURAL'.split(' '),
);

function isFreeName(code: Code, i: number): boolean {
  return code.isName(i) && !RESERVED.has(code.word(i));
}

/** Words that Redshift does not reserve: an alias, unless what follows says that they begin a clause. */
const ALIAS_UNLESS: ReadonlyMap<string, (code: Code, next: number) => boolean> = new Map([
  ['AT', isFreeName],
  ['SET', isFreeName],
  ['VALUES', (code: Code, next: number) => code.isMark(next, '(')],
  ['EXISTS', (code: Code, next: number) => code.isMark(next, '(')],
  ['START', (code: Code, next: number) => code.is(next, 'WITH')],
  ['CONNECT', (code: Code, next: number) => code.is(next, 'BY')],
  ['FETCH', (code: Code, next: number) => code.is(next, 'FIRST') || code.is(next, 'NEXT')],
  ['WINDOW', (code: Code, next: number) => code.is(next + 1, 'AS')],
]);

const SET_OPERATORS: ReadonlySet<string> = new Set(['UNION', 'INTERSECT', 'EXCEPT', 'MINUS']);

const WRITING: ReadonlySet<string> = new Set(
  'INSERT UPDATE DELETE MERGE TRUNCATE CREATE DROP ALTER COPY UNLOAD CALL GRANT REVOKE REFRESH VACUUM EXECUTE'.split(
    ' ',
  ),
);

/** Names that hide tables: CTEs, and aliases whose columns may be walked into (`FROM orders o, o.items`). */
export class Scope {
  readonly ctes = new Set<string>();
  readonly aliases = new Set<string>();
  readonly parent: Scope | undefined;
  constructor(parent?: Scope) {
    this.parent = parent;
  }
  hasCte(name: string): boolean {
    return this.ctes.has(name) || (this.parent?.hasCte(name) ?? false);
  }
  hasAlias(name: string): boolean {
    return this.aliases.has(name) || (this.parent?.hasAlias(name) ?? false);
  }
}

export interface IntoTarget {
  readonly name: string;
  readonly offset: number;
  readonly temp: boolean;
}

/** Which kinds of tokens may stand at the level being walked. */
interface Level {
  readonly scope: Scope;
  /** A query's own level: SELECT, ORDER BY and LIMIT belong here. */
  readonly query: boolean;
  /** The level begins where a table is expected. */
  readonly table?: boolean;
  /** SELECT … INTO is allowed: only at the outside of a statement. */
  readonly into?: boolean;
}

/** What was found at a query level, to decide whether its LIMIT is deterministic. */
interface Order {
  limit?: string;
  top?: string;
  ordered: boolean;
}

export class QueryWalker {
  readonly #code: Code;
  readonly #facts: StatementFacts;
  /** The target of SELECT … INTO. */
  into: IntoTarget | undefined;

  constructor(code: Code, facts: StatementFacts) {
    this.#code = code;
    this.#facts = facts;
  }

  /**
   * A query from `i` up to `end`.
   * @throws UnrecognizedError
   */
  query(i: number, end: number, options: { into?: boolean; scope?: Scope } = {}): void {
    this.#query(i, end, options.scope ?? new Scope(), options.into === true);
  }

  /** The leading `WITH …` of a statement that is no query: its names go into `scope`. Returns the index behind. */
  withClause(i: number, scope: Scope): number {
    return this.#ctes(i, scope);
  }

  /** What follows the target of an UPDATE, DELETE or MERGE: expressions, and lists of tables. */
  rest(i: number, end: number, scope: Scope, beginsWithTable = false): void {
    this.#level(i, end, { scope, query: false, table: beginsWithTable });
  }

  /** Expressions only: values of an INSERT, a CALL's arguments. */
  expression(i: number, end: number): void {
    this.#expression(i, end, '', new Scope());
  }

  /** One table or subquery (MERGE's USING), with its alias; returns the index behind it. */
  source(i: number, end: number, scope: Scope): number {
    return this.#tablePrimary(i, end, scope);
  }

  /** `[AS] alias` behind a target; returns the index behind it. */
  targetAlias(i: number, end: number, scope: Scope, name: string): number {
    return this.#alias(i, end, scope, nameParts(name).at(-1));
  }

  #query(i: number, end: number, parent: Scope, into: boolean): void {
    const scope = new Scope(parent);
    let at = i;
    if (this.#code.is(at, 'WITH')) at = this.#ctes(at, scope);
    if (!this.#code.is(at, 'SELECT') && !this.#code.isMark(at, '(')) throw this.#code.unrecognized(at);
    this.#level(at, end, { scope, query: true, into });
  }

  #ctes(i: number, scope: Scope): number {
    const code = this.#code;
    let at = i + 1;
    const recursive = code.is(at, 'RECURSIVE');
    if (recursive) at += 1;
    for (;;) {
      const { parts, next } = code.path(at);
      const name = nameKey(parts.join('.'));
      at = next;
      if (code.isMark(at, '(')) at = code.closing(at) + 1;
      if (!code.is(at, 'AS') || !code.isMark(at + 1, '(')) throw code.unrecognized(at);
      if (recursive) scope.ctes.add(name);
      const close = code.closing(at + 1);
      this.#query(at + 2, close, scope, false);
      scope.ctes.add(name);
      at = close + 1;
      if (!code.isMark(at, ',')) return at;
      at += 1;
    }
  }

  /** Walks tokens at one depth; brackets are walked inside. */
  #level(start: number, end: number, level: Level): void {
    const code = this.#code;
    const order: Order = { ordered: false };
    let scope = level.query ? new Scope(level.scope) : level.scope;
    let inFrom = level.table === true;
    let hadFrom = inFrom;
    let at = start;
    if (inFrom) at = this.#fromItem(at, end, scope);
    while (at < end) {
      const word = code.word(at);
      if (code.isMark(at, '(')) at = this.#brackets(at, scope);
      else if (inFrom && (code.isMark(at, ',') || word === 'JOIN')) at = this.#fromItem(at + 1, end, scope);
      else if (word === 'FROM' && !this.#isDistinctFrom(at)) {
        if (hadFrom) throw code.unrecognized(at);
        inFrom = true;
        hadFrom = true;
        at = this.#fromItem(at + 1, end, scope);
      } else if (word === 'INTO') at = this.#intoTarget(at, level);
      else if (word === 'SELECT') {
        // Only the first word of a query, and what follows a set operator.
        if (!level.query || (at > start && !this.#followsSetOperator(at))) throw code.unrecognized(at);
        at += 1;
      } else if (word === 'FOR' || word === 'JOIN') {
        throw code.unrecognized(at);
      } else {
        if (this.#endsFrom(at)) inFrom = false;
        if (SET_OPERATORS.has(word) && level.query && !this.#isColumn(at)) {
          this.#closeOrder(order);
          // Aliases of one SELECT mean nothing in the next; CTEs stay.
          scope = new Scope(level.scope);
          hadFrom = false;
        }
        this.#noteOrder(at, order);
        at += 1;
      }
    }
    this.#closeOrder(order);
  }

  /** A table in a list; what follows it must be known, or something else stands here than a list of tables. */
  #fromItem(i: number, end: number, scope: Scope): number {
    const at = this.#tablePrimary(i, end, scope);
    const follows = this.#code.word(at);
    if (at < end && !this.#code.isMark(at, ',') && !BEHIND_TABLE.has(follows) && !this.#endsFrom(at))
      throw this.#code.unrecognized(at);
    return at;
  }

  #endsFrom(i: number): boolean {
    const word = this.#code.word(i);
    if (this.#isColumn(i)) return false;
    return FROM_ENDS.has(word) || FROM_ENDS_OF_TWO.has(`${word} ${this.#code.word(i + 1)}`);
  }

  #isColumn(i: number): boolean {
    return this.#code.isMark(i - 1, '.');
  }

  #isDistinctFrom(i: number): boolean {
    return this.#code.is(i - 1, 'DISTINCT') && (this.#code.is(i - 2, 'IS') || this.#code.is(i - 2, 'NOT'));
  }

  #followsSetOperator(i: number): boolean {
    const before = this.#code.word(i - 1);
    return (
      SET_OPERATORS.has(before) ||
      ((before === 'ALL' || before === 'DISTINCT') && SET_OPERATORS.has(this.#code.word(i - 2)))
    );
  }

  #intoTarget(i: number, level: Level): number {
    const code = this.#code;
    if (level.into !== true || this.into !== undefined) throw code.unrecognized(i);
    let at = i + 1;
    const temp = code.is(at, 'TEMP') || code.is(at, 'TEMPORARY');
    if (temp) at += 1;
    if (code.is(at, 'TABLE')) at += 1;
    const { name, offset, next } = code.table(at);
    this.into = { name, offset, temp: temp || name.startsWith('#') };
    return next;
  }

  #noteOrder(at: number, order: Order): void {
    const code = this.#code;
    const next = code.tokens[at + 1];
    if (code.is(at, 'ORDER', 'BY')) order.ordered = true;
    else if (code.is(at, 'LIMIT') && next?.text !== '0' && !code.is(at + 1, 'ALL')) order.limit = 'LIMIT';
    else if (code.is(at, 'OFFSET') && next?.text !== '0') order.limit ??= 'OFFSET';
    else if (code.is(at, 'FETCH')) order.limit = 'FETCH';
    else if (code.is(at, 'TOP') && next?.text !== '0' && /^(?:number|param|mark)$/.test(next?.kind ?? ''))
      order.top = 'TOP';
  }

  #closeOrder(order: Order): void {
    const cut = order.limit ?? order.top;
    if (cut !== undefined && !order.ordered) this.#facts.nondeterministic.push(`${cut} without ORDER BY`);
    delete order.limit;
    delete order.top;
  }

  /** From the bracket at `i`; returns the index behind its partner. */
  #brackets(i: number, scope: Scope): number {
    const code = this.#code;
    const close = code.closing(i);
    if (code.beginsQuery(i + 1)) {
      this.#query(i + 1, close, scope, false);
      return close + 1;
    }
    const before = code.tokens[i - 1];
    const word = code.word(i - 1);
    let name = '';
    if (before?.kind === 'quoted' || (word !== '' && !NOT_FUNCTIONS.has(word))) {
      name = before?.text.replaceAll('"', '').toUpperCase() ?? '';
      this.#function(name, i, close);
    }
    this.#expression(i + 1, close, name, scope);
    return close + 1;
  }

  /** `DELETE FROM …` where no statement may begin; a column or table of such a name stands alone. */
  #beginsWrite(i: number): boolean {
    return WRITING.has(this.#code.word(i)) && this.#code.isName(i + 1);
  }

  #expression(start: number, end: number, inFunction: string, scope: Scope): void {
    const code = this.#code;
    if (this.#beginsWrite(start)) throw code.unrecognized(start);
    let at = start;
    while (at < end) {
      const word = code.word(at);
      if (code.isMark(at, '(')) {
        at = this.#brackets(at, scope);
        continue;
      }
      if (word === 'FROM' && !this.#isDistinctFrom(at) && !FROM_FUNCTIONS.has(inFunction))
        throw code.unrecognized(at);
      if (word === 'SELECT' || word === 'INTO' || word === 'JOIN') throw code.unrecognized(at);
      at += 1;
    }
  }

  #function(name: string, open: number, close: number): void {
    const code = this.#code;
    const facts = this.#facts;
    if (EFFECTFUL_FUNCTIONS.has(name)) throw code.unrecognized(open - 1);
    if (name === 'SET_CONFIG') facts.setsSession = true;
    else if (NONDETERMINISTIC_FUNCTIONS.has(name)) facts.nondeterministic.push(`${name}()`);
    else if (!DETERMINISTIC_FUNCTIONS.has(name)) facts.unknownFunctions.push(name.toLowerCase());
    if (ORDERED_WINDOW_FUNCTIONS.has(name) && !this.#overIsOrdered(close + 1))
      facts.nondeterministic.push(`${name}() without ORDER BY`);
    if (name === 'LISTAGG' && !this.#withinGroup(close + 1))
      facts.nondeterministic.push('LISTAGG without WITHIN GROUP (ORDER BY …)');
  }

  #overIsOrdered(i: number): boolean {
    const code = this.#code;
    let at = i;
    while (code.is(at, 'IGNORE') || code.is(at, 'RESPECT') || code.is(at, 'NULLS')) at += 1;
    if (!code.is(at, 'OVER') || !code.isMark(at + 1, '(')) return false;
    const close = code.closing(at + 1);
    for (let k = at + 2; k < close; k += 1) {
      if (code.isMark(k, '(')) k = code.closing(k);
      else if (code.is(k, 'ORDER', 'BY')) return true;
    }
    return false;
  }

  #withinGroup(i: number): boolean {
    return this.#code.is(i, 'WITHIN', 'GROUP');
  }

  /** A table, function, subquery or bracketed join, with alias and PIVOT; returns the index behind. */
  #tablePrimary(i: number, end: number, scope: Scope): number {
    const code = this.#code;
    if (i >= end) throw code.unrecognized(i);
    let at = i;
    if (code.is(at, 'LATERAL') && !code.isMark(at + 1, '.')) at += 1;
    if (code.is(at, 'UNPIVOT')) return this.#unpivotedObject(at + 1, scope);
    if (code.isMark(at, '(')) {
      const close = code.closing(at);
      if (code.beginsQuery(at + 1)) this.#bracketedQuery(at, close, scope);
      else this.#level(at + 1, close, { scope, query: false, table: true });
      return this.#alias(close + 1, end, scope);
    }
    if (code.is(at, 'TABLE') && code.isMark(at + 1, '(')) {
      const close = code.closing(at + 1);
      this.#expression(at + 2, close, '', scope);
      return this.#alias(close + 1, end, scope);
    }
    if (RESERVED.has(code.word(at)) || this.#beginsWrite(at)) throw code.unrecognized(at);
    const { parts, next } = code.path(at);
    if (code.isMark(next, '(')) {
      const close = code.closing(next);
      this.#function((parts.at(-1) ?? '').replaceAll('"', '').toUpperCase(), next, close);
      this.#expression(next + 1, close, '', scope);
      return this.#alias(close + 1, end, scope);
    }
    const first = nameKey(parts[0] ?? '');
    if (parts.length > 1 && scope.hasAlias(first)) return this.#alias(this.#behindIndexes(next), end, scope);
    const table = code.table(at);
    const isCte = parts.length === 1 && scope.hasCte(first);
    if (!isCte) this.#facts.reads.push({ name: table.name, offset: table.offset });
    return this.#alias(next, end, scope, parts.at(-1));
  }

  /** `((SELECT …) UNION (SELECT …))`, or a joined table in more brackets than it needs: `((SELECT …) a JOIN b ON …)`. */
  #bracketedQuery(open: number, close: number, scope: Scope): void {
    const code = this.#code;
    const inner = open + 1;
    if (code.isMark(inner, '(')) {
      const behind = code.closing(inner) + 1;
      const word = code.word(behind);
      if (behind < close && !SET_OPERATORS.has(word) && word !== 'ORDER' && word !== 'LIMIT') {
        this.#level(inner, close, { scope, query: false, table: true });
        return;
      }
    }
    this.#query(inner, close, scope, false);
  }

  /** `FROM t, UNPIVOT t.attributes AS value AT key`. */
  #unpivotedObject(i: number, scope: Scope): number {
    const { parts, next } = this.#code.path(i);
    if (!scope.hasAlias(nameKey(parts[0] ?? ''))) throw this.#code.unrecognized(i);
    return this.#alias(this.#behindIndexes(next), this.#code.length, scope);
  }

  /** `o.items[0].parts`. */
  #behindIndexes(i: number): number {
    const code = this.#code;
    let at = i;
    while (code.isMark(at, '[') || code.isMark(at, '.')) {
      if (code.isMark(at, '[')) while (at < code.length && !code.isMark(at, ']')) at += 1;
      at += code.isMark(at, '.') ? 2 : 1;
    }
    return at;
  }

  #alias(i: number, end: number, scope: Scope, otherwise?: string): number {
    const code = this.#code;
    let at = i;
    let alias = otherwise;
    const named = code.is(at, 'AS');
    if (named) at += 1;
    if (at < end && code.isName(at) && this.#isAlias(at, named)) {
      alias = code.path(at).parts[0];
      at += 1;
      if (code.isMark(at, '(')) at = code.closing(at) + 1;
    } else if (named) throw code.unrecognized(at);
    if (alias !== undefined) scope.aliases.add(nameKey(alias));
    if (code.is(at, 'AT') && code.isName(at + 1)) {
      scope.aliases.add(nameKey(code.path(at + 1).parts[0] ?? ''));
      at += 2;
    }
    return this.#pivot(at, end, scope);
  }

  #isAlias(at: number, named: boolean): boolean {
    const word = this.#code.word(at);
    const beginsClause = ALIAS_UNLESS.get(word);
    if (beginsClause === undefined) return !RESERVED.has(word);
    return named || !beginsClause(this.#code, at + 1);
  }

  #pivot(i: number, end: number, scope: Scope): number {
    const code = this.#code;
    if (!code.is(i, 'PIVOT') && !code.is(i, 'UNPIVOT')) return i;
    let at = i + 1;
    if (code.is(at, 'INCLUDE', 'NULLS') || code.is(at, 'EXCLUDE', 'NULLS')) at += 2;
    if (!code.isMark(at, '(')) throw code.unrecognized(at);
    const close = code.closing(at);
    this.#expression(at + 1, close, '', scope);
    return this.#alias(close + 1, end, scope);
  }
}
