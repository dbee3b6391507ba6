/** What is left at the end of a test: the rows of every table, and the objects that no test has put there. */
import type { Cell } from '../../aws/sql-client.ts';
import { quotedName } from '../insert.ts';
import type { LocalBaton } from '../local-baton.ts';

export interface TableState {
  /** `schema.table`, or `s3://bucket` with the columns key and content. */
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns whose values are numbers of the warehouse's choice (IDENTITY). */
  readonly generated: readonly string[];
  /** Columns of times. */
  readonly times: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** By name of the table. */
export type Snapshot = ReadonlyMap<string, TableState>;

const COLUMNS = `
SELECT c.table_schema AS s, c.table_name AS t, c.column_name AS c, c.data_type AS d, c.is_identity AS i
FROM information_schema.columns c
JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE t.table_type = 'BASE TABLE'
  AND c.table_schema NOT IN ('pg_catalog', 'information_schema', 'baton')
  AND c.table_schema NOT LIKE 'pg!_%' ESCAPE '!' AND c.table_schema NOT LIKE 'redshift!_%' ESCAPE '!'
ORDER BY 1, 2, c.ordinal_position`;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isIdentity: boolean;
}

/** Baton's own tables are left out. `put`: bucket and key, joined by `/`, of the objects that the test put. */
export async function snapshotOf(local: LocalBaton, put: ReadonlySet<string>): Promise<Snapshot> {
  const tables = new Map<string, Column[]>();
  for (const { s, t, c, d, i } of await local.query(COLUMNS)) {
    const name = `${String(s)}.${String(t)}`;
    const columns = tables.get(name) ?? [];
    tables.set(name, columns);
    columns.push({ name: String(c), type: String(d), isIdentity: i === 'YES' });
  }
  const names = [...tables];
  const results = await local.execute(names.map(([name, columns]) => selectOf(name, columns)));
  const states = names.map(([name, columns], i): TableState => ({
    name,
    columns: columns.map((column) => column.name),
    generated: columns.filter(({ isIdentity }) => isIdentity).map((column) => column.name),
    times: columns.filter(({ type }) => /^(timestamp|date|time)/.test(type)).map((column) => column.name),
    rows: results[i]?.rows ?? [],
  }));
  return new Map([...states, ...(await filesOf(local, put))].map((state) => [state.name, state]));
}

/** A BIGINT may have more digits than a number of JavaScript. */
function selectOf(table: string, columns: readonly Column[]): string {
  const list = columns.map(({ name, type }) =>
    type === 'bigint' ? `CAST(${quotedName(name)} AS VARCHAR)` : quotedName(name),
  );
  return `SELECT ${list.length === 0 ? '*' : list.join(', ')} FROM ${quotedName(table)}`;
}

async function filesOf(local: LocalBaton, put: ReadonlySet<string>): Promise<TableState[]> {
  const states: TableState[] = [];
  for (const bucket of await local.buckets()) {
    const rows: Cell[][] = [];
    for (const key of await local.keys('', bucket)) {
      if (put.has(`${bucket}/${key}`)) continue;
      rows.push([key, Buffer.from(await local.get(key, bucket)).toString('latin1')]);
    }
    if (rows.length > 0)
      states.push({ name: `s3://${bucket}`, columns: ['key', 'content'], generated: [], times: [], rows });
  }
  return states;
}
