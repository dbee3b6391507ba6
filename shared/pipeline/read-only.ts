/**
 * Whether a statement only reads: for a person's query in the session of a run. By allow-list, as the analysis of steps: what is not
 * known to read only is refused.
 */
import { analyzeStatement } from './analyze-statement.ts';
import { COMMANDS } from './functions.ts';
import { splitStatements, tokenize, UnclosedTokenError } from './lexer.ts';
import type { Token } from './lexer.ts';
import { positionOf } from './problem.ts';
import { isActingFunction, isRedshiftFunction } from './redshift-functions.ts';
import type { StatementFacts } from './statement-facts.ts';

const READING = 'a query in the session of a run only reads: SELECT, WITH … SELECT, SHOW or EXPLAIN';

/** Undefined: it is one statement that only reads. Else why it is not taken, with line and column: `SQL:1:8: …`. */
export function whyNotReadOnly(sql: string): string | undefined {
  const at = (offset: number, message: string): string => {
    const { line, column } = positionOf(sql, offset);
    return `SQL:${line}:${column}: ${message}`;
  };
  if (sql.includes('\0')) return at(sql.indexOf('\0'), 'a NUL character');
  let statements: readonly (readonly Token[])[];
  try {
    statements = splitStatements(tokenize(sql));
  } catch (error) {
    if (!(error instanceof UnclosedTokenError)) throw error;
    return at(error.offset, `this ${error.what} is not closed`);
  }
  const [only, second] = statements.map((tokens) => tokens.filter(isCode));
  if (only === undefined) return 'the SQL contains no statement';
  if (second !== undefined)
    return at(second[0]?.start ?? 0, 'one statement at a time: send this one as a query of its own');
  const parameter = only.find(({ kind }) => kind === 'param');
  if (parameter !== undefined)
    return at(parameter.start, `${parameter.text} has no value here: write the value itself`);
  return whyItActs(only, at);
}

function isCode({ kind }: Token): boolean {
  return kind !== 'space' && kind !== 'comment';
}

function whyItActs(
  tokens: readonly Token[],
  at: (offset: number, message: string) => string,
): string | undefined {
  const word = wordOf(tokens[0]);
  const offset = tokens[0]?.start ?? 0;
  if (word === 'SHOW') return undefined;
  const isExplained = word === 'EXPLAIN';
  const rest = isExplained ? tokens.slice(wordOf(tokens[1]) === 'VERBOSE' ? 2 : 1) : tokens;
  if (rest.length === 0) return at(offset, 'EXPLAIN needs a query');
  const facts = analyzeStatement(rest);
  if (facts.nature !== 'query') return at(rest[0]?.start ?? offset, whyNotQuery(facts, rest));
  const unknown =
    ofSchema(rest) ?? facts.unknownFunctions.find((name) => !isRedshiftFunction(name.toUpperCase()));
  const acting = [...facts.unknownFunctions, ...facts.nondeterministic.map(nameOf)].find(isActing);
  const called = acting ?? unknown;
  if (called === undefined) return undefined;
  return at(
    placeOf(called, rest),
    acting === undefined
      ? `${called} is not a function of Redshift's own, so it may do more than read: npx baton query "SQL", without --run, runs it in a session of its own`
      : `${called} changes the session, or another one: ${READING}`,
  );
}

function whyNotQuery(facts: StatementFacts, [first]: readonly Token[]): string {
  const word = wordOf(first);
  if (facts.setsSession && word === 'SELECT') return `SET_CONFIG changes the session: ${READING}`;
  if (facts.creates.length > 0 && (word === 'SELECT' || word === 'WITH'))
    return `SELECT INTO creates a table: ${READING}`;
  if (word !== 'SELECT' && word !== 'WITH')
    return `${COMMANDS.has(word) ? facts.verb : 'this'} is not allowed: ${READING}`;
  return `this ${word} ${facts.opaqueBecause ?? 'writes'}: ${READING}`;
}

/** A function that is called with its schema is a user's own, whatever its name. */
function ofSchema(tokens: readonly Token[]): string | undefined {
  return tokens.find(
    ({ kind }, i) =>
      (kind === 'word' || kind === 'quoted') &&
      tokens[i + 1]?.text === '(' &&
      tokens[i - 1]?.text === '.' &&
      tokens[i - 2]?.text.replaceAll('"', '').toLowerCase() !== 'pg_catalog',
  )?.text;
}

/** Not counted as unknown, but it changes what comes after it. */
function isActing(name: string): boolean {
  return name === 'SETSEED' || isActingFunction(name.toUpperCase());
}

/** `GETDATE()`, as the analysis notes it. */
function nameOf(noted: string): string {
  return noted.replace(/\(.*$/s, '');
}

function placeOf(name: string, tokens: readonly Token[]): number {
  const plain = (text: string): string => text.replaceAll('"', '').toLowerCase();
  const found = tokens.find(({ text }) => plain(text) === plain(name));
  return (found ?? tokens[0])?.start ?? 0;
}

function wordOf(token: Token | undefined): string {
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
}
