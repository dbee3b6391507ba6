/**
 * Names of columns and tables that are declared nowhere, where all that could declare them is known. Warnings only: a
 * table may have been changed elsewhere.
 */
import type { Code } from '../code.ts';
import { didYouMean, nearest } from '../nearest.ts';
import type { NamedTable, StatementFacts, StatementProblem } from '../statement-facts.ts';
import type { AlterTable } from '../statements/definitions.ts';
import type { Delete, Insert, Update } from '../statements/dml.ts';
import { expressionsOf } from '../statements/dml.ts';
import type { Merge } from '../statements/merge.ts';
import type { Name, Span, TableName } from '../statements/parts.ts';
import { nameList, splitCommas } from '../statements/parts.ts';
import type { FromItem, Query, Select } from '../statements/query.ts';
import { isSelect, ownTokens, subqueries } from '../statements/query.ts';
import type { Statement } from '../statements/statement.ts';
import { queryStatement } from '../statements/statement.ts';
import type { Unload } from '../statements/unload.ts';
import { unloadedQuery } from '../statements/unload.ts';
import { nameKey, namePart, nameParts } from '../table-name.ts';
import type { Catalog, Columns } from './catalog.ts';
import type { Tables } from './output.ts';
import { columnsOf, CommonTables, namesOf, outputOf } from './output.ts';
import { isColumn } from './references.ts';

/** What a name in a query may be: columns of these relations, by what they are called. */
interface Scope {
  readonly relations: readonly { readonly names: readonly string[]; readonly columns: Columns }[];
  /** Aliases of results. */
  readonly aliases: ReadonlySet<string>;
  readonly tables: Tables;
  readonly outer?: Scope;
}

export function catalogProblems(
  code: Code,
  statement: Statement | undefined,
  facts: StatementFacts,
  catalog: Catalog,
): StatementProblem[] {
  const check = new NameCheck(code, catalog);
  check.tables([...facts.reads, ...facts.writes, ...facts.shapes, ...granted(code)]);
  if (statement !== undefined) check.statement(statement);
  return check.problems;
}

class NameCheck {
  readonly problems: StatementProblem[] = [];
  readonly #code: Code;
  readonly #catalog: Catalog;

  constructor(code: Code, catalog: Catalog) {
    this.#code = code;
    this.#catalog = catalog;
  }

  #warn(offset: number, message: string): void {
    this.problems.push({ offset, severity: 'warning', message });
  }

  /** A table that is not declared, beside one that has nearly its name. */
  tables(named: readonly NamedTable[]): void {
    for (const { name, offset } of named) {
      if (this.#catalog.has(name)) continue;
      const meant = nearest(name, this.#catalog.besides(name));
      if (meant !== undefined && isSlip(lastPart(name), lastPart(meant)))
        this.#warn(
          offset,
          `table ${name} is not declared in sql/setup or in this pipeline (did you mean ${meant}?)`,
        );
    }
  }

  statement(statement: Statement): void {
    switch (statement.kind) {
      case 'query':
      case 'create view':
        this.#query(statement.query, this.#catalog);
        break;
      case 'create table':
        if (statement.query !== undefined) this.#query(statement.query, this.#catalog);
        break;
      case 'copy':
        this.#names(statement.target.name, statement.columns ?? []);
        break;
      case 'insert':
        this.#insert(statement);
        break;
      case 'update':
      case 'delete':
        this.#change(statement);
        break;
      case 'merge':
        this.#merge(statement);
        break;
      case 'unload':
        this.#unload(statement);
        break;
      case 'alter table':
        this.#alter(statement);
        break;
      default:
        statement satisfies never;
    }
  }

  /** Its query is a text with offsets of its own. */
  #unload(unload: Unload): void {
    const { code, offset } = unloadedQuery(this.#code, unload);
    const inner = new NameCheck(code, this.#catalog);
    inner.statement(queryStatement(code));
    for (const problem of inner.problems) this.problems.push({ ...problem, offset: offset(problem.offset) });
  }

  #alter({ target, action }: AlterTable): void {
    const isKnown =
      action.kind === 'alter type' || action.kind === 'drop column' || action.kind === 'rename column';
    if (!isKnown) return;
    const { column } = action;
    this.#names(target.name, [column]);
    const why = action.kind === 'alter type' ? this.#catalog.whyFixed(target.name, column.key) : undefined;
    if (why !== undefined)
      this.#warn(this.#code.offset(column.at), `the type of column ${column.key} cannot be changed: ${why}`);
  }

  /** Columns of a table that is written. */
  #names(table: string, names: readonly Name[]): void {
    const columns = this.#catalog.columns(table);
    if (columns === undefined) return;
    for (const { key, at } of names)
      if (!columns.includes(key))
        this.#warn(this.#code.offset(at), `table ${table} has no column ${key}${didYouMean(key, columns)}`);
  }

  #insert({ target, columns, rows, with: common }: Insert): void {
    this.#names(target.name, columns ?? []);
    const tables = common === undefined ? this.#catalog : undefined;
    if (rows.kind === 'query' && tables !== undefined) this.#query(rows.query, tables);
    const most = columns?.length ?? this.#catalog.columns(target.name)?.length;
    if (most === undefined) return;
    for (const { at, count } of this.#widths(rows)) {
      const isWrong = columns === undefined ? count > most : count !== most;
      if (isWrong)
        this.#warn(
          this.#code.offset(at),
          columns === undefined
            ? `table ${target.name} has ${most} columns, and ${count} values are inserted`
            : `${most} columns are named, and ${count} values are inserted`,
        );
    }
  }

  /** How many values each row or SELECT gives; those with `*` are left out. */
  #widths(rows: Insert['rows']): { at: number; count: number }[] {
    if (rows.kind === 'values')
      return rows.rows.map((row) => ({ at: row.from, count: splitCommas(this.#code, row).length }));
    return rows.kind === 'query' ? this.#widthsOf(rows.query) : [];
  }

  #widthsOf(query: Query): { at: number; count: number }[] {
    return query.members.flatMap(({ body }) => {
      if (!isSelect(body)) return this.#widthsOf(body);
      const hasStar = body.items.some(({ to }) => this.#code.isMark(to - 1, '*'));
      return hasStar || body.items.length === 0
        ? []
        : [{ at: body.items[0]?.from ?? body.from, count: body.items.length }];
    });
  }

  #change(change: Update | Delete): void {
    if (change.kind === 'update')
      this.#names(
        change.target.name,
        change.assignments.map(({ column }) => column),
      );
    if (change.with !== undefined) return;
    const target = tableItem(change.target, change.alias);
    const scope = this.#scope([target, ...change.fromItems], this.#catalog);
    for (const span of expressionsOf(change)) this.#expression(span, scope, span === change.from);
  }

  #merge({ target, source, sourceAlias, condition, branches }: Merge): void {
    // A query in its place is refused.
    if (source.name === undefined) return;
    if (this.#catalog.isView(source.name))
      this.problems.push({
        offset: source.offset,
        severity: 'error',
        message: `MERGE: the source must be a table, and ${source.name} is a view`,
      });
    const items = [tableItem(target), tableItem(source, sourceAlias)];
    const scope = this.#scope(items, this.#catalog);
    this.#expression(condition, scope);
    for (const { action } of branches) {
      if (action.kind === 'update') {
        for (const { column, value } of action.assignments) {
          this.#names(target.name, [column]);
          this.#expression(value, scope);
        }
      } else if (action.kind === 'insert') {
        this.#names(target.name, action.columns ?? []);
        this.#expression(action.values, scope);
        const count = splitCommas(this.#code, action.values).length;
        if (action.columns !== undefined && action.columns.length !== count)
          this.#warn(
            this.#code.offset(action.values.from),
            `${action.columns.length} columns are named, and ${count} values are inserted`,
          );
      }
    }
  }

  #query(query: Query, outerTables: Tables, outer?: Scope): void {
    const seen = new CommonTables(outerTables);
    for (const { name, columns, query: own } of query.with?.tables ?? []) {
      const names = columns?.map(({ key }) => key);
      if (query.with?.recursive === true) seen.set(name.key, names);
      this.#query(own, seen, outer);
      seen.set(name.key, names ?? outputOf(this.#code, own, seen));
    }
    const aliases = new Set<string>();
    for (const { body } of query.members)
      if (isSelect(body)) for (const { alias } of body.items) if (alias !== undefined) aliases.add(alias.key);
    for (const { body } of query.members) {
      if (isSelect(body)) this.#select(body, seen, aliases, outer);
      else this.#query(body, seen, outer);
    }
  }

  #select(select: Select, tables: Tables, aliases: ReadonlySet<string>, outer?: Scope): void {
    const scope = this.#scope(select.fromItems, tables, aliases, outer);
    for (const [name, span] of Object.entries(select.clauses)) {
      if (name === 'into') continue;
      this.#expression(span, scope, name === 'tables');
    }
  }

  #scope(
    items: readonly FromItem[],
    tables: Tables,
    aliases: ReadonlySet<string> = new Set(),
    outer?: Scope,
  ): Scope {
    const relations = items.map((item) => ({
      names: namesOf(item),
      columns: columnsOf(this.#code, item, tables),
    }));
    return { relations, aliases, tables, ...(outer && { outer }) };
  }

  /** @param isFrom a list of tables: only names behind a point, in its conditions, are columns for sure */
  #expression(span: Span, scope: Scope, isFrom = false): void {
    for (const query of subqueries(this.#code, span)) this.#query(query, scope.tables, scope);
    if (isFrom) this.#usings(span, scope);
    let behind = span.from;
    for (const i of ownTokens(this.#code, span)) {
      if (i < behind || !this.#code.isName(i) || this.#code.isMark(i - 1, '.')) continue;
      const { parts, next } = this.#code.path(i);
      behind = next;
      if (this.#code.isMark(next, '(') || this.#code.isMark(next, '.')) continue;
      const keys = parts.map((part) => nameKey(namePart(part)));
      if (keys.length > 1) this.#qualified(keys, i, scope);
      else if (!isFrom && isColumn(this.#code, i)) this.#plain(keys[0] ?? '', i, scope);
    }
  }

  /** JOIN … USING (a, b): columns that two relations have. */
  #usings({ from, to }: Span, { relations }: Scope): void {
    for (let i = from; i < to; i += 1) {
      if (!this.#code.is(i, 'USING') || !this.#code.isMark(i + 1, '(')) continue;
      for (const { key, at } of nameList(this.#code, i + 1).names) {
        const all = relations.filter(({ columns }) => columns?.includes(key) ?? true);
        if (all.length < 2) this.#warn(this.#code.offset(at), `column ${key} of USING is not in both tables`);
      }
    }
  }

  /** `t.a`, `s.t.a`, or a path into a column, which says nothing. */
  #qualified(keys: readonly string[], at: number, scope: Scope): void {
    for (let one: Scope | undefined = scope; one !== undefined; one = one.outer) {
      for (const { names, columns } of one.relations) {
        const prefix = names.find((name) => keys.join('.').startsWith(`${name}.`));
        if (prefix === undefined) continue;
        const depth = nameParts(prefix).length;
        const column = keys[depth];
        if (column === undefined || columns === undefined || columns.includes(column)) return;
        // A table in a list of tables: `FROM mart.t, mart.u`.
        if (this.#catalog.has(keys.join('.'))) return;
        this.#warn(
          this.#code.offset(at + 2 * depth),
          `${prefix} has no column ${column}${didYouMean(column, columns)}`,
        );
        return;
      }
    }
  }

  #plain(key: string, at: number, scope: Scope): void {
    const known: string[] = [];
    for (let one: Scope | undefined = scope; one !== undefined; one = one.outer) {
      if (one.aliases.has(key)) return;
      for (const { names, columns } of one.relations) {
        // A whole row, or a column of what is not known.
        if (columns === undefined || columns.includes(key) || names.includes(key)) return;
        known.push(...columns);
      }
    }
    if (scope.relations.length === 0) return;
    const tables = scope.relations.map(({ names }) => names[0]).join(', ');
    this.#warn(this.#code.offset(at), `column ${key} is not in ${tables}${didYouMean(key, known)}`);
  }
}

/** The tables of `GRANT … ON [TABLE] a, b TO …`, and of REVOKE. */
function granted(code: Code): NamedTable[] {
  const on = code.tokens.findIndex((_, i) => code.is(i, 'ON'));
  if (on === -1 || (!code.is(0, 'GRANT') && !code.is(0, 'REVOKE'))) return [];
  const found: NamedTable[] = [];
  for (let at = on; at === on || code.isMark(at, ',');) {
    const start = code.is(at + 1, 'TABLE') ? at + 2 : at + 1;
    if (!code.isName(start)) return [];
    const { next, ...table } = code.table(start);
    found.push(table);
    at = next;
    // Another kind of object: `ON SCHEMA s`.
    if (code.isName(at) && !code.is(at, 'TO') && !code.is(at, 'FROM')) return [];
  }
  return found;
}

function tableItem({ name, from }: TableName, alias?: Name): FromItem {
  return { source: { kind: 'table', name, at: from }, changed: false, ...(alias && { alias }) };
}

function lastPart(name: string): string {
  return nameParts(nameKey(name)).at(-1) ?? '';
}

/** One letter too many, too few or another, or two that changed places; other digits are another table. */
function isSlip(written: string, meant: string): boolean {
  if (written.replaceAll(/\D/g, '') !== meant.replaceAll(/\D/g, '')) return false;
  if (Math.min(written.length, meant.length) < 4) return false;
  let start = 0;
  while (start < meant.length && written[start] === meant[start]) start += 1;
  let end = 0;
  while (end < meant.length - start && written.at(-1 - end) === meant.at(-1 - end)) end += 1;
  const [left, right] = [written.slice(start, written.length - end), meant.slice(start, meant.length - end)];
  const swapped = left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
  return swapped || (left.length <= 1 && right.length <= 1);
}
