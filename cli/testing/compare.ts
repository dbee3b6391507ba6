/** Compares the rows of a table with those that a test expects. Pure. Order does not matter, duplicates do. */
import type { Cell } from '../aws/sql-client.ts';
import type { CsvCell, CsvTable } from './csv.ts';

/** Rows of the warehouse, with the columns of the expectation in its order. */
export interface FoundRows {
  /** The warehouse's type of each column, for example `numeric`. */
  readonly types: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

type Row = readonly CsvCell[];

/** An expected row and the found one that is most like it. */
interface ChangedRow {
  readonly expected: Row;
  readonly found: Row;
  /** Which of the cells differ. */
  readonly differs: readonly boolean[];
}

export interface Difference {
  readonly missing: readonly Row[];
  readonly unexpected: readonly Row[];
  readonly changed: readonly ChangedRow[];
}

interface Canonical {
  readonly row: Row;
  /** Equal for equal values. */
  readonly cells: readonly (string | null)[];
}

/** The difference, undefined where there is none. */
export function compareRows(expected: CsvTable, found: FoundRows): Difference | undefined {
  const wanted = expected.rows.map((row) => canonical(row, found.types));
  const waiting = new Map<string, number>();
  for (const one of wanted) waiting.set(keyOf(one), (waiting.get(keyOf(one)) ?? 0) + 1);
  const unexpected: Canonical[] = [];
  for (const cells of found.rows) {
    const one = canonical(
      cells.map((cell) => (cell === null ? null : String(cell))),
      found.types,
    );
    const left = waiting.get(keyOf(one)) ?? 0;
    if (left === 0) unexpected.push(one);
    else waiting.set(keyOf(one), left - 1);
  }
  const missing = wanted.filter((one) => {
    const left = waiting.get(keyOf(one)) ?? 0;
    waiting.set(keyOf(one), left - 1);
    return left > 0;
  });
  if (missing.length === 0 && unexpected.length === 0) return undefined;
  const pairs = pairUp(missing, unexpected);
  const used = new Set(pairs.flat());
  const rest = (all: readonly Canonical[]): Row[] =>
    all.filter((one) => !used.has(one)).map(({ row }) => row);
  return {
    missing: rest(missing),
    unexpected: rest(unexpected),
    changed: pairs.map(([from, to]) => ({
      expected: from.row,
      found: to.row,
      differs: from.cells.map((cell, i) => cell !== to.cells[i]),
    })),
  };
}

function keyOf({ cells }: Canonical): string {
  return JSON.stringify(cells);
}

function canonical(row: Row, types: readonly string[]): Canonical {
  return { row, cells: row.map((cell, i) => (cell === null ? null : canonicalText(cell, types[i] ?? ''))) };
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
    default:
      return text;
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
function pairUp(missing: readonly Canonical[], unexpected: readonly Canonical[]): [Canonical, Canonical][] {
  if (missing.length * unexpected.length > MOST_PAIRS) return [];
  const candidates = missing.flatMap((from) =>
    unexpected.flatMap((to) => {
      const same = from.cells.map((cell, i) => cell === to.cells[i]);
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
  // In the order of the expectation.
  return pairs.sort(([a], [b]) => missing.indexOf(a) - missing.indexOf(b));
}
