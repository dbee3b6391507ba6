/** What a COPY of all-text columns would send to the database, with the bytes of its file handed in. */
import type { Column } from '../../../../local/redshift/copy/columns.ts';
import type { LoadError } from '../../../../local/redshift/copy/load-errors.ts';
import { LoadStopped, RowStream } from '../../../../local/redshift/copy/row-stream.ts';
import type { CopyCommand } from '../../../../local/redshift/dialect/copy-command.ts';

export interface ReadRows {
  readonly rows: readonly (readonly string[])[];
  readonly errors: readonly LoadError[];
  /** Nothing would be loaded. */
  readonly stopped: boolean;
}

/** @param columns of each how many */
export async function readRows(
  copy: CopyCommand,
  columns: number,
  chunks: readonly Buffer[],
): Promise<ReadRows> {
  const stream = new RowStream({
    copy,
    columns: Array.from({ length: columns }, (_, index) => textColumn(`c${String(index)}`)),
    files: [{ uri: 's3://bucket/key', path: 'handed in' }],
    read: async function* read() {
      yield* chunks;
    },
  });
  const out: Buffer[] = [];
  try {
    for await (const sent of stream.rows()) out.push(sent);
  } catch (error) {
    if (!(error instanceof LoadStopped)) throw error;
    return { rows: [], errors: stream.errors, stopped: true };
  }
  return { rows: rowsOf(Buffer.concat(out).toString()), errors: stream.errors, stopped: false };
}

export function cutInto(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

function textColumn(name: string): Column {
  return {
    name,
    type: 'varchar',
    length: 65_535,
    precision: undefined,
    scale: undefined,
    notNull: false,
    hasDefault: false,
  };
}

const UNESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };

/** PostgreSQL's text format of COPY. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((row) =>
      row
        .split('\t')
        .map((value) =>
          value === '\\N' ? 'NULL' : value.replaceAll(/\\(.)/g, (_, c: string) => UNESCAPED[c] ?? c),
        ),
    );
}
