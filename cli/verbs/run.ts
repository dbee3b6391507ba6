import { isAtRest } from '../../shared/run/run.ts';
import { EXIT } from '../exit.ts';
import { describeRun } from '../runs/describe-run.ts';
import { emptyLoads } from '../runs/empty-loads.ts';
import { readRunJson } from '../runs/run-json.ts';
import { watchRun } from '../runs/watch-run.ts';
import type { Verb } from '../verb.ts';
import { givenRun } from './one-run.ts';
import { sqlOption } from './shared-options.ts';

export const run: Verb = {
  name: 'run',
  summary: 'show one run: its state, its steps, its error',
  description: `
Shows one run and every step so far. With --watch it keeps printing a line for each
step as it finishes, until the run has ended or stopped. It only reads: the exit
code is 0 whatever the state of the run.`,
  positionals: [{ name: 'ID', help: 'the run id, or a unique prefix of it' }],
  options: { watch: { help: 'keep watching until the run ends or stops' }, ...sqlOption },
  examples: ['baton run product_dimension-4k2vq --watch', 'baton run ID --json'],
  run: async (context) => {
    const { args, out, json, connect, signal } = context;
    const reader = await (await connect()).runs();
    let found = await givenRun(reader, context);
    const history = await reader.history(found.id);
    if (!json) out.data(describeRun(found, history, await emptyLoads(reader, found, history)));
    if (args.flag('watch') && !isAtRest(found)) {
      found = await watchRun(reader, found.id, out, { signal, seen: history });
    }
    if (json) out.json(await readRunJson(reader, found));
    return EXIT.done;
  },
};
