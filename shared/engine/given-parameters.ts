/** Parameters given at start, held against what the pipeline declares. */
import type { Parameter, ParameterType, Plan } from '../pipeline/plan.ts';

const SHAPES: Readonly<Record<ParameterType, { pattern: RegExp; words: string }>> = {
  string: { pattern: /^[^\0]*$/, words: 'a text' },
  number: { pattern: /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/, words: 'a number' },
  boolean: { pattern: /^(?:true|false)$/, words: 'true or false' },
  date: { pattern: /^\d{4}-\d{2}-\d{2}$/, words: 'a date like 2026-01-31' },
  timestamp: {
    pattern: /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?$/,
    words: 'a timestamp like 2026-01-31 23:59:00',
  },
};

const OF_THE_FILE: ReadonlySet<string> = new Set(['manifest', 'file_uri', 'bucket', 'key']);

/** Whether a statement of the pipeline names the run's file: without one it could not be written. */
export function needsFile(plan: Plan): boolean {
  return plan.steps.some((step) =>
    [...step.statements, ...(step.verify === undefined ? [] : [step.verify])].some(({ parts }) =>
      parts.some((part) => typeof part !== 'string' && OF_THE_FILE.has(part.param)),
    ),
  );
}

/** What is wrong with the given parameters, in one sentence; undefined where nothing is. */
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
    const { pattern, words } = SHAPES[parameter.type];
    if (!pattern.test(value)) return `parameter ${name} must be ${words}; it is "${value}"`;
  }
  const missing = declared.find(
    (parameter) => parameter.default === undefined && given[parameter.name] === undefined,
  );
  return missing === undefined
    ? undefined
    : `parameter ${missing.name} has no default: give it with --param ${missing.name}=...`;
}
