/** Reads the CSV of a test's table: double quotes, a line of column names. A field that is empty is NULL; `""` is the empty text. */

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
  /** As it is written, without its line end. */
  readonly text: string;
  readonly cells: readonly CsvCell[];
}

/** One field: quoted, or up to the next delimiter or line end. */
function fieldOf(delimiter: string): RegExp {
  const plain = delimiter.replace(/[\\\]^-]/, String.raw`\$&`);
  return new RegExp(`"((?:[^"]|"")*)"|([^${plain}"\\r\\n]*)`, 'y');
}

/** Every record with its line; lines without any text are left out, or are rows of one column that is NULL. */
function recordsOf(text: string, delimiter: string, keepsBlank = false): CsvRecord[] {
  const field = fieldOf(delimiter);
  const records: CsvRecord[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const cells: CsvCell[] = [];
    const [start, from] = [line, at];
    for (;;) {
      field.lastIndex = at;
      const [whole = '', quoted, plain = ''] = field.exec(text) ?? [];
      at += whole.length;
      line += whole.split('\n').length - 1;
      if (quoted === undefined) cells.push(plain === '' ? null : plain);
      else cells.push(quoted.replaceAll('""', '"'));
      if (text[at] !== delimiter) break;
      at += 1;
    }
    const end = /\r?\n|\r|$/y;
    end.lastIndex = at;
    const ending = end.exec(text);
    if (ending === null) throw new CsvError(line, quoteProblem(text, at, delimiter));
    at += ending[0].length;
    line += 1;
    if (cells.length > 1 || cells[0] !== null || keepsBlank)
      records.push({ line: start, text: text.slice(from, at - ending[0].length), cells });
  }
  return records;
}

function quoteProblem(text: string, at: number, delimiter: string): string {
  const before = text[at - 1] ?? '\n';
  const opensHere = text[at] === '"' && (before === delimiter || /[\r\n\uFEFF]/.test(before));
  return opensHere
    ? 'the quoted value is not closed'
    : 'a value that contains a quote must be quoted as a whole, with its quotes doubled: "5"" pipe"';
}

/** @throws CsvError */
export function parseCsv(text: string, delimiter = ','): CsvTable {
  const [header, ...records] = recordsOf(text, delimiter);
  if (header === undefined) throw new CsvError(1, 'the first line must have the names of the columns');
  const columns = header.cells.map((cell) => (cell ?? '').trim().toLowerCase());
  if (columns.includes('')) throw new CsvError(header.line, 'a column has no name');
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) throw new CsvError(header.line, `column ${twice} is there twice`);
  for (const { line, cells } of records)
    refuseOtherWidth(line, cells, columns.length, 'the first line names');
  return { columns, rows: records.map(({ cells }) => cells) };
}

/** The line of column names and the rows as they are written. @throws CsvError */
export function csvTexts(text: string): string[] {
  return recordsOf(text, ',').map((record) => record.text);
}

/** A row as `parseCsv` reads it. */
export function csvLine(cells: readonly CsvCell[]): string {
  return cells
    .map((cell) => {
      if (cell === null) return '';
      return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
    })
    .join(',');
}

/** Rows of a text without a line of column names. `width`: how many columns are expected. @throws CsvError */
export function parseCsvRows(
  text: string,
  width: number,
  delimiter: string,
): readonly (readonly CsvCell[])[] {
  return recordsOf(text, delimiter, width === 1).map(({ line, cells }) => {
    refuseOtherWidth(line, cells, width, 'the expectation has');
    return cells;
  });
}

function refuseOtherWidth(line: number, cells: readonly CsvCell[], width: number, where: string): void {
  if (cells.length !== width)
    throw new CsvError(line, `this line has ${cells.length} values, ${where} ${width} columns`);
}
