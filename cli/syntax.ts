/** What words a verb takes: for its parser and its help. */
export interface OptionSpec {
  /** The value's name in the help; absent: a flag without a value. */
  readonly value?: string;
  readonly short?: string;
  /** May be given several times. */
  readonly many?: true;
  readonly help: string;
}

interface PositionalSpec {
  readonly name: string;
  readonly optional?: true;
  /** The last one may stand for several words. */
  readonly many?: true;
  readonly help: string;
}

export interface Syntax {
  /** One word, or two (`local advance`). */
  readonly name: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
}

/** Options of every verb. */
export const globalOptions: Readonly<Record<string, OptionSpec>> = {
  stage: { value: 'NAME', help: 'the stage to work on (default: local, or BATON_STAGE)' },
  endpoint: { value: 'URL', help: 'the AWS endpoint (default: AWS_ENDPOINT_URL, or the local AWS)' },
  profile: { value: 'NAME', help: 'the AWS profile with the credentials (default: AWS_PROFILE)' },
  json: { help: 'print data as JSON' },
  help: { short: 'h', help: 'show this help' },
};
