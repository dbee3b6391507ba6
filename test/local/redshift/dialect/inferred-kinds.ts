/** Compares the inferred types of a result with PostgreSQL's: another kind of value is a mistake of the inference. */
import type { FieldDef } from 'pg';

import type { Column, Kind } from '../../../../local/redshift/types/type.ts';

/** Kinds whose values look alike are one. */
const GROUPS: Readonly<Record<number, readonly Kind[]>> = {
  16: ['boolean'],
  19: ['varchar'],
  20: ['smallint', 'integer', 'bigint'],
  21: ['smallint', 'integer', 'bigint'],
  23: ['smallint', 'integer', 'bigint'],
  25: ['varchar', 'char', 'untyped'],
  114: ['super'],
  700: ['real'],
  701: ['double precision'],
  1042: ['varchar', 'char'],
  1043: ['varchar', 'char'],
  1082: ['date'],
  1083: ['time'],
  1114: ['timestamp'],
  1184: ['timestamptz'],
  1186: ['interval'],
  1266: ['timetz'],
  1700: ['decimal'],
};

/** @throws Error naming the column, its inferred kind and PostgreSQL's type */
export function checkKinds(inferred: readonly Column[] | undefined, fields: readonly FieldDef[]): void {
  if (inferred === undefined || fields.length === 0) return;
  if (inferred.length !== fields.length)
    throw new Error(
      `${String(inferred.length)} columns are inferred, PostgreSQL gives ${String(fields.length)}`,
    );
  for (const [at, { name, type }] of inferred.entries()) {
    const field = fields[at];
    const group = GROUPS[field?.dataTypeID ?? 0];
    if (type.kind === 'unknown' || group === undefined) continue;
    if (field?.name !== name) throw new Error(`the column ${String(field?.name)} is inferred as ${name}`);
    if (!group.includes(type.kind))
      throw new Error(
        `${name} is inferred as ${type.kind}, PostgreSQL gives the type ${String(field.dataTypeID)}`,
      );
  }
}
