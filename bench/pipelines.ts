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
