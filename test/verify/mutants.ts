/**
 * `node test/verify/mutants.ts [--only FILE[:LINE]] [--mutant N] [--state FILE]`: every small change of the
 * core, and whether a fact, a crash point, a schedule or a test of the engine notices it.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { parseArgs } from 'node:util';

import type { Mutant } from './mutants/instrument.ts';
import type { Outcome } from './mutants/pool.ts';
import { Thread } from './mutants/pool.ts';
import { explanationOf, lineOf, tellSurvivors, tellTable } from './mutants/report.ts';
import { isProgram, say } from './parallel.ts';
import { keep, restored } from './state-file.ts';

const SAVE_EVERY_MS = 2_000;

/** A test run that is not over by then never ends. */
const LONGEST_TESTS_MS = 120_000;

interface State {
  readonly code: string;
  readonly outcomes: Record<string, Outcome>;
}

/** 0 if enough mutants are killed, and every mutant of the protocol is, or has its explanation. */
export async function mutants(words: readonly string[]): Promise<0 | 1> {
  const { values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      mutant: { type: 'string' },
      schedules: { type: 'string', default: '100' },
      state: { type: 'string' },
      'no-tests': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const root = process.cwd();
  // The parser and the bundler are large, and the threads of the other parts load this file too.
  const { catalogueOf } = await import('./mutants/catalogue.ts');
  const { buildWorker } = await import('./mutants/build.ts');
  const catalogue = catalogueOf(root);
  const only = values.only.replace(/^(?:\.\/)?shared\/run\//, '');
  const chosen = catalogue.mutants.filter(
    (mutant) =>
      `${mutant.file}:${mutant.line}:`.startsWith(only) &&
      (values.mutant === undefined || mutant.id === Number(values.mutant)),
  );
  if (chosen.length === 0)
    throw new Error(`there is no mutant of ${values.only}: --only takes a file of shared/run`);
  if (values.list) {
    for (const mutant of chosen) say(lineOf(mutant));
    return 0;
  }
  const { program, hash } = await buildWorker(root, catalogue);
  const schedules = Number(values.schedules);
  const state = restored<State>(values.state, { code: `${hash} ${schedules}`, outcomes: {} }, say);
  const itemsOf = await survey(program, schedules);
  const left = chosen.filter((mutant) => state.outcomes[mutant.id] === undefined);
  if (left.length < chosen.length) say(`${chosen.length - left.length} were done before`);
  await hunt(left, itemsOf, { program, schedules, state, file: values.state, repeats: chosen.length === 1 });
  if (!values['no-tests']) await askTests(chosen, state, values.state);
  tellTable(chosen, state.outcomes);
  return tellSurvivors(
    chosen,
    catalogue.mutants,
    state.outcomes,
    values.only === '' && values.mutant === undefined,
  );
}

/** Which items come upon which mutant, the cheapest item first. */
async function survey(program: string, schedules: number): Promise<Map<number, string[]>> {
  const started = performance.now();
  const itemsOf = new Map<number, string[]>();
  const counts: Record<string, number> = {};
  const thread = new Thread(program, schedules);
  await thread.survey(({ item, itemKind, mutants }) => {
    counts[itemKind] = (counts[itemKind] ?? 0) + 1;
    for (const mutant of mutants) itemsOf.set(mutant, [...(itemsOf.get(mutant) ?? []), item]);
  });
  await thread.end();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const all = Object.entries(counts).map(([kind, count]) => `${count} ${kind}s`);
  say(`without a mutant everything holds: ${all.join(', ')} (${seconds} s)`);
  return itemsOf;
}

interface Hunting {
  readonly program: string;
  readonly schedules: number;
  readonly state: State;
  readonly file: string | undefined;
  /** One mutant, by hand: tell what noticed it. */
  readonly repeats: boolean;
}

async function hunt(
  left: Mutant[],
  itemsOf: ReadonlyMap<number, string[]>,
  { program, schedules, state, file, repeats }: Hunting,
): Promise<void> {
  let saved = performance.now();
  const everything = [...new Set([...itemsOf.values()].flat())];
  // Those that need a thread of their own come together.
  const queue = left.toSorted((a, b) => Number(a.atLoad) - Number(b.atLoad));
  const lane = async (): Promise<void> => {
    const thread = new Thread(program, schedules);
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const items = mutant.atLoad ? everything : (itemsOf.get(mutant.id) ?? []);
      const outcome = await thread.hunt(mutant.id, mutant.atLoad, items);
      state.outcomes[mutant.id] = outcome;
      if (repeats) say(`${lineOf(mutant)}\n  ${outcomeOf(outcome)}; ${items.length} items come upon it`);
      if (performance.now() - saved < SAVE_EVERY_MS) continue;
      saved = performance.now();
      keep(file, state);
    }
    await thread.end();
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), left.length) }, lane));
  keep(file, state);
}

function outcomeOf(outcome: Outcome): string {
  return outcome.status === 'survived' ? 'survived' : `killed by ${outcome.by}: ${outcome.how}`;
}

/** What is left over is shown to the tests of the engine, one test run for each mutant. */
async function askTests(chosen: readonly Mutant[], state: State, file: string | undefined): Promise<void> {
  const left = chosen.filter(
    (mutant) => state.outcomes[mutant.id]?.status === 'survived' && explanationOf(mutant) === undefined,
  );
  if (left.length === 0) return;
  say(`${left.length} left over: the tests of the engine are asked`);
  const wrong = await testsNotice(-1);
  if (wrong !== undefined) throw new Error(`a test of the engine fails without any mutant: ${wrong}`);
  for (const mutant of left) {
    const by = await testsNotice(mutant.id);
    if (by === undefined) continue;
    state.outcomes[mutant.id] = { status: 'killed', by: 'test', how: by };
    keep(file, state);
  }
}

function testsNotice(mutant: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/verify/mutants/vitest.config.ts'],
      {
        env: { ...process.env, NO_COLOR: '1', BATON_MUTANT: String(mutant) },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: LONGEST_TESTS_MS,
        killSignal: 'SIGKILL',
      },
    );
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(undefined);
      else resolve(/^ *× (.*)$/m.exec(said)?.[1] ?? (code === null ? 'it never ended' : said.slice(0, 200)));
    });
  });
}

if (isMainThread && isProgram('mutants')) process.exitCode = await mutants(process.argv.slice(2));
