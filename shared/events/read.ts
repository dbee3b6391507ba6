/** Reads unknown JSON: each function returns the value, or throws an error that names its path. */
import { messageOf } from '../errors.ts';

export { LONGEST_NAME } from '../run/text.ts';

/** Input from outside is invalid. The message names the path and what was expected. */
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

/** The default limit in bytes: that of the longest object key. */
const LONGEST_TEXT = 1_024;

export function text(root: JsonObject, path: string, mostBytes = LONGEST_TEXT): string {
  const value = at(root, path);
  if (typeof value !== 'string' || value === '') throw expected(path, 'a string', value);
  return storable(value, path, mostBytes);
}

export function optionalText(root: JsonObject, path: string, mostBytes = LONGEST_TEXT): string | undefined {
  const value = at(root, path);
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw expected(path, 'a string', value);
  return storable(value, path, mostBytes);
}

/** @throws RefusedInputError if the item of a run could not store it: too long, or not valid Unicode */
export function storable(value: string, place: string, mostBytes: number): string {
  const bytes = Buffer.byteLength(value);
  if (bytes > mostBytes)
    throw new RefusedInputError(`${place} must have at most ${mostBytes} bytes of UTF-8; it has ${bytes}`);
  if (/\p{Surrogate}/u.test(value))
    throw new RefusedInputError(`${place} must be valid Unicode; it has an unpaired surrogate`);
  return value;
}

export function wholeNumber(root: JsonObject, path: string): number {
  const value = at(root, path);
  if (typeof value !== 'number' || !Number.isInteger(value)) throw expected(path, 'a whole number', value);
  return value;
}

/** As AWS writes instants. */
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** The instant at `path`, in UTC with milliseconds. */
export function instant(root: JsonObject, path: string): string {
  const value = text(root, path);
  const date = new Date(value);
  if (!INSTANT.test(value) || !date.getTime()) throw expected(path, 'a UTC timestamp', value);
  return date.toISOString();
}

export function expected(place: string, what: string, value: unknown): RefusedInputError {
  if (value === undefined) return new RefusedInputError(`${place} is missing (expected ${what})`);
  return new RefusedInputError(`${place} must be ${what}; it is ${JSON.stringify(value).slice(0, 100)}`);
}

/** @throws RefusedInputError with the parser's message */
export function parseJson(body: string, what: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new RefusedInputError(`${what} is not JSON: ${messageOf(error)}`);
  }
}
