/** The pipelines of this project, as the command needs them. */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

import { formatProblem, type Problem } from '../shared/pipeline/problem.ts';

/** Folders with a `pipeline.yml`, in name order; nothing is compiled. */
export function pipelineNames(sqlFolder: string): string[] {
  if (!existsSync(sqlFolder)) return [];
  return readdirSync(sqlFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(sqlFolder, entry.name, 'pipeline.yml')))
    .map((entry) => entry.name)
    .sort();
}

export function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}

/** One line each, `file:line:column: …`, with the file as seen from here. */
export function problemLines(problems: readonly Problem[], sqlFolder: string): string[] {
  return problems.map((problem) => formatProblem({ ...problem, file: fromHere(problem.file, sqlFolder) }));
}

function fromHere(file: string, sqlFolder: string): string {
  const path = relative('.', join(sqlFolder, file));
  return path.startsWith('..') ? join(sqlFolder, file) : path;
}
