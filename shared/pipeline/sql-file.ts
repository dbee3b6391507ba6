/** One step's file: its statements, each analyzed and cut at its placeholders. */
import { analyzeStatement } from './analyze-statement.ts';
import type { Prepared } from './analyze-statement.ts';
import type { Token } from './lexer.ts';
import { splitStatements, tokenize, UnclosedTokenError } from './lexer.ts';
import type { StatementTemplate } from './plan.ts';
import { positionOf } from './problem.ts';
import type { StatementFacts, StatementProblem } from './statement-facts.ts';
import type { ParameterUse } from './template.ts';
import { makeTemplate, templateBytes } from './template.ts';
import { MOST_EVENT_BYTES } from './triggers/event-size.ts';

/** A batch may hold 40 statements (the Data API's model); a marker and one in reserve. */
const MAX_STATEMENTS = 38;
const MAX_BYTES = 200_000;
const LARGE_BYTES = 100_000;

export interface SqlStatement {
  /** With the blanks between them. */
  readonly tokens: readonly Token[];
  readonly facts: StatementFacts;
  readonly template: StatementTemplate;
  readonly uses: readonly ParameterUse[];
}

export interface SqlFile {
  readonly name: string;
  readonly text: string;
  readonly statements: readonly SqlStatement[];
  readonly problems: readonly StatementProblem[];
}

/** @param known the placeholders that exist in the pipeline */
export function readSqlFile(
  name: string,
  text: string,
  known: ReadonlySet<string>,
  prepared: Prepared = new Map(),
): SqlFile {
  const problems: StatementProblem[] = [];
  const problem = (offset: number, message: string, severity: 'error' | 'warning' = 'error'): void => {
    problems.push({ offset, severity, message });
  };
  const nul = text.indexOf('\0');
  if (nul !== -1) {
    problem(nul, 'the file contains a NUL character');
    return { name, text, statements: [], problems };
  }
  let tokens;
  try {
    tokens = tokenize(text);
  } catch (error) {
    if (!(error instanceof UnclosedTokenError)) throw error;
    problem(error.offset, `this ${error.what} is not closed`);
    return { name, text, statements: [], problems };
  }
  const statements = splitStatements(tokens).map((part): SqlStatement => {
    const facts = analyzeStatement(part, prepared);
    const made = makeTemplate(part, known);
    problems.push(...facts.problems, ...made.problems);
    const bytes = templateBytes(made.template);
    if (bytes > MAX_BYTES)
      problem(facts.offset, `the statement has ${bytes} bytes; the Data API accepts at most ${MAX_BYTES}`);
    else if (bytes > LARGE_BYTES)
      problem(
        facts.offset,
        `the statement has ${bytes} bytes; older Data API endpoints accept at most ${LARGE_BYTES}`,
        'warning',
      );
    const events = made.uses.filter((use) => use.name === 'event').length;
    // Quotes and backslashes are doubled in a literal.
    const withEvents = bytes + events * 2 * MOST_EVENT_BYTES;
    if (events > 0 && bytes <= MAX_BYTES && withEvents > MAX_BYTES)
      problem(
        facts.offset,
        `:event may have ${MOST_EVENT_BYTES} bytes, so the statement may have ${withEvents}; the limit of the Data API is ${MAX_BYTES}: put :event into a temporary table once, and use that`,
        'warning',
      );
    const template = { ...made.template, at: positionOf(text, facts.offset) };
    return { tokens: part, facts, template, uses: made.uses };
  });
  if (statements.length === 0) problem(0, 'the file contains no statement');
  if (statements.length > MAX_STATEMENTS) {
    const first = statements[MAX_STATEMENTS]?.facts.offset ?? 0;
    problem(
      first,
      `the file has ${statements.length} statements; at most ${MAX_STATEMENTS} fit into one transaction of the Data API: split it`,
    );
  }
  return { name, text, statements, problems };
}
