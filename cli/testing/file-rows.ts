/** What is in the files that a test expects in a bucket. Pure. */
import { gunzipSync } from 'node:zlib';

import { decodeUtf8 } from '../../shared/pipeline/utf8.ts';
import { CommandError, EXIT } from '../exit.ts';
import { comparedColumns, type FoundRows } from './compare.ts';
import { CsvError, parseCsv, parseCsvRows, type CsvCell } from './csv.ts';
import type { ExpectedFiles } from './test-case.ts';

export interface FoundFile {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Decompressed where the key ends in .gz. @throws CommandError (exit 1) for one that is no text */
export function textOfFile({ key, bytes }: FoundFile): string {
  const isGzip = /\.gz$/i.test(key);
  let plain = bytes;
  try {
    if (isGzip) plain = gunzipSync(bytes);
  } catch (error) {
    throw new CommandError(EXIT.failed, `${key} ends in .gz and is not compressed with gzip`, {
      cause: error,
    });
  }
  const { text, problem } = decodeUtf8(plain);
  if (problem === undefined) return text;
  throw new CommandError(
    EXIT.failed,
    `${key} line ${problem.line}, column ${problem.column}: ${problem.message}`,
  );
}

type Expected = ExpectedFiles['expected'] & { readonly kind: 'rows' };

/** The rows of all files, in the columns that are compared. A manifest has none. @throws CommandError (exit 1) */
export function rowsOfFiles(files: readonly FoundFile[], expected: Expected): FoundRows {
  const columns = comparedColumns(expected);
  const rows = files
    .filter(({ key }) => !key.endsWith('manifest'))
    .flatMap((file) => rowsOfFile(file, columns, expected));
  const types = columns.map((column) => {
    const tolerance = expected.within.get(column);
    if (tolerance === undefined) return 'varchar';
    return tolerance.kind === 'time' ? 'timestamp' : 'numeric';
  });
  return { types, rows };
}

function rowsOfFile(
  file: FoundFile,
  columns: readonly string[],
  { header, delimiter }: Expected,
): (readonly CsvCell[])[] {
  const text = textOfFile(file);
  try {
    if (!header) return [...parseCsvRows(text, columns.length, delimiter)];
    const found = parseCsv(text, delimiter);
    const places = columns.map((column) => found.columns.indexOf(column));
    const unknown = columns.find((_, i) => places[i] === -1);
    if (unknown !== undefined)
      throw new CommandError(
        EXIT.failed,
        `${file.key} has no column ${unknown}; its columns: ${found.columns.join(', ')}`,
      );
    return found.rows.map((row) => places.map((place) => row[place] ?? null));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CommandError(EXIT.failed, `${file.key} line ${error.line}: ${error.message}`, { cause: error });
  }
}

/** The first line that differs, for people; undefined where the texts are equal. */
export function contentDifference(expected: string, found: string): string | undefined {
  if (expected === found) return undefined;
  const [wanted, there] = [linesOf(expected), linesOf(found)];
  const at = wanted.findIndex((line, i) => line !== there[i]);
  const line = at === -1 ? wanted.length : at;
  const shown = (lines: readonly string[]): string => {
    const one = lines[line];
    return one === undefined ? 'the end' : JSON.stringify(one);
  };
  return `line ${line + 1}: expected ${shown(wanted)}, found ${shown(there)}`;
}

/** With their ends. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}
