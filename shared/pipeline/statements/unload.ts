/** UNLOAD as a value, and what Redshift refuses of it and of its query. */
import { Code, UnrecognizedError } from '../code.ts';
import { tokenize, UnclosedTokenError } from '../lexer.ts';
import { stringValue } from '../sql-string.ts';
import type { StatementProblem } from '../statement-facts.ts';
import type { Option, OptionTable, Value } from './options.ts';
import { isText, named, optionsAt, unknownOptions } from './options.ts';
import { isSelect, parseQuery } from './query.ts';

export interface Unload {
  readonly kind: 'unload';
  /** Index of the literal with the query. */
  readonly query: number;
  /** Index of the address, a string or a placeholder. */
  readonly to: number;
  readonly options: readonly Option[];
}

const FORMATS: ReadonlyMap<string, Value> = new Map(named('nothing', 'csv parquet json'));

/** "UNLOAD" in the Amazon Redshift Database Developer Guide. */
const OPTIONS: ReadonlyMap<string, Value> = new Map([
  ...FORMATS,
  ...named('nothing', 'header bzip2 gzip zstd addquotes escape allowoverwrite cleanpath'),
  ...named(
    'text',
    `delimiter fixedwidth null region extension credentials access_key_id secret_access_key session_token
     master_symmetric_key kms_key_id`,
  ),
  ...named('size', 'maxfilesize rowgroupsize'),
  ...named('word?', 'parallel encrypted manifest'),
  ['iam_role', 'role'],
  ['partition', 'columns'],
]);

const TABLE: OptionTable = { options: OPTIONS, formats: FORMATS };

/** @throws NotUnderstoodError */
export function parseUnload(code: Code): Unload {
  const kind = code.tokens[2]?.kind;
  if (!code.isMark(1, '(')) throw code.unrecognized(1);
  if (code.closing(1) !== 3 || (kind !== 'string' && kind !== 'dollar')) throw code.unrecognized(2);
  if (!code.is(4, 'TO') || !isText(code, 5)) throw code.unrecognized(4);
  return { kind: 'unload', query: 2, to: 5, options: optionsAt(code, 6, TABLE) };
}

/** The query between the quotes, and where its offsets are in the text. */
export function unloadedQuery(
  code: Code,
  { query }: Unload,
): { code: Code; offset: (inner: number) => number } {
  const { kind, text = '', start = 0 } = code.tokens[query] ?? {};
  if (kind === 'string') {
    const { text: value, offsets } = stringValue(text);
    return { code: codeOf(value), offset: (inner) => start + (offsets[inner] ?? 0) };
  }
  const tag = text.indexOf('$', 1) + 1;
  return { code: codeOf(text.slice(tag, -tag)), offset: (inner) => start + tag + inner };
}

function codeOf(text: string): Code {
  try {
    return new Code(tokenize(text).filter(({ kind, text: mark }) => kind !== 'mark' || mark !== ';'));
  } catch (error) {
    if (!(error instanceof UnclosedTokenError)) throw error;
    throw new UnrecognizedError(error.message, error.offset);
  }
}

/** @param refusals of the query */
export function unloadRefusals(
  code: Code,
  unload: Unload,
  refusals: (code: Code) => StatementProblem[],
): StatementProblem[] {
  const inner = unloadedQuery(code, unload);
  const found = refusals(inner.code).concat(limits(inner.code));
  return unknownOptions(code, 'UNLOAD', unload.options, TABLE).concat(
    found.map(({ offset, severity, message }) => ({ offset: inner.offset(offset), severity, message })),
  );
}

function limits(code: Code): StatementProblem[] {
  const body = parseQuery(code, { from: 0, to: code.length }).members.at(-1)?.body;
  const limit = body !== undefined && isSelect(body) ? body.clauses.limit : undefined;
  if (limit === undefined) return [];
  return [
    { offset: code.offset(limit.from - 1), severity: 'error', message: 'Limit clause is not supported' },
  ];
}
