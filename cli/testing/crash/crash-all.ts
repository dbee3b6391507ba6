/** `baton test --crash`: every test with each fault at each place, in lanes, mode by mode. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Plan } from '../../../shared/pipeline/plan.ts';
import { Lanes } from '../lanes.ts';
import { runTest, type TestResult } from '../run-test.ts';
import type { TestCase } from '../test-case.ts';
import {
  batchVerdict,
  casesOf,
  referenceOf,
  tryCases,
  type NotRepeatable,
  type Reference,
  type Verdict,
} from './crash-test.ts';
import { caseId } from './matrix.ts';
import { copyInMode, isRunIn, MODES, type Mode } from './modes.ts';
import { randomOf } from './random.ts';
import { runCase, type CrashCase } from './run-case.ts';

/** What the crash test of one test found. */
export interface Crashed {
  readonly test: TestCase;
  readonly plan: Plan;
  readonly result:
    /** The test fails without any fault. */
    | { readonly kind: 'failed'; readonly undisturbed: TestResult }
    | { readonly kind: 'not-repeatable'; readonly found: NotRepeatable }
    | { readonly kind: 'done'; readonly undisturbedMs: number; readonly verdicts: readonly Verdict[] };
}

export interface CrashOptions {
  readonly sqlFolder: string;
  readonly plans: readonly Plan[];
  readonly tests: readonly TestCase[];
  /** Chooses places where there are too many. */
  readonly seed: number;
  /** Only the cases of these ids, in which `*` stands for any characters; none: all. */
  readonly only: readonly string[];
  /** Only so many of each test, chosen by the seed. */
  readonly sample?: number;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
  /** How far it is, for a terminal: the next one replaces it. */
  readonly status: (text: string) => void;
}

interface Piece {
  readonly mode: Mode;
  readonly cases: readonly CrashCase[];
  readonly test: TestCase;
  readonly reference: Reference;
}

/** Of a test, or why it has none. */
type Referred = Reference | NotRepeatable | TestResult;

function isReference(referred: Referred | undefined): referred is Reference {
  return referred !== undefined && 'volatile' in referred;
}

/** In the order of the tests. */
export async function crashAll(options: CrashOptions): Promise<readonly Crashed[]> {
  const copy = mkdtempSync(join(tmpdir(), 'baton-crash-'));
  copyInMode(options.sqlFolder, copy, 'alone');
  const lanes = new Lanes({ sql: copy, signal: options.signal });
  const crash = new Crash(options, lanes);
  try {
    options.progress('building and starting a local AWS for the tests');
    for (const mode of MODES) {
      const chosen = crash.chosen(mode);
      if (chosen.length === 0) continue;
      copyInMode(options.sqlFolder, copy, mode);
      await lanes.reload();
      await crash.run(mode, chosen);
    }
  } finally {
    await lanes.stop();
    rmSync(copy, { recursive: true, force: true });
  }
  return crash.results();
}

class Crash {
  readonly #options: CrashOptions;
  readonly #lanes: Lanes;
  /** By test. */
  readonly #undisturbed = new Map<TestCase, Referred>();
  readonly #verdicts = new Map<TestCase, Verdict[]>();

  constructor(options: CrashOptions, lanes: Lanes) {
    this.#options = options;
    this.#lanes = lanes;
  }

  /** The tests that are run in a mode. */
  chosen(mode: Mode): readonly TestCase[] {
    return this.#options.tests.filter(
      (test) =>
        isRunIn(mode, test, this.#plan(test)) &&
        (mode === 'alone' || isReference(this.#undisturbed.get(test))),
    );
  }

  async run(mode: Mode, chosen: readonly TestCase[]): Promise<void> {
    const { plans, status } = this.#options;
    const references = await this.#references(mode, chosen);
    const pieces = [...references].flatMap(([test, reference]) => this.#pieces(test, reference, mode));
    let done = 0;
    await this.#lanes.run(pieces, async (stage, piece) => {
      const { test } = piece;
      for (const verdict of await tryCases(stage, test, plans, piece)) this.#add(test, verdict);
      done += 1;
      const ids = piece.cases.map((one) => caseId(one, this.#plan(test), mode));
      status(`${done} of ${pieces.length} (${mode}): ${test.pipeline}/${test.name} ${ids.join(', ')}`);
    });
  }

  /** The undisturbed runs in a mode; of `own` those of `alone`, as its tables must be, with the calls that it makes. */
  async #references(mode: Mode, chosen: readonly TestCase[]): Promise<ReadonlyMap<TestCase, Reference>> {
    const { plans, status } = this.#options;
    const found = new Map<TestCase, Reference>();
    await this.#lanes.run(chosen, async (stage, test) => {
      status(`${test.pipeline}/${test.name}: undisturbed (${mode})`);
      const plan = this.#plan(test);
      if (mode === 'alone') {
        const result = await runTest(stage, test, plans);
        const passed = result.mismatches.length === 0;
        const one = passed ? await referenceOf(stage, test, plan, mode) : result;
        this.#undisturbed.set(test, one);
        if (isReference(one)) found.set(test, one);
        return;
      }
      const alone = this.#undisturbed.get(test);
      if (!isReference(alone)) return;
      if (mode === 'own') {
        const { calls } = await runCase(stage, test, { mode });
        found.set(test, { ...alone, calls });
        return;
      }
      const other = await referenceOf(stage, test, plan, mode);
      if (isReference(other)) found.set(test, other);
      this.#add(test, batchVerdict(plan, alone, other, mode));
    });
    return found;
  }

  #pieces(test: TestCase, reference: Reference, mode: Mode): Piece[] {
    const { seed, only, sample } = this.#options;
    const plan = this.#plan(test);
    const random = randomOf(seed);
    const cases = casesOf(test, plan, reference, mode, random);
    const chosen = (sample === undefined ? cases : sampleOf(cases, sample, random)).filter(
      (each) => only.length === 0 || only.some((id) => fits(id, caseId(each, plan, mode))),
    );
    const groups = new Map<string, CrashCase[]>();
    for (const one of chosen) {
      const key = `${one.kind} ${one.place}`;
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    return [...groups.values()].map((group) => ({ mode, cases: group, test, reference }));
  }

  results(): readonly Crashed[] {
    return this.#options.tests.map((test): Crashed => {
      const plan = this.#plan(test);
      const one = this.#undisturbed.get(test);
      if (one === undefined) throw new Error(`${test.pipeline}/${test.name} has not run`);
      if ('mismatches' in one) return { test, plan, result: { kind: 'failed', undisturbed: one } };
      if (!isReference(one)) return { test, plan, result: { kind: 'not-repeatable', found: one } };
      const verdicts = this.#verdicts.get(test) ?? [];
      return { test, plan, result: { kind: 'done', undisturbedMs: one.ms, verdicts } };
    });
  }

  #add(test: TestCase, verdict: Verdict): void {
    this.#verdicts.set(test, [...(this.#verdicts.get(test) ?? []), verdict]);
  }

  #plan({ pipeline }: TestCase): Plan {
    const plan = this.#options.plans.find((each) => each.pipeline === pipeline);
    if (plan === undefined) throw new Error(`there is no plan of ${pipeline}`);
    return plan;
  }
}

/** So many, in their order. */
function sampleOf<T>(all: readonly T[], count: number, random: () => number): readonly T[] {
  const ranked = all.map((one, at) => ({ one, at, rank: random() }));
  const chosen = ranked.sort((a, b) => a.rank - b.rank).slice(0, count);
  return chosen.sort((a, b) => a.at - b.at).map(({ one }) => one);
}

function fits(pattern: string, id: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`).test(id);
}
