import type { FunctionError } from './worker-messages.ts';

/** The handler's module cannot be used; `report` is what Lambda answers then. */
export class LoadError extends Error {
  readonly report: FunctionError;

  constructor(errorType: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.report = { errorType, errorMessage: message, trace: [] };
  }
}
