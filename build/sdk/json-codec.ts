/**
 * JSON of the SDK's schemas, for the calls of the functions: `test/build/sdk` compares it with the codec of the SDK, which knows
 * all protocols and is ten times as large.
 */

/**
 * As in the SDK's `schemas_0.js`: a number for a simple type (64 and more: a list of it, 128 and more: a map to it), or an array that
 * begins with its kind: 0 simple, 1 list, 2 map, 3 structure, -3 error, 4 union; a member with traits is `[schema, traits]`.
 */
export type Schema = number | string | readonly unknown[] | (() => Schema);

const LIST_OF = 64;
const MAP_TO = 128;
const SIMPLE = 63;
const TIMESTAMP = 4;
const BLOB = 21;
const IDEMPOTENCY_TOKEN = 4;

/** What becomes of a simple value: to the wire or from it. */
type Leaf = (type: unknown, value: unknown) => unknown;

/** What JSON.stringify turns into the request. `newToken`: for a member that must differ with every call, where it is missing. */
export function toWire(schema: Schema, value: unknown, newToken: () => string): unknown {
  return converted(
    schema,
    value,
    (type, simple) => {
      if (type === BLOB) return Buffer.from(simple as Uint8Array).toString('base64');
      return type === TIMESTAMP && simple instanceof Date ? simple.getTime() / 1000 : simple;
    },
    newToken,
  );
}

/** What the caller sees of parsed JSON: the members that the schema has. */
export function fromWire(schema: Schema, value: unknown): unknown {
  return converted(schema, value, (type, simple) => {
    if (type === BLOB && typeof simple === 'string') return bytesOf(simple);
    return type === TIMESTAMP && typeof simple === 'number' ? new Date(Math.round(simple * 1000)) : simple;
  });
}

function converted(schema: Schema, value: unknown, leaf: Leaf, newToken?: () => string): unknown {
  const found = withoutTraits(schema);
  const each = (of: unknown) => (item: unknown) => converted(of as Schema, item, leaf, newToken);
  if (typeof found === 'number') {
    if (found >= MAP_TO) return mapped(value, each(found & SIMPLE));
    return found >= LIST_OF ? listed(value, each(found & SIMPLE)) : leaf(found, value);
  }
  switch (found[0]) {
    case 0:
      return leaf(found[4], value);
    case 1:
      return listed(value, each(found[4]));
    case 2:
      return mapped(value, each(found[5]));
    default:
      return structured(found, value as Readonly<Record<string, unknown>>, each, newToken);
  }
}

function structured(
  [, , , , names, members]: readonly unknown[],
  value: Readonly<Record<string, unknown>>,
  each: (of: unknown) => (item: unknown) => unknown,
  newToken: (() => string) | undefined,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [i, name] of (names as readonly string[]).entries()) {
    const member = (members as readonly unknown[])[i];
    const item = value[name];
    if (item !== null && item !== undefined) result[name] = each(member)(item);
    else if (item === undefined && newToken !== undefined && isToken(member)) result[name] = newToken();
  }
  return result;
}

function listed(value: unknown, each: (item: unknown) => unknown): unknown[] {
  return (value as readonly unknown[]).filter((item) => item !== null && item !== undefined).map(each);
}

function mapped(value: unknown, each: (item: unknown) => unknown): Record<string, unknown> {
  const there = Object.entries(value as object).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(there.map(([key, item]) => [key, each(item)]));
}

function isToken(member: unknown): boolean {
  return Array.isArray(member) && member.length === 2 && member[1] === IDEMPOTENCY_TOKEN;
}

function withoutTraits(schema: Schema): number | readonly unknown[] {
  let found: unknown = schema;
  for (;;) {
    if (typeof found === 'function') found = (found as () => unknown)();
    else if (Array.isArray(found) && found.length === 2) [found] = found as unknown[];
    else return found as number | readonly unknown[];
  }
}

function bytesOf(base64: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(base64, 'base64');
  return new Uint8Array(buffer, byteOffset, byteLength);
}
