/** What a name in a query can mean: relations of FROM, then those of the queries around it, and common table expressions. */
import type { ColumnRef } from 'libpg-query';

import { UNKNOWN } from './type.ts';
import type { Column, Type } from './type.ts';

export interface Relation {
  /** Undefined: its columns have no qualifier. */
  readonly name: string | undefined;
  /** Undefined: not known. */
  readonly columns: readonly Column[] | undefined;
}

export type CommonTables = ReadonlyMap<string, readonly Column[] | undefined>;

export interface Scope {
  readonly relations: readonly Relation[];
  /** What `*` stands for; undefined: not known. */
  readonly star: readonly Column[] | undefined;
  readonly common: CommonTables;
  readonly outer?: Scope;
}

/** The relation of NULL columns that the translator adds to guard lateral aliases. */
const GUARD = '~alias';

/** A name that is an alias in the text and a column of FROM. */
export class AliasIsColumn extends Error {
  readonly column: string;
  constructor(column: string) {
    super(`column reference "${column}" is ambiguous`);
    this.column = column;
  }
}

/** @throws AliasIsColumn where FROM has a column that the guard names too */
export function checkAliases(relations: readonly Relation[]): void {
  const guard = relations.find(({ name }) => name === GUARD);
  for (const { name } of guard?.columns ?? [])
    if (relations.some((one) => one !== guard && one.columns?.some((column) => column.name === name)))
      throw new AliasIsColumn(name);
}

export function emptyScope(common: CommonTables, outer?: Scope): Scope {
  return { relations: [], star: [], common, ...(outer === undefined ? {} : { outer }) };
}

/** The parts of a name; `*` for a star. */
export function namesOf({ fields = [] }: ColumnRef): readonly string[] {
  return fields.map((field) => ('String' in field ? (field.String.sval ?? '') : '*'));
}

export function typeOfColumn(names: readonly string[], scope: Scope): Type {
  const [last = ''] = names.slice(-1);
  if (names.length > 1) {
    const relation = relationOf(names.at(-2) ?? '', scope);
    return relation?.columns?.find(({ name }) => name === last)?.type ?? UNKNOWN;
  }
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    for (const { name, columns } of at.relations) {
      const found = name === GUARD ? undefined : columns?.find((column) => column.name === last);
      if (found !== undefined) return found.type;
    }
    if (at.relations.some(({ columns }) => columns === undefined)) return UNKNOWN;
  }
  const row = relationOf(last, scope)?.columns;
  return row === undefined ? UNKNOWN : { kind: 'unknown', row };
}

function relationOf(name: string, scope: Scope): Relation | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const found = at.relations.find((relation) => relation.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function starColumns(names: readonly string[], scope: Scope): readonly Column[] | undefined {
  if (names.length === 1) return scope.star;
  return relationOf(names.at(-2) ?? '', scope)?.columns;
}
