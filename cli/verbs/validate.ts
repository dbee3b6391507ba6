import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { loadPipelines, SETUP_FOLDER } from '../../shared/pipeline/load.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Problem } from '../../shared/pipeline/problem.ts';
import { rebuildAt } from '../../shared/pipeline/rebuild.ts';
import { didYouMean } from '../arguments.ts';
import { EXIT, usageError } from '../exit.ts';
import { localProblems } from '../plan/local-problems.ts';
import { isError, pipelineNames, problemLines } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { countOf } from '../runs/units.ts';
import type { Context, Verb } from '../verb.ts';
import { sqlOption } from './shared-options.ts';

/** Steps at which a lost session would stop a run until a person has looked. */
function needsPersonAt({ steps }: Plan): string[] {
  return steps
    .filter(
      (step, i) => (step.kind === 'opaque' && !step.idempotent) || rebuildAt(steps, i).verdict === 'refused',
    )
    .map((step) => step.name);
}

function graded(plan: Plan): string[] {
  const at = needsPersonAt(plan);
  if (at.length === 0) return [];
  const { pipeline, grade } = plan;
  return [
    `${pipeline}: grade ${grade}: a session lost at ${at.join(' or ')} needs a manual decision; for the reasons run: baton plan ${pipeline}`,
  ];
}

/** The folder, or of it one pipeline. */
function checked({ args }: Context): {
  folder: string;
  plans: readonly Plan[];
  problems: readonly Problem[];
} {
  const name = args.positional('PIPELINE');
  if (name !== undefined && /[./\\]/.test(name))
    throw usageError(
      `${name} is not a pipeline name`,
      'to choose the folder with the pipelines, pass --sql FOLDER',
    );
  const folder = sqlFolder(args.text('sql'));
  const known = pipelineNames(folder);
  if (name === undefined) {
    const { plans, problems } = loadPipelines(folder);
    if (plans.length === 0 && !problems.some(isError))
      throw usageError(
        `no pipeline found in ${folder}`,
        'each subfolder is a pipeline; create one with: baton new NAME',
      );
    return { folder, plans, problems };
  }
  if (name === SETUP_FOLDER)
    throw usageError(
      `${name} is not a pipeline: its files create the tables`,
      'apply them with: baton setup',
    );
  if (name === '' || !existsSync(join(folder, name)))
    throw usageError(
      name === '' ? 'PIPELINE is empty' : `pipeline ${name} not found in ${folder}`,
      didYouMean(name, known) ?? `known pipelines: ${known.join(', ')}`,
    );
  const { plans, problems } = loadPipelines(folder);
  return {
    folder,
    plans: plans.filter((plan) => plan.pipeline === name),
    problems: problems.filter((problem) => problem.file.startsWith(`${name}/`)),
  };
}

export const validate: Verb = {
  name: 'validate',
  summary: 'check the pipelines, without running anything',
  description: `
Compiles every pipeline of the SQL folder, or one, and prints one line for each
problem, with file, line and column. The exit code is 2 if there is an error, or
nothing to check; warnings alone do not count. A statement that the local warehouse
cannot run is a warning: it may run on AWS. So is a column or a table that neither
sql/setup nor the pipeline declares, where the others of its table are declared. For a pipeline of grade C or D it lists
the steps at which a lost session needs a manual decision.`,
  positionals: [{ name: 'PIPELINE', optional: true, help: 'only this pipeline: the name of its folder' }],
  options: sqlOption,
  examples: [
    'baton validate',
    'baton validate stores',
    'baton validate --sql test/fixtures/pipelines --json',
  ],
  run: (context) => {
    const { out, json } = context;
    const { folder, plans, problems: compiled } = checked(context);
    const problems = [...compiled, ...plans.flatMap((plan) => localProblems(plan, folder))];
    const errors = problems.filter(isError);
    if (json) {
      out.json({
        valid: errors.length === 0,
        pipelines: plans.map((plan) => ({
          name: plan.pipeline,
          grade: plan.grade,
          hash: plan.hash,
          needsPersonAt: needsPersonAt(plan),
        })),
        problems,
      });
    } else {
      for (const line of problemLines(problems, folder)) out.data(line);
      for (const line of plans.flatMap(graded)) out.say(line);
      if (errors.length > 0) out.say(countOf(errors.length, 'error'));
      else out.say(`valid: ${plans.map((plan) => plan.pipeline).join(', ')}`);
    }
    return Promise.resolve(errors.length === 0 ? EXIT.done : EXIT.usage);
  },
};
