/** How the command ends, and the errors that say so. */

export const EXIT = {
  done: 0,
  /** The run failed or needs a decision. */
  failed: 1,
  /** Wrong usage, or an invalid pipeline. */
  usage: 2,
  /** The service could not be reached, or refused. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An end with a message for the person: no stack trace, one exit code. `hint` says what to do. */
export class CommandError extends Error {
  readonly code: ExitCode;
  readonly hint: string | undefined;
  constructor(code: ExitCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'CommandError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** The person asked for something that cannot be: exit 2. */
export function usageError(message: string, hint?: string): CommandError {
  return new CommandError(EXIT.usage, message, hint === undefined ? {} : { hint });
}
