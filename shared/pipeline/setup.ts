/** The files of `sql/setup/`: what they declare, and what is wrong with them. Each is applied in one transaction. */
import { analyzeStatement } from './analyze-statement.ts';
import { Catalog } from './catalog/catalog.ts';
import { followStatement } from './catalog/follow.ts';
import { Code, UnrecognizedError } from './code.ts';
import type { Token } from './lexer.ts';
import { splitStatements, tokenize, UnclosedTokenError } from './lexer.ts';
import type { Problem } from './problem.ts';
import { inOrder, positionOf } from './problem.ts';
import type { StatementProblem } from './statement-facts.ts';
import { parseAlterTable } from './statements/definitions.ts';
import { refusals } from './statements/refusals.ts';

export interface Setup {
  readonly catalog: Catalog;
  readonly problems: readonly Problem[];
}

/** @param files texts by name, in the order in which they are applied */
export function readSetup(files: ReadonlyMap<string, string>): Setup {
  const catalog = new Catalog();
  const problems: Problem[] = [];
  for (const [file, text] of files) {
    for (const { offset, severity, message } of problemsOf(text, catalog)) {
      const { line, column } = positionOf(text, offset);
      problems.push({ file, line, column, severity, message });
    }
  }
  return { catalog, problems: inOrder(problems) };
}

function problemsOf(text: string, catalog: Catalog): StatementProblem[] {
  let statements: Token[][];
  try {
    statements = splitStatements(tokenize(text));
  } catch (error) {
    if (!(error instanceof UnclosedTokenError)) throw error;
    return [{ offset: error.offset, severity: 'error', message: `this ${error.what} is not closed` }];
  }
  return statements.flatMap((tokens) =>
    refused(tokens, statements.length > 1).concat(followStatement(tokens, analyzeStatement(tokens), catalog)),
  );
}

function refused(tokens: readonly Token[], inTransaction: boolean): StatementProblem[] {
  try {
    const code = new Code(tokens);
    return [...refusals(code), ...(inTransaction ? outsideTransactions(code) : [])];
  } catch (error) {
    if (!(error instanceof UnrecognizedError)) throw error;
    return [];
  }
}

function outsideTransactions(code: Code): StatementProblem[] {
  const altered = parseAlterTable(code);
  if (altered?.action.kind !== 'alter type' && altered?.action.kind !== 'append') return [];
  const { action, at } = altered;
  const what = action.kind === 'append' ? 'ALTER TABLE APPEND' : 'ALTER COLUMN TYPE';
  const message = `${what} cannot run in a transaction, and the statements of a setup file run in one: put it into a file of its own`;
  return [{ offset: code.offset(at), severity: 'error', message }];
}
