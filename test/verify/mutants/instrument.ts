/** One source that holds all of its mutants: each is switched on by its number while the program runs. */
import type { Change } from './find.ts';

/** The folder whose sources are changed. */
export const CORE = 'shared/run';

export interface Mutant extends Change {
  /** Counted over all files, from 0. */
  readonly id: number;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly original: string;
  /** The whole line, trimmed: by it a survivor is recognized when lines move. */
  readonly code: string;
}

export interface Switch {
  /** The number of the mutant that is on; -1: none. */
  active: number;
  /** Where set: every mutant that was come upon is added. */
  met?: Set<number>;
}

const PRELUDE =
  'const $m = (id) => { const s = (globalThis.$mutants ??= { active: Number(process.env.BATON_MUTANT ?? -1) }); s.met?.add(id); return s.active === id; };';

export function placed(file: string, text: string, changes: readonly Change[], firstId: number): Mutant[] {
  return changes.map((change, i) => {
    const before = text.slice(0, change.start).split('\n');
    return {
      ...change,
      id: firstId + i,
      file,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      original: text.slice(change.start, change.end),
      code: (text.split('\n')[before.length - 1] ?? '').trim(),
    };
  });
}

interface Spot {
  readonly start: number;
  readonly end: number;
  readonly mutants: Mutant[];
  readonly inner: Spot[];
}

export function instrumented(text: string, mutants: readonly Mutant[]): string {
  // On one line: a stack trace keeps its lines.
  return `${PRELUDE} ${rendered(text, 0, text.length, nested(mutants))}`;
}

function nested(mutants: readonly Mutant[]): Spot[] {
  const roots: Spot[] = [];
  const open: Spot[] = [];
  for (const mutant of [...mutants].sort((a, b) => a.start - b.start || b.end - a.end)) {
    while (open.length > 0 && (open.at(-1)?.end ?? 0) <= mutant.start) open.pop();
    const top = open.at(-1);
    if (top?.start === mutant.start && top.end === mutant.end) {
      top.mutants.push(mutant);
      continue;
    }
    if (top !== undefined && mutant.end > top.end) throw new Error(`mutant ${mutant.id} crosses another`);
    const spot: Spot = { start: mutant.start, end: mutant.end, mutants: [mutant], inner: [] };
    (top?.inner ?? roots).push(spot);
    open.push(spot);
  }
  return roots;
}

function rendered(text: string, start: number, end: number, spots: readonly Spot[]): string {
  let out = '';
  let from = start;
  for (const spot of spots) {
    out += text.slice(from, spot.start) + switched(text, spot);
    from = spot.end;
  }
  return out + text.slice(from, end);
}

function switched(text: string, spot: Spot): string {
  let inner = rendered(text, spot.start, spot.end, spot.inner);
  const isSpread = text.startsWith('...', spot.start);
  // What leaves out the whole goes around what changes it.
  const order = spot.mutants.toSorted((a, b) => Number(isLeftOut(a)) - Number(isLeftOut(b)));
  for (const mutant of order) {
    const on = `$m(${mutant.id})`;
    inner = {
      expression: () => `(${on} ? (${mutant.replacement}) : (${inner}))`,
      statement: () => `if (${on}) {} else { ${inner} }`,
      property: () => `...(${on} ? {} : ${isSpread ? `(${inner.slice(3)})` : `{ ${inner} }`})`,
      element: () => `...(${on} ? [] : ${isSpread ? `(${inner.slice(3)})` : `[${inner}]`})`,
    }[mutant.shape]();
  }
  return inner;
}

function isLeftOut({ shape }: Mutant): boolean {
  return shape === 'property' || shape === 'element';
}
