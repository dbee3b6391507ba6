/** Reads the CSV of a test's table: comma, double quotes, a line of column names. A field that is empty is NULL; `""` is the empty text. */

/** Text as written; null is NULL. */
export type CsvCell = string | null;

export interface CsvTable {
  /** In lower case, as the warehouse names them. */
  readonly columns: readonly string[];
  /** As many cells as columns. */
  readonly rows: readonly (readonly CsvCell[])[];
}

/** What is wrong, and in which line of the text, from 1. */
export class CsvError extends Error {
  override name = 'CsvError';
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

interface CsvRecord {
  readonly line: number;
  readonly cells: readonly CsvCell[];
}

/** One field: quoted, or up to the next comma or line end. */
const FIELD = /"((?:[^"]|"")*)"|([^,"\r\n]*)/y;

/** Every record with its line; lines without any text are left out. */
function recordsOf(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const cells: CsvCell[] = [];
    const start = line;
    for (;;) {
      FIELD.lastIndex = at;
      const [whole = '', quoted, plain = ''] = FIELD.exec(text) ?? [];
      at += whole.length;
      line += whole.split('\n').length - 1;
      if (quoted === undefined) cells.push(plain === '' ? null : plain);
      else cells.push(quoted.replaceAll('""', '"'));
      if (text[at] !== ',') break;
      at += 1;
    }
    const end = /\r?\n|\r|$/y;
    end.lastIndex = at;
    const ending = end.exec(text);
    if (ending === null) throw new CsvError(line, quoteProblem(text, at));
    at += ending[0].length;
    line += 1;
    if (cells.length > 1 || cells[0] !== null) records.push({ line: start, cells });
  }
  return records;
}

function quoteProblem(text: string, at: number): string {
  const opensHere = text[at] === '"' && (at === 0 || /[,\r\n\uFEFF]/.test(text[at - 1] ?? ''));
  return opensHere
    ? 'the quoted value is not closed'
    : 'a value that contains a quote must be quoted as a whole, with its quotes doubled: "5"" pipe"';
}

/** @throws CsvError */
export function parseCsv(text: string): CsvTable {
  const [header, ...records] = recordsOf(text);
  if (header === undefined) throw new CsvError(1, 'the first line must have the names of the columns');
  const columns = header.cells.map((cell) => (cell ?? '').trim().toLowerCase());
  if (columns.includes('')) throw new CsvError(header.line, 'a column has no name');
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) throw new CsvError(header.line, `column ${twice} is there twice`);
  for (const { line, cells } of records) {
    if (cells.length !== columns.length) {
      throw new CsvError(
        line,
        `this line has ${cells.length} values, the first line names ${columns.length} columns`,
      );
    }
  }
  return { columns, rows: records.map(({ cells }) => cells) };
}
