/** CREATE TABLE, CREATE VIEW and ALTER TABLE as values. */
import type { Code } from '../code.ts';
import { isHashName } from '../table-name.ts';
import type { Name, Span, TableName } from './parts.ts';
import { nameAt, nameList, splitCommas, tableAt, until } from './parts.ts';
import type { Query } from './query.ts';
import { parseQuery } from './query.ts';

export interface ColumnDefinition {
  readonly name: Name;
  /** Type and options. */
  readonly rest: Span;
}

interface Like extends TableName {
  readonly includesDefaults: boolean;
}

export interface CreateTable {
  readonly kind: 'create table';
  readonly target: TableName;
  readonly temp: boolean;
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDefinition[];
  /** Keys of the table: CONSTRAINT, PRIMARY KEY and the like. */
  readonly constraints: readonly Span[];
  readonly likes: readonly Like[];
  /** How it is stored. */
  readonly attributes: Span;
  /** CREATE TABLE AS, with the names of its columns where they are written. */
  readonly query?: Query;
  readonly names?: readonly Name[];
}

export interface CreateView {
  readonly kind: 'create view';
  readonly target: TableName;
  readonly replaces: boolean;
  readonly materialized: boolean;
  readonly names?: readonly Name[];
  /** Between the names and AS: how a materialized view is stored and refreshed. */
  readonly attributes: Span;
  /** WITH NO SCHEMA BINDING. */
  readonly late: boolean;
  readonly query: Query;
}

type TableAction =
  | { readonly kind: 'add column'; readonly column: ColumnDefinition }
  | { readonly kind: 'drop column'; readonly column: Name }
  | { readonly kind: 'rename column'; readonly column: Name; readonly to: Name }
  | { readonly kind: 'rename'; readonly to: TableName }
  | { readonly kind: 'append'; readonly source: TableName }
  | { readonly kind: 'alter type'; readonly at: number; readonly column: Name; readonly type: Span }
  /** `word` in upper case. */
  | { readonly kind: 'other'; readonly word: string };

export interface AlterTable {
  readonly kind: 'alter table';
  readonly target: TableName;
  /** Index of the action. */
  readonly at: number;
  readonly action: TableAction;
}

/** Undefined: the statement creates something else. */
export function parseCreate(code: Code): CreateTable | CreateView | undefined {
  const replaces = code.is(1, 'OR', 'REPLACE');
  let at = replaces ? 3 : 1;
  if (code.is(at, 'VIEW')) return { ...parseView(code, at + 1, false), replaces };
  if (code.is(at, 'MATERIALIZED', 'VIEW')) return { ...parseView(code, at + 2, true), replaces };
  if (code.is(at, 'LOCAL')) at += 1;
  const temp = code.is(at, 'TEMP') || code.is(at, 'TEMPORARY');
  if (temp) at += 1;
  return code.is(at, 'TABLE') ? parseTable(code, at + 1, temp) : undefined;
}

function parseView(code: Code, i: number, materialized: boolean): Omit<CreateView, 'replaces'> {
  const target = tableAt(code, i);
  const list = !materialized && code.isMark(target.to, '(') ? nameList(code, target.to) : undefined;
  const start = list?.next ?? target.to;
  const as = materialized ? until(code, start, code.length, (k) => code.is(k, 'AS')) : start;
  if (!code.is(as, 'AS')) throw code.unrecognized(as);
  const late = !materialized && code.is(code.length - 4, 'WITH', 'NO', 'SCHEMA', 'BINDING');
  return {
    kind: 'create view',
    target,
    materialized,
    ...(list && { names: list.names }),
    attributes: { from: start, to: as },
    late,
    query: parseQuery(code, { from: as + 1, to: late ? code.length - 4 : code.length }),
  };
}

function parseTable(code: Code, i: number, isTemp: boolean): CreateTable {
  const ifNotExists = code.is(i, 'IF', 'NOT', 'EXISTS');
  const target = tableAt(code, ifNotExists ? i + 3 : i);
  const columns: ColumnDefinition[] = [];
  const constraints: Span[] = [];
  const likes: Like[] = [];
  const head = {
    kind: 'create table',
    target,
    temp: isTemp || isHashName(target.name),
    ifNotExists,
  } as const;
  const as = until(code, target.to, code.length, (k) => code.is(k, 'AS'));
  if (as < code.length) {
    const list = code.isMark(target.to, '(') ? nameList(code, target.to) : undefined;
    const attributes = { from: list?.next ?? target.to, to: as };
    const query = parseQuery(code, { from: as + 1, to: code.length });
    return { ...head, columns, constraints, likes, attributes, query, ...(list && { names: list.names }) };
  }
  if (!code.isMark(target.to, '(')) throw code.unrecognized(target.to);
  const close = code.closing(target.to);
  for (const element of splitCommas(code, { from: target.to + 1, to: close })) {
    const { from, to } = element;
    if (code.is(from, 'LIKE')) likes.push(likeAt(code, from + 1, to));
    else if (isConstraint(code, from)) constraints.push(element);
    else columns.push({ name: nameAt(code, from), rest: { from: from + 1, to } });
  }
  return { ...head, columns, constraints, likes, attributes: { from: close + 1, to: code.length } };
}

function likeAt(code: Code, i: number, end: number): Like {
  const source = tableAt(code, i);
  const includesDefaults = code.is(source.to, 'INCLUDING', 'DEFAULTS');
  const next = includesDefaults || code.is(source.to, 'EXCLUDING', 'DEFAULTS') ? source.to + 2 : source.to;
  if (next < end) throw code.unrecognized(next);
  return { ...source, includesDefaults };
}

function isConstraint(code: Code, i: number): boolean {
  return (
    (code.is(i, 'CONSTRAINT') && code.isName(i + 1)) ||
    code.is(i, 'PRIMARY', 'KEY') ||
    code.is(i, 'FOREIGN', 'KEY') ||
    ((code.is(i, 'UNIQUE') || code.is(i, 'CHECK')) && code.isMark(i + 1, '('))
  );
}

export function parseAlterTable(code: Code): AlterTable | undefined {
  if (!code.is(0, 'ALTER', 'TABLE')) return undefined;
  const target = tableAt(code, 2);
  return { kind: 'alter table', target, at: target.to, action: actionAt(code, target.to) };
}

function actionAt(code: Code, i: number): TableAction {
  const end = code.length;
  const behindColumn = code.is(i + 1, 'COLUMN') ? i + 2 : i + 1;
  if (code.is(i, 'APPEND', 'FROM')) return { kind: 'append', source: tableAt(code, i + 2) };
  if (code.is(i, 'RENAME', 'TO')) {
    const to = tableAt(code, i + 2);
    if (to.to < end) throw code.unrecognized(to.to);
    return { kind: 'rename', to };
  }
  if (code.is(i, 'RENAME') && code.is(behindColumn + 1, 'TO'))
    return { kind: 'rename column', column: nameAt(code, behindColumn), to: nameAt(code, behindColumn + 2) };
  const partition = code.is(i + 1, 'IF', 'NOT', 'EXISTS') ? i + 4 : i + 1;
  if (code.is(i, 'ADD') && !isConstraint(code, i + 1) && !code.is(partition, 'PARTITION')) {
    const comma = until(code, i, end, (k) => code.isMark(k, ','));
    if (comma < end) throw code.misplaced(comma);
    return {
      kind: 'add column',
      column: { name: nameAt(code, behindColumn), rest: { from: behindColumn + 1, to: end } },
    };
  }
  if (code.is(i, 'DROP') && !code.is(i + 1, 'CONSTRAINT') && !code.is(i + 1, 'PARTITION'))
    return { kind: 'drop column', column: nameAt(code, behindColumn) };
  if (code.is(i, 'ALTER') && code.is(behindColumn + 1, 'TYPE'))
    return {
      kind: 'alter type',
      at: i,
      column: nameAt(code, behindColumn),
      type: { from: behindColumn + 2, to: end },
    };
  return { kind: 'other', word: code.word(i) };
}
