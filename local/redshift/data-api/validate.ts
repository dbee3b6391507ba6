/**
 * Checks a request against AWS's model: types, required members, lengths, ranges, patterns, enums. Members that the
 * model does not know are ignored, as AWS does. The texts are those of AWS's services.
 */
import { dataApiError, invalid } from '../protocol/errors.ts';
import { model } from '../protocol/model.ts';
import type { Shape } from '../protocol/model.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const JSON_TYPES: Readonly<Record<Shape['type'], string>> = {
  structure: 'object',
  list: 'array',
  string: 'string',
  integer: 'number',
  long: 'number',
  double: 'number',
  boolean: 'boolean',
  blob: 'string',
  timestamp: 'number',
};

/** Throws a ValidationException with every complaint, or a SerializationException for a wrong type. */
export function validate(operation: string, body: Json): void {
  const complaints: string[] = [];
  checkShape(model.inputOf(operation), body, '', complaints);
  if (complaints.length === 0) return;
  const many =
    complaints.length === 1 ? '1 validation error' : `${String(complaints.length)} validation errors`;
  throw invalid(`${many} detected: ${complaints.join('; ')}`);
}

function checkShape(shapeName: string, value: Json, path: string, complaints: string[]): void {
  const shape = model.shape(shapeName);
  checkType(shape, value, path);
  if (shape.type === 'structure')
    checkMembers(shape, value as { readonly [name: string]: Json }, path, complaints);
  else if (shape.type === 'list') checkList(shape, value as readonly Json[], path, complaints);
  else if (typeof value === 'string') checkString(shape, value, path, complaints);
  else if (typeof value === 'number') checkNumber(shape, value, path, complaints);
}

function checkType(shape: Shape, value: Json, path: string): void {
  const found = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const expected = JSON_TYPES[shape.type];
  const whole = shape.type !== 'integer' && shape.type !== 'long' ? true : Number.isInteger(value);
  if (found === expected && whole) return;
  const where = path === '' ? 'the request' : `'${path}'`;
  throw dataApiError('SerializationException', `${where} must be of type ${shape.type}, not ${found}`);
}

function checkMembers(
  shape: Shape,
  value: { readonly [name: string]: Json },
  path: string,
  complaints: string[],
): void {
  for (const name of shape.required ?? []) {
    if (value[name] === undefined || value[name] === null) {
      complaints.push(
        `Value null at '${join(path, name)}' failed to satisfy constraint: Member must not be null`,
      );
    }
  }
  for (const [name, { shape: memberShape }] of Object.entries(shape.members ?? {})) {
    const member = value[name];
    if (member !== undefined && member !== null)
      checkShape(memberShape, member, join(path, name), complaints);
  }
}

function checkList(shape: Shape, value: readonly Json[], path: string, complaints: string[]): void {
  checkLength(shape, value.length, `Value at '${path}'`, complaints);
  const member = shape.member?.shape;
  if (member === undefined) return;
  for (const [index, item] of value.entries()) {
    checkShape(member, item, `${path}.${String(index + 1)}.member`, complaints);
  }
}

function checkString(shape: Shape, value: string, path: string, complaints: string[]): void {
  const subject = `Value '${value.slice(0, 200)}' at '${path}'`;
  checkLength(shape, value.length, subject, complaints);
  if (shape.pattern !== undefined && !new RegExp(`^(?:${shape.pattern})$`).test(value)) {
    complaints.push(
      `${subject} failed to satisfy constraint: Member must satisfy regular expression pattern: ${shape.pattern}`,
    );
  }
  if (shape.enum !== undefined && !shape.enum.includes(value)) {
    complaints.push(
      `${subject} failed to satisfy constraint: Member must satisfy enum value set: [${shape.enum.join(', ')}]`,
    );
  }
}

function checkLength(shape: Shape, length: number, subject: string, complaints: string[]): void {
  const must = `${subject} failed to satisfy constraint: Member must have length`;
  if (shape.min !== undefined && length < shape.min)
    complaints.push(`${must} greater than or equal to ${String(shape.min)}`);
  if (shape.max !== undefined && length > shape.max)
    complaints.push(`${must} less than or equal to ${String(shape.max)}`);
}

function checkNumber(shape: Shape, value: number, path: string, complaints: string[]): void {
  const must = `Value '${String(value)}' at '${path}' failed to satisfy constraint: Member must have value`;
  if (shape.min !== undefined && value < shape.min)
    complaints.push(`${must} greater than or equal to ${String(shape.min)}`);
  if (shape.max !== undefined && value > shape.max)
    complaints.push(`${must} less than or equal to ${String(shape.max)}`);
}

function join(path: string, name: string): string {
  const lower = name.charAt(0).toLowerCase() + name.slice(1);
  return path === '' ? lower : `${path}.${lower}`;
}
