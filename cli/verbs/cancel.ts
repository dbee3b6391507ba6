import { EXIT } from '../exit.ts';
import { pipelineNames } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { actor, ask, requestId } from '../requests.ts';
import { findRun } from '../runs/find-run.ts';
import type { Verb } from '../verb.ts';
import { sqlOption } from './shared-options.ts';

export const cancel: Verb = {
  name: 'cancel',
  summary: 'give up a run that waits, failed or needs a decision',
  description: `
Gives a run up: it ends as CANCELLED, and the next waiting file of its pipeline
goes on. What its finished steps did stays. A run that is under way is refused:
it can be given up once it ended or failed.`,
  positionals: [{ name: 'ID', help: 'the run; the start of its id is enough when it is the only one' }],
  options: {
    reason: { value: 'TEXT', help: 'why, for the record' },
    ...sqlOption,
  },
  examples: ['baton cancel stores-b2zrs --reason "bad file, sent again"'],
  run: async ({ args, out, json, connect }) => {
    const connection = await connect();
    const found = await findRun(
      await connection.runs(),
      args.required('ID'),
      pipelineNames(sqlFolder(args.text('sql'))),
    );
    const reason = args.text('reason');
    const answer = await ask(await connection.operator(), {
      verb: 'cancel',
      requestId: requestId(),
      runId: found.id,
      actor: actor(),
      ...(reason !== undefined && { reason }),
    });
    out.say(answer.message);
    if (json) out.json({ id: answer.runId, state: answer.state });
    else out.data(`${answer.runId}  ${answer.state}`);
    return EXIT.done;
  },
};
