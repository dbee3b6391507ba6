/**
 * Runs the SQL files of folders against an empty local warehouse, each folder with its `ddl.sql` in a database schema of its own, and
 * names what fails, with times: `node test/local/redshift/corpus.ts FOLDER…`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { messageOf } from '../../../shared/errors.ts';
import { translate } from '../../../local/redshift/dialect/translate.ts';
import { refine } from '../../../local/redshift/tree/refine.ts';
import { splitStatements, tokenize } from '../../../shared/pipeline/lexer.ts';
import { type Session, startWarehouse } from './dialect/warehouse.ts';

const DDL = 'ddl.sql';

interface Failed {
  readonly file: string;
  readonly sql: string;
  readonly error: string;
}

function statementsOf(file: string): string[] {
  return splitStatements(tokenize(readFileSync(file, 'utf8')))
    .map((tokens) => tokens.map(({ text }) => text).join(''))
    .filter((sql) => sql.replaceAll(/--[^\n]*/g, '').trim() !== '');
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.sql'));
}

const times: number[] = [];

/** What comes before PostgreSQL: translation, gate, types and the look into the catalog. In ms. */
async function timeOf({ client }: Session, sql: string): Promise<number> {
  const began = performance.now();
  const translated = translate(sql);
  if (translated.kind === 'sql') for (const each of translated.statements) await refine(each, client);
  return performance.now() - began;
}

/** The value below which this part of the times lies. */
function quantile(part: number): string {
  return (times.toSorted((a, b) => a - b)[Math.floor(times.length * part)] ?? 0).toFixed(2);
}

async function runFolder(
  session: Session,
  folder: string,
  n: number,
): Promise<{ ran: number; failed: Failed[] }> {
  const failed: Failed[] = [];
  let ran = 0;
  const run = async (file: string, sql: string): Promise<void> => {
    // Their files are elsewhere.
    if (/^\s*copy\b/i.test(sql)) return;
    ran += 1;
    try {
      times.push(await timeOf(session, sql));
      await session.run(sql);
    } catch (error) {
      failed.push({ file, sql, error: messageOf(error) });
    }
  };
  await session.run(`create schema corpus_${String(n)}`);
  await session.run(`set search_path to corpus_${String(n)}`);
  const files = filesIn(folder);
  for (const file of [...files.filter((each) => each === DDL), ...files.filter((each) => each !== DDL)])
    for (const sql of statementsOf(join(folder, file))) await run(join(folder, file), sql);
  return { ran, failed };
}

const warehouse = await startWarehouse();
try {
  const session = await warehouse.session();
  const began = performance.now();
  let all = 0;
  let bad = 0;
  for (const [n, folder] of process.argv.slice(2).entries()) {
    const { ran, failed } = await runFolder(session, folder, n);
    all += ran;
    bad += failed.length;
    for (const { file, sql, error } of failed)
      process.stdout.write(
        `${file}: ${error.split('\n').join(' / ')}\n    ${sql.trim().slice(0, 200).replaceAll(/\s+/g, ' ')}\n`,
      );
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(
    `${String(all - bad)} of ${String(all)} statements ran, ${seconds} s; before PostgreSQL: median ${quantile(0.5)} ms, 95 % ${quantile(0.95)} ms\n`,
  );
  await session.end();
} finally {
  await warehouse.stop();
}
