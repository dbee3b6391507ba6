/** Parameters as declared: their names, types and defaults. */
import { didYouMean } from './nearest.ts';
import type { Parameter } from './plan.ts';
import { RenderError, renderValue } from './render.ts';
import type { PipelineSettings } from './settings.ts';
import { triggerKinds } from './triggers/table.ts';

/** Placeholders that every pipeline has. */
export const BUILT_IN_PLACEHOLDERS: readonly string[] = [
  ...triggerKinds.flatMap(({ supplies }) => supplies?.names ?? []),
  'run_id',
  'run_started_at',
  'event_time',
  'copy_role',
];

/** What a string's default may hold, in braces. */
const WORDS = ['run_id', 'event_date', 'stage'];

export interface CheckedParameters {
  readonly parameters: Parameter[];
  readonly problems: readonly {
    readonly name: string;
    readonly message: string;
    readonly severity: 'error' | 'warning';
  }[];
}

export function checkParameters(declared: NonNullable<PipelineSettings['parameters']>): CheckedParameters {
  const problems: { name: string; message: string; severity: 'error' | 'warning' }[] = [];
  const parameters = Object.entries(declared).map(([name, { type, default: value }]): Parameter => {
    if (BUILT_IN_PLACEHOLDERS.includes(name))
      problems.push({
        name,
        severity: 'error',
        message: `:${name} is built in; rename the parameter`,
      });
    if (value === undefined) return { name, type };
    try {
      renderValue(name, { type, text: value });
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      problems.push({ name, severity: 'error', message: `the default of ${error.message}` });
    }
    for (const [, word = ''] of type === 'string' ? value.matchAll(/\{([A-Za-z_-]+)\}/g) : []) {
      if (!WORDS.includes(word))
        problems.push({
          name,
          severity: 'warning',
          message: `{${word}} is not replaced${didYouMean(word, WORDS)}: known are ${WORDS.map((one) => `{${one}}`).join(', ')}`,
        });
    }
    return { name, type, default: value };
  });
  return { parameters, problems };
}
