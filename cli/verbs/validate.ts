import type { Plan } from '../../shared/pipeline/plan.ts';
import { rebuildAt } from '../../shared/pipeline/rebuild.ts';
import { EXIT } from '../exit.ts';
import { isError, loadFolder, problemLines } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { countOf } from '../runs/units.ts';
import type { Verb } from '../verb.ts';

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
    `${pipeline}: grade ${grade}: a session lost at ${at.join(' or ')} needs a person; baton plan ${pipeline} says why`,
  ];
}

export const validate: Verb = {
  name: 'validate',
  summary: 'check the pipelines, without running anything',
  description: `
Compiles every pipeline of the SQL folder and prints what is wrong, one line for
each problem, with file, line and column. Ends with exit code 2 when there is an
error; warnings alone are none. Says of a pipeline of grade C or D at which steps
a lost session needs a person.`,
  positionals: [{ name: 'FOLDER', optional: true, help: 'the folder with the pipelines (default: sql/)' }],
  options: {},
  examples: ['baton validate', 'baton validate test/fixtures/sql --json'],
  run: ({ args, out, json }) => {
    const folder = sqlFolder(args.positional('FOLDER'));
    const { plans, problems } = loadFolder(folder);
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
      const good = plans.map((plan) => plan.pipeline).join(', ');
      if (errors.length > 0) out.say(countOf(errors.length, 'error'));
      else out.say(good === '' ? `there is no pipeline in ${folder}` : `valid: ${good}`);
    }
    return Promise.resolve(errors.length === 0 ? EXIT.done : EXIT.usage);
  },
};
