/** PostgreSQL's own grammar, as WebAssembly: the tree of a statement that is about to run. */
import { loadModule, parseSync } from 'libpg-query';
import type { Node } from 'libpg-query';

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
 * Text that nests too deep for the parser has no tree.
 */
export function parseTree(sql: string): Tree {
  try {
    return parseSync(sql).stmts?.[0]?.stmt;
  } catch {
    return undefined;
  }
}
