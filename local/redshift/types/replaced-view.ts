/**
 * CREATE OR REPLACE VIEW of a view that an earlier version of the local warehouse made: its computed columns had PostgreSQL's
 * types, and PostgreSQL replaces a view only by one with the same types. It is dropped first.
 */
import type { Node } from 'libpg-query';

import { quoteName } from '../dialect/nodes.ts';
import type { Catalog } from './catalog.ts';
import { isInteger } from './type.ts';
import type { Column, Type } from './type.ts';

/** The statement that drops it; undefined: it can be replaced, or PostgreSQL's refusal is Redshift's. */
export function dropOf(
  tree: Node,
  columns: readonly Column[] | undefined,
  catalog: Catalog,
): string | undefined {
  if (!('ViewStmt' in tree) || tree.ViewStmt.replace !== true || columns === undefined) return undefined;
  const { schemaname, relname = '' } = tree.ViewStmt.view ?? {};
  const names = tree.ViewStmt.aliases?.map((alias) => ('String' in alias ? alias.String.sval : undefined));
  const old = catalog.columns(schemaname, relname);
  if (old === undefined || columns.length < old.length) return undefined;
  const isSame = old.every(({ name }, at) => name === (names?.[at] ?? columns[at]?.name));
  const isEarlier = old.some(({ type }, at) => wasComputed(type, columns[at]?.type));
  if (!isSame || !isEarlier) return undefined;
  return `drop view ${schemaname === undefined ? '' : `${quoteName(schemaname)}.`}${quoteName(relname)}`;
}

/** DECIMAL without a size, or DOUBLE in the place of a whole number. */
function wasComputed(old: Type, now: Type | undefined): boolean {
  if (now === undefined || now.kind === 'unknown') return false;
  if (old.kind === 'decimal' && old.size === undefined)
    return now.kind === 'double precision' || (now.kind === 'decimal' && now.size !== undefined);
  return old.kind === 'double precision' && (isInteger(now) || now.kind === 'decimal');
}
