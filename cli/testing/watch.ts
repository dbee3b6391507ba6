/** `baton test --watch`: runs tests again when they, or what they test, change; one local AWS stays up. */
import { relative, sep } from 'node:path';

import { TESTS_FOLDER } from '../../shared/pipeline/pipeline-files.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { endingOf } from '../errors.ts';
import { watchSql } from '../local/watch-sql.ts';
import type { Output } from '../output.ts';
import { LocalBaton } from './local-baton.ts';
import { Report } from './report.ts';
import { runTest } from './run-test.ts';
import { startedBy } from './started-by.ts';
import type { TestCase } from './test-case.ts';
import { TestStage } from './test-stage.ts';

interface Found {
  readonly plans: readonly Plan[];
  readonly tests: readonly TestCase[];
}

interface Watched {
  /** With the pipelines. */
  readonly folder: string;
  /** Reads pipelines and tests. @throws CommandError with every mistake */
  readonly find: () => Found;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/** Until the person presses Ctrl-C. @throws CommandError when the local AWS cannot be started */
export async function watchTests({ folder, find, out, signal }: Watched): Promise<void> {
  out.progress('building and starting a local AWS for the tests');
  const local = await LocalBaton.start({ sql: folder, log: () => undefined, signal });
  const stage = new TestStage(local);
  /** Changes that no round has seen: with a mistake in a file none can be run. */
  const pending = new Set<string>();
  const round = async (isFirst: boolean): Promise<void> => {
    try {
      const { tests, plans } = find();
      const changed = [...pending];
      if (changed.some((path) => !isOfTest(path))) await local.reload();
      const chosen = isFirst ? tests : affectedTests(changed, tests, plans);
      pending.clear();
      if (chosen.length === 0) return;
      const report = new Report(out, { folder, json: false, update: false });
      for (const [i, test] of chosen.entries()) {
        out.status(`${i} of ${chosen.length} done: ${test.pipeline}/${test.name}`);
        report.add(await runTest(stage, test, plans));
        if (signal.aborted) return;
      }
      report.end();
    } catch (error) {
      if (signal.aborted) return;
      const { message, hint } = endingOf(error, { local: true });
      out.say([message, ...(hint === undefined ? [] : [hint])].join('\n'));
    }
  };
  const waiting = (): void => {
    if (!signal.aborted) out.say(out.style.quiet('waiting for changes; Ctrl-C ends'));
  };
  try {
    await round(true);
    const watcher = await watchSql(
      folder,
      async (paths) => {
        for (const path of paths) pending.add(relative(folder, path));
        out.say(`changed: ${[...pending].sort().join(', ')}`);
        await round(false);
        waiting();
      },
      { withTests: true },
    );
    waiting();
    await new Promise<void>((ended) => {
      if (signal.aborted) ended();
      else signal.addEventListener('abort', () => ended(), { once: true });
    });
    await watcher.close();
  } finally {
    await local.stop();
  }
}

function isOfTest(path: string): boolean {
  return path.split(sep)[1] === TESTS_FOLDER;
}

/** The tests that a change may concern. `changed`: paths below the SQL folder. */
export function affectedTests(
  changed: readonly string[],
  tests: readonly TestCase[],
  plans: readonly Plan[],
): readonly TestCase[] {
  return tests.filter((test) => {
    const pipelines = new Set([test.pipeline, ...test.when.flatMap((action) => startedBy(action, plans))]);
    return changed.some((path) => {
      const [pipeline = '', folder, name = '', ...below] = path.split(sep);
      // Tables are for all of them.
      if (pipeline === 'setup') return true;
      if (folder !== TESTS_FOLDER) return pipelines.has(pipeline);
      if (pipeline !== test.pipeline) return false;
      const other = tests.some(
        (one) => one.pipeline === pipeline && one.name !== test.name && isOwn(one, name, below),
      );
      // What is of no test may be the data of several.
      return isOwn(test, name, below) || !other;
    });
  });
}

/** Whether something in the folder of tests belongs to the test alone: its file, or what lies in its folder. */
function isOwn({ name }: TestCase, entry: string, below: readonly string[]): boolean {
  return below.length > 0 ? entry === name : entry === `${name}.yml`;
}
