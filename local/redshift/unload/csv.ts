/** Rows of a result as UNLOAD … FORMAT CSV writes them. */
import type { FieldDef } from 'pg';

import type { UnloadCommand } from '../dialect/statements/unload.ts';
import { UnsupportedSqlError } from '../dialect/errors.ts';
import { typeName } from '../execute/fields.ts';

/** Types whose text in a file is known; of floating numbers and times with a zone it is not. */
const WRITTEN = new Set([
  'int2',
  'int4',
  'int8',
  'numeric',
  'varchar',
  'bpchar',
  'bool',
  'date',
  'timestamp',
]);

/** @throws UnsupportedSqlError naming a column that cannot be written */
export function headerLine(fields: readonly FieldDef[], { delimiter }: UnloadCommand): string {
  for (const { name, dataTypeID } of fields) {
    const type = typeName(dataTypeID) ?? 'unknown';
    if (!WRITTEN.has(type)) {
      const why = `column ${name}: cast it, for example to VARCHAR or DECIMAL`;
      throw new UnsupportedSqlError(`UNLOAD of ${type.toUpperCase()}`, why);
    }
  }
  return `${fields.map(({ name }) => quoted(name, delimiter)).join(delimiter)}\n`;
}

/** Booleans are `t` and `f` (*assumed*: the guide does not say); an empty string is written as nothing, like NULL. */
export function csvLine(
  row: readonly (string | null)[],
  fields: readonly FieldDef[],
  { delimiter, nullAs }: UnloadCommand,
): string {
  const cells = row.map((value, i) => {
    if (value === null) return nullAs;
    if (fields[i] !== undefined && typeName(fields[i].dataTypeID) === 'bpchar' && value.endsWith(' '))
      throw new UnsupportedSqlError('UNLOAD of CHAR with trailing blanks', 'cast it to VARCHAR');
    return quoted(value, delimiter);
  });
  return `${cells.join(delimiter)}\n`;
}

function quoted(value: string, delimiter: string): string {
  const needsQuotes = value.includes(delimiter) || /["\r\n]/.test(value);
  return needsQuotes ? `"${value.replaceAll('"', '""')}"` : value;
}
