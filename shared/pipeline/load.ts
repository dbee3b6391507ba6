/** Reads pipeline folders from disk and compiles them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { compilePipeline, PIPELINE_FILE } from './compile.ts';
import type { Plan } from './plan.ts';
import type { Problem } from './problem.ts';
import { inOrder } from './problem.ts';
import type { Upstream } from './triggers.ts';
import { chainProblems } from './triggers.ts';

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
  const upstreams = new Map<string, readonly Upstream[]>();
  for (const name of pipelineFolders(sqlFolder)) {
    const compiled = compilePipeline({ name, files: readFiles(join(sqlFolder, name)) });
    upstreams.set(name, compiled.upstreams);
    if (compiled.plan !== undefined) plans.push(compiled.plan);
    for (const problem of compiled.problems) problems.push({ ...problem, file: `${name}/${problem.file}` });
  }
  const broken = chainProblems(upstreams);
  for (const { pipeline, at, message } of broken) {
    const { line, column } = at;
    problems.push({ file: `${pipeline}/${PIPELINE_FILE}`, line, column, severity: 'error', message });
  }
  if (broken.length === 0) return { plans, problems };
  const bad = new Set(broken.map(({ pipeline }) => pipeline));
  return { plans: plans.filter((plan) => !bad.has(plan.pipeline)), problems: inOrder(problems) };
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
