/** Rows of an expectation as they would be right, written as the rows before were: CSV, a JSON list, lines of JSON. Pure. */
import { isMap, isScalar, isSeq, parse, parseDocument, type Node, type YAMLMap } from 'yaml';

import type { CsvCell } from './csv.ts';
import { csvLine, csvTexts } from './csv.ts';
import type { UpdatedRow } from './compare.ts';

/** What is to be written. */
export interface NewRows {
  readonly columns: readonly string[];
  /** The warehouse's. */
  readonly types: readonly string[];
  readonly updated: readonly UpdatedRow[];
}

/** A part of a text that is replaced. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function edited(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((all, edit) => all.slice(0, edit.start) + edit.text + all.slice(edit.end), text);
}

/** Rows that are unchanged keep their text. */
export function updatedCsv(text: string, { updated }: NewRows): string {
  const [header = '', ...lines] = csvTexts(text);
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const rows = updated.map(({ cells, from, changed }) => {
    const same = from !== undefined && changed?.length === 0 ? lines[from] : undefined;
    return same ?? csvLine(cells);
  });
  return mark + [header, ...rows].map((line) => line + end).join('');
}

export function updatedJsonLines(text: string, rows: NewRows): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const written = rows.updated.map((row) => {
    const line = row.from === undefined ? undefined : lines[row.from];
    if (line === undefined) return objectText(row.cells, rows, 'json');
    const { contents } = parseDocument(line);
    return isMap(contents) ? edited(line, cellEdits(contents, row, rows, 'json')) : line;
  });
  return written.map((line) => `${line}\n`).join('');
}

/** Of a file that is a list. Undefined: it is none. */
export function updatedJson(text: string, rows: NewRows): string | undefined {
  const edits = listEdits(text, parseDocument(text).contents, rows, 'json');
  return edits && edited(text, edits);
}

type Style = 'json' | 'yaml';

/** Of a list of objects, in YAML or JSON. Undefined: the node is none. */
export function listEdits(
  text: string,
  list: unknown,
  rows: NewRows,
  style: Style,
): readonly Edit[] | undefined {
  if (!isSeq(list)) return undefined;
  const items = list.items.filter((item) => isMap(item));
  const [start, end] = rangeOf(list);
  if (items.length !== list.items.length || start === end) return undefined;
  if (list.flow !== true && rows.updated.length > 0) return blockEdits(text, items, rows, style);
  const written = rows.updated.map((row) => {
    const item = row.from === undefined ? undefined : items[row.from];
    if (item === undefined) return objectText(row.cells, rows, style);
    const [from, to] = rangeOf(item);
    const edits = cellEdits(item, row, rows, style).map((edit) => ({
      text: edit.text,
      start: edit.start - from,
      end: edit.end - from,
    }));
    return edited(text.slice(from, to), edits);
  });
  const indent = lineIndent(text, text.slice(start, end), start, style, written.length);
  const close = style === 'json' ? indent?.slice(2) : indent;
  const inside =
    indent === undefined
      ? written.join(', ')
      : `\n${written.map((one) => indent + one).join(',\n')}\n${close ?? ''}`;
  // A block ends with a line end.
  return [{ start, end, text: `[${inside}]${list.flow === true ? '' : '\n'}` }];
}

/** Rows of a flow list that are more than these begin a line each. */
const MOST_IN_LINE = 3;

/** Of each row, where each is to begin a line: as before, or because the list was empty. */
function lineIndent(
  text: string,
  list: string,
  start: number,
  style: Style,
  rows: number,
): string | undefined {
  if (rows === 0) return undefined;
  const before = /^\[\s*\n( *)/.exec(list)?.[1];
  if (before !== undefined) return before;
  const line = text.slice(lineStart(text, start), start);
  // Within { } an own line could be in the way of what follows.
  return list.length > 2 || rows <= MOST_IN_LINE || /[{[]/.test(line)
    ? undefined
    : `${/^ */.exec(line)?.[0] ?? ''}${'  '.repeat(style === 'json' ? 1 : 2)}`;
}

/** Of lines that begin with "- ". */
function blockEdits(text: string, items: readonly YAMLMap[], rows: NewRows, style: Style): readonly Edit[] {
  const edits = items.flatMap((item, i): readonly Edit[] => {
    const row = rows.updated.find(({ from }) => from === i);
    if (row !== undefined) return cellEdits(item, row, rows, style);
    const [start, , after] = rangeOf(item);
    return [{ start: lineStart(text, start), end: after, text: '' }];
  });
  const [first, ,] = items;
  const last = items.at(-1);
  if (first === undefined || last === undefined) return edits;
  const begin = rangeOf(first)[0];
  const indent = /^ */.exec(text.slice(lineStart(text, begin)))?.[0] ?? '';
  const added = rows.updated.filter(({ from }) => from === undefined);
  const lines = added.map(({ cells }) => `${indent}- ${objectText(cells, rows, style)}\n`).join('');
  const end = rangeOf(last)[2];
  const lineEnd = text[end - 1] === '\n' ? '' : '\n';
  return lines === '' ? edits : [...edits, { start: end, end, text: lineEnd + lines }];
}

/** Of the cells that changed. */
function cellEdits(item: YAMLMap, { cells, changed = [] }: UpdatedRow, rows: NewRows, style: Style): Edit[] {
  return changed.flatMap((i) => {
    const column = rows.columns[i] ?? '';
    const pair = item.items.find(
      ({ key }) =>
        isScalar(key) &&
        String(key.source ?? key.value)
          .trim()
          .toLowerCase() === column,
    );
    const node = pair?.value as Node | null | undefined;
    if (node === null || node === undefined) return [];
    const [start, end] = rangeOf(node);
    return [{ start, end, text: valueText(cells[i] ?? null, rows.types[i] ?? '', style) }];
  });
}

function objectText(cells: readonly CsvCell[], { columns, types }: NewRows, style: Style): string {
  // Columns that only have a pattern are not written.
  const members = columns.slice(0, cells.length).map((column, i) => {
    const name = style === 'json' ? JSON.stringify(column) : plainText(column);
    return `${name}: ${valueText(cells[i] ?? null, types[i] ?? '', style)}`;
  });
  return style === 'json' ? `{${members.join(', ')}}` : `{ ${members.join(', ')} }`;
}

const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8']);
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function valueText(cell: CsvCell, type: string, style: Style): string {
  if (cell === null) return 'null';
  const name = type.toLowerCase();
  if (name === 'super' || name === 'bool') return cell;
  if (NUMBERS.has(name) && JSON_NUMBER.test(cell)) {
    // A test.yml has numbers as JSON would write them, and others in quotes.
    if (style === 'json' || String(Number(cell)) === cell) return cell;
  }
  return style === 'json' ? JSON.stringify(cell) : plainText(cell);
}

const PLAIN = /^[\p{L}\p{N}_/.+-][\p{L}\p{N}_/.+ :-]*$/u;

/** Without quotes where YAML reads the same text then. */
function plainText(text: string): string {
  if (!PLAIN.test(text) || / $|: |:$| #|^[-.]/.test(text)) return JSON.stringify(text);
  return parse(text) === text ? text : JSON.stringify(text);
}

function rangeOf(node: Node | YAMLMap): readonly [number, number, number] {
  return node.range ?? [0, 0, 0];
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}
