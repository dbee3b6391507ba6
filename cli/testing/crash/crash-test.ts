/** The crash test of a test: which faults it is run with, and what each of them led to. */
import type { Plan } from '../../../shared/pipeline/plan.ts';
import { stepNameOf } from '../../runs/run-parts.ts';
import type { TestCase } from '../test-case.ts';
import type { TestStage } from '../test-stage.ts';
import { SPACED, STEP_FAULTS, type FaultKind, type StepFault } from './kinds.ts';
import { groupsOf, type Mode } from './modes.ts';
import { runCase, type CrashCase, type End, type Outcome } from './run-case.ts';
import { unexplained, unlikeness, volatileColumns, type Volatile } from './same.ts';
import { whyAsked, whyDifferent } from './why.ts';

/** The undisturbed run, with which the others are compared. */
export interface Reference {
  readonly ends: readonly (readonly End[])[];
  /** In each action: the places of the calls that change something. */
  readonly calls: readonly (readonly number[])[];
  readonly outcome: Outcome;
  readonly volatile: Volatile;
  readonly ms: number;
}

export interface Verdict {
  readonly case: CrashCase;
  readonly mode: Mode;
  /** `unmet`: the fault found nothing that it could meet. */
  readonly word: 'same' | 'asks' | 'DIFFERENT' | 'unmet';
  /** Of `DIFFERENT`: what differs. */
  readonly what?: string;
  /** Of `asks` and `DIFFERENT`. */
  readonly reasons: readonly string[];
}

/** A run of the test that is not the same twice, though nothing was injected: nothing can be compared with it. */
export interface NotRepeatable {
  readonly what: string;
  readonly reasons: readonly string[];
}

/** Twice undisturbed; where times of statements are stored, once more with its statements a second apart. */
export async function referenceOf(
  stage: TestStage,
  test: TestCase,
  plan: Plan,
  mode: Mode,
): Promise<Reference | NotRepeatable> {
  const one = await runCase(stage, test, { mode });
  const startedAt = Date.now();
  let two = await runCase(stage, test, { mode, later: true });
  const ms = Date.now() - startedAt;
  const { columns, unlike } = volatileColumns(one.tables, two.tables);
  const what = one.stuck ?? two.stuck ?? unlike ?? endsUnlike(one.ends, two.ends);
  if (what !== undefined) return { what, reasons: whyDifferent(plan, { kind: 'undisturbed', repeated: [] }) };
  const isTimed =
    unexplained(two.tables, columns, two.marks) !== undefined &&
    [...two.tables.values()].some((table) =>
      table.times.some((column) => columns.get(table.name)?.has(column) === true),
    );
  const { calls } = two;
  if (isTimed) two = await runCase(stage, test, { mode, faults: [SPACED] });
  return { ends: two.byAction, calls, outcome: two, volatile: columns, ms };
}

/** More places than these are sampled. */
const MOST_KILLS = 60;

/** Every fault at each place of a test. `random`: from 0 up to 1, for the places that are chosen. */
export function casesOf(
  test: TestCase,
  plan: Plan,
  reference: Reference,
  mode: Mode,
  random: () => number,
): CrashCase[] {
  const cases: CrashCase[] = [];
  for (const [action, [happens]] of groupsOf(test, mode).entries()) {
    const calls = reference.calls[action] ?? [];
    if (calls.length === 0) continue;
    if (mode !== 'own')
      for (const place of plan.steps.keys())
        for (const kind of Object.keys(STEP_FAULTS) as StepFault[]) cases.push({ kind, action, place });
    if (mode === 'alone' && happens?.kind === 'drop')
      for (const kind of FILE_FAULTS) cases.push({ kind, action, place: 0 });
    if (mode === 'own')
      for (const place of placesOf(calls, random)) cases.push({ kind: 'killed', action, place });
  }
  return cases;
}

const FILE_FAULTS = ['file-doubled', 'file-replayed', 'file-beside'] as const;

function placesOf(calls: readonly number[], random: () => number): readonly number[] {
  if (calls.length <= MOST_KILLS) return calls;
  const part = calls.length / MOST_KILLS;
  return Array.from({ length: MOST_KILLS }, (_, i) => calls[Math.floor((i + random()) * part)] ?? 0);
}

interface Trial {
  /** The same fault at the same place, of one action each. */
  readonly cases: readonly CrashCase[];
  readonly mode: Mode;
  readonly reference: Reference;
}

/**
 * Runs cases that differ in their action only, all in one run of the test: where nothing differs, each of them is the same. Where
 * something does, each is run alone.
 */
export async function tryCases(
  stage: TestStage,
  test: TestCase,
  plans: readonly Plan[],
  trial: Trial,
): Promise<readonly Verdict[]> {
  const { cases, mode } = trial;
  const [first] = cases;
  if (first === undefined) return [];
  const together = await judged(stage, test, plans, trial);
  const verdict = (one: CrashCase, { word, ...rest }: Judged): Verdict => ({
    case: one,
    mode,
    word,
    ...rest,
  });
  if (together.word === 'same')
    return cases.map((one) => ({
      ...verdict(one, together),
      word: together.struck.has(one.action) ? 'same' : 'unmet',
    }));
  if (cases.length === 1) return [verdict(first, together)];
  const alone: Verdict[] = [];
  for (const one of cases) alone.push(...(await tryCases(stage, test, plans, { ...trial, cases: [one] })));
  if (alone.some(({ word }) => word === 'asks' || word === 'DIFFERENT')) return alone;
  const what = `${together.what ?? ''} (where it happens in every run of the test, and not in one of them alone)`;
  return [verdict(first, { ...together, what }), ...alone.slice(1)];
}

type Judged = Pick<Verdict, 'word' | 'what' | 'reasons'> & { readonly struck: ReadonlySet<number> };

/** Runs the test with the cases in it, and compares. */
async function judged(
  stage: TestStage,
  test: TestCase,
  plans: readonly Plan[],
  { cases, mode, reference }: Trial,
): Promise<Judged> {
  const plan = plans.find(({ pipeline }) => pipeline === test.pipeline);
  const kind = cases[0]?.kind ?? 'killed';
  const outcome = await runCase(stage, test, { mode, crashes: cases, expected: reference.ends });
  const { asked, struck } = outcome;
  if (asked !== undefined && !reference.ends.flat().some(({ state }) => state.startsWith('NEEDS_DECISION'))) {
    const of = plans.find(({ pipeline }) => pipeline === asked.pipeline);
    const predicted = of && whyAsked(of, stepNameOf(asked));
    const error = 'error' in asked.life ? asked.life.error.message : '';
    if (predicted !== undefined) return { word: 'asks', reasons: predicted, struck };
    const what = `${asked.pipeline} needs a decision, which its plan does not say`;
    return { word: 'DIFFERENT', reasons: [error], what, struck };
  }
  const what =
    outcome.stuck ??
    endsUnlike(reference.outcome.ends, outcome.ends, kind) ??
    unlikeness(reference.outcome.tables, outcome.tables, reference.volatile);
  if (what !== undefined) {
    const reasons = plan === undefined ? [] : whyDifferent(plan, { kind, repeated: outcome.repeated });
    return { word: 'DIFFERENT', what, reasons, struck };
  }
  const made = plan && madeAnew(plan, outcome, reference);
  if (made !== undefined) return { word: 'DIFFERENT', ...made, struck };
  return { word: 'same', reasons: [], struck };
}

/** Whether the files in one batch, or without batches, leave the same as one after another; what differs each time does not count. */
export function batchVerdict(
  plan: Plan,
  alone: Reference,
  other: Reference | NotRepeatable,
  mode: Mode,
): Verdict {
  const one = { case: { kind: 'batch', action: 0, place: 0 }, mode } as const;
  if (!('volatile' in other)) return { ...one, word: 'DIFFERENT', ...other };
  const what = unlikeness(alone.outcome.tables, other.outcome.tables, alone.volatile, () => true);
  if (what === undefined) return { ...one, word: 'same', reasons: [] };
  const reason = `${plan.pipeline} gives other rows where one run loads several files: their order within a batch must not matter`;
  return { ...one, word: 'DIFFERENT', what, reasons: [reason] };
}

/** A staging step that gives other rows each time ran again, and such values are in the tables. */
function madeAnew(
  plan: Plan,
  outcome: Outcome,
  { volatile }: Reference,
): { readonly what: string; readonly reasons: readonly string[] } | undefined {
  const steps = plan.steps.filter(
    ({ name, kind, lineage }) => kind === 'session' && !lineage.deterministic && outcome.again.includes(name),
  );
  const column = steps.length === 0 ? undefined : unexplained(outcome.tables, volatile, outcome.marks);
  if (column === undefined) return undefined;
  const repeated = steps.map(({ name }) => name);
  return {
    what: `${column} has other values than ${repeated.join(', ')} made at first`,
    reasons: whyDifferent(plan, { kind: 'undisturbed', repeated }),
  };
}

/** `sales SUCCEEDED, stores FAILED (sql) at 10.sql (3 times)` */
function counted(sorted: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const one of sorted) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].map(([one, count]) => (count === 1 ? one : `${one} (${count} times)`)).join(', ');
}

/** Runs that only a replay made do not count, where they succeeded. */
function endsUnlike(expected: readonly End[], found: readonly End[], kind?: FaultKind): string | undefined {
  const words = (ends: readonly End[]): string[] =>
    ends.map(({ pipeline, state }) => `${pipeline} ${state}`).sort();
  const [wanted, got] = [words(expected), words(found)];
  const isMore = kind === 'file-replayed' || kind === 'file-doubled';
  const rest = [...got];
  const missing = wanted.filter((one) => {
    const at = rest.indexOf(one);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  const extra = isMore ? rest.filter((one) => !/ (SUCCEEDED|SUPERSEDED)$/.test(one)) : rest;
  if (missing.length === 0 && extra.length === 0) return undefined;
  return `runs ended ${counted(got)}; undisturbed: ${counted(wanted)}`;
}
