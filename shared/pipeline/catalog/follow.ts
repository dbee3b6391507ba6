/** Follows the statements of a file with a catalog: each is checked against what those before it declare. */
import { Code, UnrecognizedError } from '../code.ts';
import type { Token } from '../lexer.ts';
import type { StatementFacts, StatementProblem } from '../statement-facts.ts';
import type { Statement } from '../statements/statement.ts';
import { parseStatement } from '../statements/statement.ts';
import type { Catalog } from './catalog.ts';
import { catalogProblems } from './check.ts';

export function followStatement(
  tokens: readonly Token[],
  facts: StatementFacts,
  catalog: Catalog,
): StatementProblem[] {
  let code: Code;
  let statement: Statement | undefined;
  try {
    code = new Code(tokens);
  } catch (error) {
    if (error instanceof UnrecognizedError) return [];
    throw error;
  }
  let problems: StatementProblem[] = [];
  try {
    statement = parseStatement(code);
    problems = catalogProblems(code, statement, facts, catalog);
  } catch (error) {
    if (!(error instanceof UnrecognizedError)) throw error;
  }
  catalog.apply(code, statement, facts);
  return problems;
}
