import { defined } from '../../shared/run/defined.ts';
import { isAtRest, type Run } from '../../shared/run/run.ts';
import { EXIT } from '../exit.ts';
import { printable } from '../output.ts';
import { tryBatchFiles } from '../runs/batch-files.ts';
import { describeRun } from '../runs/describe-run.ts';
import { emptyLoads } from '../runs/empty-loads.ts';
import { Fates } from '../runs/fates.ts';
import { readFileRows } from '../runs/file-rows.ts';
import { readRunJson } from '../runs/run-json.ts';
import { watchRun } from '../runs/watch-run.ts';
import type { Verb } from '../verb.ts';
import { givenRun } from './one-run.ts';
import { accessOf, signInOptions, sqlOption } from './shared-options.ts';

export const run: Verb = {
  name: 'run',
  summary: 'show one run: its state, its steps, its error',
  description: `
Shows one run and every step so far, and the failure card of a run that stopped:
what failed and where, whether it was applied, and the command to type. With
--watch it keeps printing a line for each step as it finishes, until the run has
ended or stopped. It only reads: the exit code is 0 whatever the state of the run.
Of a batch run it shows the first files and those that left it; of a file's run
that a batch loads, the batch and its state.`,
  positionals: [{ name: 'ID', help: 'the run id, or a unique prefix of it' }],
  options: {
    watch: { help: 'keep watching until the run ends or stops' },
    files: { help: 'of a run that loads many files: show all of them' },
    rows: { help: 'of such a run: the rows of each file, from the warehouse' },
    ...sqlOption,
    ...signInOptions,
  },
  examples: [
    'baton run product_dimension-4k2vq --watch',
    'baton run ID --files --rows',
    'baton run ID --json',
  ],
  run: async (context) => {
    const { args, out, json, connect, signal } = context;
    const access = accessOf(args);
    const connection = await connect();
    const reader = await connection.runs();
    let found = await givenRun(reader, context);
    const history = await reader.history(found.id);
    const filesOf = (of: Run) => tryBatchFiles(of, reader, () => connection.artifacts());
    if (!json) {
      const files = await filesOf(found);
      const warnings = [...(await emptyLoads(reader, found, history))];
      let rows: ReadonlyMap<unknown, number> | undefined;
      if (args.flag('rows') && typeof files === 'object') {
        const sql = (warehouse?: string) => connection.sql({ ...access, ...defined({ warehouse }) });
        const runId = found.id;
        const asked = files.files.map((file) => ({ file, runId, isShared: true }));
        const read = await readFileRows(asked, { reader, sql, signal });
        rows = new Map([...read.rows].map(([{ file }, number]) => [file, number]));
        warnings.push(...read.problems);
      }
      const fate = await new Fates(reader).of(found);
      const allFiles = args.flag('files');
      out.data(describeRun(found, history, { warnings, fate, files, allFiles, rows }));
    }
    if (args.flag('watch') && !isAtRest(found)) {
      found = await watchRun(reader, found.id, out, { signal, seen: history });
    }
    if (json) {
      const files = await filesOf(found);
      if (typeof files === 'string') out.say(`warning: the files cannot be shown: ${printable(files)}`);
      out.json(await readRunJson(reader, found, typeof files === 'object' ? files : undefined));
    }
    return EXIT.done;
  },
};
