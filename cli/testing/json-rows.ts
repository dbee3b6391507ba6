/** The rows of a test's table as JSON: a list of objects, each a row. Pure. */
import { JsonError, parseJson, type JsonNode } from '../../shared/pipeline/event-pattern/json-text.ts';
import type { GivenCell } from './test-case.ts';

export interface JsonRows {
  /** In lower case, in the order in which the rows first name them. */
  readonly columns: readonly string[];
  /** A cell is undefined where the row does not name its column. */
  readonly rows: readonly (readonly GivenCell[])[];
}

/** What is wrong, and where: as `at` of the nodes has it. */
interface JsonProblem {
  readonly at: number;
  readonly message: string;
}

export interface ReadJson extends JsonRows {
  readonly problems: readonly JsonProblem[];
}

/** Of a file that holds a list; offsets in its text. */
export function parseJsonRows(text: string): ReadJson {
  return unlessInvalid(() => {
    const node = parseJson(text.replace(/^\uFEFF/, ' '));
    if (node.kind !== 'array')
      throw new JsonError('the file must be a list of objects: [ { ... }, ... ]', node.at);
    return rowsOf(node.items);
  });
}

/** Of a file with one object a line; blank lines are left out. Offsets in its text. */
export function parseJsonLines(text: string): ReadJson {
  return unlessInvalid(() => {
    const nodes: JsonNode[] = [];
    let start = 0;
    for (const line of text.replace(/^\uFEFF/, ' ').split('\n')) {
      // Blanks keep the offsets of the whole text.
      if (line.trim() !== '') nodes.push(moved(line, start));
      start += line.length + 1;
    }
    return rowsOf(nodes);
  });
}

function moved(line: string, by: number): JsonNode {
  try {
    return shift(parseJson(line), by);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new JsonError(error.message, error.at + by);
  }
}

/** Only what `rowsOf` reports places of. */
function shift(node: JsonNode, by: number): JsonNode {
  const at = node.at + by;
  if (node.kind !== 'object') return { ...node, at };
  const entries = node.entries.map(({ name, value }) => ({ name, value: { ...value, at: value.at + by } }));
  return { ...node, entries, at };
}

function unlessInvalid(read: () => ReadJson): ReadJson {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return { columns: [], rows: [], problems: [{ at: error.at, message: error.message }] };
  }
}

type Path = readonly (string | number)[];

/** Of values that were read from YAML; places are indexes of `paths`, each a path below the list. */
export function rowsOfValues(values: readonly unknown[]): ReadJson & { readonly paths: readonly Path[] } {
  const paths: Path[] = [];
  const nodeOf = (value: unknown, path: Path): JsonNode => {
    const at = paths.push(path) - 1;
    if (Array.isArray(value))
      return { kind: 'array', at, items: value.map((one, i) => nodeOf(one, [...path, i])) };
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).map(([name, one]) => ({
        name,
        value: nodeOf(one, [...path, name]),
      }));
      return { kind: 'object', at, entries };
    }
    if (typeof value === 'string') return { kind: 'string', at, value };
    if (typeof value === 'number') return { kind: 'number', at, text: JSON.stringify(value) };
    return { kind: 'word', at, text: value === true ? 'true' : value === false ? 'false' : 'null' };
  };
  return { ...rowsOf(values.map((value, i) => nodeOf(value, [i]))), paths };
}

function rowsOf(nodes: readonly JsonNode[]): ReadJson {
  const columns = new Map<string, number>();
  const problems: JsonProblem[] = [];
  const rows = nodes.map((node, i) => {
    const row: GivenCell[] = [];
    const mine = new Set<string>();
    if (node.kind !== 'object')
      problems.push({ at: node.at, message: `row ${i + 1} must be an object: { column: value }` });
    for (const { name, value } of node.kind === 'object' ? node.entries : []) {
      const column = name.trim().toLowerCase();
      if (column === '') problems.push({ at: value.at, message: `row ${i + 1} has a column without a name` });
      if (mine.has(column))
        problems.push({ at: value.at, message: `column ${column} is twice in row ${i + 1}` });
      mine.add(column);
      if (!columns.has(column)) columns.set(column, columns.size);
      row[columns.get(column) ?? 0] = cellOf(value);
    }
    return row;
  });
  const complete = rows.map((row) => Array.from({ length: columns.size }, (_, i) => row[i]));
  return { columns: [...columns.keys()], rows: complete, problems };
}

function cellOf(node: JsonNode): GivenCell {
  switch (node.kind) {
    case 'string':
      return node.value;
    case 'number':
      return node.text;
    case 'word':
      return node.text === 'null' ? null : node.text;
    case 'array':
    case 'object':
      return { json: jsonText(node) };
    default:
      return node satisfies never;
  }
}

/** Numbers as they were written. */
function jsonText(node: JsonNode): string {
  switch (node.kind) {
    case 'string':
      return JSON.stringify(node.value);
    case 'number':
    case 'word':
      return node.text;
    case 'array':
      return `[${node.items.map(jsonText).join(',')}]`;
    case 'object':
      return `{${node.entries.map(({ name, value }) => `${JSON.stringify(name)}:${jsonText(value)}`).join(',')}}`;
    default:
      return node satisfies never;
  }
}
