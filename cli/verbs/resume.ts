import { defined } from '../../shared/run/defined.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { ask, requestBy } from '../requests.ts';
import { FAILURE_CLASSES } from '../runs/failed-runs.ts';
import type { Context, Verb } from '../verb.ts';
import { givenRun, watchToEnd } from './one-run.ts';
import { resumeAll } from './resume-all.ts';
import { noWaitOption, sqlOption } from './shared-options.ts';

/** Options that go with `--all`, and those that go with one run. */
const OF_ALL = ['pipeline', 'class', 'dry-run', 'yes', 'every'];
const OF_ONE = ['from', 'until', 'without'];

export const resume: Verb = {
  name: 'resume',
  summary: 'resume a failed run, or all failed runs, at the failed step',
  description: `
Resumes a failed run at the step that failed, in the same session while it is
open; completed steps are not re-run. The failed step and the later ones use the
SQL deployed now. A run that paused (--until) continues with its next step. Waits
and shows each step as it finishes.
With --all it resumes every failed run of the pipelines in the SQL folder,
however old, oldest first: it lists them, asks for confirmation, sends one request
for each run and does not wait for them to end. Without a terminal it resumes
nothing unless --yes is given. It prints each run with RUNNING, QUEUED (the run
released its slot and waits for a new one), or why it was not resumed.
Exit codes with --all: 0 all runs were resumed; 1 some were not; 2 wrong usage, or
--yes is missing; 3 the service could not be reached, remaining runs not requested.`,
  positionals: [
    {
      name: 'ID',
      optional: true,
      help: 'the run id, or a unique prefix of it',
    },
  ],
  options: {
    from: {
      value: 'STEP',
      help: 'resume at an earlier step, in a new session, if no step since has permanent effects (default: the failed step)',
    },
    until: {
      value: 'STEP',
      help: 'pause after this step (default: a failed run pauses where it was to pause before; a paused one runs to its end)',
    },
    without: {
      value: 'KEY',
      many: true,
      help: 'of a batch: leave out the file with this key; its own run then fails by itself (may be given up to 25 times)',
    },
    all: { help: 'resume every failed run; lists them first' },
    pipeline: {
      value: 'NAME',
      help: 'with --all: only runs of this pipeline (even if its folder was removed)',
    },
    class: { value: 'CLASS', help: `with --all: only failures of this class: ${FAILURE_CLASSES.join(', ')}` },
    'dry-run': { help: 'with --all: list the runs without resuming them' },
    every: {
      help: 'with --all: search every stored run, also for those that failed before there was an index',
    },
    yes: { help: 'with --all: do not ask for confirmation' },
    reason: { value: 'TEXT', help: 'a reason, stored with the request' },
    ...noWaitOption,
    ...sqlOption,
  },
  examples: [
    'baton resume product_dimension-4k2vq',
    'baton resume ID --from 20_load.sql',
    'baton resume ID --until 40_changes.sql',
    'baton resume ID --without clicks/2026-01-31-0815.csv.gz',
    'baton resume --all --pipeline stores --class sql --dry-run',
    'baton resume --all --class permission --yes --reason "permission granted"',
  ],
  run: async (context) => {
    const { args } = context;
    const all = args.flag('all');
    const id = args.positional('ID');
    if (all === (id !== undefined)) {
      throw usageError(
        all ? `--all and an ID (${id ?? ''}) cannot be combined` : 'ID is missing',
        all ? 'use one of them' : 'baton resume ID, or baton resume --all',
      );
    }
    const given = (name: string): boolean => args.flag(name) || args.list(name).length > 0;
    const wrong = (all ? OF_ONE : OF_ALL).find(given);
    if (wrong !== undefined) {
      throw usageError(
        `--${wrong} works only with ${all ? 'a single run (ID)' : '--all'}`,
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
  const until = args.text('until');
  const without = args.list('without');
  const answer = await ask(await connection.operator(), {
    verb: 'resume',
    runId: found.id,
    ...defined({ from, until, without: without.length === 0 ? undefined : without }),
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
