import { text as readAll } from 'node:stream/consumers';
import process from 'node:process';

import { EXIT, usageError } from '../exit.ts';
import { resultJson, resultTable } from '../query/show-result.ts';
import { splitSql } from '../query/split-sql.ts';
import { countOf, duration } from '../runs/units.ts';
import type { Verb } from '../verb.ts';
import { accessOf, accessOptions } from './shared-options.ts';

export const query: Verb = {
  name: 'query',
  summary: 'run SQL in the warehouse and print the result',
  description: `
Runs SQL through the Redshift Data API, in a session of its own, and prints the
result as an aligned table, or with --json as an array with one object per row
(for several statements, an array of such arrays). For a statement without a
result it prints the number of changed rows. If a statement fails, it prints the
warehouse's error and ends with exit code 1.`,
  positionals: [{ name: 'SQL', help: 'one or more statements; - reads them from standard input' }],
  options: accessOptions,
  examples: [
    'baton query "select count(*) from products"',
    'baton query --json "select * from baton.step_marker"',
    'baton query - < repair.sql',
  ],
  run: async ({ args, out, json, connect, signal }) => {
    const given = args.required('SQL');
    const statements = splitSql(given === '-' ? await readAll(process.stdin) : given, 'SQL');
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
