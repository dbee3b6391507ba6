/** One query on a session's backend: rows are handed on as they come, none is kept. */
import { Query } from 'pg';
import type { Client, FieldDef } from 'pg';

export interface QueryEnd {
  /** For example `SELECT`, `INSERT`, `CREATE`. */
  readonly command: string;
  /** Rows returned or affected, if the command reports it. */
  readonly rowCount: number | undefined;
  /** Empty: no result set. */
  readonly fields: readonly FieldDef[];
}

/**
 * The extended protocol takes one command only, as JDBC's prepared statements do.
 * @param onRow may throw: the rows after are dropped and the error is the query's
 */
export async function runQuery(
  client: Client,
  text: string,
  values: readonly string[],
  onRow: (row: readonly (string | null)[], fields: readonly FieldDef[]) => void,
): Promise<QueryEnd> {
  const config = { text, values: [...values], rowMode: 'array', queryMode: 'extended' };
  const query = new Query(config);
  let failure: unknown;
  return await new Promise<QueryEnd>((resolve, reject) => {
    query.on('row', (row: unknown, result: unknown) => {
      if (failure !== undefined) return;
      try {
        onRow(row as readonly (string | null)[], (result as { fields: readonly FieldDef[] }).fields);
      } catch (error) {
        failure = error;
      }
    });
    query.on('error', reject);
    query.on('end', (result: unknown) => {
      if (failure !== undefined) {
        reject(failure instanceof Error ? failure : new Error('a row could not be kept', { cause: failure }));
        return;
      }
      const { command, rowCount, fields } = result as {
        command: string | null;
        rowCount: number | null;
        fields: readonly FieldDef[];
      };
      resolve({ command: command ?? '', rowCount: rowCount ?? undefined, fields });
    });
    client.query(query);
  });
}
