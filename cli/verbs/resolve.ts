import { EXIT, usageError } from '../exit.ts';
import { ask, requestBy } from '../requests.ts';
import type { Verb } from '../verb.ts';
import { givenRun, watchToEnd } from './one-run.ts';
import { noWaitOption, sqlOption } from './shared-options.ts';

const VERDICTS = ['applied', 'not-applied', 'abandon'] as const;

export const resolve: Verb = {
  name: 'resolve',
  summary: 'say whether the step of a run in doubt was applied, and wait',
  description: `
For a run that needs a decision: whether its step was applied could not be told
by Baton, so a person looks at the tables and says it. With --applied the run
goes on behind the step, with --not-applied at it, with --abandon it ends.`,
  positionals: [{ name: 'ID', help: 'the run; the start of its id is enough when it is the only one' }],
  options: {
    applied: { help: 'the step had its effect' },
    'not-applied': { help: 'the step had no effect' },
    abandon: { help: 'give the run up' },
    reason: { value: 'TEXT', help: 'why, for the record' },
    ...noWaitOption,
    ...sqlOption,
  },
  examples: ['baton resolve sales-4k2vq --applied --reason "its rows are there"'],
  run: async (context) => {
    const { args, out, json, connect } = context;
    const [verdict, ...others] = VERDICTS.filter((name) => args.flag(name));
    if (verdict === undefined || others.length > 0) {
      throw usageError('say one of --applied, --not-applied, --abandon', 'see: baton resolve --help');
    }
    const connection = await connect();
    const reader = await connection.runs();
    const found = await givenRun(reader, context);
    const seen = await reader.history(found.id);
    const answer = await ask(await connection.operator(), {
      verb: 'resolve',
      runId: found.id,
      verdict,
      ...requestBy(args.text('reason')),
    });
    out.say(`run ${answer.runId}: ${answer.message}`);
    if (args.flag('no-wait') || verdict === 'abandon') {
      if (json) out.json({ id: answer.runId, state: answer.state });
      else out.data(`${answer.runId}  ${answer.state}`);
      return EXIT.done;
    }
    return watchToEnd(reader, answer.runId, context, seen);
  },
};
