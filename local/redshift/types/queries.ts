/** Walks statements: gives every query its scope and its columns, and its expressions to the resolver. */
import type {
  InsertStmt,
  JoinExpr,
  MergeStmt,
  Node,
  RangeVar,
  SelectStmt,
  UpdateStmt,
  WithClause,
} from 'libpg-query';

import { SqlError, UnsupportedSqlError } from '../dialect/errors.ts';
import type { Catalog } from './catalog.ts';
import { columnName } from './column-name.ts';
import { conversion } from './comparisons.ts';
import { Resolver } from './resolver.ts';
import type { Typed, Variables } from './resolver.ts';
import { checkAliases, emptyScope, namesOf, starColumns } from './scope.ts';
import type { CommonTables, Relation, Scope } from './scope.ts';
import type { Edit, UnnamedItem } from './splice.ts';
import { isNumber, isString, settled, typeText, UNKNOWN } from './type.ts';
import type { Column, Type } from './type.ts';

/** A column of a query: of each branch of its set operations the type and, if it is no star, the expression. */
export interface OutputColumn {
  readonly name: string;
  readonly branches: readonly Typed[];
}

/** Undefined: the columns are not known. */
export type Output = readonly OutputColumn[] | undefined;

/** What FROM has. */
interface Source {
  readonly relations: readonly Relation[];
  readonly star: readonly Column[] | undefined;
}

/** PostgreSQL types set operations two by two: a NULL of the first two is text before the third is seen. */
const BRANCHES_TYPED_AT_ONCE = 2;

export class Queries {
  /** Select items without a name. */
  readonly items: UnnamedItem[] = [];
  readonly #catalog: Catalog;
  readonly #variables: Variables;
  readonly #resolver: Resolver;

  constructor(catalog: Catalog, variables: Variables) {
    this.#catalog = catalog;
    this.#variables = variables;
    this.#resolver = new Resolver(catalog, variables, (select, scope) => {
      if (!('SelectStmt' in select)) return undefined;
      const [first] = this.#query(select.SelectStmt, scope.common, scope) ?? [];
      return first && { nodes: first.branches.flatMap(({ nodes }) => nodes), type: this.#typeOf(first) };
    });
  }

  get edits(): readonly Edit[] {
    return this.#resolver.edits;
  }

  /** The columns of any statement that returns or stores a query's; the others are only walked. */
  statement(node: Node): readonly Column[] | undefined {
    if ('SelectStmt' in node) return this.#columns(this.#query(node.SelectStmt, new Map()));
    if ('CreateTableAsStmt' in node) {
      const { query, objtype } = node.CreateTableAsStmt;
      if (objtype === 'OBJECT_MATVIEW' && query !== undefined && 'SelectStmt' in query)
        return this.#view(query.SelectStmt);
      return query && this.statement(query);
    }
    if ('ViewStmt' in node) {
      const { query } = node.ViewStmt;
      return query && 'SelectStmt' in query ? this.#view(query.SelectStmt) : undefined;
    }
    if ('DeclareCursorStmt' in node)
      return node.DeclareCursorStmt.query && this.statement(node.DeclareCursorStmt.query);
    if ('ExplainStmt' in node && node.ExplainStmt.query !== undefined) this.statement(node.ExplainStmt.query);
    else if ('InsertStmt' in node) this.#insert(node.InsertStmt);
    else if ('UpdateStmt' in node) this.#update(node.UpdateStmt);
    else if ('MergeStmt' in node) this.#merge(node.MergeStmt);
    else if ('DeleteStmt' in node) {
      const { relation, usingClause = [], whereClause, withClause } = node.DeleteStmt;
      const common = this.#with(withClause, new Map());
      this.#walk(whereClause, this.#scope([...asNodes(relation), ...usingClause], common));
    }
    return undefined;
  }

  /** The columns of a view: PostgreSQL would not know the size of a computed DECIMAL. */
  #view(query: SelectStmt): readonly Column[] | undefined {
    const output = this.#query(query, new Map());
    const isOrdered = query.distinctClause !== undefined && query.sortClause !== undefined;
    for (const { branches } of isOrdered ? [] : (output ?? []))
      for (const branch of branches)
        if (branch.type.size !== undefined && !branch.nodes.some((node) => 'ColumnRef' in node))
          this.#resolver.convert(branch, branch.type);
    return this.#columns(output);
  }

  #typeOf({ branches }: OutputColumn): Type {
    return settled(branches[0]?.type ?? UNKNOWN);
  }

  #columns(output: Output): readonly Column[] | undefined {
    return output?.map((column) => ({ name: column.name, type: this.#typeOf(column) }));
  }

  /** A whole query: its branches have one type when it is done. */
  #query(stmt: SelectStmt, tables: CommonTables, outer?: Scope): Output {
    const output = this.#select(stmt, tables, outer);
    return output?.map(({ name, branches }) => {
      if (branches.length === 1) return { name, branches };
      const type = this.#resolver.unify(branches);
      for (const branch of branches) {
        const isLate = branches.length > BRANCHES_TYPED_AT_ONCE && branch.type.kind === 'untyped';
        if (isLate && !['unknown', 'untyped', 'varchar', 'char', 'decimal'].includes(type.kind))
          this.#resolver.convert(branch, type);
      }
      return { name, branches: branches.map(({ nodes }) => ({ nodes, type })) };
    });
  }

  #select(stmt: SelectStmt, outerTables: CommonTables, outer?: Scope): Output {
    const tables = this.#with(stmt.withClause, outerTables, outer);
    if (stmt.larg !== undefined && stmt.rarg !== undefined) {
      const left = this.#select(stmt.larg, tables, outer);
      const right = this.#select(stmt.rarg, tables, outer);
      return bothOf(left, right);
    }
    if (stmt.valuesLists !== undefined) return this.#values(stmt.valuesLists, tables, outer);
    const scope = this.#scope(stmt.fromClause ?? [], tables, outer);
    const output = this.#targets(stmt.targetList ?? [], scope);
    for (const node of [stmt.whereClause, stmt.havingClause, stmt.limitCount, stmt.limitOffset])
      this.#walk(node, scope);
    for (const list of [stmt.groupClause, stmt.windowClause, stmt.sortClause])
      for (const node of list ?? []) this.#walk(node, scope);
    return output;
  }

  #walk(node: Node | undefined, scope: Scope): void {
    if (node !== undefined) this.#resolver.typeOf(node, scope);
  }

  #targets(targets: readonly Node[], scope: Scope): Output {
    const columns: (readonly OutputColumn[] | undefined)[] = targets.map((target) => {
      if (!('ResTarget' in target) || target.ResTarget.val === undefined) return undefined;
      const { name, val } = target.ResTarget;
      const star = this.#star(val, scope);
      if (star !== undefined)
        return star.columns?.map((column, at, columns) => {
          const place = 'ColumnRef' in val ? { star: { node: val, at, columns } } : {};
          return { name: column.name, branches: [{ nodes: [], type: column.type, ...place }] };
        });
      if (name === undefined) this.items.push({ node: val, name: columnName(val) });
      const item = this.#resolver.typed(val, scope);
      // The translator of QUALIFY takes whole rows, under names of its own.
      if (item.type.row !== undefined && name?.startsWith('~') !== true)
        throw new SqlError(`column "${columnName(val)}" does not exist`, '42703');
      return [{ name: name ?? columnName(val), branches: [item] }];
    });
    const known = columns.filter((each) => each !== undefined);
    return known.length === columns.length ? known.flat() : undefined;
  }

  /** `*`, `t.*` or `(row).*`. */
  #star(node: Node, scope: Scope): { readonly columns: readonly Column[] | undefined } | undefined {
    if ('ColumnRef' in node) {
      const names = namesOf(node.ColumnRef);
      return names.at(-1) === '*' ? { columns: starColumns(names, scope) } : undefined;
    }
    if (!('A_Indirection' in node)) return undefined;
    const { arg, indirection = [] } = node.A_Indirection;
    const last = indirection.at(-1);
    if (arg === undefined || last === undefined || !('A_Star' in last)) return undefined;
    return { columns: this.#resolver.typeOf(arg, scope).row };
  }

  #values(lists: readonly Node[], tables: CommonTables, outer?: Scope): Output {
    const scope = emptyScope(tables, outer);
    const rows = lists.map((list) =>
      'List' in list ? (list.List.items ?? []).map((item) => this.#resolver.typed(item, scope)) : [],
    );
    return rows[0]?.map((_, at) => ({
      name: `column${String(at + 1)}`,
      branches: rows.flatMap((row) => row[at] ?? []),
    }));
  }

  #with(clause: WithClause | undefined, outerTables: CommonTables, outer?: Scope): CommonTables {
    if (clause === undefined) return outerTables;
    const tables = new Map(outerTables);
    for (const node of clause.ctes ?? []) {
      if (!('CommonTableExpr' in node)) continue;
      const { ctename = '', ctequery, aliascolnames } = node.CommonTableExpr;
      const named = (output: Output) => renamed(this.#columns(output), namesIn(aliascolnames));
      if (ctequery === undefined || !('SelectStmt' in ctequery)) {
        if (ctequery !== undefined) this.statement(ctequery);
        tables.set(ctename, undefined);
        continue;
      }
      const query = ctequery.SelectStmt;
      if (clause.recursive === true)
        tables.set(ctename, this.#firstBranch(query, tables, outer, namesIn(aliascolnames)));
      const output = this.#query(query, tables, outer);
      if (clause.recursive === true) this.#sameInAll(output);
      tables.set(ctename, named(output));
    }
    return tables;
  }

  /** PostgreSQL wants the branches of a recursive table to have one type, with its size. */
  #sameInAll(output: Output): void {
    for (const { branches } of output ?? []) {
      const type = branches[0]?.type ?? UNKNOWN;
      const target: Type = isString(type) ? { kind: 'varchar' } : type;
      if (branches.length > 1 && (isString(type) || isNumber(type)))
        for (const branch of branches) this.#resolver.convert(branch, target);
    }
  }

  /** A recursive table has the types of its first branch. That is looked at once more, so its edits do not count. */
  #firstBranch(
    query: SelectStmt,
    tables: CommonTables,
    outer: Scope | undefined,
    names: readonly string[],
  ): readonly Column[] | undefined {
    if (query.larg === undefined) return undefined;
    const apart = new Queries(this.#catalog, this.#variables);
    return renamed(
      apart.#columns(apart.#query(query.larg, apart.#with(query.withClause, tables, outer), outer)),
      names,
    );
  }

  #scope(from: readonly Node[], tables: CommonTables, outer?: Scope): Scope {
    const scope = emptyScope(tables, outer);
    const relations: Relation[] = [];
    let star: readonly Column[] | undefined = [];
    for (const node of from) {
      const source = this.#source(node, { ...scope, relations }, tables);
      relations.push(...source.relations);
      star = star && source.star && [...star, ...source.star];
    }
    checkAliases(relations);
    return { ...scope, relations, star };
  }

  #source(node: Node, scope: Scope, tables: CommonTables): Source {
    if ('RangeVar' in node) return this.#table(node.RangeVar, tables);
    if ('JoinExpr' in node) return this.#join(node.JoinExpr, scope, tables);
    if ('RangeSubselect' in node) {
      const { subquery, alias, lateral } = node.RangeSubselect;
      if (subquery === undefined || !('SelectStmt' in subquery)) return { relations: [], star: undefined };
      const columns = this.#columns(
        this.#query(subquery.SelectStmt, tables, lateral === true ? scope : scope.outer),
      );
      return relation(alias?.aliasname, renamed(columns, namesIn(alias?.colnames)));
    }
    if ('RangeFunction' in node) return relation(node.RangeFunction.alias?.aliasname, undefined);
    return { relations: [{ name: undefined, columns: undefined }], star: undefined };
  }

  #table({ schemaname, relname = '', alias }: RangeVar, tables: CommonTables): Source {
    const isCommon = schemaname === undefined && tables.has(relname);
    const columns = isCommon ? tables.get(relname) : this.#catalog.columns(schemaname, relname);
    return relation(alias?.aliasname ?? relname, renamed(columns, namesIn(alias?.colnames)));
  }

  #join(
    { larg, rarg, quals, usingClause, isNatural, alias }: JoinExpr,
    scope: Scope,
    tables: CommonTables,
  ): Source {
    const none: Source = { relations: [], star: undefined };
    const left = larg === undefined ? none : this.#source(larg, scope, tables);
    const right =
      rarg === undefined
        ? none
        : this.#source(rarg, { ...scope, relations: [...scope.relations, ...left.relations] }, tables);
    const relations = [...left.relations, ...right.relations];
    this.#walk(quals, { ...scope, relations });
    for (const name of namesIn(usingClause)) checkShared(name, left.star, right.star);
    const star = joined(left.star, right.star, isNatural === true ? undefined : namesIn(usingClause));
    return alias === undefined
      ? { relations, star }
      : relation(alias.aliasname, renamed(star, namesIn(alias.colnames)));
  }

  #insert({ relation: target, cols, selectStmt, withClause }: InsertStmt): void {
    const tables = this.#with(withClause, new Map());
    const known = this.#catalog.columns(target?.schemaname, target?.relname ?? '');
    const names = cols?.map((col) => ('ResTarget' in col ? col.ResTarget.name : undefined));
    const types = (names ?? known?.map(({ name }) => name) ?? []).map(
      (name) => known?.find((each) => each.name === name)?.type,
    );
    if (selectStmt === undefined || !('SelectStmt' in selectStmt)) return;
    const { SelectStmt: query } = selectStmt;
    // The rows of VALUES are converted one by one.
    const output = query.valuesLists === undefined ? this.#query(query, tables) : this.#select(query, tables);
    for (const [at, { branches }] of (output ?? []).entries())
      for (const branch of branches) this.#resolver.assign(branch, types[at]);
  }

  #update({ relation: target, targetList, whereClause, fromClause = [], withClause }: UpdateStmt): void {
    const scope = this.#scope([...asNodes(target), ...fromClause], this.#with(withClause, new Map()));
    this.#assignments(targetList ?? [], target, scope);
    this.#walk(whereClause, scope);
  }

  #assignments(targets: readonly Node[], table: RangeVar | undefined, scope: Scope): void {
    const columns = this.#catalog.columns(table?.schemaname, table?.relname ?? '');
    for (const target of targets) {
      if (!('ResTarget' in target) || target.ResTarget.val === undefined) continue;
      const { name, val } = target.ResTarget;
      const type = columns?.find((column) => column.name === name)?.type;
      this.#resolver.assign(this.#resolver.typed(val, scope), type);
    }
  }

  #merge({ relation: target, sourceRelation, joinCondition, mergeWhenClauses, withClause }: MergeStmt): void {
    const from = [...asNodes(target), ...(sourceRelation === undefined ? [] : [sourceRelation])];
    const scope = this.#scope(from, this.#with(withClause, new Map()));
    this.#walk(joinCondition, scope);
    const columns = this.#catalog.columns(target?.schemaname, target?.relname ?? '');
    for (const clause of mergeWhenClauses ?? []) {
      if (!('MergeWhenClause' in clause)) continue;
      const { condition, targetList = [], values } = clause.MergeWhenClause;
      this.#walk(condition, scope);
      if (values === undefined) this.#assignments(targetList, target, scope);
      const names = targetList.map((each) => ('ResTarget' in each ? each.ResTarget.name : undefined));
      for (const [at, value] of (values ?? []).entries()) {
        const type =
          names.length === 0 ? columns?.[at]?.type : columns?.find(({ name }) => name === names[at])?.type;
        this.#resolver.assign(this.#resolver.typed(value, scope), type);
      }
    }
  }
}

function asNodes(table: RangeVar | undefined): readonly Node[] {
  return table === undefined ? [] : [{ RangeVar: table }];
}

function relation(name: string | undefined, given: readonly Column[] | undefined): Source {
  const columns = given?.map(({ name: column, type }): Column => {
    const own = { name: column, type };
    return name === undefined ? own : { ...own, relation: name };
  });
  return { relations: [{ name, columns }], star: columns };
}

function namesIn(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).map((node) => ('String' in node ? (node.String.sval ?? '') : ''));
}

/** The first columns under other names. */
function renamed(
  columns: readonly Column[] | undefined,
  names: readonly string[],
): readonly Column[] | undefined {
  return columns?.map((column, at) => ({ ...column, name: names[at] ?? column.name }));
}

function bothOf(left: Output, right: Output): Output {
  if (left?.length !== right?.length) return undefined;
  return left?.map(({ name, branches }, at) => ({
    name,
    branches: [...branches, ...(right?.[at]?.branches ?? [])],
  }));
}

/** USING names no expression that could be cast. */
function checkShared(
  name: string,
  left: readonly Column[] | undefined,
  right: readonly Column[] | undefined,
): void {
  const [a, b] = [left, right].map((columns) => columns?.find((column) => column.name === name)?.type);
  if (a === undefined || b === undefined || Object.keys(conversion(a, b) ?? { none: true }).length === 0)
    return;
  throw new UnsupportedSqlError(`USING (${name}) of ${typeText(a)} and ${typeText(b)}`, 'use ON');
}

/** The star of a join: columns of USING are there once, and first. Undefined names: a NATURAL join. */
function joined(
  left: readonly Column[] | undefined,
  right: readonly Column[] | undefined,
  names: readonly string[] | undefined,
): readonly Column[] | undefined {
  if (left === undefined || right === undefined) return undefined;
  const shared =
    names ?? left.map(({ name }) => name).filter((name) => right.some((each) => each.name === name));
  const isShared = ({ name }: Column): boolean => shared.includes(name);
  return [
    ...shared.flatMap((name) => {
      const type = left.find((column) => column.name === name)?.type;
      return type === undefined ? [] : [{ name, type }];
    }),
    ...left.filter((column) => !isShared(column)),
    ...right.filter((column) => !isShared(column)),
  ];
}
