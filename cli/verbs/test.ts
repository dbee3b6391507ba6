import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { defined } from '../../shared/run/defined.ts';
import { didYouMean } from '../arguments.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { isError, pipelineNames, problemLines } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { findTests } from '../testing/find-tests.ts';
import type { TestResult } from '../testing/run-test.ts';
import type { TestCase } from '../testing/test-case.ts';
import { readTest } from '../testing/test-file.ts';
import type { Context, Verb } from '../verb.ts';
import { sqlOption } from './shared-options.ts';

interface Found {
  readonly folder: string;
  readonly plans: readonly Plan[];
  readonly tests: readonly TestCase[];
  /** Pipelines without a test. */
  readonly untested: readonly string[];
}

function namedPipelines(given: readonly string[], folder: string): string[] {
  const known = pipelineNames(folder);
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw usageError(
      `pipeline ${unknown} not found in ${folder}`,
      didYouMean(unknown, known) ?? `known pipelines: ${known.join(', ')}`,
    );
  return given.length === 0 ? known : known.filter((name) => given.includes(name));
}

/** @throws CommandError (exit 2) with every mistake of the pipelines and their tests */
function findAll({ args }: Context): Found {
  const folder = sqlFolder(args.text('sql'));
  const pipelines = namedPipelines(args.positionals('PIPELINE'), folder);
  const only = args.text('only');
  const { plans, problems } = loadPipelines(folder);
  const found = pipelines.map((name) => ({ name, ...findTests(folder, name) }));
  const all = found.flatMap(({ places }) => places);
  const chosen = all.filter(
    ({ pipeline, name }) => only === undefined || [name, `${pipeline}/${name}`].includes(only),
  );
  const isOfOne = (file: string): boolean => pipelines.includes(file.split('/')[0] ?? '');
  const read = chosen.map((place) => readTest(folder, place, plans));
  const mistakes = [
    ...problems.filter((problem) => isError(problem) && isOfOne(problem.file)),
    ...found.flatMap((one) => one.problems),
  ];
  // A pipeline with an error has no plan: its tests would only repeat that.
  if (mistakes.length === 0) mistakes.push(...read.flatMap((one) => one.problems));
  if (mistakes.length > 0) throw usageError(problemLines(mistakes, folder).join('\n'));
  if (chosen.length === 0) {
    const names = all.map(({ pipeline, name }) => `${pipeline}/${name}`);
    if (names.length === 0)
      throw usageError(
        `no tests found in ${folder}`,
        'a test is sql/PIPELINE/tests/NAME/test.yml or sql/PIPELINE/tests/NAME.yml: see docs/testing.md',
      );
    throw usageError(
      `there is no test ${only ?? ''}`,
      didYouMean(only ?? '', names) ?? `tests: ${names.join(', ')}`,
    );
  }
  return {
    folder,
    plans,
    tests: read.flatMap(({ test }) => test ?? []),
    untested:
      only === undefined ? found.filter(({ places }) => places.length === 0).map(({ name }) => name) : [],
  };
}

/** In local AWSs of their own, which are stopped whatever happens. */
async function runAll(
  { out, signal }: Context,
  { folder, plans, tests }: Found,
  onResult: (result: TestResult) => void,
): Promise<void> {
  const [{ Lanes }, { runTest }] = await Promise.all([
    import('../testing/lanes.ts'),
    import('../testing/run-test.ts'),
  ]);
  out.progress('building and starting a local AWS for the tests');
  // Failures may be meant.
  const log = (line: string): void => {
    if (!line.startsWith('message to ')) out.say(line);
  };
  // Results in the order of the tests, whichever ends first.
  const results = new Map<TestCase | undefined, TestResult>();
  const running = new Set<string>();
  let next = 0;
  const lanes = new Lanes({ sql: folder, log, signal });
  try {
    await lanes.run(tests, async (stage, test) => {
      const name = `${test.pipeline}/${test.name}`;
      running.add(name);
      const show = (): void => {
        if (running.size > 0)
          out.status(`${results.size} of ${tests.length} done: ${[...running].join(', ')}`);
      };
      show();
      results.set(test, await runTest(stage, test, plans));
      running.delete(name);
      for (let done = results.get(tests[next]); done !== undefined; done = results.get(tests[next])) {
        onResult(done);
        next += 1;
      }
      show();
    });
  } finally {
    await lanes.stop();
  }
}

export const test: Verb = {
  name: 'test',
  summary: 'run the tests of the pipelines in a local AWS of their own',
  description: `
Runs the tests of every pipeline, or of those named: sql/PIPELINE/tests/NAME/test.yml
or sql/PIPELINE/tests/NAME.yml. A test inserts rows, uploads files one after another,
waits for their runs, and compares the state of the last run and the rows of tables
with what it expects. Starts a local AWS on a free port, in a temporary folder,
independent of a running npm start; each test begins with an empty warehouse, to which
sql/setup/ is applied. Schedules do not start runs, and a time for which a run only
waits passes at once. Prints one line for each test, and the rows that differ.
With --update, what differs in rows and files is written into the test; a test that
failed for another reason stays as it is. With --watch, tests run again when a file of
them, of their pipelines or of sql/setup/ changes, until Ctrl-C. With --crash every test
runs again with each fault at each place (a step fails, its session is lost, an event
does not come, the function is killed, ...), and a matrix shows whether the tables are
the same, or the run asks as its plan says it may. The exit code is 0 if all passed or
were updated, 1 if one failed or is DIFFERENT after a fault, 2 if a pipeline or a test
has a mistake.`,
  positionals: [{ name: 'PIPELINE', optional: true, many: true, help: 'only the tests of these pipelines' }],
  options: {
    only: { value: 'NAME', help: 'only the test of this name: NAME, or PIPELINE/NAME' },
    update: { help: 'write rows and files that differ as the new expectation' },
    watch: { help: 'run tests again when they or their pipelines change' },
    junit: { value: 'FILE', help: 'write the results as JUnit XML' },
    crash: { help: 'run every test again with each fault at each place, and compare the tables' },
    case: {
      value: 'ID',
      many: true,
      help: 'with --crash: only cases of this id; * stands for any characters',
    },
    sample: { value: 'N', help: 'with --crash: only so many cases of each test and mode' },
    seed: { value: 'N', help: 'with --crash: chooses cases and places where not all are run (default: 1)' },
    ...sqlOption,
  },
  examples: [
    'baton test',
    'baton test stores',
    'baton test stores --only upsert',
    'baton test --update',
    'baton test --watch',
    'baton test stores --crash',
    'baton test --junit results.xml',
    'baton test --json',
  ],
  run: async (context): Promise<ExitCode> => {
    const { out, json, signal, args } = context;
    const stage = args.text('stage') ?? 'local';
    if (stage !== 'local')
      throw usageError(
        `no test runs on the stage ${stage}`,
        'leave --stage out: tests have a local AWS of their own',
      );
    const [update, junit, crash] = [args.flag('update'), args.text('junit'), args.flag('crash')];
    const withCrash = ['case', 'sample', 'seed'].find((name) => args.list(name).length > 0);
    if (!crash && withCrash !== undefined)
      throw usageError(`--${withCrash} works only with --crash`, 'see: baton test --help');
    if (crash && (update || junit !== undefined || args.flag('watch')))
      throw usageError(
        '--crash cannot be combined with --update, --watch or --junit',
        'leave one of them out',
      );
    if (args.flag('watch')) {
      if (json || update || junit !== undefined)
        throw usageError(
          '--watch cannot be combined with --json, --update or --junit',
          'leave one of them out',
        );
      const { watchTests } = await import('../testing/watch.ts');
      await watchTests({ folder: sqlFolder(args.text('sql')), find: () => findAll(context), out, signal });
      return EXIT.done;
    }
    const found = findAll(context);
    if (crash) return (await import('../testing/crash/command.ts')).crashCommand(context, found);
    const { Report } = await import('../testing/report.ts');
    const report = new Report(out, { folder: found.folder, json, update, ...defined({ junit }) });
    await runAll(context, found, (result) => report.add(result));
    return report.end(found.untested) && !signal.aborted ? EXIT.done : EXIT.failed;
  },
};
