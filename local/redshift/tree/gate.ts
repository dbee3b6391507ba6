/** What is not on the list of what Redshift has is refused by name: nodes, operators, functions, casts. */
import type { Node } from 'libpg-query';

import { UnsupportedSqlError } from '../dialect/errors.ts';

/** @throws UnsupportedSqlError naming what Redshift does not have */
export function gate(tree: Node): void {
  walk(tree);
}

/** Redshift's operators, and those that the translator writes. */
const REFUSED_OPERATORS: ReadonlySet<string> = new Set(['^@']);

function walk(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [tag, inner] of Object.entries(value)) {
    if (tag === 'A_Expr') checkOperator(inner as { name?: { String?: { sval?: string } }[] });
    walk(inner);
  }
}

function checkOperator({ name = [] }: { name?: { String?: { sval?: string } }[] }): void {
  const operator = name.at(-1)?.String?.sval ?? '';
  if (REFUSED_OPERATORS.has(operator))
    throw new UnsupportedSqlError(`the operator ${operator}`, 'Redshift does not have it');
}
