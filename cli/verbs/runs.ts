import type { Run, RunState } from '../../shared/run/run.ts';
import { didYouMean } from '../arguments.ts';
import { EXIT, usageError } from '../exit.ts';
import { printable } from '../output.ts';
import { pipelineNames } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { filesText } from '../runs/batch-lines.ts';
import { triggerText } from '../runs/describe-run.ts';
import { Fates, type Fate } from '../runs/fates.ts';
import { pausedPipelines, pauseLine } from '../runs/paused.ts';
import { readRunJson } from '../runs/run-json.ts';
import { cardOf, endedAtOf } from '../runs/run-parts.ts';
import type { EveryRun } from '../runs/run-reader.ts';
import { between, countOf, duration } from '../runs/units.ts';
import { formatTable } from '../table.ts';
import type { Verb } from '../verb.ts';
import { RUN_STATES, sqlOption } from './shared-options.ts';

const DEFAULT_LIMIT = 20;
/** How many of a pipeline's newest runs are looked through for a state, and past the files of batches. */
const LOOKED_THROUGH = 500;
const LOOKED_THROUGH_FILES = 5_000;

interface Found {
  readonly run: Run;
  readonly fate: Fate;
}

/** The newest runs of a pipeline; `hidden`: runs of files that batches load, which were passed over. */
async function newestOf(
  reader: EveryRun,
  fates: Fates,
  pipeline: string,
  {
    limit,
    state,
    files,
  }: { readonly limit: number; readonly state: RunState | undefined; readonly files: boolean },
): Promise<{ readonly found: Found[]; readonly hidden: number }> {
  const found: Found[] = [];
  let hidden = 0;
  let seen = 0;
  for await (const page of reader.newestRuns(pipeline, state === undefined ? limit : LOOKED_THROUGH)) {
    for (const run of page) {
      const fate = await fates.of(run);
      if (fate.batch !== undefined && !files) hidden += 1;
      else {
        seen += 1;
        if (state === undefined || fate.state === state) found.push({ run, fate });
      }
    }
    const looked = state === undefined ? seen >= limit : seen >= Math.max(limit, LOOKED_THROUGH);
    if (found.length >= limit || looked || hidden >= LOOKED_THROUGH_FILES) break;
  }
  return { found, hidden };
}

function row({ run, fate }: Found): string[] {
  const ms = between(run.startedAt, endedAtOf(run));
  return [
    run.id,
    stateText(run, fate),
    run.step === '' ? `${run.cursor}/${run.steps}` : `${run.cursor}/${run.steps} ${run.step}`,
    run.createdAt.replace(/\.\d+Z$/, 'Z'),
    ms === undefined ? '' : duration(ms),
    run.batch === undefined ? triggerText(run) : `${triggerText(run)} (${filesText(run.batch)})`,
  ];
}

function stateText(run: Run, { state, batch }: Fate): string {
  if (batch === undefined) return run.life.state;
  return state === undefined ? 'not known' : `${state} in ${batch}`;
}

export const runs: Verb = {
  name: 'runs',
  summary: 'list runs, newest first',
  description: `
Lists runs, newest first: of every pipeline in the SQL folder, or of one. The
step column shows the number of completed steps, the total, and the current step.
A line for each paused pipeline comes first.
With --state it searches the newest ${LOOKED_THROUGH} runs of each pipeline; of failed runs, and of
those that need a decision, it shows the failure cards too. The runs of files that
a batch run loads are left out, unless --files is given; they have the state of
their batch run.`,
  positionals: [],
  options: {
    pipeline: { value: 'NAME', help: 'only runs of this pipeline (even if its folder was removed)' },
    state: { value: 'STATE', help: `only runs in this state: ${RUN_STATES.join(', ')}` },
    files: { help: 'also the runs of files that batch runs load' },
    limit: { value: 'N', help: `at most N runs (default: ${DEFAULT_LIMIT})` },
    ...sqlOption,
  },
  examples: ['baton runs', 'baton runs --pipeline stores --state failed', 'baton runs --json --limit 100'],
  run: async ({ args, out, json, connect }) => {
    const limit = args.integer('limit', { min: 1, max: 10_000 }) ?? DEFAULT_LIMIT;
    const state = args.choice('state', RUN_STATES);
    const known = pipelineNames(sqlFolder(args.text('sql')));
    const pipeline = args.text('pipeline');
    const reader = await (await connect()).runs();
    const asked = pipeline === undefined ? known : [pipeline];
    for (const paused of json ? [] : await pausedPipelines(reader, asked))
      out.say(`${paused.pipeline} is ${pauseLine(paused)}`);
    const fates = new Fates(reader);
    const files = args.flag('files');
    const lists = await Promise.all(
      asked.map((name) => newestOf(reader, fates, name, { limit, state, files })),
    );
    const found = lists
      .flatMap((list) => list.found)
      .sort((a, b) => b.run.createdAt.localeCompare(a.run.createdAt))
      .slice(0, limit);
    const hidden = lists.reduce((sum, list) => sum + list.hidden, 0);
    if (pipeline !== undefined && found.length === 0 && !known.includes(pipeline)) {
      throw usageError(
        `pipeline ${pipeline} not found`,
        didYouMean(pipeline, known) ?? `known pipelines: ${known.join(', ')}`,
      );
    }
    if (json) out.json(await Promise.all(found.map(({ run }) => readRunJson(reader, run, undefined, fates))));
    else if (found.length === 0) out.say('no runs');
    else {
      const titles = ['RUN', 'STATE', 'DONE', 'MADE', 'TOOK', 'TRIGGER'];
      out.data(
        formatTable(
          titles.map((title) => ({ title })),
          found.map(row),
        ),
      );
    }
    if (!json && (state === 'FAILED' || state === 'NEEDS_DECISION')) {
      for (const { run } of found) {
        const card = cardOf(run);
        if (card !== undefined) out.data(`\n${printable(card)}`);
      }
    }
    if (hidden > 0) {
      const which = hidden >= LOOKED_THROUGH_FILES ? 'at least ' : '';
      out.say(
        `${which}${countOf(hidden, 'run')} of files in batches not shown: add --files, or see: baton files`,
      );
    }
    return EXIT.done;
  },
};
