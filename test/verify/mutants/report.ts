/** What became of the mutants: a table, and every survivor with its place, its change, and its explanation if it has one. */
import { say } from '../parallel.ts';
import type { Explained } from './explained.ts';
import { explained } from './explained.ts';
import type { Mutant } from './instrument.ts';
import { CORE } from './instrument.ts';
import type { Outcome } from './pool.ts';

export type Outcomes = Readonly<Record<string, Outcome>>;

/** So many per cent of all mutants must be killed. */
const LEAST_KILLED = 90;

export function tellTable(chosen: readonly Mutant[], outcomes: Outcomes): void {
  const row = (name: string, some: readonly Mutant[]): void => {
    const of = (status: Outcome['status']): number =>
      some.filter((mutant) => outcomes[mutant.id]?.status === status).length;
    const dead = of('killed') + of('timeout');
    const cells = [some.length, of('killed'), of('timeout'), of('survived')].map((n) =>
      String(n).padStart(9),
    );
    say(`${name.padEnd(18)}${cells.join('')}${percent(dead, some.length).padStart(9)}`);
  };
  say(
    `${''.padEnd(18)}${['mutants', 'killed', 'endless', 'survived', ''].map((w) => w.padStart(9)).join('')}`,
  );
  for (const file of new Set(chosen.map(({ file }) => file)))
    row(
      file,
      chosen.filter((mutant) => mutant.file === file),
    );
  for (const concern of ['protocol', 'text', 'timing'] as const)
    row(
      `  ${concern}`,
      chosen.filter((mutant) => mutant.concern === concern),
    );
  row('all', chosen);
  const by: Record<string, number> = {};
  for (const { id } of chosen) {
    const outcome = outcomes[id];
    if (outcome === undefined || outcome.status === 'survived') continue;
    // `crash point 2 before 17` is one of the crash points.
    const kind = /^(?:fact|crash point|schedule|test)\b/.exec(outcome.by)?.[0] ?? 'other';
    const name = kind === 'other' ? 'loops and broken threads' : `${kind}s`;
    by[name] = (by[name] ?? 0) + 1;
  }
  const counts = Object.entries(by).map(([kind, count]) => `${count} by ${kind}`);
  say(`killed first: ${counts.join(', ')}`);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** 0 if enough are killed, and every mutant of the protocol is, or has its explanation. */
export function tellSurvivors(
  chosen: readonly Mutant[],
  all: readonly Mutant[],
  outcomes: Outcomes,
  whole: boolean,
): 0 | 1 {
  const survivors = chosen.filter((mutant) => outcomes[mutant.id]?.status === 'survived');
  const unexplained = survivors.filter((mutant) => explanationOf(mutant) === undefined);
  for (const mutant of survivors) {
    const why = explanationOf(mutant)?.why;
    if (why !== undefined) say(`explained  ${lineOf(mutant)}\n             ${why}`);
  }
  for (const mutant of unexplained) say(`SURVIVED   ${lineOf(mutant)}`);
  if (unexplained.length > 0)
    say(`repeat one, by its number: npm run verify -- mutants --mutant ${unexplained[0]?.id ?? ''}`);
  const stale = whole ? explained.filter((one) => !survivors.some((mutant) => fits(one, mutant))) : [];
  for (const one of stale) {
    const there = all.some((mutant) => fits(one, mutant)) ? 'is killed' : 'is not there any more';
    say(
      `STALE      ${one.file}: ${one.original} -> ${one.replacement} ${there}: take it out of explained.ts`,
    );
  }
  const killed = chosen.length - survivors.length;
  const ofProtocol = unexplained.filter(({ concern }) => concern === 'protocol').length;
  say(
    `mutants: ${chosen.length}, killed ${percent(killed, chosen.length)}; survivors explained: ` +
      `${survivors.length - unexplained.length}, not explained: ${unexplained.length}, of these of the protocol: ${ofProtocol}`,
  );
  const enough = killed * 100 >= LEAST_KILLED * chosen.length;
  return (enough || !whole) && ofProtocol === 0 && stale.length === 0 ? 0 : 1;
}

export function explanationOf(mutant: Mutant): Explained | undefined {
  return explained.find((one) => fits(one, mutant));
}

function fits(one: Explained, mutant: Mutant): boolean {
  return (
    one.file === mutant.file &&
    one.code === mutant.code &&
    one.original === mutant.original &&
    one.replacement === mutant.replacement
  );
}

export function lineOf({ id, file, line, column, concern, mutator, original, replacement }: Mutant): string {
  const flat = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 100);
  return `${id} ${CORE}/${file}:${line}:${column} (${concern}) ${mutator}: ${flat(original)} -> ${flat(replacement) || 'nothing'}`;
}
