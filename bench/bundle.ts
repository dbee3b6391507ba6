/**
 * The start of the functions that a run waits for: `start-run` with a file that arrived, `run-step` with the end of a statement,
 * each as the first call of a fresh process, against services that answer at once. In turns and in four bundles of the same
 * source: ours; as they were made before their clients were light; by esbuild's defaults; and with the least that can make the calls.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { packageRoot } from '../build/project.ts';
import { loadPipelines } from '../shared/pipeline/load.ts';
import type { Plan } from '../shared/pipeline/plan.ts';
import { memoryOf } from './peers/counts.ts';
import { figure, type PartReport, times } from './report.ts';
import { writePipeline } from './pipelines.ts';
import { freshStart, type Start } from './starts/fresh-process.ts';
import { durationOf, priceOfMillion, SETTINGS_MB } from './starts/memory.ts';
import {
  bothOf,
  type Bundles,
  bundleAll,
  type Recipe,
  RECIPES,
  STARTED,
  type Started,
} from './starts/recipes.ts';
import { OBJECT, type Open, StandIn } from './starts/stand-in.ts';
import { median } from './statistics.ts';

const ROUNDS = 15;

/** Runs of one process: the benchmark's pipeline has a slot for each. */
const WARM_FILES = 12;
const WARM_ROUNDS = 3;

const MOST_BYTES = 150_000;

/** The most processor time of import and first call, by function, as a part of what the older bundle takes. */
const MOST_OF_OLDER: Readonly<Record<Started, number>> = { 'run-step': 0.7, 'start-run': 0.5 };

export async function bundle(): Promise<PartReport> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-bench-bundle-'));
  const standIn = await StandIn.start(folder);
  try {
    const bundles = await bundleAll(folder, plansOf(join(folder, 'sql')));
    // The first run of a pipeline stores its plan.
    await new Measuring(bundles, standIn).run('first', 'baton');
    const cold = new Measuring(bundles, standIn);
    const warm = new Measuring(bundles, standIn);
    for (let round = 0; round < ROUNDS; round += 1)
      for (const recipe of RECIPES) await cold.run(`${recipe}-${String(round)}`, recipe);
    for (let round = 0; round < WARM_ROUNDS; round += 1)
      for (const recipe of RECIPES) await warm.run(`${recipe}-warm-${String(round)}`, recipe, WARM_FILES);
    return reportOf(bundles, cold, warm);
  } finally {
    await standIn.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function plansOf(sql: string): readonly Plan[] {
  mkdirSync(join(sql, 'setup'), { recursive: true });
  const steps = {
    '10_load.sql':
      'CREATE TEMP TABLE staged (a INT);\nCOPY staged FROM :manifest IAM_ROLE :copy_role MANIFEST CSV;',
    '20_add.sql': 'INSERT INTO visits SELECT a FROM staged;',
    '30_note.sql': 'INSERT INTO notes SELECT COUNT(*) FROM visits;',
  };
  // By events: how often a call that waits asks depends on the moment.
  writePipeline(sql, 'visits', steps, `concurrency: ${String(WARM_FILES)}\nhandoff: event\n`);
  const { plans, problems } = loadPipelines(sql);
  if (plans.length !== 1)
    throw new Error(`the pipeline of the benchmark is wrong: ${JSON.stringify(problems)}`);
  return plans;
}

/** A file arrives, and the first statement of its run ends; then, unmeasured, the others. */
class Measuring {
  readonly starts = recipesOf(() => bothOf((): Start[] => []));
  /** What each function calls. */
  readonly calls = new Map<Started, readonly string[]>();
  readonly #bundles: Bundles;
  readonly #standIn: StandIn;

  constructor(bundles: Bundles, standIn: StandIn) {
    this.#bundles = bundles;
    this.#standIn = standIn;
  }

  /** `files`: that arrive one after the other; the invocations after the first are warm. */
  async run(name: string, recipe: Recipe, files = 1): Promise<void> {
    const keys = Array.from({ length: files }, (_, i) => `visits/${name}-${String(i)}.csv`);
    await this.#measured('start-run', recipe, keys.map(arrivalOf), { batchItemFailures: [] });
    await this.#unmeasured(this.#standIn.takeWoken().map(wokenOf));
    const first = this.#standIn.takeOpen();
    if (first.length !== files)
      throw new Error(`${String(first.length)} statements for ${String(files)} files`);
    await this.#measured('run-step', recipe, first.map(endOf), {});
    for (let open = this.#standIn.takeOpen(); open.length > 0; open = this.#standIn.takeOpen())
      await this.#unmeasured(open.map(endOf));
  }

  async #measured(started: Started, recipe: Recipe, events: object[], expected: object): Promise<void> {
    this.#standIn.takeCalls();
    const { file } = this.#bundles[recipe][started];
    this.starts[recipe][started].push(await freshStart(file, events, this.#standIn.endpoint, expected));
    const made = this.#standIn.takeCalls().toSorted();
    if (events.length > 1) return;
    const known = this.calls.get(started) ?? made;
    // Else something else is compared.
    if (known.join() !== made.join())
      throw new Error(`${started} of ${recipe} calls ${made.join(', ')}, not ${known.join(', ')}`);
    this.calls.set(started, made);
  }

  async #unmeasured(events: object[]): Promise<void> {
    if (events.length === 0) return;
    await freshStart(this.#bundles.baton['run-step'].file, events, this.#standIn.endpoint, {});
  }
}

function wokenOf(runId: string): object {
  return { source: 'baton.request', 'detail-type': 'Run Woken', detail: { runId } };
}

function endOf({ id, name }: Open): object {
  return {
    source: 'aws.redshift-data',
    'detail-type': 'Redshift Data Statement Status Change',
    time: new Date().toISOString(),
    detail: { statementId: id, statementName: name, state: 'FINISHED', rows: 1 },
  };
}

function arrivalOf(key: string): object {
  const body = {
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: new Date(OBJECT['last-modified']).toISOString(),
    detail: {
      bucket: { name: 'baton-local-landing' },
      object: {
        key,
        size: Number(OBJECT['content-length']),
        etag: OBJECT.etag.replaceAll('"', ''),
        'version-id': OBJECT['x-amz-version-id'],
        sequencer: '00',
      },
    },
  };
  return {
    Records: [{ messageId: key, body: JSON.stringify(body), attributes: { ApproximateReceiveCount: '1' } }],
  };
}

interface Figures {
  readonly kb: number;
  readonly cpuMs: number;
  readonly warmCpuMs: number;
  readonly ms: number;
  readonly peakMb: number;
}

function reportOf(bundles: Bundles, cold: Measuring, warm: Measuring): PartReport {
  const figuresOf = (recipe: Recipe, started: Started): Figures => {
    const of = (what: (start: Start) => number): number => median(cold.starts[recipe][started].map(what));
    const further = warm.starts[recipe][started];
    return {
      kb: bundles[recipe][started].bytes / 1000,
      cpuMs: of(({ cpuMs }) => cpuMs),
      // The second call has still code to compile.
      warmCpuMs: median(further.flatMap(({ warmCpuMs }) => warmCpuMs.slice(1))),
      ms: of(({ importMs, callMs }) => importMs + callMs),
      peakMb: Math.max(...further.map(({ peakMb }) => peakMb)),
    };
  };
  const figures = bothOf((started) => recipesOf((recipe) => figuresOf(recipe, started)));
  const rows = STARTED.flatMap((started) => {
    const row = (what: string, of: keyof Figures): string[] => [
      `${started}: ${what}`,
      ...RECIPES.map((recipe) => figure(Math.round(figures[started][recipe][of]))),
      ...RECIPES.slice(1).map((recipe) => times(figures[started].baton[of] / figures[started][recipe][of])),
    ];
    return [
      row('loaded at the start, KB', 'kb'),
      row('start and first call, processor, ms', 'cpuMs'),
      row('start and first call, ms', 'ms'),
      row('a further call, processor, ms', 'warmCpuMs'),
      row(`peak memory of ${String(WARM_FILES)} calls, MB`, 'peakMb'),
    ];
  });
  const nodeCpuMs = median(cold.starts.baton['run-step'].map((start) => start.nodeCpuMs));
  const ratio = (started: Started): number => figures[started].baton.cpuMs / figures[started].older.cpuMs;
  const { bytes } = bundles.baton['run-step'];
  const memoryMb = 1024 * (memoryOf(packageRoot)['run-step'] ?? 0);
  const peakMb = Math.max(...STARTED.map((started) => figures[started].baton.peakMb));
  return {
    part: 'bundle',
    title: `start and calls of the functions that a run waits for, medians of ${String(ROUNDS)} fresh processes each, in turns`,
    columns: ['', ...RECIPES, ...RECIPES.slice(1).map((recipe) => `to ${recipe}`)],
    rows,
    notes: STARTED.flatMap((started) => [
      `${started} calls ${(cold.calls.get(started) ?? []).join(', ')}`,
      ...memoryLines(started, figures[started].baton, nodeCpuMs, cold.calls.get(started) ?? []),
    ]),
    bars: [
      {
        what: `run-step loads at most ${String(MOST_BYTES / 1000)} KB at its start`,
        seen: `${String(Math.round(bytes / 1000))} KB`,
        ok: bytes <= MOST_BYTES,
      },
      ...STARTED.map((started) => ({
        what: `${started} takes at most ${figure(MOST_OF_OLDER[started])} of the processor time of the older bundle`,
        seen: times(ratio(started)),
        ok: ratio(started) <= MOST_OF_OLDER[started],
      })),
      {
        what: `half of the functions' memory (${String(memoryMb)} MB) is enough`,
        seen: `${String(Math.round(peakMb))} MB`,
        ok: peakMb <= memoryMb / 2,
      },
    ],
    figures,
  };
}

/** One line for each memory setting: by the measured processor time and AWS-like latencies. */
function memoryLines(
  started: Started,
  { cpuMs, warmCpuMs }: Figures,
  nodeCpuMs: number,
  calls: readonly string[],
): string[] {
  return SETTINGS_MB.map((memoryMb) => {
    const warm = durationOf({ cpuMs: warmCpuMs, calls }, memoryMb);
    const cold = durationOf({ cpuMs: cpuMs + nodeCpuMs, calls }, memoryMb);
    const usd = priceOfMillion({ cpuMs: warmCpuMs, calls }, memoryMb);
    return `  with ${String(memoryMb)} MB on AWS, by a model: ${String(Math.round(warm))} ms, cold ${String(Math.round(cold))} ms; ${usd.toFixed(2)} USD per million ${started}`;
  });
}

function recipesOf<T>(make: (recipe: Recipe) => T): Record<Recipe, T> {
  return { baton: make('baton'), older: make('older'), plain: make('plain'), floor: make('floor') };
}
