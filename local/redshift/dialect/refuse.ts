/** Refuses what Redshift refuses, by the rules that the compiler has too. */
import type { Code } from '../../../shared/pipeline/code.ts';
import type { StatementProblem } from '../../../shared/pipeline/statement-facts.ts';
import { refusals } from '../../../shared/pipeline/statements/refusals.ts';
import { callRefusals } from '../../../shared/pipeline/statements/refused-calls.ts';
import { SqlError } from './errors.ts';
import type { Node } from './nodes.ts';
import { Source } from './source.ts';

/** @throws SqlError */
export function refuse(source: Source): void {
  throwFirst(source.code, refusals);
}

/**
 * What may be no whole statement, as in a procedure's body.
 * @throws SqlError
 */
export function refuseCalls(nodes: readonly Node[]): void {
  throwFirst(new Source(nodes).code, callRefusals);
}

function throwFirst(code: Code, find: (code: Code) => StatementProblem[]): void {
  const refusal = find(code).find(({ severity }) => severity === 'error');
  if (refusal !== undefined) throw new SqlError(refusal.message, '0A000');
}
