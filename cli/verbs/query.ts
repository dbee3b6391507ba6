import { text as readAll } from 'node:stream/consumers';
import process from 'node:process';

import { defined } from '../../shared/run/defined.ts';
import { CommandError, EXIT, usageError, type ExitCode } from '../exit.ts';
import { pipelineNames } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { resultOfRun } from '../query/result-of-run.ts';
import { resultJson, resultTable } from '../query/show-result.ts';
import { splitSql } from '../query/split-sql.ts';
import { requestBy } from '../requests.ts';
import { findRun } from '../runs/find-run.ts';
import { countOf, duration } from '../runs/units.ts';
import type { Context, Verb } from '../verb.ts';
import { accessOf, accessOptions, sqlOption } from './shared-options.ts';

/** Of the result of a query in the session of a run. */
const MOST_ROWS = 1_000;

async function queryRun({ args, out, json, connect }: Context, id: string, sql: string): Promise<ExitCode> {
  const wrong = Object.keys(accessOptions).find((name) => args.text(name) !== undefined);
  if (wrong !== undefined)
    throw usageError(
      `--run and --${wrong} cannot be combined`,
      'the session of a run belongs to the role of the functions: the query goes through the function operate',
    );
  const rows = args.integer('rows', { min: 1, max: MOST_ROWS });
  const connection = await connect();
  const run = await findRun(await connection.runs(), id, pipelineNames(sqlFolder(args.text('sql'))));
  const operator = await connection.operator();
  const request = { verb: 'query', ...requestBy(), runId: run.id, sql, ...defined({ rows }) } as const;
  const answer = await operator.query(request);
  if (!answer.ok)
    throw answer.code === 'failed'
      ? new CommandError(EXIT.failed, answer.message)
      : usageError(answer.message);
  const result = resultOfRun(answer);
  if (json) {
    out.json(resultJson(result));
    return EXIT.done;
  }
  out.data(resultTable(result) ?? '');
  out.say(out.style.quiet(`(${answer.message})`));
  return EXIT.done;
}

export const query: Verb = {
  name: 'query',
  summary: 'run SQL in the warehouse and print the result',
  description: `
Runs SQL through the Redshift Data API, in a session of its own, and prints the
result as an aligned table, or with --json as an array with one object per row
(for several statements, an array of such arrays). For a statement without a
result it prints the number of changed rows. If a statement fails, it prints the
warehouse's error and ends with exit code 1.
With --run it runs one statement that reads (SELECT, WITH, SHOW, EXPLAIN) inside
the session of a run that is FAILED or NEEDS_DECISION, so that its temporary
tables can be looked at: as the functions' role, through the function operate, for
at most 45 s. It prints the first rows. It is refused while a statement of the run
is due or under way, and when the session has ended. The run stays as it is; its
session then ends that much later.`,
  positionals: [{ name: 'SQL', help: 'one or more statements; - reads them from standard input' }],
  options: {
    run: { value: 'ID', help: 'in the session of this run (its id, or a unique prefix of it); only reads' },
    rows: { value: 'N', help: `with --run: the first N rows, at most ${MOST_ROWS} (default: 100)` },
    ...accessOptions,
    ...sqlOption,
  },
  examples: [
    'baton query "select count(*) from products"',
    'baton query --json "select * from baton.step_marker"',
    'baton query - < repair.sql',
    'baton query --run product_dimension-4k2vq "select * from stage limit 20"',
  ],
  run: async (context) => {
    const { args, out, json, connect, signal } = context;
    const given = args.required('SQL');
    const text = given === '-' ? await readAll(process.stdin) : given;
    const id = args.text('run');
    if (id !== undefined) return queryRun(context, id, text);
    for (const name of ['rows', 'sql'])
      if (args.text(name) !== undefined) throw usageError(`--${name} requires --run`);
    const statements = splitSql(text, 'SQL');
    if (statements.length === 0) throw usageError('the SQL contains no statement');
    const client = await (await connect()).sql(accessOf(args));
    const startedAt = Date.now();
    const results = await client.run(statements, signal);
    if (json) {
      const values = results.map(resultJson);
      out.json(values.length === 1 ? values[0] : values);
      return EXIT.done;
    }
    for (const result of results) {
      const table = resultTable(result);
      if (table !== undefined) out.data(table);
      const rows = table === undefined ? result.affected : result.rows.length;
      const what = rows === undefined ? 'done' : countOf(rows, 'row');
      out.say(out.style.quiet(`(${what}, ${duration(Date.now() - startedAt)})`));
    }
    return EXIT.done;
  },
};
