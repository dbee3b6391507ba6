/** Reads the rows of a test's tables: CSV or JSON, in test.yml or in files. */
import { extname } from 'node:path';

import { CsvError, parseCsv, type CsvTable } from './csv.ts';
import { parseJsonLines, parseJsonRows, rowsOfValues, type JsonRows, type ReadJson } from './json-rows.ts';
import { defined } from '../../shared/run/defined.ts';
import type { ExpectedRows, ExpectedTable, GivenTable, Origin } from './test-case.ts';
import type { WrittenRows, WrittenTable } from './test-shape.ts';
import type { Path, SourceText, TestSource } from './test-source.ts';
import { parseTolerance, TOLERANCE_WORDS, type Tolerance } from './tolerance.ts';

export function readGiven(
  source: TestSource,
  written: Readonly<Record<string, WrittenRows>> = {},
): GivenTable[] {
  return Object.entries(written).flatMap(([table, one]) => {
    const path = ['given', table];
    const read = readRows(source, one, path, table);
    if (read === undefined) return [];
    const { columns, rows } = read;
    return [{ table, columns, rows }];
  });
}

export function readTables(
  source: TestSource,
  written: Readonly<Record<string, WrittenTable>> = {},
): ExpectedTable[] {
  return Object.entries(written).flatMap(([table, one]) => {
    const path = ['expect', 'tables', table];
    const read = readRows(source, one, path, table);
    const settings = readColumns(source, one.columns, [...path, 'columns'], read?.columns);
    if (read === undefined) return [];
    const { origin } = read;
    const rows = read.rows.map((row, i) =>
      row.map((cell, at) => {
        if (cell === undefined)
          source.say(
            path,
            `row ${i + 1} of ${table} has no ${read.columns[at] ?? ''}: every row must name the same columns`,
          );
        return typeof cell === 'object' && cell !== null ? cell.json : (cell ?? null);
      }),
    );
    return [{ table, columns: read.columns, rows, ...settings, origin }];
  });
}

/** Undefined, and said so, where they cannot be read. `table`: for messages. */
function readRows(
  source: TestSource,
  written: WrittenRows,
  path: Path,
  table: string,
): (JsonRows & { readonly origin: Origin }) | undefined {
  if (!source.hasOne(written, ['csv', 'json', 'file'], path)) return undefined;
  const what = `the rows of ${table}`;
  if (written.json !== undefined) {
    const { problems, paths, ...rows } = rowsOfValues(written.json);
    if (rows.columns.length === 0 && rows.rows.length > 0) source.say(path, `${what} have no column`);
    for (const { at, message } of problems) source.say([...path, 'json', ...(paths[at] ?? [])], message);
    return { ...rows, origin: { form: 'json', path: [...path, 'json'] } };
  }
  const found = source.textOf(written, 'csv', path);
  if (found === undefined) return undefined;
  const extension = extname(found.file ?? '').toLowerCase();
  const at = defined({ file: found.file, path: found.path });
  if (extension === '.json')
    return { ...jsonOf(source, found, what, parseJsonRows(found.text)), origin: { form: 'json', ...at } };
  if (extension === '.jsonl' || extension === '.ndjson')
    return { ...jsonOf(source, found, what, parseJsonLines(found.text)), origin: { form: 'jsonl', ...at } };
  const csv = readCsv(source, found, path, what);
  return csv && { ...csv, origin: { form: 'csv', ...at } };
}

/** Undefined, and said so, where it is none. */
export function readCsv(
  source: TestSource,
  found: SourceText,
  path: Path,
  what: string,
): CsvTable | undefined {
  try {
    return parseCsv(found.text);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    source.sayIn({ ...found, path }, lineStart(found.text, error.line), what, error.message);
    return undefined;
  }
}

function jsonOf(source: TestSource, text: SourceText, what: string, read: ReadJson): JsonRows {
  const { problems, ...rows } = read;
  if (problems.length + rows.columns.length === 0 && rows.rows.length > 0)
    source.sayIn(text, 0, what, `${what} have no column`);
  for (const { at, message } of problems) source.sayIn(text, at, what, message);
  return rows;
}

/** The offset of a line, from 1. */
function lineStart(text: string, line: number): number {
  return text
    .split('\n')
    .slice(0, line - 1)
    .reduce((sum, one) => sum + one.length + 1, 0);
}

type Settings = Pick<ExpectedRows, 'within' | 'matches'>;

/** @param named the columns of the rows; undefined: they could not be read */
export function readColumns(
  source: TestSource,
  written: WrittenTable['columns'] = {},
  path: Path,
  named: readonly string[] | undefined,
): Settings {
  const within = new Map<string, Tolerance>();
  const matches = new Map<string, RegExp>();
  for (const [name, { within: most, matches: pattern }] of Object.entries(written)) {
    const column = name.toLowerCase();
    const at = [...path, name];
    const isNamed = named?.includes(column);
    if (most !== undefined) {
      const tolerance = parseTolerance(most);
      if (tolerance === undefined)
        source.say(at, `within of ${name} must be ${TOLERANCE_WORDS}; it is ${most}`);
      else within.set(column, tolerance);
      if (isNamed === false)
        source.say(at, `the rows have no column ${name}; their columns: ${named?.join(', ') ?? ''}`);
    }
    if (pattern !== undefined) {
      const read = regularExpression(pattern);
      if (typeof read === 'string') source.say(at, `matches of ${name} is no regular expression: ${read}`);
      else matches.set(column, read);
      if (isNamed === true)
        source.say(at, `the rows name the column ${name}, which matches describes: leave it out of the rows`);
    }
  }
  return { within, matches };
}

/** Or why it is none. */
function regularExpression(pattern: string): RegExp | string {
  try {
    return new RegExp(pattern, 'u');
  } catch (error) {
    return error instanceof Error
      ? error.message.replace(/^Invalid regular expression: /, '')
      : String(error);
  }
}
