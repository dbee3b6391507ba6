import { defined } from '../../shared/run/defined.ts';
import { EXIT, usageError } from '../exit.ts';
import { ask, requestBy } from '../requests.ts';
import type { Verb } from '../verb.ts';
import { watchToEnd } from './one-run.ts';
import { startDueTimes } from './start-due-times.ts';
import { noWaitOption } from './shared-options.ts';

export const start: Verb = {
  name: 'start',
  summary: 'start a run of a pipeline, and wait for it to end',
  description: `
Starts a run without a new upload: for a file that is already in S3, or for a
pipeline that needs none. Waits and shows each step as it finishes, then prints
the run's id and state.
With --until, the run pauses after that step (PAUSED), with its session and its
temporary tables: look at them with \`baton query --run\`, continue it with
\`baton resume\`. It keeps its slot meanwhile.
With --from, starts the due times of the pipeline's cron schedules that have no
run, oldest first: from --from on, before --to, and none after now. It prints the
due times and does not wait. At most 1,000 due times at once; a rate(...) has no
fixed due times.`,
  positionals: [{ name: 'PIPELINE', help: 'the name of its folder' }],
  options: {
    file: { value: 'URI', help: 's3://bucket/key of the file to process' },
    until: { value: 'STEP', help: 'pause the run after this step, for example 20_load.sql' },
    param: { value: 'NAME=VALUE', many: true, help: 'a parameter of the pipeline' },
    reason: { value: 'TEXT', help: 'a reason, stored with the request' },
    from: { value: 'INSTANT', help: 'start due times from here: 2026-08-22T06:00Z, 2026-08-22, or 7d (ago)' },
    to: { value: 'INSTANT', help: 'the end of the due times (default: now)' },
    'dry-run': { help: 'with --from: list the due times without a run, and start none' },
    ...noWaitOption,
  },
  examples: [
    'baton start stores --file s3://baton-local-landing/stores/today.csv',
    'baton start audit --param day=2026-08-22',
    'baton start audit --param day=2026-08-22 --until 20_load.sql',
    'baton start audit --from 2026-08-01 --to 2026-08-08 --dry-run',
  ],
  run: async (context) => {
    const { args, out, json, connect } = context;
    if (args.text('from') !== undefined) {
      if (args.text('until') !== undefined) throw usageError('--until and --from cannot be combined');
      return startDueTimes(context);
    }
    if (args.text('to') !== undefined || args.flag('dry-run'))
      throw usageError('--to and --dry-run are for due times: add --from', 'see: baton start --help');
    const connection = await connect();
    const file = args.text('file');
    const until = args.text('until');
    const answer = await ask(await connection.operator(), {
      verb: 'start',
      pipeline: args.required('PIPELINE'),
      parameters: args.pairs('param'),
      ...defined({ file, until }),
      ...requestBy(args.text('reason')),
    });
    if (args.flag('no-wait')) {
      if (json) out.json({ id: answer.runId, state: answer.state });
      else out.data(answer.runId);
      return EXIT.done;
    }
    out.say(`run ${answer.runId}${until === undefined ? '' : `, which pauses after ${until}`}`);
    return watchToEnd(await connection.runs(), answer.runId, context);
  },
};
