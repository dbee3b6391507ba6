/**
 * The developer guide as an oracle: runs the SQL examples of a folder with its pages (Markdown), each page in a session
 * of its own, and compares the results that the page prints: `node test/local/redshift/guide.ts FOLDER [PAGE]`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isSame, readExamples } from './guide/examples.ts';
import type { Example } from './guide/examples.ts';
import { openSession, query, run, startLocalRedshift } from './local-redshift.ts';
import type { LocalRedshift } from './local-redshift.ts';

/** `not run`: it failed here, often for a table that the page does not create, or that it does not fill. */
type Verdict = 'agrees' | 'differs' | 'not run';

interface Compared {
  readonly example: Example;
  readonly verdict: Verdict;
  /** Rows as JSON, or the error. */
  readonly here: string;
}

const KEEP_ALIVE_SECONDS = 60;

let pages = 0;

async function runPage(local: LocalRedshift, examples: readonly Example[]): Promise<readonly Compared[]> {
  const SessionId = await openSession(local, KEEP_ALIVE_SECONDS);
  pages += 1;
  await run(local, `create schema page_${String(pages)}`, { SessionId });
  await run(local, `set search_path to page_${String(pages)}, public`, { SessionId });
  const compared: Compared[] = [];
  for (const example of examples) {
    const { sql, rows } = example;
    if (rows === undefined) {
      await run(local, sql, { SessionId });
      continue;
    }
    try {
      const here = await query(local, sql, SessionId);
      const agrees = isSame(rows, here, /\border\s+by\b/i.test(sql));
      const verdict = agrees ? 'agrees' : here.length === 0 ? 'not run' : 'differs';
      compared.push({ example, verdict, here: JSON.stringify(here) });
    } catch (error) {
      compared.push({ example, verdict: 'not run', here: (error as Error).message });
    }
  }
  local.clock.advance((KEEP_ALIVE_SECONDS + 1) * 1000);
  return compared;
}

const [, , folder, page] = process.argv;
if (folder === undefined) throw new Error('usage: node test/local/redshift/guide.ts FOLDER [PAGE]');
const local = await startLocalRedshift();
const counts: Record<Verdict, number> = { agrees: 0, differs: 0, 'not run': 0 };
try {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.md'))) {
    if (page !== undefined && name !== `${page}.md`) continue;
    const examples = readExamples(readFileSync(join(folder, name), 'utf8'));
    if (!examples.some(({ rows }) => rows !== undefined)) continue;
    for (const { example, verdict, here } of await runPage(local, examples)) {
      counts[verdict] += 1;
      if (verdict === 'agrees' && page === undefined) continue;
      process.stdout.write(
        `${verdict.padEnd(8)} ${name}: ${example.sql.replaceAll(/\s+/g, ' ')}\n           guide ${JSON.stringify(example.rows)}\n           here  ${here.replaceAll('\n', ' / ')}\n`,
      );
    }
  }
} finally {
  await local.stop();
}
process.stdout.write(
  `${Object.entries(counts)
    .map(([verdict, count]) => `${String(count)} ${verdict}`)
    .join(', ')}\n`,
);
