import type { Run } from '../../shared/run/run.ts';
import { didYouMean } from '../arguments.ts';
import { EXIT, usageError } from '../exit.ts';
import { printable } from '../output.ts';
import { pipelineNames } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { filesText } from '../runs/batch-lines.ts';
import { triggerText } from '../runs/describe-run.ts';
import { Fates, type Fate } from '../runs/fates.ts';
import { findRuns, LOOKED_THROUGH, LOOKED_THROUGH_FILES, type FoundRun } from '../runs/find-runs.ts';
import { pausedPipelines, pauseLine } from '../runs/paused.ts';
import { readRunJson } from '../runs/run-json.ts';
import { cardOf, endedAtOf, stepNameOf } from '../runs/run-parts.ts';
import { between, countOf, duration } from '../runs/units.ts';
import { formatTable } from '../table.ts';
import type { Verb } from '../verb.ts';
import { RUN_STATES, sqlOption } from './shared-options.ts';

const DEFAULT_LIMIT = 20;
function row({ run, fate }: FoundRun): string[] {
  const ms = between(run.startedAt, endedAtOf(run));
  return [
    run.id,
    stateText(run, fate),
    `${run.cursor}/${run.steps} ${stepNameOf(run)}`.trimEnd(),
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
With --state it finds the runs in that state however many others are stored;
succeeded ones it searches among the newest ${LOOKED_THROUGH} runs of each pipeline, and says so
if there are fewer than asked for: --every searches all of them. Of failed runs, and of
those that need a decision, it shows the failure cards too. The runs of files that
a batch run loads are left out, unless --files is given; they have the state of
their batch run.`,
  positionals: [],
  options: {
    pipeline: { value: 'NAME', help: 'only runs of this pipeline (even if its folder was removed)' },
    state: { value: 'STATE', help: `only runs in this state: ${RUN_STATES.join(', ')}` },
    files: { help: 'also the runs of files that batch runs load' },
    every: { help: 'search every stored run, however old' },
    limit: { value: 'N', help: `at most N runs (default: ${DEFAULT_LIMIT})` },
    ...sqlOption,
  },
  examples: ['baton runs', 'baton runs --pipeline stores --state failed', 'baton runs --json --limit 100'],
  run: async ({ args, out, json, connect, signal }) => {
    const limit = args.integer('limit', { min: 1, max: 10_000 }) ?? DEFAULT_LIMIT;
    const state = args.choice('state', RUN_STATES);
    const known = pipelineNames(sqlFolder(args.text('sql')));
    const pipeline = args.text('pipeline');
    const reader = await (await connect()).runs();
    const asked = pipeline === undefined ? known : [pipeline];
    for (const paused of json ? [] : await pausedPipelines(reader, asked))
      out.say(`${paused.pipeline} is ${pauseLine(paused)}`);
    const fates = new Fates(reader);
    const every = args.flag('every');
    const wanted = { limit, state, files: args.flag('files'), every, signal };
    const { found, hidden, cut } = await findRuns(reader, asked, wanted, fates);
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
    if (cut.length > 0)
      out.say(
        `only the newest ${LOOKED_THROUGH} runs of ${cut.join(', ')} were searched: --every searches all of them`,
      );
    if (hidden > 0) {
      const which = hidden >= LOOKED_THROUGH_FILES ? 'at least ' : '';
      out.say(
        `${which}${countOf(hidden, 'run')} of files in batches not shown: add --files, or see: baton files`,
      );
    }
    return EXIT.done;
  },
};
