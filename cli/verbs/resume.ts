import { defined } from '../../shared/run/defined.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { ask, requestBy } from '../requests.ts';
import { FAILURE_CLASSES } from '../runs/failed-runs.ts';
import type { Context, Verb } from '../verb.ts';
import { givenRun, watchToEnd } from './one-run.ts';
import { resumeAll } from './resume-all.ts';
import { noWaitOption, sqlOption } from './shared-options.ts';

/** Options that go with `--all`, and those that go with one run. */
const OF_ALL = ['pipeline', 'class', 'dry-run', 'yes'];
const OF_ONE = ['from'];

export const resume: Verb = {
  name: 'resume',
  summary: 'resume a failed run, or all of them, from the failed step',
  description: `
Resumes a failed run at the step that failed, in the same session while it
lives: steps that are done do not run again. The run takes today's SQL of that
step and the later ones. Waits and shows each step as it ends.
With --all it resumes every failed run of the pipelines in the SQL folder,
however old, the oldest first: it lists them, asks, sends one request for each
run and does not wait for their ends. Without a terminal nothing is resumed
unless --yes is given. What is printed: each run, and RUNNING, QUEUED (it gave
up its slot and waits for one), or why it was not resumed.
Exit codes with --all: 0 all were resumed; 1 some were not; 2 wrong usage, or
--yes is missing; 3 the service could not be reached, the rest was not requested.`,
  positionals: [
    {
      name: 'ID',
      optional: true,
      help: 'the run; the start of its id is enough when it is the only one',
    },
  ],
  options: {
    from: {
      value: 'STEP',
      help: 'an earlier step, in a new session, while nothing lasting was done since (default: the failed step)',
    },
    all: { help: 'every failed run, after a list of them' },
    pipeline: { value: 'NAME', help: 'with --all: only runs of this pipeline (it need not exist any more)' },
    class: { value: 'CLASS', help: `with --all: only failures of this class: ${FAILURE_CLASSES.join(', ')}` },
    'dry-run': { help: 'with --all: list the runs and resume none' },
    yes: { help: 'with --all: do not ask' },
    reason: { value: 'TEXT', help: 'why, for the record' },
    ...noWaitOption,
    ...sqlOption,
  },
  examples: [
    'baton resume product_dimension-4k2vq',
    'baton resume ID --from 20_load.sql',
    'baton resume --all --pipeline stores --class sql --dry-run',
    'baton resume --all --class permission --yes --reason "the right was granted"',
  ],
  run: async (context) => {
    const { args } = context;
    const all = args.flag('all');
    const id = args.positional('ID');
    if (all === (id !== undefined)) {
      throw usageError(
        all ? `--all resumes every failed run, and ID (${id ?? ''}) names one` : 'ID is missing: which run?',
        all ? 'leave one of them out' : 'baton resume ID, or baton resume --all',
      );
    }
    const given = (name: string): boolean => args.flag(name) || args.text(name) !== undefined;
    const wrong = (all ? OF_ONE : OF_ALL).find(given);
    if (wrong !== undefined) {
      throw usageError(
        `--${wrong} goes with ${all ? 'one run (ID)' : '--all'} only`,
        'see: baton resume --help',
      );
    }
    return all ? resumeAll(context) : resumeOne(context);
  },
};

async function resumeOne(context: Context): Promise<ExitCode> {
  const { args, out, json, connect } = context;
  const connection = await connect();
  const reader = await connection.runs();
  const found = await givenRun(reader, context);
  const seen = await reader.history(found.id);
  const from = args.text('from');
  const answer = await ask(await connection.operator(), {
    verb: 'resume',
    runId: found.id,
    ...defined({ from }),
    ...requestBy(args.text('reason')),
  });
  if (args.flag('no-wait')) {
    if (json) out.json({ id: answer.runId, state: answer.state });
    else out.data(answer.runId);
    return EXIT.done;
  }
  out.say(`run ${answer.runId}: ${answer.message}`);
  return watchToEnd(reader, answer.runId, context, seen);
}
