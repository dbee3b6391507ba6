/** Reads pipeline folders from disk and compiles them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { compilePipeline, PIPELINE_FILE } from './compile.ts';
import type { Plan } from './plan.ts';
import type { Problem } from './problem.ts';

/** Holds the SQL that makes the tables: not a pipeline. */
export const SETUP_FOLDER = 'setup';

export interface LoadedPipelines {
  /** Of the pipelines without an error, in name order. */
  readonly plans: Plan[];
  /** Of all pipelines; `file` is below the SQL folder: `stores/20_load.sql`. */
  readonly problems: Problem[];
}

/** Compiles every folder below `sqlFolder` but `setup`. A missing folder is a problem, not an exception. */
export function loadPipelines(sqlFolder: string): LoadedPipelines {
  const plans: Plan[] = [];
  const problems: Problem[] = [];
  if (!existsSync(sqlFolder)) {
    const message = `there is no folder ${sqlFolder}: pipelines are folders below it`;
    return { plans, problems: [{ file: '', line: 1, column: 1, severity: 'error', message }] };
  }
  for (const name of pipelineFolders(sqlFolder)) {
    const compiled = compilePipeline({ name, files: readFiles(join(sqlFolder, name)) });
    if (compiled.plan !== undefined) plans.push(compiled.plan);
    for (const problem of compiled.problems) problems.push({ ...problem, file: `${name}/${problem.file}` });
  }
  return { plans, problems };
}

function pipelineFolders(sqlFolder: string): string[] {
  return readdirSync(sqlFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== SETUP_FOLDER && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

function readFiles(folder: string): Map<string, string> {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && (entry.name === PIPELINE_FILE || entry.name.endsWith('.sql')))
    .map((entry) => entry.name);
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
