import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { defined } from '../../shared/run/defined.ts';
import { didYouMean } from '../arguments.ts';
import { EXIT, usageError } from '../exit.ts';
import { describePlan, planJson } from '../plan/describe-plan.ts';
import { exampleSettings, sqlOf } from '../plan/example-run.ts';
import { localProblems } from '../plan/local-problems.ts';
import { isError, pipelineNames, problemLines } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import type { Context, Verb } from '../verb.ts';
import { sqlOption } from './shared-options.ts';

/** The compiled pipeline; undefined if it has errors, which were printed. */
function compiled({ args, out }: Context): Plan | undefined {
  const folder = sqlFolder(args.text('sql'));
  const name = args.required('PIPELINE');
  const { plans, problems } = loadPipelines(folder);
  const own = problems.filter((problem) => problem.file.startsWith(`${name}/`));
  const found = plans.find((one) => one.pipeline === name);
  const local = found === undefined ? [] : localProblems(found, folder);
  for (const line of problemLines([...own, ...local], folder)) out.say(line);
  if (found !== undefined || own.some(isError)) return found;
  const known = pipelineNames(folder);
  throw usageError(
    `pipeline ${name} not found in ${folder}`,
    didYouMean(name, known) ?? `known pipelines: ${known.join(', ')}`,
  );
}

export const plan: Verb = {
  name: 'plan',
  summary: 'show the compiled pipeline: steps, kinds, resume',
  description: `
Shows the compiled pipeline: for each step its kind, what it creates, reads and
writes, and what a resume there would re-run if the session were lost; and the
grade of the pipeline. Lists statements that the local warehouse cannot run.
With --statements it prints every statement as it would be sent, for
the file of --file or for an example. Nothing is executed.`,
  positionals: [{ name: 'PIPELINE', help: 'the name of its folder' }],
  options: {
    statements: { help: 'print the statements as they would be sent' },
    file: { value: 'URI', help: 's3://bucket/key to print the statements for' },
    param: { value: 'NAME=VALUE', many: true, help: 'a parameter to print the statements with' },
    ...sqlOption,
  },
  examples: [
    'baton plan product_dimension',
    'baton plan stores --statements --file s3://my-bucket/stores/a.csv',
  ],
  run: (context) => {
    const { args, out, json, stage } = context;
    const found = compiled(context);
    if (found === undefined) return Promise.resolve(EXIT.usage);
    if (!args.flag('statements')) {
      const others = ['file', 'param'].find((name) => args.text(name) !== undefined);
      if (others !== undefined) throw usageError(`--${others} requires --statements`);
      if (json) out.json(planJson(found));
      else out.data(describePlan(found, Date.now()));
      return Promise.resolve(EXIT.done);
    }
    const file = args.text('file');
    const given = { parameters: args.pairs('param'), ...defined({ file }) };
    const steps = sqlOf(found, exampleSettings(stage), given);
    if (json) out.json({ pipeline: found.pipeline, steps });
    else {
      for (const { step, send, statements } of steps) {
        out.data(`-- ${step}: ${send === 'single' ? 'one statement' : 'one transaction'}`);
        for (const statement of statements) out.data(`${statement};\n`);
      }
    }
    return Promise.resolve(EXIT.done);
  },
};
