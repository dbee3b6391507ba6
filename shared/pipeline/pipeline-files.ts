/** The files of a pipeline's folder, and problems for files that only look like a part of it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { PIPELINE_FILE } from './compile.ts';
import type { Problem } from './problem.ts';
import { decodeUtf8 } from './utf8.ts';

/** The folder with a pipeline's tests: no part of what is compiled. */
export const TESTS_FOLDER = 'tests';

export interface PipelineFiles {
  /** `pipeline.yml` and every `.sql` file, by name. */
  readonly files: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

export function readPipelineFiles(folder: string): PipelineFiles {
  const files = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { name, isFolder } of entriesOf(folder)) {
    if (!isFolder && (name === PIPELINE_FILE || name.endsWith('.sql'))) {
      const { text, problem } = decodeUtf8(readFileSync(join(folder, name)));
      files.set(name, text);
      if (problem !== undefined) problems.push({ file: name, ...problem });
    } else {
      const ignored = whyIgnored(name, isFolder, folder);
      if (ignored !== undefined) problems.push({ file: name, line: 1, column: 1, ...ignored });
    }
  }
  return { files, problems };
}

export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Files and folders in name order, also behind links; hidden ones, and links to nowhere, are left out. */
export function entriesOf(folder: string): Entry[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .flatMap((name) => {
      const found = statSync(join(folder, name), { throwIfNoEntry: false });
      return found === undefined ? [] : [{ name, isFolder: found.isDirectory() }];
    });
}

type Ignored = Pick<Problem, 'severity' | 'message'>;

/** Notes, samples and editor backups are ignored silently: only files that look like a step are reported. */
function whyIgnored(name: string, isFolder: boolean, folder: string): Ignored | undefined {
  if (isFolder) {
    if (name === TESTS_FOLDER) return undefined;
    const hasSteps = entriesOf(join(folder, name)).some((entry) => /\.sql$/i.test(entry.name));
    if (!hasSteps) return undefined;
    return {
      severity: 'warning',
      message: 'this folder is ignored: steps must be directly in the folder of the pipeline',
    };
  }
  if (/^pipeline\.ya?ml$/i.test(name))
    return { severity: 'error', message: `the settings file must be named ${PIPELINE_FILE}: rename ${name}` };
  if (/\.sql$/i.test(name)) {
    const right = name.replace(/\.sql$/i, '.sql');
    return {
      severity: 'error',
      message: `a step's file name must end in .sql, in lower case: rename it to ${right}`,
    };
  }
  if (/^\d+[^.]*(?:\.[a-z0-9.]*)?$/i.test(name) && !/\.(?:bak|orig|rej|swp|tmp|csv|md)$/i.test(name))
    return { severity: 'warning', message: `this file is not a step: a step's file name must end in .sql` };
  return undefined;
}
