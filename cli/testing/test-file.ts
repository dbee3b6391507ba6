/** Reads a test.yml: every mistake with file, line and what would be right. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Problem } from '../../shared/pipeline/problem.ts';
import { readYaml } from '../../shared/pipeline/read-yaml.ts';
import { readRun, readSteps } from './read-expect.ts';
import { readFiles } from './read-files.ts';
import { readGiven, readTables } from './read-rows.ts';
import { readStatements } from './read-statements.ts';
import { readWhen } from './read-when.ts';
import type { TestCase } from './test-case.ts';
import { testShape, type WrittenTest } from './test-shape.ts';
import { TestSource, type TestPlace } from './test-source.ts';

const TIMEOUT_SECONDS = 120;

/** The test, or its problems. @param plans of the pipelines without errors */
export function readTest(
  sqlFolder: string,
  place: TestPlace,
  plans: readonly Plan[],
): { readonly test?: TestCase; readonly problems: readonly Problem[] } {
  const source = new TestSource(sqlFolder, place, plans);
  const { problems } = source;
  const text = source.decoded(place.file, readFileSync(join(sqlFolder, place.file)));
  const written = readYaml<WrittenTest>(text, testShape, place.file, 'the test');
  problems.push(...written.problems);
  const { settings } = written;
  if (settings === undefined) return { problems };
  source.at = (path, message) => written.problemAt(path, message);
  const test: TestCase = {
    ...place,
    setup: settings.setup === undefined ? [] : readStatements(source, settings.setup, ['setup']),
    given: readGiven(source, settings.given),
    when: readWhen(source, settings.when),
    run: readRun(source, settings.expect?.run),
    steps: readSteps(source, settings.expect?.steps),
    tables: readTables(source, settings.expect?.tables),
    files: readFiles(source, settings.expect?.files),
    timeoutSeconds: settings.timeout ?? TIMEOUT_SECONDS,
  };
  return { ...(problems.length === 0 && { test }), problems };
}
