/**
 * The start of the functions that a run waits for: `start-run` with a file that arrived, `run-step` with the end of a statement,
 * each as the first call of a fresh process, against services that answer at once. In turns and in four bundles of the same
 * source: ours; as they were made before their clients were light; by esbuild's defaults; and with the least that can make the calls.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadPipelines } from '../shared/pipeline/load.ts';
import type { Plan } from '../shared/pipeline/plan.ts';
import { figure, type PartReport, times } from './report.ts';
import { writePipeline } from './pipelines.ts';
import { freshStart, type Start } from './starts/fresh-process.ts';
import { type Bundles, bundleAll, type Recipe, RECIPES, STARTED, type Started } from './starts/recipes.ts';
import { OBJECT, type Open, StandIn } from './starts/stand-in.ts';
import { median } from './statistics.ts';

const ROUNDS = 15;

const MOST_BYTES = 150_000;

/** The most processor time of import and first call, by function, as a part of what the older bundle takes. */
const MOST_OF_OLDER: Readonly<Record<Started, number>> = { 'run-step': 0.7, 'start-run': 0.5 };

export async function bundle(): Promise<PartReport> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-bench-bundle-'));
  const standIn = await StandIn.start(folder);
  try {
    const bundles = await bundleAll(folder, plansOf(join(folder, 'sql')));
    // The first run of a pipeline stores its plan.
    await new Measuring(bundles, standIn).run('visits/first.csv', 'baton');
    const measuring = new Measuring(bundles, standIn);
    for (let round = 0; round < ROUNDS; round += 1)
      for (const recipe of RECIPES) await measuring.run(`visits/${recipe}-${String(round)}.csv`, recipe);
    return reportOf(bundles, measuring);
  } finally {
    await standIn.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function plansOf(sql: string): readonly Plan[] {
  mkdirSync(join(sql, 'setup'), { recursive: true });
  writePipeline(sql, 'visits', {
    '10_load.sql':
      'CREATE TEMP TABLE staged (a INT);\nCOPY staged FROM :manifest IAM_ROLE :copy_role MANIFEST CSV;',
    '20_add.sql': 'INSERT INTO visits SELECT a FROM staged;',
    '30_note.sql': 'INSERT INTO notes SELECT COUNT(*) FROM visits;',
  });
  const { plans, problems } = loadPipelines(sql);
  if (plans.length !== 1)
    throw new Error(`the pipeline of the benchmark is wrong: ${JSON.stringify(problems)}`);
  return plans;
}

/** A file arrives, and the first statement of its run ends; then, unmeasured, the others. */
class Measuring {
  readonly starts = Object.fromEntries(
    RECIPES.map((recipe) => [recipe, { 'run-step': [], 'start-run': [] }]),
  ) as unknown as Record<Recipe, Record<Started, Start[]>>;
  /** What each function calls. */
  readonly calls = new Map<Started, string>();
  readonly #bundles: Bundles;
  readonly #standIn: StandIn;

  constructor(bundles: Bundles, standIn: StandIn) {
    this.#bundles = bundles;
    this.#standIn = standIn;
  }

  async run(key: string, recipe: Recipe): Promise<void> {
    await this.#measured('start-run', recipe, arrivalOf(key), { batchItemFailures: [] });
    const runId = this.#standIn.takeWoken();
    if (runId !== undefined) await this.#unmeasured(wokenOf(runId));
    const first = this.#standIn.takeOpen();
    if (first === undefined) throw new Error('no statement was submitted');
    await this.#measured('run-step', recipe, endOf(first), {});
    for (let open = this.#standIn.takeOpen(); open !== undefined; open = this.#standIn.takeOpen())
      await this.#unmeasured(endOf(open));
  }

  async #measured(started: Started, recipe: Recipe, event: object, expected: object): Promise<void> {
    this.#standIn.takeCalls();
    const { file } = this.#bundles[recipe][started];
    this.starts[recipe][started].push(await freshStart(file, event, this.#standIn.endpoint, expected));
    const made = this.#standIn.takeCalls().toSorted().join(', ');
    const known = this.calls.get(started) ?? made;
    // Else something else is compared.
    if (known !== made) throw new Error(`${started} of ${recipe} calls ${made}, not ${known}`);
    this.calls.set(started, made);
  }

  async #unmeasured(event: object): Promise<void> {
    await freshStart(this.#bundles.baton['run-step'].file, event, this.#standIn.endpoint, {});
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

function reportOf(bundles: Bundles, { starts, calls }: Measuring): PartReport {
  const figuresOf = (recipe: Recipe, started: Started) => {
    const all = starts[recipe][started];
    const of = (what: (start: Start) => number): number => median(all.map(what));
    return {
      kb: bundles[recipe][started].bytes / 1000,
      cpuMs: of(({ cpuMs }) => cpuMs),
      ms: of(({ importMs, callMs }) => importMs + callMs),
      peakMb: of(({ peakMb }) => peakMb),
    };
  };
  const figures = Object.fromEntries(
    STARTED.map((started) => [
      started,
      Object.fromEntries(RECIPES.map((recipe) => [recipe, figuresOf(recipe, started)])) as Record<
        Recipe,
        ReturnType<typeof figuresOf>
      >,
    ]),
  ) as Record<Started, Record<Recipe, ReturnType<typeof figuresOf>>>;
  const rows = STARTED.flatMap((started) => {
    const row = (what: string, of: keyof ReturnType<typeof figuresOf>): string[] => [
      `${started}: ${what}`,
      ...RECIPES.map((recipe) => figure(Math.round(figures[started][recipe][of]))),
      ...RECIPES.slice(1).map((recipe) => times(figures[started].baton[of] / figures[started][recipe][of])),
    ];
    return [
      row('loaded at the start, KB', 'kb'),
      row('processor, ms', 'cpuMs'),
      row('import and first call, ms', 'ms'),
      row('peak memory, MB', 'peakMb'),
    ];
  });
  const ratio = (started: Started, to: Recipe): number =>
    figures[started].baton.cpuMs / figures[started][to].cpuMs;
  const bytes = bundles.baton['run-step'].bytes;
  return {
    part: 'bundle',
    title: `start and first call of the functions that a run waits for, medians of ${String(ROUNDS)} fresh processes each, in turns`,
    columns: ['', ...RECIPES, ...RECIPES.slice(1).map((recipe) => `to ${recipe}`)],
    rows,
    notes: STARTED.map((started) => `${started} calls ${calls.get(started) ?? ''}`),
    bars: [
      {
        what: `run-step loads at most ${String(MOST_BYTES / 1000)} KB at its start`,
        seen: `${String(Math.round(bytes / 1000))} KB`,
        ok: bytes <= MOST_BYTES,
      },
      ...STARTED.map((started) => ({
        what: `${started} takes at most ${figure(MOST_OF_OLDER[started])} of the processor time of the older bundle`,
        seen: times(ratio(started, 'older')),
        ok: ratio(started, 'older') <= MOST_OF_OLDER[started],
      })),
    ],
    figures,
  };
}
