/** Columns whose size ALTER COLUMN TYPE cannot change, and why: a key, a default, an encoding. */
import type { Code } from '../code.ts';
import type { CreateTable } from '../statements/definitions.ts';
import { nameList } from '../statements/parts.ts';

const ENCODINGS: ReadonlySet<string> = new Set(['BYTEDICT', 'RUNLENGTH', 'TEXT255', 'TEXT32K']);

export function fixedColumns(code: Code, { columns, constraints }: CreateTable): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, rest } of columns) {
    for (let i = rest.from; i < rest.to; i += 1) {
      const word = code.word(i);
      if (word === 'DEFAULT') found.set(name.key, 'it has a DEFAULT');
      else if (word === 'UNIQUE' || word === 'PRIMARY' || word === 'REFERENCES')
        found.set(name.key, 'it is a key');
      else if (word === 'ENCODE' && ENCODINGS.has(code.word(i + 1)))
        found.set(name.key, `its encoding is ${code.word(i + 1)}`);
      if (code.isMark(i, '(')) i = code.closing(i);
    }
  }
  for (const { from, to } of constraints)
    for (let i = from; i < to; i += 1)
      if (code.isMark(i, '(')) {
        for (const { key } of nameList(code, i).names) found.set(key, 'it is a key');
        break;
      }
  return found;
}
