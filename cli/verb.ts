/** What a verb is: everything its help says and its parser checks, in one value, and what it does. */
import type { Arguments } from './arguments.ts';
import type { Connection } from './aws/connection.ts';
import type { ExitCode } from './exit.ts';
import type { Output } from './output.ts';
import type { Syntax } from './syntax.ts';

export interface Verb extends Syntax {
  /** One line for the list of verbs. */
  readonly summary: string;
  /** What it does, in full: paragraphs of at most 80 columns. */
  readonly description: string;
  readonly examples: readonly string[];
  run(context: Context): Promise<ExitCode>;
}

/** What a verb is given. */
export interface Context {
  readonly args: Arguments;
  readonly out: Output;
  /** With the profile, and the Region that baton.yml names. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The stage asked for: `--stage`, else BATON_STAGE, else `local`. */
  readonly stage: string;
  /** The profile of the AWS configuration: `--profile`, else baton.yml; absent where the environment decides. */
  readonly profile?: string;
  /** What baton.yml gives the stage's template: name -> text. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** `--json` was given. */
  readonly json: boolean;
  /** The clients of the stage; made at the first call, so a verb that needs no AWS loads none. */
  readonly connect: () => Promise<Connection>;
  /** Asks the person at the terminal, and gives what they typed; absent where there is no person. */
  readonly prompt?: (question: string) => Promise<string>;
  /** Ends when the person presses Ctrl-C. */
  readonly signal: AbortSignal;
}
