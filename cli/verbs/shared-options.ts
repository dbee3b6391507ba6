/** Options that several verbs have. */
import type { OptionSpec } from '../verb.ts';

export const sqlOption: Readonly<Record<string, OptionSpec>> = {
  sql: { value: 'FOLDER', help: 'the folder with the pipelines (default: sql/)' },
};

export const noWaitOption: Readonly<Record<string, OptionSpec>> = {
  'no-wait': { help: 'print the run id and do not wait for its end' },
};
