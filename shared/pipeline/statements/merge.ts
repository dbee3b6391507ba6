/** MERGE as a value, and what Redshift refuses of it. */
import type { Code } from '../code.ts';
import type { StatementProblem } from '../statement-facts.ts';
import { nameKey } from '../table-name.ts';
import type { Assignment } from './dml.ts';
import { assignmentsOf } from './dml.ts';
import type { Name, Span, TableName } from './parts.ts';
import { behind, nameAt, nameList, tableAt, until } from './parts.ts';

type MergeAction =
  | { readonly kind: 'update'; readonly set: Span; readonly assignments: readonly Assignment[] }
  | { readonly kind: 'delete' }
  /** `values` without its brackets. */
  | { readonly kind: 'insert'; readonly columns?: readonly Name[]; readonly values: Span };

export interface MergeBranch {
  /** Index of its WHEN. */
  readonly at: number;
  readonly matched: boolean;
  /** Index of an AND or BY, which only other databases have. */
  readonly extra?: number;
  readonly action: MergeAction;
}

export interface Merge {
  readonly kind: 'merge';
  readonly target: TableName;
  readonly targetAlias?: Name;
  /** A table, or a query in brackets. */
  readonly source: TableName | (Span & { readonly name?: undefined });
  readonly sourceAlias?: Name;
  readonly condition: Span;
  readonly branches: readonly MergeBranch[];
  readonly removesDuplicates: boolean;
}

function aliasAt(code: Code, i: number, before: string): { alias?: Name; next: number } {
  if (code.is(i, 'AS')) return { alias: nameAt(code, i + 1), next: i + 2 };
  if (!code.isName(i) || code.is(i, before)) return { next: i };
  return { alias: nameAt(code, i), next: i + 1 };
}

/** @throws NotUnderstoodError */
export function parseMerge(code: Code): Merge {
  if (!code.is(0, 'MERGE', 'INTO')) throw code.unrecognized(1);
  const target = tableAt(code, 2);
  const { alias: targetAlias, next: using } = aliasAt(code, target.to, 'USING');
  if (!code.is(using, 'USING')) throw code.unrecognized(using);
  const source = code.isMark(using + 1, '(')
    ? { from: using + 1, to: code.closing(using + 1) + 1 }
    : tableAt(code, using + 1);
  const { alias: sourceAlias, next: on } = aliasAt(code, source.to, 'ON');
  if (!code.is(on, 'ON')) throw code.unrecognized(on);
  const end = code.length;
  const behindOn = until(code, on + 1, end, (i) => code.is(i, 'WHEN') || code.is(i, 'REMOVE', 'DUPLICATES'));
  const condition = { from: on + 1, to: behindOn };
  if (condition.from === condition.to) throw code.unrecognized(behindOn);
  const removesDuplicates = code.is(behindOn, 'REMOVE');
  if (removesDuplicates && behindOn + 2 < end) throw code.unrecognized(behindOn + 2);
  return {
    kind: 'merge',
    target,
    ...(targetAlias && { targetAlias }),
    source,
    ...(sourceAlias && { sourceAlias }),
    condition,
    branches: removesDuplicates ? [] : branches(code, behindOn),
    removesDuplicates,
  };
}

function beginsBranch(code: Code, i: number): boolean {
  return code.is(i, 'WHEN', 'MATCHED') || code.is(i, 'WHEN', 'NOT', 'MATCHED');
}

function branches(code: Code, start: number): MergeBranch[] {
  const found: MergeBranch[] = [];
  let at = start;
  while (at < code.length) {
    if (!beginsBranch(code, at)) throw code.unrecognized(at);
    const matched = code.is(at + 1, 'MATCHED');
    const behindWords = at + (matched ? 2 : 3);
    const hasMore = code.is(behindWords, 'AND') || code.is(behindWords, 'BY');
    const then = hasMore ? until(code, behindWords, code.length, (i) => code.is(i, 'THEN')) : behindWords;
    if (!code.is(then, 'THEN')) throw code.unrecognized(then);
    const end = until(code, then + 1, code.length, (i) => beginsBranch(code, i));
    const changes = matched || (hasMore && !code.is(then + 1, 'INSERT'));
    const action = (changes ? changeAt : insertAt)(code, then + 1, end);
    found.push({ at, matched, ...(hasMore && { extra: behindWords }), action });
    at = end;
  }
  if (found.length === 0) throw code.unrecognized(at);
  return found;
}

function changeAt(code: Code, i: number, end: number): MergeAction {
  if (code.is(i, 'DELETE') && end === i + 1) return { kind: 'delete' };
  if (!code.is(i, 'UPDATE', 'SET') || end === i + 2) throw code.unrecognized(i);
  const set = { from: i + 2, to: end };
  return { kind: 'update', set, assignments: assignmentsOf(code, set) };
}

function insertAt(code: Code, i: number, end: number): MergeAction {
  if (!code.is(i, 'INSERT')) throw code.unrecognized(i);
  const list = code.isMark(i + 1, '(') ? nameList(code, i + 1) : undefined;
  const values = list?.next ?? i + 1;
  if (!code.is(values, 'VALUES') || !code.isMark(values + 1, '(')) throw code.unrecognized(values);
  const close = code.closing(values + 1);
  if (close + 1 < end) throw code.unrecognized(close + 1);
  return { kind: 'insert', ...(list && { columns: list.names }), values: { from: values + 2, to: close } };
}

/** Whether a name stands in the span: a column, most likely. */
function hasName(code: Code, { from, to }: Span): boolean {
  for (let i = from; i < to; i += 1)
    if (code.isName(i) && !/^(?:TRUE|FALSE|NULL)$/.test(code.word(i))) return true;
  return false;
}

/** `a = b` with a name on either side, in any brackets. */
function hasEquality(code: Code, { from, to }: Span): boolean {
  const splits = (i: number): boolean => code.is(i, 'AND') || code.is(i, 'OR');
  for (let start = from; start < to;) {
    const end = until(code, start, to, splits);
    const equals = until(code, start, end, (i) => code.isMark(i, '='));
    if (equals < end) {
      if (hasName(code, { from: start, to: equals }) && hasName(code, { from: equals + 1, to: end }))
        return true;
    } else
      for (let i = start; i < end; i = behind(code, i))
        if (code.isMark(i, '(') && hasEquality(code, { from: i + 1, to: code.closing(i) })) return true;
    start = end + 1;
  }
  return false;
}

export function mergeRefusals(code: Code, merge: Merge): StatementProblem[] {
  const { target, targetAlias, source, condition, branches: all } = merge;
  const found: StatementProblem[] = [];
  const refuse = (at: number, message: string): void => {
    found.push({ offset: code.offset(at), severity: 'error', message: `MERGE: ${message}` });
  };
  if (targetAlias !== undefined)
    refuse(targetAlias.at, 'the target table cannot have an alias: write its name in the conditions');
  if (source.name === undefined)
    refuse(source.from, 'the source must be a table, not a subquery: put the query into a temporary table');
  else if (nameKey(source.name) === nameKey(target.name))
    refuse(source.from, 'the source and the target must be different tables');
  if (!hasEquality(code, condition))
    refuse(condition.from, 'the condition must compare columns of both tables for equality (=)');
  for (const { extra, matched } of all)
    if (extra !== undefined)
      refuse(
        extra,
        `WHEN ${matched ? 'MATCHED' : 'NOT MATCHED'} … ${code.word(extra)} is not supported: filter the source before`,
      );
  const second = all.find(({ matched }, i) => all.findIndex((one) => one.matched === matched) < i);
  if (second !== undefined) refuse(second.at, 'each WHEN clause can stand only once');
  const [first] = all;
  if (first !== undefined && all.every(({ matched }) => matched === first.matched))
    refuse(first.at, 'WHEN MATCHED and WHEN NOT MATCHED are both needed, or REMOVE DUPLICATES');
  return found;
}
