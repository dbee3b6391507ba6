/** Reads UNLOAD into an `UnloadCommand`. Only FORMAT CSV; what else the guide has is refused by name. */
import { Cursor } from '../cursor.ts';
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { isMark, parseNodes } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { takeWith } from '../query.ts';
import { splitClauses } from '../select/clauses.ts';
import type { Translated } from '../translated.ts';

/** UNLOAD as data. Meaning of the options: "UNLOAD" in the Amazon Redshift Database Developer Guide. */
export interface UnloadCommand {
  /** For PostgreSQL; returns rows. */
  readonly query: string;
  /** The TO value, an `s3://` address that names of files are appended to. */
  readonly to: string;
  /** One character, default `,`. */
  readonly delimiter: string;
  readonly header: boolean;
  /** The NULL AS string; a zero-length string by default. */
  readonly nullAs: string;
  /** True: on AWS one file or more for each slice; here one. */
  readonly parallel: boolean;
  readonly allowOverwrite: boolean;
  readonly manifest: boolean;
}

type Draft = { -readonly [K in keyof UnloadCommand]: UnloadCommand[K] };

/** @param translate of the query between the quotes */
export function parseUnload(nodes: readonly Node[], translate: (sql: string) => Translated): UnloadCommand {
  const cursor = new Cursor(nodes, 1);
  const query = rowsOf(quotedQuery(cursor.expectGroup().items), translate);
  cursor.expect('to');
  const to = cursor.expectString();
  const draft: Draft = {
    query,
    to,
    delimiter: ',',
    header: false,
    nullAs: '',
    parallel: true,
    allowOverwrite: false,
    manifest: false,
  };
  let isCsv = false;
  let isAuthorized = false;
  while (!cursor.atEnd) {
    if (cursor.take('iam_role')) {
      if (!cursor.take('default')) cursor.expectString();
      isAuthorized = true;
    } else if (cursor.take('format')) {
      cursor.take('as');
      if (!cursor.take('csv')) throw refused(cursor.next(), 'FORMAT ');
      isCsv = true;
    } else if (cursor.take('csv')) isCsv = true;
    else takeOption(cursor, draft);
  }
  if (!isAuthorized) throw new UnsupportedSqlError('UNLOAD', 'only with IAM_ROLE');
  if (!isCsv) throw new UnsupportedSqlError('UNLOAD', 'only with FORMAT CSV');
  return draft;
}

function quotedQuery(items: readonly Node[]): string {
  const [query, ...others] = items;
  if ((query?.kind !== 'string' && query?.kind !== 'dollar') || others.length > 0)
    throw new SqlError('UNLOAD: the query must be a string literal in parentheses');
  return query.value;
}

function rowsOf(query: string, translate: (sql: string) => Translated): string {
  const cursor = new Cursor(parseNodes(query));
  takeWith(cursor);
  const clauses = splitClauses(cursor.rest().filter((node) => !isMark(node, ';')));
  if (clauses.limit !== undefined || clauses.offset !== undefined)
    throw new SqlError('Limit clause is not supported', '0A000');
  const translated = translate(query);
  const [sql] = translated.kind === 'sql' && translated.returnsRows ? translated.statements : [];
  if (sql === undefined) throw new SqlError('UNLOAD: the query must be a SELECT');
  return sql;
}

function takeOption(cursor: Cursor, draft: Draft): void {
  if (cursor.take('header')) draft.header = true;
  else if (cursor.take('allowoverwrite')) draft.allowOverwrite = true;
  else if (cursor.take('manifest')) {
    if (cursor.sees('verbose')) throw refused(cursor.next(), 'MANIFEST ');
    draft.manifest = true;
  } else if (cursor.take('parallel')) {
    const off = cursor.takeOneOf('on', 'true', 'off', 'false');
    draft.parallel = off !== 'off' && off !== 'false';
  } else if (cursor.take('null')) {
    cursor.take('as');
    draft.nullAs = cursor.expectString();
  } else if (cursor.take('delimiter')) {
    cursor.take('as');
    draft.delimiter = delimiterOf(cursor.expectString());
  } else throw refused(cursor.next());
}

function delimiterOf(value: string): string {
  if (value.length !== 1 || (value.codePointAt(0) ?? 0) > 127)
    throw new SqlError('UNLOAD: DELIMITER takes a single ASCII character', '22023');
  return value;
}

function refused(node: Node, before = ''): Error {
  const text = node.kind === 'group' ? node.open : node.text;
  if (node.kind !== 'word') return new SqlError(`syntax error at or near "${text}"`);
  return new UnsupportedSqlError(`UNLOAD … ${before}${text.toUpperCase()}`);
}
