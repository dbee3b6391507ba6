import { defined } from '../../shared/run/defined.ts';
import { EXIT } from '../exit.ts';
import { ask, requestBy } from '../requests.ts';
import type { Verb } from '../verb.ts';
import { watchToEnd } from './one-run.ts';
import { noWaitOption } from './shared-options.ts';

export const start: Verb = {
  name: 'start',
  summary: 'start a run of a pipeline, and wait for it to end',
  description: `
Starts a run without a new upload: for a file that is already in S3, or for a
pipeline that needs none. Waits and shows each step as it finishes, then prints
the run's id and state.`,
  positionals: [{ name: 'PIPELINE', help: 'the name of its folder' }],
  options: {
    file: { value: 'URI', help: 's3://bucket/key of the file to process' },
    param: { value: 'NAME=VALUE', many: true, help: 'a parameter of the pipeline' },
    reason: { value: 'TEXT', help: 'a reason, stored with the request' },
    ...noWaitOption,
  },
  examples: [
    'baton start stores --file s3://baton-local-landing/stores/today.csv',
    'baton start audit --param day=2026-08-22',
  ],
  run: async (context) => {
    const { args, out, json, connect } = context;
    const connection = await connect();
    const file = args.text('file');
    const answer = await ask(await connection.operator(), {
      verb: 'start',
      pipeline: args.required('PIPELINE'),
      parameters: args.pairs('param'),
      ...defined({ file }),
      ...requestBy(args.text('reason')),
    });
    if (args.flag('no-wait')) {
      if (json) out.json({ id: answer.runId, state: answer.state });
      else out.data(answer.runId);
      return EXIT.done;
    }
    out.say(`run ${answer.runId}`);
    return watchToEnd(await connection.runs(), answer.runId, context);
  },
};
