/** Reads what was caught: anything may be thrown, and the errors of the AWS SDK are told apart by name and status. */

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `name: message`. */
export function nameAndMessageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** An error of the SDK has the name that the service gave it. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/** The HTTP status of a service's error; undefined when no service answered. */
export function httpStatusOf(error: unknown): number | undefined {
  if (!(error instanceof Error && '$metadata' in error)) return undefined;
  return (error.$metadata as { readonly httpStatusCode?: number } | undefined)?.httpStatusCode;
}

/** Of an error of Node or of the operating system, e.g. `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
