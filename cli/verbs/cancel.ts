import { EXIT } from '../exit.ts';
import { ask, requestBy } from '../requests.ts';
import { watchRun } from '../runs/watch-run.ts';
import type { Verb } from '../verb.ts';
import { givenRun } from './one-run.ts';
import { noWaitOption, sqlOption } from './shared-options.ts';

export const cancel: Verb = {
  name: 'cancel',
  summary: 'give a run up, whatever it is doing, and wait',
  description: `
Gives a run up: what runs in the warehouse is stopped, its true end is seen, and
the run ends as CANCELLED, saying whether the step was applied. What finished
steps did stays; the next waiting file of the pipeline goes on.`,
  positionals: [{ name: 'ID', help: 'the run; the start of its id is enough when it is the only one' }],
  options: {
    reason: { value: 'TEXT', help: 'why, for the record' },
    ...noWaitOption,
    ...sqlOption,
  },
  examples: ['baton cancel stores-b2zrs --reason "bad file, sent again"'],
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
    const state = waits ? (await watchRun(reader, answer.runId, out, { signal, seen })).state : answer.state;
    if (json) out.json({ id: answer.runId, state });
    else out.data(`${answer.runId}  ${state}`);
    return EXIT.done;
  },
};
