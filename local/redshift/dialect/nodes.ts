/**
 * SQL as a tree of tokens: what stands in parentheses or brackets is one node. Comments are dropped, names are
 * folded as Redshift folds them, string literals are read with Redshift's backslash escapes and written as
 * PostgreSQL reads them.
 */
import { UnclosedTokenError, tokenize } from '../../../shared/pipeline/lexer.ts';
import type { Token } from '../../../shared/pipeline/lexer.ts';
import { SqlError, UnsupportedSqlError, syntaxError } from './errors.ts';
import { isServerFunction } from './functions/server-functions.ts';
import { SHIM } from './shim/schema.ts';

/** What stood before a node. A line end is kept: `'a'` line end `'b'` is one literal. */
export type Gap = '' | ' ' | '\n';

export interface Leaf {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'mark' | 'dollar' | 'code';
  /** As PostgreSQL is to read it. */
  readonly text: string;
  /** A word in lower case, a name folded and without quotes, a string's or dollar quote's value; else the text. */
  readonly value: string;
  readonly gap: Gap;
  /** Where it was read; absent of what a rule has written. */
  readonly token?: Token;
}

export interface Group {
  readonly kind: 'group';
  readonly open: '(' | '[';
  readonly items: readonly Node[];
  readonly gap: Gap;
  /** Its brackets where they were read. */
  readonly tokens?: readonly [Token, Token];
}

export type Node = Leaf | Group;

export interface LeafOf<Kind extends Leaf['kind']> extends Leaf {
  readonly kind: Kind;
}

const SIMPLE_ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** The value of a Redshift literal's inside: `''` is a quote, a backslash escapes the next character. */
export function unescapeString(inside: string): string {
  return inside.replaceAll(/''|\\([0-7]{1,3}|[^])/g, (_, escaped: string | undefined) => {
    if (escaped === undefined) return "'";
    if (/^[0-7]/.test(escaped)) return String.fromCodePoint(Number.parseInt(escaped, 8));
    return SIMPLE_ESCAPES[escaped] ?? escaped;
  });
}

/** A PostgreSQL literal (with `standard_conforming_strings`), which cannot hold the character NUL. */
export function quoteString(value: string): string {
  if (value.includes('\0')) throw new SqlError('invalid byte sequence for encoding "UTF8": 0x00', '22021');
  return inQuotes(value);
}

function inQuotes(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** PostgreSQL cuts names at 63 bytes where Redshift allows 127: two names could become one. */
function checkName(name: string): void {
  if (Buffer.byteLength(name) > 63) {
    throw new UnsupportedSqlError(`the name "${name}"`, 'names are limited to 63 bytes here');
  }
}

function leaf(kind: Leaf['kind'], text: string, gap: Gap, value = text): Leaf {
  return { kind, text, value, gap };
}

/** A key word or name in lower case, as generated. */
export function word(text: string): Leaf {
  return leaf('word', text, ' ', text);
}

/** PostgreSQL text that no rule reads again. */
export function code(text: string): Leaf {
  return leaf('code', text, ' ');
}

export function mark(text: string, gap: Gap = ''): Leaf {
  return leaf('mark', text, gap);
}

export function quotedName(name: string): Leaf {
  return leaf('quoted', quoteName(name), ' ', name);
}

export function stringLiteral(value: string): Leaf {
  return leaf('string', quoteString(value), ' ', value);
}

export function group(items: readonly Node[], gap: Gap = ''): Group {
  return { kind: 'group', open: '(', items, gap };
}

const LITERAL_PREFIX = /^[enbx]$/i;

function isQuote(token: Token | undefined): boolean {
  return token?.kind === 'string' || token?.kind === 'quoted';
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Everything up to the closing mark, which is consumed. */
  read(close: ')' | ']' | undefined): Node[] {
    const nodes: Node[] = [];
    for (;;) {
      const gap = this.#skipBlanks();
      const token = this.#tokens[this.#at];
      if (token === undefined) {
        if (close === undefined) return nodes;
        throw syntaxError(undefined);
      }
      this.#at += 1;
      if (token.kind === 'mark' && token.text === close) return nodes;
      const node = this.#located(token, gap);
      const head = nodes.at(-1);
      if (isMark(node, '.') && isName(head) && head.value === SHIM)
        throw new SqlError(`schema "${SHIM}" does not exist`, '3F000');
      if (isGroup(node, '(') && isName(head) && isServerFunction(head.value)) {
        throw new UnsupportedSqlError(
          `the function ${head.value.toUpperCase()}`,
          'Redshift does not have it',
        );
      }
      nodes.push(node);
    }
  }

  #skipBlanks(): Gap {
    let gap: Gap = '';
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === undefined || (token.kind !== 'space' && token.kind !== 'comment')) return gap;
      gap = gap === '\n' || token.text.includes('\n') || token.text.startsWith('--') ? '\n' : ' ';
      this.#at += 1;
    }
  }

  #located(token: Token, gap: Gap): Node {
    const node = this.#node(token, gap);
    const last = this.#tokens[this.#at - 1] ?? token;
    if (node.kind === 'group') return { ...node, tokens: [token, last] };
    // `E'…'` is one literal of two tokens.
    return { ...node, token: node.kind === 'string' ? { ...last, start: token.start } : token };
  }

  #node(token: Token, gap: Gap): Node {
    const { text } = token;
    switch (token.kind) {
      case 'word':
        return this.#word(text, gap);
      case 'quoted': {
        const name = text.slice(1, -1).replaceAll('""', '"').toLowerCase();
        checkName(name);
        return leaf('quoted', quoteName(name), gap, name);
      }
      case 'string': {
        const value = unescapeString(text.slice(1, -1));
        return leaf('string', inQuotes(value), gap, value);
      }
      case 'number':
        this.#checkNumber(text);
        return leaf('number', text, gap);
      case 'dollar': {
        const tag = text.slice(0, text.indexOf('$', 1) + 1);
        return leaf('dollar', text, gap, text.slice(tag.length, -tag.length));
      }
      case 'param':
        return leaf('mark', text, gap);
      case 'mark':
      case 'space':
      case 'comment':
    }
    if (text === '(' || text === '[') {
      return { kind: 'group', open: text, items: this.read(text === '(' ? ')' : ']'), gap };
    }
    if (text === ')' || text === ']') throw syntaxError(text);
    return leaf('mark', text, gap);
  }

  /** Redshift reads `0x1F` and `1_000` as a number and a name; whoever writes them means another number. */
  #checkNumber(text: string): void {
    const next = this.#tokens[this.#at];
    if (next?.kind !== 'word') return;
    const isBased = text === '0' && /^(?:x[0-9a-f_]+|o[0-7_]+|b[01_]+)$/i.test(next.text);
    if (isBased || /^_\d/.test(next.text))
      throw new UnsupportedSqlError(`the literal ${text}${next.text}`, 'Redshift does not have it');
  }

  #word(text: string, gap: Gap): Leaf {
    const next = this.#tokens[this.#at];
    if (/^u$/i.test(text) && next?.text === '&' && isQuote(this.#tokens[this.#at + 1]))
      throw new UnsupportedSqlError(`the literal ${text}&…`, 'Redshift does not have it');
    if (next?.kind === 'string' && LITERAL_PREFIX.test(text)) {
      const prefix = text.toLowerCase();
      if (prefix === 'b' || prefix === 'x') throw new UnsupportedSqlError(`the literal ${text}'…'`);
      this.#at += 1;
      const value = unescapeString(next.text.slice(1, -1));
      return leaf('string', inQuotes(value), gap, value);
    }
    checkName(text);
    const name = text.toLowerCase();
    if (text.startsWith('#')) return leaf('quoted', quoteName(name), gap, name);
    return leaf('word', text, gap, name);
  }
}

/**
 * Reads one statement, without its `;`.
 * @throws SqlError for unclosed or unbalanced text, UnsupportedSqlError for literals that are not known here
 */
export function parseNodes(sql: string): Node[] {
  let tokens: Token[];
  try {
    tokens = tokenize(sql);
  } catch (error) {
    if (error instanceof UnclosedTokenError) {
      throw new SqlError(`unterminated ${error.what === 'string' ? 'quoted string' : error.what}`);
    }
    throw error;
  }
  return new Reader(tokens).read(undefined);
}

const PLACEHOLDER = /^:[A-Za-z_]/;

function textIn(node: Node): string {
  if (node.kind === 'string') return quoteString(node.value);
  if (node.kind !== 'group') {
    if (PLACEHOLDER.test(node.text)) throw syntaxError(':');
    return node.text;
  }
  return `${node.open}${render(node.items)}${node.open === '(' ? ')' : ']'}`;
}

/** The text of nodes; nodes that would grow together are kept apart by a blank. */
export function render(nodes: readonly Node[]): string {
  let text = '';
  for (const [at, node] of nodes.entries()) {
    const own = textIn(node);
    const touching =
      node.gap === '' && nodes[at - 1]?.kind !== 'mark' && /[\w"'$]$/.test(text) && /^[\w"'$]/.test(own);
    text += text === '' ? own : `${touching ? ' ' : node.gap}${own}`;
  }
  return text;
}

/** True for an unquoted word, one of `words` (lower case) where given. */
export function isWord(node: Node | undefined, ...words: readonly string[]): node is LeafOf<'word'> {
  return node?.kind === 'word' && (words.length === 0 || words.includes(node.value));
}

/** True for a name: an unquoted or quoted word. */
export function isName(node: Node | undefined): node is LeafOf<'word' | 'quoted'> {
  return node?.kind === 'word' || node?.kind === 'quoted';
}

export function isMark(node: Node | undefined, text: string): node is LeafOf<'mark'> {
  return node?.kind === 'mark' && node.text === text;
}

export function isGroup(node: Node | undefined, open: '(' | '[' = '('): node is Group {
  return node?.kind === 'group' && node.open === open;
}

/** Parts between commas; no nodes give no parts. */
export function splitAtCommas(nodes: readonly Node[]): Node[][] {
  return splitAt(nodes, ',');
}

export function splitAt(nodes: readonly Node[], separator: string): Node[][] {
  if (nodes.length === 0) return [];
  const parts: Node[][] = [[]];
  for (const node of nodes) {
    if (isMark(node, separator)) parts.push([]);
    else parts.at(-1)?.push(node);
  }
  return parts;
}

export function joinWithCommas(parts: readonly (readonly Node[])[]): Node[] {
  return parts.flatMap((part, index) => (index === 0 ? part : [mark(','), ...spaced(part)]));
}

/** The same nodes with at least a blank before the first. */
export function spaced(nodes: readonly Node[]): Node[] {
  const [first, ...rest] = nodes;
  if (first === undefined) return [];
  return [first.gap === '' ? { ...first, gap: ' ' } : first, ...rest];
}

/** How a node is named in an error. */
export function textOf(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  return node.kind === 'group' ? node.open : node.text;
}
