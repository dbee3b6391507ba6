/** The result of a query as a table, or as JSON: one object a row. */
import type { Cell, SqlResult } from '../aws/sql-client.ts';
import { formatTable } from '../table.ts';

const NUMBERS = /^(int|float|numeric|decimal|bigint|smallint|double|real)/i;

function cellText(cell: Cell): string {
  return cell === null ? '' : String(cell);
}

/** Result columns may share a name; keys of an object may not: `name`, `name_2`. */
function keysOf(columns: readonly { readonly name: string }[]): string[] {
  const used = new Set<string>();
  return columns.map(({ name }) => {
    let key = name;
    for (let i = 2; used.has(key); i += 1) key = `${name}_${i}`;
    used.add(key);
    return key;
  });
}

/** Rows as objects; a statement without a result set answers `{ "rowsAffected": n }`. */
export function resultJson(result: SqlResult): unknown {
  if (result.columns === undefined) return { rowsAffected: result.affected ?? null };
  const keys = keysOf(result.columns);
  return result.rows.map((row) => Object.fromEntries(keys.map((key, i) => [key, row[i] ?? null])));
}

/** An aligned table; NULL is shown as nothing, numbers stand to the right. */
export function resultTable(result: SqlResult): string | undefined {
  if (result.columns === undefined) return undefined;
  const columns = result.columns.map(({ name, type }) => ({ title: name, right: NUMBERS.test(type) }));
  return formatTable(
    columns,
    result.rows.map((row) => row.map(cellText)),
  );
}
