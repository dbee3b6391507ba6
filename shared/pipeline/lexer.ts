/**
 * A lexer for Redshift SQL: enough to distinguish code from strings and comments. It never fails on unknown
 * text; only an unclosed string, comment or quoted name is an error, since nothing after it can be trusted.
 */

type TokenKind =
  /** Blanks and line ends. */
  | 'space'
  /** `-- to the end of the line` or a block comment (nesting, as in PostgreSQL). */
  | 'comment'
  /** `'text'`, with `''` and backslash escapes (Redshift treats a backslash as an escape inside a literal). */
  | 'string'
  /** `$$text$$` or `$tag$text$tag$`. */
  | 'dollar'
  /** `"quoted name"`. */
  | 'quoted'
  /** An unquoted name or key word; also `#temp` names. */
  | 'word'
  | 'number'
  /** `:name`, a placeholder. */
  | 'param'
  /** `::`, `<=`, `(`, `;` and every other mark. */
  | 'mark';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset in the source, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

/** An unclosed string, name, comment or dollar quote. `offset` is where it was opened. */
export class UnclosedTokenError extends Error {
  readonly what: string;
  readonly offset: number;
  constructor(what: string, offset: number) {
    super(`unclosed ${what}`);
    this.name = 'UnclosedTokenError';
    this.what = what;
    this.offset = offset;
  }
}

const WORD_START = /[\p{L}_]/u;
const WORD = /[\p{L}\p{M}\p{N}_$]*/uy;
const SPACE = /\s+/uy;
/** A carriage return alone ends a line, and so a comment, for the database too. */
const LINE = /[^\r\n]*/uy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/uy;
const DOLLAR_OPEN = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const PARAM = /:[A-Za-z_][A-Za-z0-9_]*/uy;
const LONG_MARKS = ['::', '<=', '>=', '<>', '!=', '||', ':=', '=>', '->', '~*', '!~'];

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

function endOfString(sql: string, start: number): number {
  for (let i = start + 1; i < sql.length; i += 1) {
    const c = sql[i];
    if (c === '\\') i += 1;
    else if (c === "'") {
      if (sql[i + 1] === "'") i += 1;
      else return i + 1;
    }
  }
  throw new UnclosedTokenError('string', start);
}

function endOfQuoted(sql: string, start: number): number {
  for (let i = start + 1; i < sql.length; i += 1) {
    if (sql[i] === '"') {
      if (sql[i + 1] === '"') i += 1;
      else return i + 1;
    }
  }
  throw new UnclosedTokenError('quoted name', start);
}

function endOfBlockComment(sql: string, start: number): number {
  let depth = 0;
  for (let i = start; i < sql.length; i += 1) {
    if (sql.startsWith('/*', i)) {
      depth += 1;
      i += 1;
    } else if (sql.startsWith('*/', i)) {
      depth -= 1;
      i += 1;
      if (depth === 0) return i + 1;
    }
  }
  throw new UnclosedTokenError('comment', start);
}

function endOfLine(sql: string, start: number): number {
  return start + (match(LINE, sql, start)?.length ?? 0);
}

function readToken(sql: string, at: number): { kind: TokenKind; end: number } {
  const c = sql[at] ?? '';
  const space = match(SPACE, sql, at);
  if (space !== undefined) return { kind: 'space', end: at + space.length };
  if (sql.startsWith('--', at)) return { kind: 'comment', end: endOfLine(sql, at) };
  if (sql.startsWith('/*', at)) return { kind: 'comment', end: endOfBlockComment(sql, at) };
  if (c === "'") return { kind: 'string', end: endOfString(sql, at) };
  if (c === '"') return { kind: 'quoted', end: endOfQuoted(sql, at) };
  if (c === '$') {
    const open = match(DOLLAR_OPEN, sql, at);
    if (open !== undefined) {
      const close = sql.indexOf(open, at + open.length);
      if (close === -1) throw new UnclosedTokenError('dollar quote', at);
      return { kind: 'dollar', end: close + open.length };
    }
  }
  const character = String.fromCodePoint(sql.codePointAt(at) ?? 0);
  const next = sql[at + 1] ?? '';
  if (WORD_START.test(character) || (c === '#' && WORD_START.test(next))) {
    const first = at + character.length;
    return { kind: 'word', end: first + (match(WORD, sql, first)?.length ?? 0) };
  }
  const number = match(NUMBER, sql, at);
  if (number !== undefined) return { kind: 'number', end: at + number.length };
  for (const mark of LONG_MARKS) {
    if (sql.startsWith(mark, at)) return { kind: 'mark', end: at + mark.length };
  }
  const param = match(PARAM, sql, at);
  if (param !== undefined) return { kind: 'param', end: at + param.length };
  return { kind: 'mark', end: at + character.length };
}

/**
 * Cuts SQL into tokens; their texts joined are the source again.
 * @throws UnclosedTokenError
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const { kind, end } = readToken(sql, at);
    tokens.push({ kind, text: sql.slice(at, end), start: at, end });
    at = end;
  }
  return tokens;
}

/** True for blanks and comments: what has no meaning. */
export function isBlank(token: Token): boolean {
  return token.kind === 'space' || token.kind === 'comment';
}

/** Splits tokens at every `;` that ends a statement; statements without any code are left out. */
export function splitStatements(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [];
  let current: Token[] = [];
  for (const token of tokens) {
    if (token.kind === 'mark' && token.text === ';') {
      if (current.some((t) => !isBlank(t))) statements.push(current);
      current = [];
    } else current.push(token);
  }
  if (current.some((t) => !isBlank(t))) statements.push(current);
  return statements;
}
