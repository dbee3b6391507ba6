/** Mistakes for the tests of the checkers: the real template, changed in one place. */
import type { JsonObject } from './references.ts';

type Members = Record<string, unknown>;

/** `path`: `Resources.Table.Properties.TableName`, list elements by number; `value` undefined takes the member away. */
export function planted(template: JsonObject, path: string, value: unknown): JsonObject {
  const copy = structuredClone(template) as Members;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = copy;
  for (const key of keys) {
    const next = at[key];
    if (typeof next !== 'object' || next === null) throw new Error(`the template has no ${key} (of ${path})`);
    at = next as Members;
  }
  if (value !== undefined) at[last] = value;
  else if (!Reflect.has(at, last) || !Reflect.deleteProperty(at, last))
    throw new Error(`the template has no ${path}`);
  return copy as JsonObject;
}
