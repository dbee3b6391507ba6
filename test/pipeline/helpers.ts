/** Short ways to the compiler's parts, for tests. */
import { compilePipeline } from '../../shared/pipeline/compile.ts';
import type { Compiled } from '../../shared/pipeline/compile.ts';
import type { Effect, FileEffect } from '../../shared/pipeline/lineage.ts';
import { LineageReader } from '../../shared/pipeline/lineage.ts';
import type { Plan, Step, StepKind } from '../../shared/pipeline/plan.ts';
import { formatProblem } from '../../shared/pipeline/problem.ts';
import { readSqlFile } from '../../shared/pipeline/sql-file.ts';

/** The least that a pipeline.yml must say. */
export const YAML = 'on:\n  - s3: { prefix: in/ }\n';

export function compile(files: Readonly<Record<string, string>>, yaml = YAML): Compiled {
  return compilePipeline({
    name: 'orders',
    files: new Map(Object.entries({ 'pipeline.yml': yaml, ...files })),
  });
}

/** Every problem as one line. */
export function problemsOf(files: Readonly<Record<string, string>>, yaml = YAML): string[] {
  return compile(files, yaml).problems.map((problem) => formatProblem(problem));
}

/** @throws Error with the problems where the pipeline does not compile */
export function planOf(files: Readonly<Record<string, string>>, yaml = YAML): Plan {
  const { plan, problems } = compile(files, yaml);
  if (plan === undefined) throw new Error(problems.map((problem) => formatProblem(problem)).join('\n'));
  return plan;
}

export function stepOf(plan: Plan, name: string): Step {
  const step = plan.steps.find((one) => one.name === name);
  if (step === undefined) throw new Error(`no step ${name}`);
  return step;
}

/** Temporary tables that exist before the statement under test. */
const STAGED = `
  CREATE TEMP TABLE stage (id INT);
  CREATE TEMP TABLE changes (id INT);
  CREATE TABLE #hash (id INT);
`;

/** The second file of two: what `sql` does where `stage`, `changes` and `#hash` are temporary tables. */
export function effectOf(sql: string): FileEffect {
  const names = new Set(['manifest', 'file_uri', 'copy_role', 'run_id', 'run_started_at', 'export_to']);
  const files = [readSqlFile('1_stage.sql', STAGED, names), readSqlFile('2_test.sql', sql, names)];
  const reader = new LineageReader(files, () => ({}));
  const [, effect] = files.map((file) => reader.read(file, {}));
  if (effect === undefined) throw new Error('no second file');
  return effect;
}

/** Only what is not empty, so that expectations stay short. */
export function touched(effect: Effect): Partial<Record<keyof Effect, unknown>> {
  return Object.fromEntries(
    Object.entries(effect).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value === true)),
  );
}

/** The kind of a step that holds only `sql`, and the errors about it. */
export function kindOf(sql: string, options = ''): { kind: StepKind | undefined; errors: string[] } {
  const yaml = options === '' ? YAML : `${YAML}steps:\n  20_test.sql: ${options}\n`;
  const { plan, problems } = compile({ '10_stage.sql': STAGED, '20_test.sql': sql }, yaml);
  return {
    kind: plan?.steps[1]?.kind,
    errors: problems.filter(({ severity }) => severity === 'error').map(({ message }) => message),
  };
}
