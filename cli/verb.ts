/** What a verb is: everything its help says and its parser checks, in one value, and what it does. */
import type { Arguments } from './arguments.ts';
import type { Connection } from './aws/connection.ts';
import type { ExitCode } from './exit.ts';
import type { Output } from './output.ts';

export interface OptionSpec {
  /** The value's name in the help; absent: a flag without a value. */
  readonly value?: string;
  readonly short?: string;
  /** May be given several times. */
  readonly many?: true;
  readonly help: string;
}

export interface PositionalSpec {
  readonly name: string;
  readonly optional?: true;
  readonly help: string;
}

export interface Verb {
  /** One word, or two (`local advance`). */
  readonly name: string;
  /** One line for the list of verbs. */
  readonly summary: string;
  /** What it does, in full: paragraphs of at most 80 columns. */
  readonly description: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly string[];
  run(context: Context): Promise<ExitCode>;
}

/** What a verb is given. */
export interface Context {
  readonly args: Arguments;
  readonly out: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The stage asked for: `--stage`, else BATON_STAGE, else `local`. */
  readonly stage: string;
  /** `--json` was given. */
  readonly json: boolean;
  /** The clients of the stage; made at the first call, so a verb that needs no AWS loads none. */
  readonly connect: () => Promise<Connection>;
  /** Ends when the person presses Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Options of every verb. */
export const globalOptions: Readonly<Record<string, OptionSpec>> = {
  stage: { value: 'NAME', help: 'the stage to work on (default: local, or BATON_STAGE)' },
  endpoint: { value: 'URL', help: 'the AWS endpoint (default: AWS_ENDPOINT_URL, or the local AWS)' },
  json: { help: 'print data as JSON' },
  help: { short: 'h', help: 'show this help' },
};
