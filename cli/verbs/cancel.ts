import { EXIT } from '../exit.ts';
import { ask, requestBy } from '../requests.ts';
import { watchRun } from '../runs/watch-run.ts';
import type { Verb } from '../verb.ts';
import { givenRun } from './one-run.ts';
import { noWaitOption, sqlOption } from './shared-options.ts';

export const cancel: Verb = {
  name: 'cancel',
  summary: 'cancel a run, and wait until it has ended',
  description: `
Cancels a run: stops the running statement and waits for its final status. The
run ends as CANCELLED and reports whether the step was applied. Completed steps
stay applied; the next waiting file of the pipeline starts.`,
  positionals: [{ name: 'ID', help: 'the run id, or a unique prefix of it' }],
  options: {
    reason: { value: 'TEXT', help: 'a reason, stored with the request' },
    ...noWaitOption,
    ...sqlOption,
  },
  examples: ['baton cancel stores-b2zrs --reason "bad file, uploaded again"'],
  run: async (context) => {
    const { args, out, json, connect, signal } = context;
    const connection = await connect();
    const reader = await connection.runs();
    const found = await givenRun(reader, context);
    const seen = await reader.history(found.id);
    const answer = await ask(await connection.operator(), {
      verb: 'cancel',
      runId: found.id,
      ...requestBy(args.text('reason')),
    });
    out.say(answer.message);
    const waits = !args.flag('no-wait') && answer.state !== 'CANCELLED';
    const state = waits
      ? (await watchRun(reader, answer.runId, out, { signal, seen })).life.state
      : answer.state;
    if (json) out.json({ id: answer.runId, state });
    else out.data(`${answer.runId}  ${state}`);
    return EXIT.done;
  },
};
