/** The AWS JSON protocol (1.0 and 1.1): `X-Amz-Target: <service>.<Operation>`, a JSON object in, one out. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { type Handler, readBody } from './http.ts';
import { isObject, type JsonObject } from './json-object.ts';
import { ownEntry } from './own-entry.ts';
import { asServiceError, contentTypeOf, sendJsonError, ServiceError } from './service-error.ts';

export type JsonInput = JsonObject;

export type JsonOperation = (input: JsonInput) => unknown;

export interface JsonService {
  /** What comes before the dot in `X-Amz-Target`. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly operations: Readonly<Record<string, JsonOperation>>;
  /** What is said of an operation that is not there. */
  unsupported(operation: string): ServiceError;
}

export function jsonHandler(service: JsonService): Handler {
  return async (request, response) => {
    const requestId = randomUUID();
    response.setHeader('x-amzn-requestid', requestId);
    response.setHeader('content-type', contentTypeOf(service.version));
    try {
      const body = await readBody(request);
      const output = await operationOf(service, request)(parseInput(body));
      response.end(output === undefined ? '{}' : JSON.stringify(output));
    } catch (error) {
      sendJsonError(response, service.version, asServiceError(error));
    }
  };
}

function operationOf(service: JsonService, request: IncomingMessage): JsonOperation {
  const target = String(request.headers['x-amz-target'] ?? '');
  const operation = target.slice(target.lastIndexOf('.') + 1);
  const found = ownEntry(service.operations, operation);
  if (found === undefined || target !== `${service.target}.${operation}`)
    throw service.unsupported(operation);
  return found;
}

function parseInput(body: Buffer): JsonInput {
  try {
    const value: unknown = JSON.parse(body.length === 0 ? '{}' : body.toString('utf8'));
    if (isObject(value)) return value;
  } catch {
    // Said below, as for any other value that is no object.
  }
  throw new ServiceError('SerializationException', 'the request body is not a JSON object');
}

/** A member of the input; a wrong type is refused by its name. */
export function optionalText(input: JsonInput, name: string): string | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw new ServiceError('SerializationException', `${name} must be a string`);
}

export function requiredText(input: JsonInput, name: string): string {
  const value = optionalText(input, name);
  if (value !== undefined) return value;
  throw new ServiceError('ValidationException', `The request must contain the parameter ${name}.`);
}

export function optionalNumber(input: JsonInput, name: string): number | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined || typeof value === 'number') return value;
  throw new ServiceError('SerializationException', `${name} must be a number`);
}

/** A time, sent in seconds since 1970; in milliseconds. */
export function optionalTime(input: JsonInput, name: string): number | undefined {
  const seconds = optionalNumber(input, name);
  if (seconds === undefined) return undefined;
  const ms = Math.round(seconds * 1000);
  if (!Number.isNaN(new Date(ms).getTime())) return ms;
  throw new ServiceError('SerializationException', `${name} must be a time in seconds since 1970`);
}

function optionalList<T>(
  input: JsonInput,
  name: string,
  what: string,
  isOne: (value: unknown) => value is T,
): readonly T[] | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(isOne)) return value;
  throw new ServiceError('SerializationException', `${name} must be a list of ${what}`);
}

export function optionalTexts(input: JsonInput, name: string): readonly string[] | undefined {
  return optionalList(input, name, 'strings', (value) => typeof value === 'string');
}

export function optionalObjects(input: JsonInput, name: string): readonly JsonInput[] | undefined {
  return optionalList(input, name, 'objects', isObject);
}

export function optionalObject(input: JsonInput, name: string): JsonInput | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined) return undefined;
  if (isObject(value)) return value;
  throw new ServiceError('SerializationException', `${name} must be an object`);
}
