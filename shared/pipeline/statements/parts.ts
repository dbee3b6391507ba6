/** What the typed values of statements are made of: names and spans of tokens, and how to walk over tokens. */
import type { Code } from '../code.ts';
import { nameKey, namePart } from '../table-name.ts';
import { refuseReserved } from './reserved-words.ts';

/** Tokens `from` up to `to`, as indices of a `Code`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A name of one part where it is written. */
export interface Name {
  /** As names are compared. */
  readonly key: string;
  /** Index of its token. */
  readonly at: number;
}

/** A table where it is named. */
export interface TableName extends Span {
  /** Normalized: `schema.table`. */
  readonly name: string;
  readonly offset: number;
}

/** @throws RefusedError */
export function nameAt(code: Code, i: number): Name {
  refuseReserved(code, i);
  return labelAt(code, i);
}

/** Behind AS in a list of results every word is a name. */
export function labelAt(code: Code, i: number): Name {
  if (!code.isName(i)) throw code.unrecognized(i);
  return { key: nameKey(namePart(code.tokens[i]?.text ?? '')), at: i };
}

/** @throws RefusedError */
export function tableAt(code: Code, i: number): TableName {
  refuseReserved(code, i);
  const { name, offset, next } = code.table(i);
  return { name, offset, from: i, to: next };
}

/** Index behind the token at `i`, or behind the bracket that it opens. */
export function behind(code: Code, i: number): number {
  return code.isMark(i, '(') ? code.closing(i) + 1 : i + 1;
}

/** The first index from `i` at which `stops` is true outside brackets and CASE; `end` if there is none. */
export function until(code: Code, i: number, end: number, stops: (at: number) => boolean): number {
  let cases = 0;
  let at = i;
  while (at < end) {
    if (cases === 0 && stops(at)) return at;
    if (!code.isMark(at - 1, '.')) {
      if (code.is(at, 'CASE')) cases += 1;
      else if (code.is(at, 'END') && cases > 0) cases -= 1;
    }
    at = behind(code, at);
  }
  return end;
}

/** Parts between commas outside brackets; an empty span has none. */
export function splitCommas(code: Code, { from, to }: Span): Span[] {
  const parts: Span[] = [];
  let start = from;
  for (let at = from; at < to; at = behind(code, at)) {
    if (!code.isMark(at, ',')) continue;
    parts.push({ from: start, to: at });
    start = at + 1;
  }
  return from === to ? [] : [...parts, { from: start, to }];
}

/** `(a, b)` whose bracket opens at `i`: names only, or it is not understood. */
export function nameList(code: Code, i: number): { names: Name[]; next: number } {
  const close = code.closing(i);
  const names = splitCommas(code, { from: i + 1, to: close }).map(({ from, to }) => {
    if (to !== from + 1) throw code.unrecognized(to > from ? from + 1 : from);
    return nameAt(code, from);
  });
  return { names, next: close + 1 };
}

/** The words and marks of a span as one text: equal for what differs only in case and blanks. */
export function textIn(code: Code, { from, to }: Span): string {
  return code.tokens
    .slice(from, to)
    .map(({ kind, text }) => (kind === 'word' ? text.toLowerCase() : text))
    .join(' ');
}
