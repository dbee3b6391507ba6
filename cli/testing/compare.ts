/** Compares the rows of a table with those that a test expects. Pure. Order does not matter, duplicates do. */
import { canonicalJson } from '../../shared/pipeline/hash.ts';
import type { Cell } from '../aws/sql-client.ts';
import type { CsvCell, CsvTable } from './csv.ts';
import { matchUp } from './match-up.ts';
import { isNear, type Tolerance } from './tolerance.ts';

/** Rows of the warehouse: the columns of the expectation in its order, then those that only have a pattern. */
export interface FoundRows {
  /** The warehouse's type of each column, for example `numeric`. */
  readonly types: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What is expected of rows. */
export interface Expectation extends CsvTable {
  /** By column of the rows. */
  readonly within?: ReadonlyMap<string, Tolerance>;
  /** By columns that the rows do not name. */
  readonly matches?: ReadonlyMap<string, RegExp>;
}

type Row = readonly CsvCell[];

/** An expected row and the found one that is most like it. */
interface ChangedRow {
  readonly expected: Row;
  readonly found: Row;
  /** Which of the cells differ. */
  readonly differs: readonly boolean[];
}

/** A pattern is shown as the cell `/pattern/` of an expected row. */
export interface Difference {
  readonly missing: readonly Row[];
  readonly unexpected: readonly Row[];
  readonly changed: readonly ChangedRow[];
}

/** A row of the expectation as it would be right. */
export interface UpdatedRow {
  /** Only the columns of the expectation. */
  readonly cells: Row;
  /** The index of the expected row that it is; absent: it is new. */
  readonly from?: number;
  /** Its cells that are not as expected: none where it is unchanged. */
  readonly changed?: readonly number[];
}

export interface Comparison {
  readonly difference: Difference;
  /** Expected rows keep their place and their spelling where they are right; what is new comes last. */
  readonly updated: readonly UpdatedRow[];
}

interface Canonical {
  readonly row: Row;
  /** Equal for equal values. */
  readonly cells: readonly (string | null)[];
}

/** The columns that are compared, in the order of the cells of a difference. */
export function comparedColumns({ columns, matches }: Pick<Expectation, 'columns' | 'matches'>): string[] {
  return [...columns, ...(matches?.keys() ?? [])];
}

/** Undefined where they do not differ. */
export function compareRows(expectation: Expectation, found: FoundRows): Comparison | undefined {
  const columns = comparedColumns(expectation);
  const near = columns.map((column) => expectation.within?.get(column));
  const patterns = columns.map((column) => expectation.matches?.get(column));
  const suffix = patterns.flatMap((pattern) => (pattern === undefined ? [] : [String(pattern)]));
  const wanted = expectation.rows.map((row) => canonical([...row, ...suffix], found.types, patterns, true));
  const there = found.rows.map((cells) =>
    canonical(
      cells.map((cell) => (cell === null ? null : String(cell))),
      found.types,
      patterns,
      false,
    ),
  );
  const same = (a: Canonical, b: Canonical, i: number): boolean => isSame(a, b, i, near[i], found.types[i]);
  const partners = matchUp(wanted, there, {
    // Equal rows have one key; rows with a tolerance may differ only there.
    keyOf: ({ cells }) =>
      JSON.stringify(cells.map((cell, i) => (near[i] === undefined || cell === null ? cell : ''))),
    isSame: near.some((one) => one !== undefined)
      ? (a, b) => a.cells.every((_, i) => same(a, b, i))
      : undefined,
  });
  const missing = wanted.filter((one) => !partners.has(one));
  const taken = new Set(partners.values());
  const unexpected = there.filter((one) => !taken.has(one));
  if (missing.length === 0 && unexpected.length === 0) return undefined;
  const pairs = new Map(pairUp(missing, unexpected, same));
  const used = new Set(pairs.values());
  const changed = missing.flatMap((from): ChangedRow[] => {
    const to = pairs.get(from);
    if (to === undefined) return [];
    return [{ expected: from.row, found: to.row, differs: from.cells.map((_, i) => !same(from, to, i)) }];
  });
  const added = unexpected.filter((one) => !used.has(one));
  const width = expectation.columns.length;
  const updated = [
    ...wanted.flatMap((one, from): UpdatedRow[] => {
      if (partners.has(one)) return [{ cells: one.row.slice(0, width), from, changed: [] }];
      const to = pairs.get(one);
      if (to === undefined) return [];
      const changed = one.row.slice(0, width).flatMap((_, i) => (same(one, to, i) ? [] : i));
      const cells = one.row
        .slice(0, width)
        .map((cell, i) => (changed.includes(i) ? (to.row[i] ?? null) : cell));
      return [{ cells, from, changed }];
    }),
    ...added.map(({ row }): UpdatedRow => ({ cells: row.slice(0, width) })),
  ];
  return {
    difference: {
      missing: missing.filter((one) => !pairs.has(one)).map(({ row }) => row),
      unexpected: added.map(({ row }) => row),
      changed,
    },
    updated,
  };
}

function isSame(a: Canonical, b: Canonical, i: number, tolerance: Tolerance | undefined, type = ''): boolean {
  const [from, to] = [a.cells[i] ?? null, b.cells[i] ?? null];
  if (from === to) return true;
  return tolerance !== undefined && from !== null && to !== null && isNear(from, to, tolerance, type);
}

/** A value that a pattern matches is equal to the pattern. */
const MATCHED = '\0matched';

function canonical(
  row: Row,
  types: readonly string[],
  patterns: readonly (RegExp | undefined)[],
  isExpected: boolean,
): Canonical {
  const cells = row.map((cell, i) => {
    const pattern = patterns[i];
    if (cell === null) return null;
    if (pattern === undefined) return canonicalText(cell, types[i] ?? '');
    return isExpected || pattern.test(cell) ? MATCHED : cell;
  });
  return { row, cells };
}

const DECIMAL = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/;
const MOMENT = /^(\d{4,}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d*?)0*)?)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** One text for equal values of a type; what is not a value of the type stays as it is, and so equals nothing. */
function canonicalText(text: string, type: string): string {
  switch (type.toLowerCase()) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'numeric':
      return exactNumber(text.trim());
    case 'float4':
      return floating(text, Math.fround);
    case 'float8':
      return floating(text, (value) => value);
    case 'bool':
      if (/^(t|true|1)$/i.test(text.trim())) return 'true';
      return /^(f|false|0)$/i.test(text.trim()) ? 'false' : text;
    case 'timestamp':
    case 'timestamptz':
      return moment(text.trim());
    // Blanks at the end of a CHAR are its padding.
    case 'bpchar':
      return text.replace(/ +$/, '');
    case 'super':
      return superText(text);
    default:
      return text;
  }
}

/** Members of an object in any order; what is no JSON is a text. */
function superText(text: string): string {
  try {
    return canonicalJson(JSON.parse(text));
  } catch {
    return canonicalJson(text);
  }
}

/** `10.50`, `+10.5` and `010.5` are one number; no digit is lost. */
function exactNumber(text: string): string {
  const found = DECIMAL.exec(text);
  const [, sign, whole = '', fraction = ''] = found ?? [];
  if (found === null || !/\d/.test(text)) return text;
  const digits = `${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`;
  return sign === '-' && digits !== '0' ? `-${digits}` : digits;
}

function floating(text: string, rounded: (value: number) => number): string {
  const value = Number(text);
  return text.trim() === '' || (Number.isNaN(value) && text !== 'NaN') ? text : String(rounded(value) + 0);
}

/** A time without its zeros at the end; a date is its midnight; UTC where an offset is zero. */
function moment(text: string): string {
  const [, day, minutes = '00:00', seconds = '00', fraction = '', zone = ''] = MOMENT.exec(text) ?? [];
  if (day === undefined) return text;
  const offset = /^(Z|[+-]00(:?00)?)$/.test(zone) ? '' : zone;
  return `${day} ${minutes}:${seconds}${fraction === '' ? '' : `.${fraction}`}${offset}`;
}

/** More pairs than these are not compared: then the rows are missing and unexpected. */
const MOST_PAIRS = 250_000;

/** Pairs of a missing and an unexpected row that agree in at least half of their cells, the most alike first. */
function pairUp(
  missing: readonly Canonical[],
  unexpected: readonly Canonical[],
  isSameCell: (a: Canonical, b: Canonical, i: number) => boolean,
): [Canonical, Canonical][] {
  if (missing.length * unexpected.length > MOST_PAIRS) return [];
  const candidates = missing.flatMap((from) =>
    unexpected.flatMap((to) => {
      const same = from.cells.map((_, i) => isSameCell(from, to, i));
      const equal = same.filter(Boolean).length;
      // Of rows that are equally alike, those that agree in the first columns, where keys stand.
      return equal * 2 >= same.length ? [{ from, to, equal, first: same.indexOf(false) }] : [];
    }),
  );
  candidates.sort((a, b) => b.equal - a.equal || b.first - a.first);
  const used = new Set<Canonical>();
  const pairs: [Canonical, Canonical][] = [];
  for (const { from, to } of candidates) {
    if (used.has(from) || used.has(to)) continue;
    used.add(from).add(to);
    pairs.push([from, to]);
  }
  return pairs;
}
