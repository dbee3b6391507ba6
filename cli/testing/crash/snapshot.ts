/** What is left at the end of a test: the rows of every table, and the objects that no test has put there. */
import type { Cell } from '../../aws/sql-client.ts';
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

/** Baton's own tables are left out. `put`: bucket and key, joined by `/`, of the objects that the test put. */
export async function snapshotOf(local: LocalBaton, put: ReadonlySet<string>): Promise<Snapshot> {
  const states = (await local.tables()).map(({ name, columns, rows }): TableState => ({
    name,
    columns: columns.map((column) => column.name),
    generated: columns.filter(({ isIdentity }) => isIdentity).map((column) => column.name),
    times: columns.filter(({ type }) => /^(timestamp|date|time)/.test(type)).map((column) => column.name),
    rows,
  }));
  return new Map([...states, ...(await filesOf(local, put))].map((state) => [state.name, state]));
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
