/** Checks the parameters given at start against those that the pipeline declares. */
import type { Parameter, Plan } from '../pipeline/plan.ts';
import type { ParameterValue } from '../pipeline/render.ts';
import { RenderError, renderValue } from '../pipeline/render.ts';

const OF_THE_FILE: ReadonlySet<string> = new Set(['manifest', 'file_uri', 'bucket', 'key']);

/** Whether a statement of the pipeline names the run's file: without a file it cannot be rendered. */
export function needsFile(plan: Plan): boolean {
  return plan.steps.some((step) =>
    [...step.statements, ...(step.verify === undefined ? [] : [step.verify])].some(({ parts }) =>
      parts.some((part) => typeof part !== 'string' && OF_THE_FILE.has(part.param)),
    ),
  );
}

/** What is wrong with the given parameters, in one sentence; undefined if they are valid. */
export function unsuitableParameters(
  declared: readonly Parameter[],
  given: Readonly<Record<string, string>>,
): string | undefined {
  for (const [name, value] of Object.entries(given)) {
    const parameter = declared.find((candidate) => candidate.name === name);
    if (parameter === undefined) {
      const names = declared.map((candidate) => candidate.name).join(', ') || 'none';
      return `the pipeline has no parameter "${name}"; it has ${names}`;
    }
    const wrong = unsuitable(name, { type: parameter.type, text: value });
    if (wrong !== undefined) return wrong;
  }
  const missing = declared.find(
    (parameter) => parameter.default === undefined && given[parameter.name] === undefined,
  );
  return missing === undefined
    ? undefined
    : `parameter ${missing.name} has no default: give it with --param ${missing.name}=...`;
}

/** A value given at start is checked in the same way as a default: by rendering it. */
function unsuitable(name: string, value: ParameterValue): string | undefined {
  try {
    renderValue(name, value);
    return undefined;
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return `parameter ${error.message.replace(/^:/, '')}`;
  }
}
