/**
 * Where an expression begins and ends in the text. The tree has only start positions and drops parentheses: the ends come
 * from the tokens. Positions are bytes of UTF-8.
 */
import { scanSync } from 'libpg-query';
import type { FuncCall, Node, SubLink, TypeCast } from 'libpg-query';

interface Token {
  readonly start: number;
  readonly end: number;
  /** Lower case; of literals and quoted names as written. */
  readonly text: string;
}

/** First and last token, by index. */
interface Span {
  readonly first: number;
  readonly last: number;
}

export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** An expression whose extent is not known; nothing is edited then. */
export class NoExtentError extends Error {}

const INTERVAL_WORDS = new Set(['year', 'month', 'day', 'hour', 'minute', 'second', 'to']);
/** PostgreSQL makes a function call of the right side of these. */
const PATTERN_WORDS = new Set(['similar', 'like', 'ilike', 'not']);

export class Extents {
  readonly #tokens: readonly Token[];
  readonly #byStart: ReadonlyMap<number, number>;

  constructor(sql: string) {
    const bytes = Buffer.from(sql);
    this.#tokens = scanSync(sql)
      .tokens.filter(({ tokenName }) => tokenName !== 'SQL_COMMENT' && tokenName !== 'C_COMMENT')
      .map(({ start, end }) => ({ start, end, text: bytes.toString('utf8', start, end).toLowerCase() }));
    this.#byStart = new Map(this.#tokens.map(({ start }, index) => [start, index]));
  }

  get tokens(): readonly Token[] {
    return this.#tokens;
  }

  /** Without parentheses around it. */
  of(node: Node): Extent {
    return this.#extent(this.#span(node));
  }

  /** With the parentheses that enclose nothing else. */
  withParentheses(node: Node): Extent {
    return this.#extent(this.#operand(node));
  }

  /** The token that begins at a position of the tree. */
  tokenAt(location: number | undefined): Extent {
    return this.#extent({ first: this.#index(location), last: this.#index(location) });
  }

  indexAt(location: number | undefined): number {
    return this.#index(location);
  }

  #extent({ first, last }: Span): Extent {
    const start = this.#tokens[first]?.start;
    const end = this.#tokens[last]?.end;
    if (start === undefined || end === undefined) throw new NoExtentError('beyond the text');
    return { start, end };
  }

  #text(index: number): string {
    return this.#tokens[index]?.text ?? '';
  }

  #index(location = 0): number {
    const index = this.#byStart.get(location);
    if (index === undefined) throw new NoExtentError(`no token at ${String(location)}`);
    return index;
  }

  /** Of the mark that closes the one at `open`. */
  #closing(open: number): number {
    let depth = 0;
    for (let at = open; at < this.#tokens.length; at += 1) {
      const text = this.#text(at);
      if (text === '(' || text === '[') depth += 1;
      else if (text === ')' || text === ']') depth -= 1;
      if (depth === 0) return at;
    }
    throw new NoExtentError('an open parenthesis');
  }

  /** Of the next parenthesis that opens, from a token on. */
  #opening(from: number): number {
    for (let at = from; at < this.#tokens.length; at += 1) if (this.#text(at) === '(') return at;
    throw new NoExtentError('no parenthesis');
  }

  #operand(node: Node): Span {
    let { first, last } = this.#span(node);
    while (this.#text(first - 1) === '(' && this.#text(last + 1) === ')') {
      first -= 1;
      last += 1;
    }
    return { first, last };
  }

  #span(node: Node): Span {
    if ('ColumnRef' in node) {
      const first = this.#index(node.ColumnRef.location);
      return { first, last: first + 2 * ((node.ColumnRef.fields ?? []).length - 1) };
    }
    if ('A_Const' in node) {
      const first = this.#index(node.A_Const.location);
      return { first, last: this.#text(first) === '-' ? first + 1 : first };
    }
    if ('ParamRef' in node) return this.#one(node.ParamRef.location);
    if ('SetToDefault' in node) return this.#one(node.SetToDefault.location);
    if ('FuncCall' in node) return this.#call(node.FuncCall);
    if ('TypeCast' in node) return this.#cast(node.TypeCast);
    if ('SubLink' in node) return this.#subLink(node.SubLink);
    if ('CaseExpr' in node) return this.#case(this.#index(node.CaseExpr.location));
    if ('CoalesceExpr' in node) return this.#parenthesized(node.CoalesceExpr.location);
    if ('MinMaxExpr' in node) return this.#parenthesized(node.MinMaxExpr.location);
    if ('GroupingFunc' in node) return this.#parenthesized(node.GroupingFunc.location);
    if ('A_Expr' in node) return this.#operator(node.A_Expr);
    if ('BoolExpr' in node) {
      const args = (node.BoolExpr.args ?? []).map((arg) => this.#operand(arg));
      const first = Math.min(...args.map((arg) => arg.first));
      const last = Math.max(...args.map((arg) => arg.last));
      const negated = node.BoolExpr.boolop === 'NOT_EXPR';
      return { first: negated ? Math.min(first, this.#index(node.BoolExpr.location)) : first, last };
    }
    if ('NullTest' in node) return this.#test(node.NullTest.arg, node.NullTest.location);
    if ('BooleanTest' in node) return this.#test(node.BooleanTest.arg, node.BooleanTest.location);
    if ('SQLValueFunction' in node) {
      const first = this.#index(node.SQLValueFunction.location);
      return { first, last: this.#text(first + 1) === '(' ? this.#closing(first + 1) : first };
    }
    if ('A_Indirection' in node && node.A_Indirection.arg !== undefined) {
      const { first, last } = this.#operand(node.A_Indirection.arg);
      return { first, last: last + 2 * (node.A_Indirection.indirection ?? []).length };
    }
    throw new NoExtentError(Object.keys(node)[0] ?? '');
  }

  #one(location: number | undefined): Span {
    const index = this.#index(location);
    return { first: index, last: index };
  }

  #parenthesized(location: number | undefined): Span {
    const first = this.#index(location);
    return { first, last: this.#closing(this.#opening(first)) };
  }

  #operator(expression: Extract<Node, { A_Expr: unknown }>['A_Expr']): Span {
    const { kind, lexpr, rexpr, location } = expression;
    if (kind === 'AEXPR_NULLIF') return this.#parenthesized(location);
    const first = lexpr === undefined ? this.#index(location) : this.#operand(lexpr).first;
    if (rexpr === undefined) return { first, last: this.#index(location) };
    if ('List' in rexpr) {
      if (kind === 'AEXPR_IN') return { first, last: this.#index(expression.rexpr_list_end) };
      const end = rexpr.List.items?.at(-1);
      if (end === undefined) throw new NoExtentError('an empty list');
      return { first, last: this.#operand(end).last };
    }
    return { first, last: this.#operand(rexpr).last };
  }

  #call(call: FuncCall): Span {
    const at = this.#index(call.location);
    const [zone, moment] = call.args ?? [];
    if (this.#text(at) === 'at' && zone !== undefined && moment !== undefined)
      return { first: this.#operand(moment).first, last: this.#operand(zone).last };
    const hidden = call.args?.at(-1);
    if (PATTERN_WORDS.has(this.#text(at)) && hidden !== undefined)
      return { first: at, last: this.#operand(hidden).last };
    let last = this.#closing(this.#opening(at));
    if (this.#text(last + 1) === 'within' && this.#text(last + 2) === 'group') last = this.#closing(last + 3);
    if (this.#text(last + 1) === 'filter') last = this.#closing(last + 2);
    if (this.#text(last + 1) === 'over')
      last = this.#text(last + 2) === '(' ? this.#closing(last + 2) : last + 2;
    return { first: at, last };
  }

  #cast({ arg, typeName, location }: TypeCast): Span {
    if (arg === undefined || typeName === undefined) throw new NoExtentError('a cast of nothing');
    if (location === -1) {
      const first = this.#index(typeName.location);
      let { last } = this.#span(arg);
      while (INTERVAL_WORDS.has(this.#text(last + 1)) && this.#text(first) === 'interval') last += 1;
      return { first, last };
    }
    const at = this.#index(location);
    if (this.#text(at) !== '::') return { first: at, last: this.#closing(at + 1) };
    return { first: this.#operand(arg).first, last: this.#typeEnd(this.#index(typeName.location)) };
  }

  #typeEnd(from: number): number {
    let last = from;
    while (this.#text(last + 1) === '.') last += 2;
    if (this.#text(last) === 'double' || this.#text(last + 1) === 'varying') last += 1;
    if (this.#text(from) === 'interval') while (INTERVAL_WORDS.has(this.#text(last + 1))) last += 1;
    if (this.#text(last + 1) === '(') last = this.#closing(last + 1);
    if (/^(?:with|without)$/.test(this.#text(last + 1)) && this.#text(last + 2) === 'time') last += 3;
    while (this.#text(last + 1) === '[') last = this.#closing(last + 1);
    return last;
  }

  #subLink({ subLinkType, testexpr, location }: SubLink): Span {
    const at = this.#index(location);
    const last = this.#closing(this.#opening(at));
    if (testexpr === undefined) return { first: at, last };
    if (subLinkType !== 'ANY_SUBLINK' && subLinkType !== 'ALL_SUBLINK') throw new NoExtentError('a subquery');
    return { first: this.#operand(testexpr).first, last };
  }

  #case(first: number): Span {
    let depth = 0;
    for (let at = first; at < this.#tokens.length; at += 1) {
      if (this.#text(at) === 'case') depth += 1;
      else if (this.#text(at) === 'end' && this.#text(at - 1) !== '.') depth -= 1;
      if (depth === 0) return { first, last: at };
    }
    throw new NoExtentError('a CASE without END');
  }

  /** `IS [NOT] NULL` and its like. */
  #test(arg: Node | undefined, location: number | undefined): Span {
    if (arg === undefined) throw new NoExtentError('a test of nothing');
    const at = this.#index(location);
    const words = this.#text(at) !== 'is' ? 0 : this.#text(at + 1) === 'not' ? 2 : 1;
    return { first: this.#operand(arg).first, last: at + words };
  }
}
