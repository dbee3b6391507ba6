/** Reading unknown JSON: each reader gives the value or a refusal that names the place. */

/** Something from outside is not what it must be. The message names the place and what was expected. */
export class RefusedInputError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RefusedInputError';
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown, place: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected(place, 'an object', value);
  return value as JsonObject;
}

/** The value at `path` (`detail.object.key`) below `root`, or undefined where any part is missing. */
export function at(root: JsonObject, path: string): unknown {
  let value: unknown = root;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

export function text(root: JsonObject, path: string): string {
  const value = at(root, path);
  if (typeof value !== 'string' || value === '') throw expected(path, 'a text', value);
  return value;
}

export function optionalText(root: JsonObject, path: string): string | undefined {
  const value = at(root, path);
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw expected(path, 'a text', value);
  return value;
}

export function wholeNumber(root: JsonObject, path: string): number {
  const value = at(root, path);
  if (typeof value !== 'number' || !Number.isInteger(value)) throw expected(path, 'a whole number', value);
  return value;
}

/** As AWS writes instants. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** The instant at `path`, in UTC with milliseconds. */
export function instant(root: JsonObject, path: string): string {
  const value = text(root, path);
  const ms = INSTANT.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw expected(path, 'an instant in UTC like 2026-01-31T23:59:00Z', value);
  return new Date(ms).toISOString();
}

export function expected(place: string, what: string, value: unknown): RefusedInputError {
  return new RefusedInputError(`${place} must be ${what}; it is ${shown(value)}`);
}

/** The beginning of a value as JSON; what is nested deeper than the stack is only named. */
export function shown(value: unknown, length = 100): string {
  try {
    return (JSON.stringify(value) ?? 'nothing').slice(0, length);
  } catch {
    return 'nested too deeply';
  }
}

/** @throws RefusedInputError with the parser's words. */
export function parseJson(body: string, what: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new RefusedInputError(
      `${what} is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
