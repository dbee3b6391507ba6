import type { Run } from '../../shared/run/run.ts';
import { didYouMean } from '../arguments.ts';
import { EXIT, usageError } from '../exit.ts';
import { pipelineNames } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { triggerText } from '../runs/describe-run.ts';
import { pausedPipelines, pauseLine } from '../runs/paused.ts';
import { readRunJson } from '../runs/run-json.ts';
import { endedAtOf } from '../runs/run-parts.ts';
import { between, duration } from '../runs/units.ts';
import { formatTable } from '../table.ts';
import type { Verb } from '../verb.ts';
import { RUN_STATES, sqlOption } from './shared-options.ts';

const DEFAULT_LIMIT = 20;
/** How many of a pipeline's newest runs are looked through for a state. */
const LOOKED_THROUGH = 500;

function row(run: Run): string[] {
  const ms = between(run.startedAt, endedAtOf(run));
  return [
    run.id,
    run.life.state,
    run.step === '' ? `${run.cursor}/${run.steps}` : `${run.cursor}/${run.steps} ${run.step}`,
    run.createdAt.replace(/\.\d+Z$/, 'Z'),
    ms === undefined ? '' : duration(ms),
    triggerText(run),
  ];
}

export const runs: Verb = {
  name: 'runs',
  summary: 'list runs, newest first',
  description: `
Lists runs, newest first: of every pipeline in the SQL folder, or of one. The
step column shows the number of completed steps, the total, and the current step.
A line for each paused pipeline comes first.
With --state it searches the newest ${LOOKED_THROUGH} runs of each pipeline.`,
  positionals: [],
  options: {
    pipeline: { value: 'NAME', help: 'only runs of this pipeline (even if its folder was removed)' },
    state: { value: 'STATE', help: `only runs in this state: ${RUN_STATES.join(', ')}` },
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
    const perPipeline = state === undefined ? limit : Math.max(limit, LOOKED_THROUGH);
    const asked = pipeline === undefined ? known : [pipeline];
    for (const paused of json ? [] : await pausedPipelines(reader, asked))
      out.say(`${paused.pipeline} is ${pauseLine(paused)}`);
    const lists = await Promise.all(asked.map((name) => reader.listRuns(name, perPipeline)));
    const found = lists
      .flat()
      .filter((run) => state === undefined || run.life.state === state)
      .sort((a, b) => b.createdAt.localeCompare(a.createdAt))
      .slice(0, limit);
    if (pipeline !== undefined && found.length === 0 && !known.includes(pipeline)) {
      throw usageError(
        `pipeline ${pipeline} not found`,
        didYouMean(pipeline, known) ?? `known pipelines: ${known.join(', ')}`,
      );
    }
    if (json) out.json(await Promise.all(found.map((run) => readRunJson(reader, run))));
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
    return EXIT.done;
  },
};
