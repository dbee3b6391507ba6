/** Reads pipeline folders from disk and compiles them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { compilePipeline, PIPELINE_FILE } from './compile.ts';
import type { Entry } from './pipeline-files.ts';
import { entriesOf, readPipelineFiles } from './pipeline-files.ts';
import type { Plan } from './plan.ts';
import type { Problem } from './problem.ts';
import { inOrder } from './problem.ts';
import { readSetup } from './setup.ts';
import type { Upstream } from './triggers/chains.ts';
import { chainProblems } from './triggers/chains.ts';
import { decodeUtf8 } from './utf8.ts';

/** The folder with the SQL that creates the tables: not a pipeline. */
export const SETUP_FOLDER = 'setup';

export interface LoadedPipelines {
  /** Of the pipelines without an error, in name order. */
  readonly plans: Plan[];
  /** Of all pipelines; `file` is below the SQL folder: `stores/20_load.sql`. */
  readonly problems: Problem[];
}

/** In the order in which they are applied. */
function setupFiles(folder: string): Map<string, string> {
  const names = existsSync(folder) ? entriesOf(folder).filter((entry) => isSetupFile(entry)) : [];
  const sorted = names.map(({ name }) => name).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return new Map(sorted.map((name) => [name, decodeUtf8(readFileSync(join(folder, name))).text]));
}

function isSetupFile({ name, isFolder }: Entry): boolean {
  return !isFolder && /\.sql$/i.test(name);
}

/** Compiles every folder below `sqlFolder` but `setup`. A missing folder is a problem, not an exception. */
export function loadPipelines(sqlFolder: string): LoadedPipelines {
  const plans: Plan[] = [];
  const problems: Problem[] = [];
  if (!existsSync(sqlFolder)) {
    const message = `folder ${sqlFolder} not found: it must contain a folder for each pipeline`;
    return { plans, problems: [{ file: '', line: 1, column: 1, severity: 'error', message }] };
  }
  const { catalog, problems: setupProblems } = readSetup(setupFiles(join(sqlFolder, SETUP_FOLDER)));
  for (const problem of setupProblems) problems.push({ ...problem, file: `${SETUP_FOLDER}/${problem.file}` });
  const upstreams = new Map<string, readonly Upstream[]>();
  for (const { name, isFolder } of entriesOf(sqlFolder)) {
    if (!isFolder) {
      if (!/\.sql$/i.test(name)) continue;
      const message = 'this file is ignored: a step must be in the folder of its pipeline';
      problems.push({ file: name, line: 1, column: 1, severity: 'warning', message });
    } else if (name !== SETUP_FOLDER) {
      const read = readPipelineFiles(join(sqlFolder, name));
      const compiled = compilePipeline({ name, files: read.files }, catalog);
      upstreams.set(name, compiled.upstreams);
      const isWhole = read.problems.every(({ severity }) => severity === 'warning');
      if (compiled.plan !== undefined && isWhole) plans.push(compiled.plan);
      for (const problem of inOrder([...read.problems, ...compiled.problems]))
        problems.push({ ...problem, file: `${name}/${problem.file}` });
    }
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
