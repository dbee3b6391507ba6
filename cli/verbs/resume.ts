import { EXIT } from '../exit.ts';
import { pipelineNames } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { actor, ask, requestId } from '../requests.ts';
import { findRun } from '../runs/find-run.ts';
import { runJson } from '../runs/run-json.ts';
import { exitCodeOf, watchRun } from '../runs/watch-run.ts';
import type { Verb } from '../verb.ts';
import { noWaitOption, sqlOption } from './shared-options.ts';

export const resume: Verb = {
  name: 'resume',
  summary: 'go on with a failed run from its failed step, and wait',
  description: `
Goes on with a failed run at the step that failed, in the same session while it
lives: steps that are done do not run again. The run takes today's SQL of that
step and the later ones. Waits and shows each step as it ends.`,
  positionals: [{ name: 'ID', help: 'the run; the start of its id is enough when it is the only one' }],
  options: {
    from: {
      value: 'STEP',
      help: 'an earlier step, in a new session, while nothing lasting was done since (default: the failed step)',
    },
    reason: { value: 'TEXT', help: 'why, for the record' },
    ...noWaitOption,
    ...sqlOption,
  },
  examples: ['baton resume product_dimension-4k2vq', 'baton resume ID --from 20_load.sql'],
  run: async ({ args, out, json, connect, signal }) => {
    const connection = await connect();
    const reader = await connection.runs();
    const found = await findRun(reader, args.required('ID'), pipelineNames(sqlFolder(args.text('sql'))));
    const seen = await reader.history(found.id);
    const from = args.text('from');
    const reason = args.text('reason');
    const answer = await ask(await connection.operator(), {
      verb: 'resume',
      requestId: requestId(),
      runId: found.id,
      actor: actor(),
      ...(from !== undefined && { from }),
      ...(reason !== undefined && { reason }),
    });
    if (args.flag('no-wait')) {
      if (json) out.json({ id: answer.runId, state: answer.state });
      else out.data(answer.runId);
      return EXIT.done;
    }
    out.say(`run ${answer.runId}: ${answer.message}`);
    const run = await watchRun(reader, answer.runId, out, { signal, seen });
    if (json) out.json(runJson(run, await reader.history(run.id)));
    else out.data(`${run.id}  ${run.state}`);
    return exitCodeOf(run);
  },
};
