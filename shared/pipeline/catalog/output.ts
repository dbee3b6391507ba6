/** The columns of a query's result, where its text tells them. */
import type { Code } from '../code.ts';
import { nameKey, namePart } from '../table-name.ts';
import type { FromItem, Query, Select, SelectItem } from '../statements/query.ts';
import { isSelect } from '../statements/query.ts';
import type { Columns } from './catalog.ts';

/** Where tables are looked up. */
export interface Tables {
  columns(name: string): Columns;
}

/** Common table expressions hide tables of their names. */
export class CommonTables implements Tables {
  readonly #tables = new Map<string, Columns>();
  readonly #outer: Tables;

  constructor(outer: Tables) {
    this.#outer = outer;
  }

  set(key: string, columns: Columns): void {
    this.#tables.set(key, columns);
  }

  columns(name: string): Columns {
    const key = nameKey(name);
    return this.#tables.has(key) ? this.#tables.get(key) : this.#outer.columns(name);
  }
}

/** The tables that a query sees: those outside, and its own common table expressions. */
function tablesOf(code: Code, query: Query, outer: Tables): Tables {
  if (query.with === undefined) return outer;
  const { recursive, tables } = query.with;
  const seen = new CommonTables(outer);
  for (const { name, columns, query: own } of tables) {
    const names = columns?.map(({ key }) => key);
    if (recursive) seen.set(name.key, names);
    seen.set(name.key, names ?? outputOf(code, own, seen));
  }
  return seen;
}

export function outputOf(code: Code, query: Query, outer: Tables): Columns {
  const tables = tablesOf(code, query, outer);
  const body = query.members[0]?.body;
  if (body === undefined) return undefined;
  return isSelect(body) ? outputOfSelect(code, body, tables) : outputOf(code, body, tables);
}

function outputOfSelect(code: Code, { items, fromItems }: Select, tables: Tables): Columns {
  const names: string[] = [];
  for (const item of items) {
    const own = code.isMark(item.to - 1, '*')
      ? starOf(code, item, fromItems, tables)
      : nameOfItem(code, item);
    if (own === undefined) return undefined;
    names.push(...own);
  }
  return names;
}

/** An alias, or the last part of a column's name. */
function nameOfItem(code: Code, { alias, from, to }: SelectItem): string[] | undefined {
  if (alias !== undefined) return [alias.key];
  if (!code.isName(from)) return undefined;
  const { parts, next } = code.path(from);
  return next === to ? [nameKey(namePart(parts.at(-1) ?? ''))] : undefined;
}

/** `*` or `t.*`. */
function starOf(
  code: Code,
  { from, to }: SelectItem,
  items: readonly FromItem[],
  tables: Tables,
): string[] | undefined {
  const wanted =
    to - from === 3 && code.isMark(from + 1, '.')
      ? nameKey(namePart(code.tokens[from]?.text ?? ''))
      : undefined;
  if (wanted === undefined && to - from !== 1) return undefined;
  // JOIN … USING and NATURAL give columns once.
  if (wanted === undefined && items.length > 1) return undefined;
  const chosen = items.filter((item) => wanted === undefined || namesOf(item).includes(wanted));
  if (chosen.length !== 1) return undefined;
  return columnsOf(code, chosen[0], tables)?.slice();
}

/** What columns of the item may be qualified with. */
export function namesOf({ alias, source }: FromItem): string[] {
  if (alias !== undefined) return [alias.key];
  if (source.kind !== 'table') return [];
  const key = nameKey(source.name);
  return [key, key.slice(key.lastIndexOf('.') + 1)];
}

export function columnsOf(code: Code, item: FromItem | undefined, tables: Tables): Columns {
  if (item === undefined || item.changed) return undefined;
  const own = columnsOfSource(code, item, tables);
  const renamed = item.columns?.map(({ key }) => key) ?? [];
  return own && [...renamed, ...own.slice(renamed.length)];
}

function columnsOfSource(code: Code, item: FromItem, tables: Tables): Columns {
  switch (item.source.kind) {
    case 'table':
      return tables.columns(item.source.name);
    case 'query':
      return outputOf(code, item.source.query, tables);
    default:
      return undefined;
  }
}
