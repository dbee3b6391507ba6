/** Events of source `baton`, held against their schemas in docs/events.md: nothing is sent that the page does not say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../../build/project.ts';
import type { Publication } from '../../shared/engine/ports.ts';

/** The part of JSON Schema that the page uses. */
interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: 'object' | 'string' | 'integer' | 'array';
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly maxLength?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: false;
  readonly items?: Schema;
}

const page = readFileSync(join(packageRoot, 'docs', 'events.md'), 'utf8');
const schemas = new Map(
  [...page.matchAll(/^## ([^\n]+)\n[^]*?```json\n([^]*?)```/gm)].map(([, heading = '', block = '']) => [
    heading,
    JSON.parse(block) as Schema,
  ]),
);
const shared = schemas.get('Shared parts')?.$defs ?? {};

export const documentedTypes = [...schemas.keys()].filter((name) => name !== 'Shared parts');

/** What is wrong with an event, by the page; empty: nothing. */
export function problemsOf({ source, type, detail }: Publication): readonly string[] {
  if (source !== 'baton') return [];
  const schema = schemas.get(type);
  return schema === undefined ? [`${type} is not in docs/events.md`] : problemsAt(type, detail, schema);
}

function problemsAt(at: string, value: unknown, given: Schema): readonly string[] {
  const schema = given.$ref === undefined ? given : shared[given.$ref.replace('#/$defs/', '')];
  if (schema === undefined) return [`${at}: ${given.$ref ?? ''} is not in the page`];
  if ('const' in schema && value !== schema.const) return [`${at} is ${JSON.stringify(value)}`];
  if (schema.enum?.includes(value) === false) return [`${at} is ${JSON.stringify(value)}`];
  switch (schema.type) {
    case undefined:
      return [];
    case 'string':
      return typeof value === 'string' && value.length <= (schema.maxLength ?? Infinity)
        ? []
        : [`${at} is no such string`];
    case 'integer':
      return Number.isInteger(value) ? [] : [`${at} is no whole number`];
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((item, i) => problemsAt(`${at}[${i}]`, item, schema.items ?? {}))
        : [`${at} is no list`];
    case 'object':
      return problemsOfObject(at, value, schema);
    default:
      return schema.type satisfies never;
  }
}

function problemsOfObject(at: string, value: unknown, schema: Schema): readonly string[] {
  if (typeof value !== 'object' || value === null) return [`${at} is no object`];
  const { properties = {}, required = [] } = schema;
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  return [
    ...missing.map((name) => `${at}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, member]) => {
      const known = properties[name];
      if (known !== undefined) return problemsAt(`${at}.${name}`, member, known);
      return schema.additionalProperties === false ? [`${at}.${name} is not in docs/events.md`] : [];
    }),
  ];
}
