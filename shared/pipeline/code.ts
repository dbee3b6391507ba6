/** The tokens of one statement without blanks, with brackets matched: what the analysis walks over. */
import type { Token } from './lexer.ts';
import { isBlank } from './lexer.ts';
import { didYouMean } from './nearest.ts';
import { namePart } from './table-name.ts';
import type { NamedTable } from './statement-facts.ts';

/** The text is not supported SQL; the statement is opaque. */
export class UnrecognizedError extends Error {
  readonly offset: number;
  /** The token that has no place there; undefined at the end. */
  readonly near: string | undefined;
  constructor(message: string, offset: number, near?: string) {
    super(message);
    this.name = 'UnrecognizedError';
    this.offset = offset;
    this.near = near;
  }
}

/** An unsupported form of a known statement, or not a statement: most likely a mistake. */
export class NotUnderstoodError extends UnrecognizedError {}

/** A mistake for sure, in Redshift's words. */
export class RefusedError extends NotUnderstoodError {}

/** Brackets that do not match, or too many of them. */
export class BracketError extends UnrecognizedError {}

/** Nested brackets are walked recursively: far below the stack limit, far above realistic SQL. */
const MOST_NESTED = 200;

export class Code {
  readonly tokens: readonly Token[];
  readonly #partner = new Map<number, number>();
  /** Unquoted words in upper case. */
  readonly #words: readonly string[];
  readonly #end: number;

  /** @throws BracketError */
  constructor(tokens: readonly Token[]) {
    this.tokens = tokens.filter((token) => !isBlank(token));
    this.#words = this.tokens.map(({ kind, text }) => (kind === 'word' ? text.toUpperCase() : ''));
    this.#end = this.tokens.at(-1)?.end ?? 0;
    const open: number[] = [];
    for (const [i, token] of this.tokens.entries()) {
      if (token.kind !== 'mark') continue;
      if (token.text === '(') {
        open.push(i);
        if (open.length > MOST_NESTED)
          throw new BracketError(
            `brackets are nested more than ${MOST_NESTED} deep: put the inner query into a temporary table or a WITH`,
            token.start,
          );
      } else if (token.text === ')') {
        const from = open.pop();
        if (from === undefined) throw new BracketError('this ")" has no matching "("', token.start);
        this.#partner.set(from, i);
      }
    }
    const unclosed = open.at(-1);
    if (unclosed !== undefined) throw new BracketError('this "(" is not closed', this.offset(unclosed));
  }

  get length(): number {
    return this.tokens.length;
  }

  offset(i: number): number {
    return this.tokens[i]?.start ?? this.#end;
  }

  /** The unquoted word at `i` in upper case; '' for anything else. */
  word(i: number): string {
    return this.#words[i] ?? '';
  }

  is(i: number, ...words: string[]): boolean {
    return words.every((word, k) => this.word(i + k) === word);
  }

  isMark(i: number, mark: string): boolean {
    const token = this.tokens[i];
    return token?.kind === 'mark' && token.text === mark;
  }

  isName(i: number): boolean {
    const kind = this.tokens[i]?.kind;
    return kind === 'word' || kind === 'quoted';
  }

  /** Index of the bracket that closes the one at `i`. */
  closing(i: number): number {
    const partner = this.#partner.get(i);
    if (partner === undefined) throw this.unrecognized(i);
    return partner;
  }

  /** First index behind any number of opening brackets. */
  behindBrackets(i: number): number {
    let at = i;
    while (this.isMark(at, '(')) at += 1;
    return at;
  }

  /** Whether a query begins here, also in brackets. */
  beginsQuery(i: number): boolean {
    const word = this.word(this.behindBrackets(i));
    return word === 'SELECT' || word === 'WITH';
  }

  /** `a`, `a.b`, `a.b.c` at `i`. */
  path(i: number): { parts: string[]; next: number } {
    if (!this.isName(i)) throw this.unrecognized(i);
    const parts = [namePart(this.tokens[i]?.text ?? '')];
    let next = i + 1;
    while (this.isMark(next, '.') && this.isName(next + 1)) {
      parts.push(namePart(this.tokens[next + 1]?.text ?? ''));
      next += 2;
    }
    return { parts, next };
  }

  table(i: number): NamedTable & { next: number } {
    if (RESERVED.has(this.word(i))) throw this.unrecognized(i);
    const { parts, next } = this.path(i);
    if (parts.length > 3 || parts[0]?.startsWith('pg_temp') === true) throw this.unrecognized(i);
    return { name: parts.join('.'), offset: this.offset(i), next };
  }

  /** A token, or the end, that cannot stand there in any statement. */
  misplaced(i: number): RefusedError {
    const near = this.tokens[i]?.text;
    const where = near === undefined ? 'at end of input' : `at or near "${near}"`;
    return new RefusedError(`syntax error ${where}`, this.offset(i), near);
  }

  /** @param known the words that may stand there, where they are few */
  unrecognized(i: number, known: Iterable<string> = []): NotUnderstoodError {
    const token = this.tokens[i];
    const near = token === undefined ? 'at the end' : `near "${token.text.slice(0, 40)}"`;
    const meant = didYouMean(this.word(i).slice(0, 40), known);
    return new NotUnderstoodError(`cannot be parsed ${near}${meant}`, this.offset(i), token?.text);
  }
}

/** Words that cannot be a table's name without quotes where one is expected. */
export const RESERVED: ReadonlySet<string> = new Set(
  `ALL AND ANY AS ASC BETWEEN BOTH CASE CAST CHECK COLUMN CONSTRAINT CREATE CROSS DEFAULT DESC DISTINCT DO ELSE
   END EXCEPT EXISTS FOR FOREIGN FROM FULL GRANT GROUP HAVING IN INNER INTERSECT INTO IS JOIN LEADING LEFT LIKE
   LIMIT MINUS NATURAL NOT NULL OFFSET ON ONLY OR ORDER OUTER PIVOT PRIMARY QUALIFY REFERENCES RIGHT SELECT SET SOME
   TABLE THEN TO TRAILING UNION UNIQUE UNPIVOT USING VALUES WHEN WHERE WITH`.split(/\s+/),
);
