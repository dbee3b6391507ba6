/**
 * Whether two runs of a test left the same tables. Pure. Order does not matter, duplicates do. Values that differ each time (run
 * ids, times, IDENTITY) only have to stand in the same places: what was one value must be one value, what were two, two.
 */
import type { Cell } from '../../aws/sql-client.ts';
import type { Snapshot, TableState } from './snapshot.ts';

/** By table: the columns whose values differ from run to run. */
export type Volatile = ReadonlyMap<string, ReadonlySet<string>>;

type Row = readonly Cell[];

/** What of runs may stand in tables: ids, and times in ms since the epoch. */
export interface Marks {
  readonly ids: readonly string[];
  readonly times: readonly number[];
}

/** The first column, `table.column`, whose values differ from run to run, and come from nothing that a run has. */
export function unexplained(state: Snapshot, volatile: Volatile, marks: Marks): string | undefined {
  for (const [name, { columns, generated, rows }] of state)
    for (const [at, column] of columns.entries()) {
      if (volatile.get(name)?.has(column) !== true || generated.includes(column)) continue;
      if (!rows.every((row) => isExplained(row[at] ?? null, marks))) return `${name}.${column}`;
    }
  return undefined;
}

function isExplained(cell: Cell, { ids, times }: Marks): boolean {
  if (cell === null) return true;
  const text = String(cell);
  if (ids.some((id) => text.includes(id))) return true;
  const time = Date.parse(text.includes('T') || !text.includes(' ') ? text : `${text.replace(' ', 'T')}Z`);
  // A time of whole seconds may be that of a statement by chance.
  return times.some((mark) => mark % 1000 !== 0 && Math.abs(mark - time) < 1);
}

/** Why two states are not the same, in words: `mart.sales: 4 rows instead of 3; not in the undisturbed run: (…)`. */
export type Unlike = string;

/** The columns that differ between two undisturbed runs, or whether more than columns differs. */
export function volatileColumns(
  one: Snapshot,
  other: Snapshot,
): { readonly columns: Volatile; readonly unlike?: Unlike } {
  const generated = new Set([...one.values()].flatMap((table) => table.generated));
  const columns = new Map<string, ReadonlySet<string>>();
  for (const [name, table] of one) {
    const found = other.get(name);
    const differing = table.columns.filter(
      // An IDENTITY that was copied keeps its name, as keys do.
      (column, i) =>
        generated.has(column) ||
        (found !== undefined &&
          bag(table.rows.map((row) => row[i])) !== bag(found.rows.map((row) => row[i]))),
    );
    columns.set(name, new Set(differing));
  }
  // Times that are cut to seconds may be equal by chance: only the rest counts here.
  const unlike = unlikeness(one, other, columns, () => true);
  return { columns, ...(unlike !== undefined && { unlike }) };
}

/**
 * Undefined: they are the same. `expected`: of the undisturbed run. `fits`: whether a value that differs each time may stand for
 * another one.
 */
export function unlikeness(
  expected: Snapshot,
  found: Snapshot,
  volatile: Volatile,
  fits: Fits = renaming(),
): Unlike | undefined {
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    const table = expected.get(name);
    const other = found.get(name);
    if (table === undefined) return `${name} exists, and not after the undisturbed run`;
    if (other === undefined) return `${name} does not exist`;
    const unlike = unlikeTable(table, other, volatile.get(name) ?? new Set(), fits);
    if (unlike !== undefined) return `${name}: ${unlike}`;
  }
  return undefined;
}

function unlikeTable(
  table: TableState,
  other: TableState,
  volatile: ReadonlySet<string>,
  fits: Fits,
): string | undefined {
  if (table.columns.join() !== other.columns.join())
    return `its columns are ${other.columns.join(', ')}, not ${table.columns.join(', ')}`;
  const isVolatile = table.columns.map((column) => volatile.has(column));
  const stable = (row: Row): string => JSON.stringify(row.filter((_, i) => isVolatile[i] !== true));
  const free = (row: Row): string => JSON.stringify(row.filter((_, i) => isVolatile[i] === true));
  const sorted = (rows: readonly Row[]): Row[] =>
    [...rows].sort((a, b) => compare(stable(a), stable(b)) || compare(free(a), free(b)));
  const [wanted, got] = [sorted(table.rows), sorted(other.rows)];
  const rest = leftOver(wanted.map(stable), got.map(stable));
  if (rest.missing.length > 0 || rest.extra.length > 0) {
    const count =
      got.length === wanted.length ? `${got.length} rows` : `${got.length} rows instead of ${wanted.length}`;
    const show = (what: string, rows: readonly string[]): string[] =>
      rows[0] === undefined
        ? []
        : [`${what} ${rows[0]}${rows.length > 1 ? ` and ${rows.length - 1} more` : ''}`];
    return [count, ...show('missing', rest.missing), ...show('unexpected', rest.extra)].join('; ');
  }
  for (const [i, row] of wanted.entries())
    for (const [at, column] of table.columns.entries()) {
      const from = row[at] ?? null;
      const to = got[i]?.[at] ?? null;
      if (isVolatile[at] === true && !fits(from, to, table.times.includes(column)))
        return `${column} has different values where the undisturbed run has one (${shown(from)} there): ${shown(to)} and another`;
    }
  return undefined;
}

type Fits = (from: Cell, to: Cell, isTime: boolean) => boolean;

/**
 * Each value stands for one other, wherever it is; two values for two others. Two times may become one: statements in one second
 * have the same.
 */
function renaming(): Fits {
  const forward = new Map<Cell, Cell>();
  const back = new Map<Cell, Cell>();
  return (from, to, isTime) => {
    if (from === null || to === null) return from === to;
    if (!forward.has(from)) forward.set(from, to);
    if (!back.has(to)) back.set(to, from);
    return forward.get(from) === to && (isTime || back.get(to) === from);
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function bag(values: readonly (Cell | undefined)[]): string {
  return JSON.stringify(values.map((value) => JSON.stringify(value ?? null)).sort());
}

function shown(cell: Cell): string {
  return cell === null ? 'NULL' : String(cell);
}

/** Of two sorted lists what only one has. */
function leftOver(
  wanted: readonly string[],
  got: readonly string[],
): { readonly missing: readonly string[]; readonly extra: readonly string[] } {
  const counts = new Map<string, number>();
  for (const one of wanted) counts.set(one, (counts.get(one) ?? 0) + 1);
  const extra: string[] = [];
  for (const one of got) {
    const left = counts.get(one) ?? 0;
    if (left === 0) extra.push(one);
    else counts.set(one, left - 1);
  }
  const missing = [...counts].flatMap(([one, left]) => Array.from({ length: left }, () => one));
  return { missing, extra };
}
