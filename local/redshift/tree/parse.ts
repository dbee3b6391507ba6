/** PostgreSQL's own grammar, as WebAssembly: the tree of a statement that is about to run. */
import { loadModule, parseSync } from 'libpg-query';
import type { Node } from 'libpg-query';

import { UnsupportedSqlError } from '../dialect/errors.ts';

/** Undefined: PostgreSQL will refuse the text, in its own words, or there is nothing in it. */
export type Tree = Node | undefined;

let loading: Promise<void> | undefined;

/** Some 50 ms the first time. */
export function loadParser(): Promise<void> {
  loading ??= loadModule();
  return loading;
}

/**
 * The tree of one statement. Positions in it are bytes of UTF-8, from 0. Call `loadParser` before.
 * @throws UnsupportedSqlError where its tree is too deep to be looked at: it must not run as it is
 */
export function parseTree(sql: string): Tree {
  try {
    return parseSync(sql).stmts?.[0]?.stmt;
  } catch (error) {
    refuseTooDeep(error);
    return undefined;
  }
}

/** Of thousands of operators in one expression. @throws UnsupportedSqlError */
export function refuseTooDeep(error: unknown): void {
  if (error instanceof RangeError)
    throw new UnsupportedSqlError('an expression that nests so deep', 'divide it');
}
