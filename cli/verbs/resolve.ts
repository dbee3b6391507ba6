import { EXIT, usageError } from '../exit.ts';
import { ask, requestBy } from '../requests.ts';
import type { Verb } from '../verb.ts';
import { givenRun, watchToEnd } from './one-run.ts';
import { noWaitOption, sqlOption } from './shared-options.ts';

const VERDICTS = ['applied', 'not-applied', 'abandon'] as const;

export const resolve: Verb = {
  name: 'resolve',
  summary: 'tell Baton whether an uncertain step was applied, and wait',
  description: `
For a run in NEEDS_DECISION: Baton cannot tell whether its step was applied. Check
the tables, then decide. With --applied the run continues with the next step, with
--not-applied it runs the step again, with --abandon it is cancelled.`,
  positionals: [{ name: 'ID', help: 'the run id, or a unique prefix of it' }],
  options: {
    applied: { help: 'the step was applied' },
    'not-applied': { help: 'the step was not applied' },
    abandon: { help: 'cancel the run' },
    reason: { value: 'TEXT', help: 'a reason, stored with the request' },
    ...noWaitOption,
    ...sqlOption,
  },
  examples: ['baton resolve sales-4k2vq --applied --reason "its rows exist"'],
  run: async (context) => {
    const { args, out, json, connect } = context;
    const [verdict, ...others] = VERDICTS.filter((name) => args.flag(name));
    if (verdict === undefined || others.length > 0) {
      throw usageError('one of --applied, --not-applied, --abandon is required', 'see: baton resolve --help');
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
