/** Finds the tests of the pipelines: `sql/<pipeline>/tests/<name>/test.yml`, or `tests/<name>.yml`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { entriesOf, TESTS_FOLDER } from '../../shared/pipeline/pipeline-files.ts';
import type { Problem } from '../../shared/pipeline/problem.ts';
import type { TestPlace } from './test-source.ts';

const TEST_FILE = 'test.yml';
/** It is in output, and in the names of folders. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** In name order. Data files beside the tests are left alone. */
export function findTests(
  sqlFolder: string,
  pipeline: string,
): { readonly places: readonly TestPlace[]; readonly problems: readonly Problem[] } {
  const below = join(pipeline, TESTS_FOLDER);
  if (!existsSync(join(sqlFolder, below))) return { places: [], problems: [] };
  const places: TestPlace[] = [];
  const problems: Problem[] = [];
  const wrong = (file: string, message: string): void => {
    problems.push({ file, line: 1, column: 1, severity: 'error', message });
  };
  const add = (name: string, file: string): void => {
    const other = places.find((place) => place.name === name);
    if (other !== undefined) wrong(file, `is the test ${name}, as ${other.file} is: rename one of them`);
    else if (!NAME.test(name))
      wrong(file, 'the name of a test has letters, digits, _ . and -, at most 100 of them: rename it');
    else places.push({ pipeline, name, file });
  };
  for (const { name, isFolder } of entriesOf(join(sqlFolder, below))) {
    const path = join(below, name);
    if (isFolder) {
      const files = entriesOf(join(sqlFolder, path)).map((entry) => entry.name);
      const named = files.find((file) => /\.ya?ml$/i.test(file));
      if (files.includes(TEST_FILE)) add(name, join(path, TEST_FILE));
      else if (named !== undefined) wrong(join(path, named), `the file of a test must be named ${TEST_FILE}`);
    } else if (name.endsWith('.yml')) add(name.slice(0, -'.yml'.length), path);
    else if (/\.ya?ml$/i.test(name)) wrong(path, 'the file of a test must end in .yml, in lower case');
  }
  return { places, problems };
}
