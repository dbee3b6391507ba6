/** The options of COPY and UNLOAD: words in any order, with what follows each. */
import type { Code } from '../code.ts';
import { nearest } from '../nearest.ts';
import type { StatementProblem } from '../statement-facts.ts';
import type { Span } from './parts.ts';

export interface Option {
  /** In lower case; of `FORMAT AS CSV` it is `csv`. */
  readonly name: string;
  /** Index of its word. */
  readonly at: number;
  /** What follows it, without AS. */
  readonly values: Span;
  readonly known: boolean;
}

/** What follows an option's word. A placeholder may stand for a string or a number. */
export type Value =
  | 'nothing'
  | 'text'
  | 'number'
  /** A string that may be left out. */
  | 'text?'
  /** DEFAULT, or a string. */
  | 'role'
  /** A word, or a string. */
  | 'word'
  /** ON, OFF and the like, which may be left out. */
  | 'word?'
  /** A number, and MB or GB. */
  | 'size'
  /** BY and columns in brackets. */
  | 'columns'
  /** Everything to the end of the statement. */
  | 'rest';

export function named(value: Value, names: string): [string, Value][] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => [name, value]);
}

const SWITCHES = /^(?:ON|OFF|TRUE|FALSE|PRESET|AUTO|VERBOSE)$/;
/** Words that are no options. */
const VALUES = /^(?:|DEFAULT|ON|OFF|TRUE|FALSE|AUTO)$/;

export interface OptionTable {
  readonly options: ReadonlyMap<string, Value>;
  /** What may stand behind FORMAT. */
  readonly formats: ReadonlyMap<string, Value>;
}

/** @throws NotUnderstoodError */
export function optionsAt(code: Code, i: number, table: OptionTable): Option[] {
  const found: Option[] = [];
  for (let at = i; at < code.length;) {
    const option = optionAt(code, at, table);
    found.push(option);
    at = option.values.to;
    if (code.isMark(at, ',')) at += 1;
  }
  return found;
}

export function isText(code: Code, i: number): boolean {
  const kind = code.tokens[i]?.kind;
  return kind === 'string' || kind === 'param';
}

function optionAt(code: Code, i: number, { options, formats }: OptionTable): Option {
  let at = i;
  let known = options;
  if (code.is(at, 'FORMAT')) {
    at += code.is(at + 1, 'AS') ? 2 : 1;
    known = formats;
  } else if (code.is(at, 'WITH', 'CREDENTIALS')) at += 1;
  // Some examples of the guide have both words.
  if (code.is(at, 'CREDENTIALS', 'IAM_ROLE')) at += 1;
  const name = code.word(at).toLowerCase();
  if (name === '') throw code.unrecognized(at);
  const kind = known.get(name);
  const start = code.is(at + 1, 'AS') ? at + 2 : at + 1;
  const to = kind === undefined ? behindUnknown(code, start) : behindValue(code, start, kind);
  return { name, at, values: { from: start, to }, known: kind !== undefined };
}

function behindUnknown(code: Code, i: number): number {
  let at = i;
  while (at < code.length && VALUES.test(code.word(at)) && !code.isMark(at, ',')) at += 1;
  return at;
}

function behindValue(code: Code, i: number, kind: Value): number {
  const token = code.tokens[i]?.kind;
  switch (kind) {
    case 'nothing':
      return i;
    case 'rest':
      return code.length;
    case 'text?':
      return isText(code, i) ? i + 1 : i;
    case 'word?':
      return SWITCHES.test(code.word(i)) ? i + 1 : i;
    case 'text':
      if (!isText(code, i)) throw code.unrecognized(i);
      return i + 1;
    case 'number':
      if (token !== 'number' && !isText(code, i)) throw code.unrecognized(i);
      return i + 1;
    case 'size':
      if (token !== 'number' && !isText(code, i)) throw code.unrecognized(i);
      return code.is(i + 1, 'MB') || code.is(i + 1, 'GB') ? i + 2 : i + 1;
    case 'columns': {
      if (!code.is(i, 'BY') || !code.isMark(i + 1, '(')) throw code.unrecognized(i);
      const next = code.closing(i + 1) + 1;
      return code.is(next, 'INCLUDE') ? next + 1 : next;
    }
    case 'role':
      if (!code.is(i, 'DEFAULT') && !isText(code, i)) throw code.unrecognized(i);
      return i + 1;
    case 'word':
      if (token !== 'word' && !isText(code, i)) throw code.unrecognized(i);
      return i + 1;
    default:
      return kind satisfies never;
  }
}

/** An option that is not known, with the nearest that is. */
export function unknownOptions(
  code: Code,
  command: 'COPY' | 'UNLOAD',
  all: readonly Option[],
  { options }: OptionTable,
): StatementProblem[] {
  return all
    .filter(({ known }) => !known)
    .map(({ name, at }) => {
      const meant = nearest(name, options.keys())?.toUpperCase();
      const word = name.toUpperCase();
      return {
        offset: code.offset(at),
        // An option may be newer than this list.
        severity: meant === undefined ? 'warning' : 'error',
        message:
          meant === undefined
            ? `${command}: ${word} is not a known option`
            : `${command}: ${word} is not an option (did you mean ${meant}?)`,
      };
    });
}
