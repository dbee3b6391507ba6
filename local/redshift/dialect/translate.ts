/** Translates one Redshift statement for PostgreSQL. Pure: it uses no catalog and no session. */
import { COMMANDS, OBJECTS } from '../../../shared/pipeline/functions.ts';
import { parseCreate } from '../../../shared/pipeline/statements/definitions.ts';
import { ownEntry } from '../../own-entry.ts';
import { Cursor } from './cursor.ts';
import { SqlError, UnsupportedSqlError, syntaxError } from './errors.ts';
import { isGroup, isMark, isWord, parseNodes, render, textOf } from './nodes.ts';
import type { Node } from './nodes.ts';
import { call, createFunction, createProcedure } from './procedure/routines.ts';
import { rewriteQuery, takeWith } from './query.ts';
import { refuse } from './refuse.ts';
import { withColumnsOfFrom } from './select/aliases.ts';
import { splitClauses } from './select/clauses.ts';
import { Source } from './source.ts';
import { readCopy } from './statements/copy.ts';
import { insert, updateOrDelete } from './statements/dml.ts';
import * as maintenance from './statements/maintenance.ts';
import { merge } from './statements/merge.ts';
import { alterSchema, createSchema, drop } from './statements/schemas.ts';
import { reset, set, show } from './statements/settings.ts';
import { transactionWord } from './statements/transactions.ts';
import { readUnload } from './statements/unload.ts';
import { createView, refreshMaterializedView } from './statements/views.ts';
import { alterTable } from './table/alter-table.ts';
import { createTable } from './table/create-table.ts';
import { change, rows } from './translated.ts';
import type { Translated } from './translated.ts';

export type { Translated } from './translated.ts';

/**
 * @param sql one Redshift statement; a `;` at its end is allowed
 * @param columnsOfFrom names that are known to be columns where the statement also has them as aliases
 * @throws UnsupportedSqlError naming what the local warehouse does not have
 * @throws SqlError where Redshift itself would refuse
 */
export function translate(sql: string, columnsOfFrom?: ReadonlySet<string>): Translated {
  const nodes = parseNodes(sql);
  while (isMark(nodes.at(-1), ';')) nodes.pop();
  if (nodes.some((node) => isMark(node, ';')))
    throw new SqlError(
      'cannot insert multiple commands into a prepared statement: send one statement with each call, or several with BatchExecuteStatement',
    );
  const translation = (): Translated => translateNodes(nodes);
  return columnsOfFrom === undefined ? translation() : withColumnsOfFrom(columnsOfFrom, translation);
}

function query(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  takeWith(cursor);
  const main = cursor.rest();
  if (isWord(main[0], 'update', 'delete')) return updateOrDelete(nodes);
  const sql = render(rewriteQuery(nodes));
  const intoTable = isWord(main[0], 'select') && splitClauses(main).into !== undefined;
  return intoTable ? change('SELECT INTO', sql) : rows('SELECT', sql);
}

function create(nodes: readonly Node[], source: Source): Translated {
  const cursor = new Cursor(nodes, 1);
  const orReplace = cursor.take('or', 'replace');
  const rest = cursor.rest();
  const [first, second] = rest;
  if (isWord(first, 'procedure')) return createProcedure(rest, orReplace, translateNodes);
  if (isWord(first, 'function')) return createFunction(rest, orReplace);
  checkObject(first);
  const made = isWord(first, 'schema', 'external') ? undefined : source.read(parseCreate);
  if (made?.kind === 'create view') return createView(made, source);
  if (orReplace && !isWord(first, 'external')) throw syntaxError(textOf(first));
  if (made !== undefined) return createTable(made, source);
  if (isWord(first, 'schema')) return createSchema(rest);
  throw new UnsupportedSqlError(
    `CREATE ${nameOf(first)}${isWord(first, 'external') ? ` ${nameOf(second)}` : ''}`,
  );
}

function alter(nodes: readonly Node[]): Translated {
  const [, first] = nodes;
  if (isWord(first, 'table')) return alterTable(nodes.slice(2));
  if (isWord(first, 'schema')) return alterSchema(nodes.slice(1));
  checkObject(first);
  throw new UnsupportedSqlError(`ALTER ${nameOf(first)}`);
}

/** What PostgreSQL's CREATE and ALTER are followed by, and Redshift's are not. */
const POSTGRES_OBJECTS: ReadonlySet<string> = new Set(
  'ACCESS AGGREGATE CAST COLLATION CONSTRAINT CONVERSION DOMAIN EVENT EXTENSION FOREIGN GLOBAL INDEX LANGUAGE LARGE LOCAL OPERATOR POLICY PUBLICATION RECURSIVE ROUTINE RULE SEQUENCE SERVER STATISTICS SUBSCRIPTION TABLESPACE TEXT TRANSFORM TRIGGER TRUSTED TYPE UNIQUE UNLOGGED'.split(
    ' ',
  ),
);

/** @throws SqlError for a word that is no kind of object */
function checkObject(node: Node | undefined): void {
  const name = nameOf(node);
  if (!OBJECTS.has(name) && !POSTGRES_OBJECTS.has(name)) throw syntaxError(textOf(node));
}

function nameOf(node: Node | undefined): string {
  return textOf(node)?.toUpperCase() ?? '';
}

const STATEMENTS: Readonly<Record<string, (nodes: readonly Node[], source: Source) => Translated>> = {
  select: query,
  with: query,
  insert,
  update: updateOrDelete,
  delete: updateOrDelete,
  merge: (_, source) => merge(source),
  copy: (_, source) => ({ kind: 'copy', copy: readCopy(source) }),
  unload: (_, source) => ({ kind: 'unload', unload: readUnload(source, translate) }),
  create,
  alter,
  drop: (nodes) => {
    checkObject(nodes[1]);
    return drop(nodes);
  },
  call,
  truncate: maintenance.truncate,
  analyse: maintenance.analyze,
  analyze: maintenance.analyze,
  vacuum: maintenance.vacuum,
  lock: maintenance.lock,
  comment: maintenance.comment,
  explain: (nodes) => maintenance.explain(nodes, translateNodes),
  declare: maintenance.declareCursor,
  fetch: maintenance.fetch,
  close: maintenance.close,
  grant: (nodes) => maintenance.grant('GRANT', nodes),
  revoke: (nodes) => maintenance.grant('REVOKE', nodes),
  refresh: refreshMaterializedView,
  set,
  reset,
  show,
  begin: transactionWord,
  start: transactionWord,
  commit: transactionWord,
  end: transactionWord,
  rollback: transactionWord,
  abort: transactionWord,
};

/** First words of PostgreSQL's statements that Redshift does not have, or no longer documents. */
const POSTGRES_COMMANDS: ReadonlySet<string> = new Set(
  'CHECKPOINT CLUSTER DISCARD DO IMPORT LISTEN LOAD MOVE NOTIFY REASSIGN REINDEX REPLACE SECURITY TABLE UNLISTEN VALUES'.split(
    ' ',
  ),
);

function translateNodes(nodes: readonly Node[]): Translated {
  const [first] = nodes;
  if (first === undefined) throw syntaxError(undefined);
  const source = new Source(nodes);
  refuse(source);
  if (isGroup(first)) return query(nodes);
  if (!isWord(first)) throw syntaxError(textOf(first));
  const statement = ownEntry(STATEMENTS, first.value);
  if (statement === undefined) {
    const name = first.text.toUpperCase();
    if (COMMANDS.has(name)) throw new UnsupportedSqlError(name);
    if (POSTGRES_COMMANDS.has(name)) throw new UnsupportedSqlError(name, 'Redshift does not have it');
    throw syntaxError(first.text);
  }
  return statement(nodes, source);
}
