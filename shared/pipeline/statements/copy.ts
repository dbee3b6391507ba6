/** COPY as a value, and what Redshift refuses of it. */
import type { Code } from '../code.ts';
import { nearest } from '../nearest.ts';
import type { StatementProblem } from '../statement-facts.ts';
import type { Name, Span, TableName } from './parts.ts';
import { nameList, tableAt } from './parts.ts';

export interface CopyOption {
  /** In lower case; of `FORMAT AS CSV` it is `csv`. */
  readonly name: string;
  /** Index of its word. */
  readonly at: number;
  /** What follows it, without AS. */
  readonly values: Span;
  readonly known: boolean;
}

export interface Copy {
  readonly kind: 'copy';
  readonly target: TableName;
  readonly columns?: readonly Name[];
  /** Index of the address, a string or a placeholder. */
  readonly from: number;
  readonly options: readonly CopyOption[];
}

/** What follows an option's word. A placeholder may stand for a string or a number. */
type Value =
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
  /** Everything to the end of the statement. */
  | 'rest';

function options(value: Value, names: string): [string, Value][] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => [name, value]);
}

const FORMATS: ReadonlyMap<string, Value> = new Map([
  ...options('nothing', 'csv parquet orc rcfile sequencefile textfile'),
  ...options('text', 'avro json fixedwidth delimiter'),
  ['shapefile', 'rest'],
]);

/** "COPY parameters" in the Amazon Redshift Database Developer Guide. */
const OPTIONS: ReadonlyMap<string, Value> = new Map([
  ...FORMATS,
  ...options(
    'nothing',
    `manifest emptyasnull blanksasnull trimblanks truncatecolumns fillrecord ignoreblanklines acceptanydate roundec
     explicit_ids ignoreallerrors noload escape removequotes gzip bzip2 lzop zstd ssh serializetojson noshred`,
  ),
  ...options(
    'text',
    'quote region null dateformat timeformat credentials access_key_id secret_access_key session_token master_symmetric_key',
  ),
  ...options('number', 'ignoreheader maxerror comprows readratio'),
  ['acceptinvchars', 'text?'],
  ['iam_role', 'role'],
  ['encoding', 'word'],
  ...options('word?', 'compupdate statupdate encrypted'),
  ['job', 'rest'],
]);

const SWITCHES = /^(?:ON|OFF|TRUE|FALSE|PRESET|AUTO)$/;

/** @throws NotUnderstoodError */
export function parseCopy(code: Code): Copy {
  const target = tableAt(code, 1);
  const list = code.isMark(target.to, '(') ? nameList(code, target.to) : undefined;
  const from = list?.next ?? target.to;
  if (!code.is(from, 'FROM')) throw code.unrecognized(from);
  if (!isText(code, from + 1)) throw code.unrecognized(from + 1);
  const found: CopyOption[] = [];
  let at = from + 2;
  while (at < code.length) {
    const option = optionAt(code, at);
    found.push(option);
    at = option.values.to;
    if (code.isMark(at, ',')) at += 1;
  }
  return { kind: 'copy', target, ...(list && { columns: list.names }), from: from + 1, options: found };
}

function isText(code: Code, i: number): boolean {
  const kind = code.tokens[i]?.kind;
  return kind === 'string' || kind === 'param';
}

function optionAt(code: Code, i: number): CopyOption {
  let at = i;
  let known = OPTIONS;
  if (code.is(at, 'FORMAT')) {
    at += code.is(at + 1, 'AS') ? 2 : 1;
    known = FORMATS;
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
  while (at < code.length && code.word(at) === '' && !code.isMark(at, ',')) at += 1;
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

export function copyRefusals(code: Code, { options: all }: Copy): StatementProblem[] {
  return all
    .filter(({ known }) => !known)
    .map(({ name, at }) => {
      const meant = nearest(name, OPTIONS.keys())?.toUpperCase();
      const word = name.toUpperCase();
      return {
        offset: code.offset(at),
        // An option may be newer than this list.
        severity: meant === undefined ? 'warning' : 'error',
        message:
          meant === undefined
            ? `COPY: ${word} is not a known option`
            : `COPY: ${word} is not an option (did you mean ${meant}?)`,
      };
    });
}
