/**
 * Named parameters (Redshift management guide: Using the Data API): `:name` outside strings and comments becomes a bind parameter, as JDBC's
 * PreparedStatement has it. What cannot take bind parameters fails in the engine.
 */
import { tokenize } from '../../../shared/pipeline/lexer.ts';
import { invalid } from './errors.ts';
import type { SqlParameter } from './requests.ts';

export interface Bound {
  /** With `$1`, `$2`, … in place of the names. */
  readonly sql: string;
  readonly values: readonly string[];
}

/** Stands for a parameter while the dialect translates: a plain name, which it leaves alone. */
const STAND_IN = 'baton_parameter_';

/** A name without a value stays as it is, and is a syntax error when the statement runs. */
export function nameParameters(sql: string, parameters: readonly SqlParameter[] | undefined): string {
  if (parameters === undefined) return sql;
  return tokenize(sql)
    .map(({ kind, text }) => {
      const index = kind === 'param' ? parameters.findIndex(({ name }) => name === text.slice(1)) : -1;
      return index < 0 ? text : `${STAND_IN}${String(index)}`;
    })
    .join('');
}

/** @param sql translated, from what `nameParameters` made */
export function bindParameters(sql: string, parameters: readonly SqlParameter[] | undefined): Bound {
  if (parameters === undefined) return { sql, values: [] };
  const values: string[] = [];
  const places = new Map<string, number>();
  const bound = tokenize(sql).map(({ kind, text }) => {
    if (kind !== 'word' || !text.startsWith(STAND_IN)) return text;
    const value = parameters[Number(text.slice(STAND_IN.length))]?.value;
    if (value === undefined) return text;
    if (!places.has(text)) places.set(text, values.push(value));
    return `$${String(places.get(text))}`;
  });
  return { sql: bound.join(''), values };
}

/** Every parameter must be used by at least one of the statements, and be given once. Throws ValidationException. */
export function checkParameters(
  sqls: readonly string[],
  parameters: readonly SqlParameter[] | undefined,
): void {
  if (parameters === undefined) return;
  const names = parameters.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`Parameters list contains a duplicate parameter: ${twice}`);
  const used = new Set(sqls.flatMap(namesIn));
  const unused = names.filter((name) => !used.has(name));
  if (unused.length > 0) {
    throw invalid(`Parameters list contains unused parameters. Unused parameters: [${unused.join(', ')}]`);
  }
}

function namesIn(sql: string): readonly string[] {
  try {
    return tokenize(sql)
      .filter(({ kind }) => kind === 'param')
      .map(({ text }) => text.slice(1));
  } catch {
    // An unclosed string: the statement fails when it runs.
    return [];
  }
}
