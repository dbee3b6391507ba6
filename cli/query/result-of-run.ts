/** The answer of `operate` to a query, as other results of the command: numbers and truth values are not text in JSON. */
import type { QueryResult } from '../../shared/events/requests.ts';
import type { Cell, SqlResult } from '../aws/sql-client.ts';

export function resultOfRun({ columns, rows, total }: QueryResult): SqlResult {
  return {
    columns,
    rows: rows.map((row) => row.map((text, i) => cellOf(text, columns[i]?.type ?? ''))),
    affected: total,
  };
}

/** A number of more digits than JavaScript has stays text. */
function cellOf(text: string | null, type: string): Cell {
  if (text === null) return null;
  if (type === 'bool') return text === 'true';
  if (!/^(?:int|float)/.test(type)) return text;
  const number = Number(text);
  return type.startsWith('int') && !Number.isSafeInteger(number) ? text : number;
}
