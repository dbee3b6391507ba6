/** Protects `baton.step_marker`: a step that changes it could make a step look applied, or remove the proof that it was. */
import type { Token } from './lexer.ts';
import { isBlank, tokenize, UnclosedTokenError } from './lexer.ts';
import type { SqlStatement } from './sql-file.ts';
import { stringValue } from './sql-string.ts';
import type { StatementProblem } from './statement-facts.ts';
import { nameKey, nameParts } from './table-name.ts';

const SCHEMA = 'baton';
const TABLE = 'step_marker';

export const MARKER_IS_BATONS = `${SCHEMA}.${TABLE} is Baton's proof of which steps were applied: a step may read it but not change it`;

/** @param searchPath as `session.set` says it: where it holds Baton's schema, the bare name is the table too */
export function isMarkerTable(name: string, searchPath = ''): boolean {
  const parts = nameParts(nameKey(name));
  if (parts.at(-1) !== TABLE) return false;
  if (parts.length > 1) return parts.at(-2) === SCHEMA;
  return searchPath.split(',').some((schema) => nameKey(schema.trim()) === SCHEMA);
}

/** How a statement changes the table, if it can be analyzed. */
export function markerProblem(
  { facts, tokens }: SqlStatement,
  searchPath: string | undefined,
): StatementProblem | undefined {
  const targets = [
    ...facts.writes,
    ...facts.drops,
    ...facts.creates.filter(({ temp }) => !temp),
    ...facts.redefines,
    ...facts.renames.flatMap(({ from, to }) => [from, to]),
  ];
  const code = tokens.filter((token) => !isBlank(token));
  const offset =
    targets.find(({ name }) => isMarkerTable(name, searchPath))?.offset ??
    (facts.writesUnknown || facts.verb === 'LOCK' ? mentioned(code) : undefined) ??
    changedSchema(facts.verb, code) ??
    code.find((token) => isBody(facts.verb, token) && isChangedIn(token.text))?.start;
  return offset === undefined ? undefined : { offset, severity: 'error', message: MARKER_IS_BATONS };
}

function keyOf(token: Token | undefined): string {
  return token?.kind === 'word' || token?.kind === 'quoted' ? nameKey(token.text) : '';
}

function isMarkerAt(code: readonly Token[], i: number): boolean {
  return keyOf(code[i]) === SCHEMA && code[i + 1]?.text === '.' && keyOf(code[i + 2]) === TABLE;
}

/** Where a statement that cannot be analyzed names the table. */
function mentioned(code: readonly Token[]): number | undefined {
  return code.find((_, i) => isMarkerAt(code, i))?.start;
}

/** `DROP SCHEMA baton`, `ALTER SCHEMA baton`. */
function changedSchema(verb: string, code: readonly Token[]): number | undefined {
  if (verb !== 'DROP SCHEMA' && verb !== 'ALTER SCHEMA') return undefined;
  return code.slice(2).find((token) => keyOf(token) === SCHEMA)?.start;
}

const CHANGES = /^(?:into|update|table|truncate|copy|delete|lock)$/i;

function isBody(verb: string, { kind }: Token): boolean {
  return kind === 'dollar' || (kind === 'string' && verb === 'CREATE PROCEDURE');
}

/** The body of a procedure, and texts in it that it may execute: `INSERT INTO baton.step_marker` and the like. */
function isChangedIn(body: string): boolean {
  const text = body.startsWith("'") ? stringValue(body).text : body.replaceAll(/^\$[^$]*\$|\$[^$]*\$$/g, '');
  try {
    const code = tokenize(text).filter((token) => !isBlank(token));
    return code.some((token, i) => {
      if (token.kind === 'string' || token.kind === 'dollar') return isChangedIn(token.text);
      if (!isMarkerAt(code, i)) return false;
      const before = code[i - 1]?.text ?? '';
      return CHANGES.test(before) || (/^from$/i.test(before) && /^delete$/i.test(code[i - 2]?.text ?? ''));
    });
  } catch (error) {
    if (!(error instanceof UnclosedTokenError)) throw error;
    return false;
  }
}
