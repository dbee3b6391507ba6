/** The rows of a test's table as INSERT statements. */
import type { GivenCell, GivenTable } from './test-case.ts';

const MOST_ROWS = 500;

/** A name of one or two parts; quoted, so that it may be a word of SQL. Redshift folds it to lower case. */
export function quotedName(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part.toLowerCase().replaceAll('"', '""')}"`)
    .join('.');
}

/** Text is a literal that the warehouse converts to the column's type; a backslash escapes in Redshift. */
function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function valueOf(cell: GivenCell): string {
  if (cell === undefined) return 'DEFAULT';
  if (cell === null) return 'NULL';
  return typeof cell === 'string' ? literal(cell) : `JSON_PARSE(${literal(cell.json)})`;
}

/** None for a table without rows. */
export function insertStatements({ table, columns, rows }: GivenTable): string[] {
  const into = `INSERT INTO ${quotedName(table)} (${columns.map(quotedName).join(', ')}) VALUES`;
  const statements: string[] = [];
  for (let i = 0; i < rows.length; i += MOST_ROWS) {
    const values = rows.slice(i, i + MOST_ROWS).map((row) => `(${row.map(valueOf).join(', ')})`);
    statements.push(`${into}\n${values.join(',\n')}`);
  }
  return statements;
}
