/** Names in bodies of procedures that define tables: what these are after a CALL is not known. */
import type { Code } from '../code.ts';
import { stringValue } from '../sql-string.ts';
import { nameKey, namePart } from '../table-name.ts';

const DEFINES = /\b(?:alter|create|drop)\s/i;
const NAME = /"(?:[^"]|"")+"|[\p{L}_#][\p{L}\p{M}\p{N}_$]*/gu;

/** Every word of such a body, as names are compared. */
export function namesInBodies(code: Code): Set<string> {
  const found = new Set<string>();
  if (!code.is(0, 'CREATE')) return found;
  for (const { kind, text } of code.tokens) {
    const body = kind === 'dollar' ? text : kind === 'string' ? stringValue(text).text : '';
    if (!DEFINES.test(body)) continue;
    for (const [name] of body.matchAll(NAME)) found.add(nameKey(namePart(name)));
  }
  return found;
}
