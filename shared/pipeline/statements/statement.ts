/** A statement as a value, where its form is known: the way in to the modules beside this one. */
import type { Code } from '../code.ts';
import type { Copy } from './copy.ts';
import { parseCopy } from './copy.ts';
import type { AlterTable, CreateTable, CreateView } from './definitions.ts';
import { parseAlterTable, parseCreate } from './definitions.ts';
import type { Delete, Insert, Update } from './dml.ts';
import { parseChange } from './dml.ts';
import type { Merge } from './merge.ts';
import { parseMerge } from './merge.ts';
import type { Query } from './query.ts';
import { parseQuery, parseWith } from './query.ts';
import type { Unload } from './unload.ts';
import { parseUnload } from './unload.ts';

interface QueryStatement {
  readonly kind: 'query';
  readonly query: Query;
}

export type Statement =
  | QueryStatement
  | Insert
  | Update
  | Delete
  | Merge
  | Copy
  | Unload
  | CreateTable
  | CreateView
  | AlterTable;

/**
 * Undefined: a statement without a value of its own here.
 * @throws UnrecognizedError
 */
export function parseStatement(code: Code): Statement | undefined {
  switch (code.word(code.behindBrackets(0))) {
    case 'SELECT':
      return queryStatement(code);
    case 'DECLARE':
      return code.is(2, 'CURSOR', 'FOR')
        ? { kind: 'query', query: parseQuery(code, { from: 4, to: code.length }) }
        : undefined;
    case 'WITH':
      return code.isMark(0, '(') || beginsQuery(code, parseWith(code, 0).next)
        ? queryStatement(code)
        : parseChange(code);
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
      return parseChange(code);
    case 'MERGE':
      return parseMerge(code);
    case 'COPY':
      return parseCopy(code);
    case 'UNLOAD':
      return parseUnload(code);
    case 'CREATE':
      return parseCreate(code);
    case 'ALTER':
      return parseAlterTable(code);
    default:
      return undefined;
  }
}

function beginsQuery(code: Code, i: number): boolean {
  return code.is(i, 'SELECT') || code.isMark(i, '(');
}

export function queryStatement(code: Code): QueryStatement {
  return { kind: 'query', query: parseQuery(code, { from: 0, to: code.length }) };
}
