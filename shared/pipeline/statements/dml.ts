/** INSERT, UPDATE and DELETE as values. */
import type { Code } from '../code.ts';
import type { Name, Span, TableName } from './parts.ts';
import { nameAt, nameList, splitCommas, tableAt, until } from './parts.ts';
import type { FromItem, Query, With } from './query.ts';
import { parseFrom, parseQuery, parseWith } from './query.ts';

interface Change {
  /** WITH before the statement's own word. */
  readonly with?: With;
  /** Index of the statement's own word. */
  readonly at: number;
  readonly target: TableName;
}

export interface Insert extends Change {
  readonly kind: 'insert';
  readonly columns?: readonly Name[];
  readonly rows:
    | { readonly kind: 'query'; readonly query: Query }
    /** Without their brackets. */
    | { readonly kind: 'values'; readonly rows: readonly Span[] }
    | { readonly kind: 'defaults' };
}

export interface Assignment {
  readonly column: Name;
  readonly value: Span;
}

export interface Update extends Change {
  readonly kind: 'update';
  readonly alias?: Name;
  readonly assignments: readonly Assignment[];
  readonly from?: Span;
  readonly fromItems: readonly FromItem[];
  readonly where?: Span;
}

export interface Delete extends Change {
  readonly kind: 'delete';
  readonly alias?: Name;
  /** USING. */
  readonly from?: Span;
  readonly fromItems: readonly FromItem[];
  readonly where?: Span;
}

/** INSERT, UPDATE or DELETE, with or without WITH before it. */
export function parseChange(code: Code): Insert | Update | Delete {
  const common = code.is(0, 'WITH') ? parseWith(code, 0) : undefined;
  const at = common?.next ?? 0;
  const before = common && { with: common.value };
  if (code.is(at, 'INSERT')) return { ...parseInsert(code, at), ...before };
  if (code.is(at, 'UPDATE')) return { ...parseUpdate(code, at), ...before };
  if (code.is(at, 'DELETE')) return { ...parseDelete(code, at), ...before };
  throw code.unrecognized(at);
}

function parseInsert(code: Code, at: number): Insert {
  if (!code.is(at + 1, 'INTO')) throw code.unrecognized(at + 1);
  const target = tableAt(code, at + 2);
  const hasList = code.isMark(target.to, '(') && !code.beginsQuery(target.to);
  const list = hasList ? nameList(code, target.to) : undefined;
  const start = list?.next ?? target.to;
  return { kind: 'insert', at, target, ...(list && { columns: list.names }), rows: rowsAt(code, start) };
}

function rowsAt(code: Code, i: number): Insert['rows'] {
  if (code.is(i, 'DEFAULT', 'VALUES')) {
    if (i + 2 < code.length) throw code.unrecognized(i + 2);
    return { kind: 'defaults' };
  }
  if (!code.is(i, 'VALUES')) return { kind: 'query', query: parseQuery(code, { from: i, to: code.length }) };
  const rows = splitCommas(code, { from: i + 1, to: code.length }).map(({ from, to }) => {
    if (!code.isMark(from, '(') || code.closing(from) !== to - 1) throw code.unrecognized(from);
    return { from: from + 1, to: to - 1 };
  });
  if (rows.length === 0) throw code.unrecognized(i + 1);
  return { kind: 'values', rows };
}

function aliasOf(code: Code, i: number, ...before: readonly string[]): { alias?: Name; next: number } {
  if (code.is(i, 'AS')) return { alias: nameAt(code, i + 1), next: i + 2 };
  if (!code.isName(i) || before.some((word) => code.is(i, word))) return { next: i };
  return { alias: nameAt(code, i), next: i + 1 };
}

function parseUpdate(code: Code, at: number): Update {
  const target = tableAt(code, at + 1);
  // `UPDATE t SET SET a = 1`: an alias of that name.
  const { alias, next: set } = code.is(target.to, 'SET', 'SET')
    ? { alias: nameAt(code, target.to), next: target.to + 1 }
    : aliasOf(code, target.to, 'SET');
  if (!code.is(set, 'SET')) throw code.unrecognized(set);
  const end = until(code, set + 1, code.length, (i) => endsList(code, i));
  return {
    kind: 'update',
    at,
    target,
    ...(alias && { alias }),
    assignments: assignmentsOf(code, { from: set + 1, to: end }),
    ...tail(code, end, 'FROM'),
  };
}

function endsList(code: Code, i: number): boolean {
  const isFrom = code.is(i, 'FROM') && !code.is(i - 1, 'DISTINCT');
  return (isFrom || code.is(i, 'WHERE')) && !code.isMark(i - 1, '.');
}

/** What stands behind SET. */
export function assignmentsOf(code: Code, span: Span): Assignment[] {
  return splitCommas(code, span).map((part) => assignmentOf(code, part));
}

function assignmentOf(code: Code, { from, to }: Span): Assignment {
  const { next } = code.path(from);
  if (!code.isMark(next, '=') || next + 1 === to) throw code.unrecognized(next);
  return { column: nameAt(code, next - 1), value: { from: next + 1, to } };
}

/** FROM or USING, and WHERE. */
function tail(
  code: Code,
  i: number,
  word: 'FROM' | 'USING',
): { from?: Span; fromItems: FromItem[]; where?: Span } {
  let at = i;
  let from: Span | undefined;
  if (code.is(at, word)) {
    const end = until(code, at + 1, code.length, (k) => code.is(k, 'WHERE') && !code.isMark(k - 1, '.'));
    from = { from: at + 1, to: end };
    at = end;
  }
  if (at < code.length && !code.is(at, 'WHERE')) throw code.unrecognized(at);
  const where = at < code.length ? { from: at + 1, to: code.length } : undefined;
  const again = until(code, at + 1, code.length, (k) => code.is(k, 'WHERE') && !code.isMark(k - 1, '.'));
  if (again < code.length) throw code.misplaced(again);
  return {
    fromItems: from === undefined ? [] : parseFrom(code, from),
    ...(from && { from }),
    ...(where && { where }),
  };
}

function parseDelete(code: Code, at: number): Delete {
  const target = tableAt(code, code.is(at + 1, 'FROM') ? at + 2 : at + 1);
  const { alias, next } = aliasOf(code, target.to, 'USING', 'WHERE');
  return { kind: 'delete', at, target, ...(alias && { alias }), ...tail(code, next, 'USING') };
}

/** Spans of expressions of a change outside its queries: values, conditions. */
export function expressionsOf(change: Insert | Update | Delete): Span[] {
  if (change.kind === 'insert') return change.rows.kind === 'values' ? [...change.rows.rows] : [];
  const values = change.kind === 'update' ? change.assignments.map(({ value }) => value) : [];
  return [change.from, ...values, change.where].filter((span) => span !== undefined);
}
