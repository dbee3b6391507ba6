/** Pipelines for the benchmark, written into a folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** File name -> SQL. */
export type Steps = Readonly<Record<string, string>>;

/** `more`: further lines of its pipeline.yml; `trigger`: further settings of its trigger, from a comma. */
export function writePipeline(sqlFolder: string, name: string, steps: Steps, more = '', trigger = ''): void {
  const folder = join(sqlFolder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'pipeline.yml'),
    `description: A pipeline of the benchmark\non:\n  - s3: { prefix: ${name}/${trigger} }\n${more}`,
  );
  for (const [file, sql] of Object.entries(steps)) writeFileSync(join(folder, file), `${sql}\n`);
}

/** Applied when the local AWS starts, after the project's own setup. */
export function writeSetup(sqlFolder: string, sql: string): void {
  mkdirSync(join(sqlFolder, 'setup'), { recursive: true });
  writeFileSync(join(sqlFolder, 'setup', '90_bench.sql'), `${sql}\n`);
}

/** `0001_step.sql`, from 1. */
export function stepFile(number: number, name = 'step'): string {
  return `${String(number).padStart(4, '0')}_${name}.sql`;
}

const TEN = Array.from({ length: 10 }, (_, i) => `SELECT ${String(i)} AS d`).join(' UNION ALL ');

/** A temporary table `numbers` with a column `n` from 0 to 9,999. */
export const NUMBERS = `CREATE TEMP TABLE numbers AS
SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n
FROM (${TEN}) a CROSS JOIN (${TEN}) b CROSS JOIN (${TEN}) c CROSS JOIN (${TEN}) e`;

/** Work for the warehouse: the time it takes grows with `thousands`, and is the machine's own. */
export function work(table: string, thousands: number): string {
  return `CREATE TEMP TABLE ${table} AS
SELECT COUNT(*) AS n FROM numbers a CROSS JOIN numbers b
WHERE b.n < ${String(Math.round(thousands / 10))} AND MOD(a.n * 7919 + b.n, 13) <> 5`;
}
