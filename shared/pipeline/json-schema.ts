/** JSON Schemas of YAML files, made from the same source that checks them. */
import { defined } from '../run/defined.ts';
import { DURATION_PATTERN } from './duration.ts';
import type { Key, Shape } from './shape.ts';
import { SIZE_PATTERN } from './size.ts';

type Json = Record<string, unknown>;

function keySchema(key: Key): Json {
  return {
    description: key.description,
    ...shapeSchema(key.shape),
    ...defined({ default: key.default }),
  };
}

function shapeSchema(shape: Shape): Json {
  switch (shape.kind) {
    case 'text':
      return { type: 'string', ...defined({ pattern: shape.pattern }) };
    case 'scalar':
      return { type: ['string', 'number', 'boolean'] };
    case 'choice':
      // An unquoted true is a boolean to YAML, and means the word.
      return { enum: shape.values.flatMap((value) => (value === 'true' ? [value, true] : [value])) };
    case 'duration':
      return { type: 'string', pattern: DURATION_PATTERN };
    case 'size':
      return { type: ['string', 'integer'], pattern: SIZE_PATTERN, minimum: 1 };
    case 'whole':
      return { type: 'integer', minimum: shape.min, maximum: shape.max };
    case 'flag':
      return { type: 'boolean' };
    case 'list':
      return shape.orOne === true
        ? { anyOf: [shapeSchema(shape.of), shapeSchema({ kind: 'list', of: shape.of })] }
        : { type: 'array', items: shapeSchema(shape.of) };
    case 'json':
      return { type: 'object' };
    case 'map':
      return {
        type: ['object', 'null'],
        propertyNames: { pattern: shape.keyPattern },
        additionalProperties: shapeSchema(shape.of),
      };
    case 'one-of':
      return {
        ...shapeSchema({ ...shape, kind: 'object' }),
        type: 'object',
        minProperties: 1,
        maxProperties: 1,
      };
    case 'short': {
      const text = shape.of.keys[shape.key]?.shape;
      return { anyOf: [...(text === undefined ? [] : [shapeSchema(text)]), shapeSchema(shape.of)] };
    }
    case 'object': {
      const entries = Object.entries(shape.keys);
      const required = entries.filter(([, key]) => key.required === true).map(([name]) => name);
      return {
        type: required.length === 0 ? ['object', 'null'] : 'object',
        properties: Object.fromEntries(entries.map(([name, key]) => [name, keySchema(key)])),
        ...(required.length === 0 ? {} : { required }),
        additionalProperties: false,
      };
    }
    default:
      return shape satisfies never;
  }
}

/** As a file `*.schema.json` holds it. */
export function jsonSchemaText(shape: Shape, title: string): string {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', title, ...shapeSchema(shape) };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
