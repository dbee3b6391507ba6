/**
 * Does the command answer a question about runs at once, however many are stored? `baton runs --state` and `baton resume --all` as
 * processes, beside 10^3 and beside 10^5 stored runs: time from start to end, and calls.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

import { packageRoot } from '../build/project.ts';
import type { Stopped } from '../shared/run/run.ts';
import { callsSince, lastCall } from './calls.ts';
import { storeFinishedRuns } from './fill.ts';
import { stepFile, writePipeline } from './pipelines.ts';
import { type Bar, figure, type PartReport } from './report.ts';
import { type BenchStack, withStack } from './stack.ts';

const FEW = 1_000;
const MANY = 100_000;
/** Of each stopped state, among the first ones. */
const STOPPED = 10;
const SAMPLES = 3;
const LIMIT_MS = 1_000;

const PIPELINE = 'bench_listed';
const OTHER = 'bench_other';

const QUESTIONS: readonly (readonly string[])[] = [
  ...['failed', 'needs_decision', 'queued', 'running', 'succeeded', 'cancelled'].map((state) => [
    'runs',
    '--state',
    state,
  ]),
  ['runs', '--state', 'failed', '--pipeline', PIPELINE],
  ['runs'],
  ['resume', '--all', '--dry-run'],
];

interface Answer {
  /** Of the process, from start to end; the quickest of several. */
  readonly ms: number;
  readonly calls: number;
  readonly stdout: string;
}

const run = promisify(execFile);

export async function lists(): Promise<PartReport> {
  let sql = '';
  return withStack(
    (sqlFolder) => {
      sql = sqlFolder;
      for (const name of [PIPELINE, OTHER])
        writePipeline(sqlFolder, name, { [stepFile(1)]: 'CREATE TEMP TABLE t AS SELECT 1 AS n' });
    },
    async (stack) => {
      const model = await stack.succeed(PIPELINE);
      const stopped =
        (state: Stopped['state']) =>
        (endedAt: string): Stopped => ({
          state,
          error: { class: 'sql', message: 'relation "missing" does not exist' },
          resumeWith: { command: 'npx baton resume RUN', event: '{}' },
          endedAt,
          pendingActions: [],
        });
      await storeFinishedRuns(stack, model, 0, STOPPED, stopped('FAILED'));
      await storeFinishedRuns(stack, model, STOPPED, 2 * STOPPED, stopped('NEEDS_DECISION'));
      await storeFinishedRuns(stack, model, 2 * STOPPED, FEW);
      const few = await answers(stack, sql);
      await storeFinishedRuns(stack, model, FEW, MANY);
      const many = await answers(stack, sql);
      return reportOf(few, many);
    },
  );
}

async function answers(stack: BenchStack, sql: string): Promise<readonly Answer[]> {
  const found: Answer[] = [];
  for (const words of QUESTIONS) found.push(await answer(stack, [...words, '--sql', sql]));
  return found;
}

async function answer(stack: BenchStack, words: readonly string[]): Promise<Answer> {
  let best: Answer | undefined;
  for (let i = 0; i < SAMPLES; i += 1) {
    const from = await lastCall(stack);
    const begin = performance.now();
    const { stdout } = await run(process.execPath, [join(packageRoot, 'bin', 'baton.js'), ...words], {
      env: { ...process.env, AWS_ENDPOINT_URL: stack.endpoint, BATON_HOME: stack.home },
    });
    const ms = performance.now() - begin;
    const calls = (await callsSince(stack, from)).filter(({ caller }) => caller === 'baton-cli').length;
    if (best === undefined || ms < best.ms) best = { ms, calls, stdout };
  }
  if (best === undefined) throw new Error('nothing was measured');
  return best;
}

function reportOf(few: readonly Answer[], many: readonly Answer[]): PartReport {
  const named = QUESTIONS.map((words) => `baton ${words.join(' ')}`);
  const slowest = Math.max(...many.map(({ ms }) => ms));
  const same = (what: string, pick: (answer: Answer) => string | number, which: readonly string[]): Bar => {
    const wrong = named.filter(
      (name, i) =>
        which.includes(name) && JSON.stringify(few.map(pick)[i]) !== JSON.stringify(many.map(pick)[i]),
    );
    return {
      what,
      seen: wrong.length === 0 ? 'the same' : `not of ${wrong.join(', ')}`,
      ok: wrong.length === 0,
    };
  };
  const indexed = named.filter((name) => !/succeeded|runs$/.test(name));
  return {
    part: 'lists',
    title: 'time and calls of the command, from its start to its end, as history grows',
    columns: ['', '10^3 runs, ms', '10^5 runs, ms', 'ratio', 'calls', 'calls'],
    rows: named.map((name, i) => {
      const [before, later] = [few[i], many[i]];
      if (before === undefined || later === undefined) throw new Error(`${name} was not measured`);
      return [
        name,
        figure(Math.round(before.ms)),
        figure(Math.round(later.ms)),
        `${(later.ms / before.ms).toFixed(2)}x`,
        figure(before.calls),
        figure(later.calls),
      ];
    }),
    notes: [`two pipelines, of one of them ${STOPPED} failed runs and ${STOPPED} that need a decision`],
    bars: [
      {
        what: `every answer beside 10^5 stored runs within ${LIMIT_MS} ms`,
        seen: `${Math.round(slowest)} ms at most`,
        ok: slowest < LIMIT_MS,
      },
      same('states with an index: the same calls', ({ calls }) => calls, indexed),
      same('the same answer', ({ stdout }) => stdout, indexed),
    ],
    figures: {
      few: few.map(({ ms, calls }) => ({ ms, calls })),
      many: many.map(({ ms, calls }) => ({ ms, calls })),
    },
  };
}
