/**
 * Fills in a statement's placeholders. It is part of the step function and needs no SQL beyond the syntax of literals,
 * since the compiler ensures that every placeholder is outside literals, comments and names.
 */
import type { ParameterType, StatementTemplate } from './plan.ts';

/** A value to render. `word` stands unquoted: COPY's `IAM_ROLE default`, and what a run does not have. */
export type ParameterValue =
  | { readonly type: ParameterType; readonly text: string }
  | { readonly type: 'word'; readonly text: 'default' | 'NULL' };

/** A value that cannot be written into SQL, or that is missing. The message names the placeholder. */
export class RenderError extends Error {
  /** @param subject `:name`, or what else is wrong */
  constructor(subject: string, problem: string) {
    super(`${subject} ${problem}`);
    this.name = 'RenderError';
  }
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIMESTAMP =
  /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?: ?(?:Z|[+-]\d{2}(?::?\d{2})?))?$/;

/** C0 with NUL, DEL and C1; and half of a surrogate pair, which UTF-8 cannot carry. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Redshift ends or continues a literal at both marks: a backslash is an escape inside it. */
function doubled(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "''");
}

/**
 * `text` as a Redshift string literal.
 * @throws RenderError for control characters; the message begins with `subject`
 */
export function quoteLiteral(text: string, subject = 'the text'): string {
  const unprintable = UNPRINTABLE.exec(text)?.[0];
  if (unprintable !== undefined) {
    throw new RenderError(subject, `contains the control character ${codePoint(unprintable)}`);
  }
  return `'${doubled(text)}'`;
}

function shaped(subject: string, text: string, pattern: RegExp, words: string): string {
  if (!pattern.test(text)) throw new RenderError(subject, `must be ${words}; it is ${JSON.stringify(text)}`);
  return text;
}

function renderNumber(subject: string, text: string): string {
  const number = shaped(subject, text, NUMBER, 'a number').replace(/^\+/, '');
  // `- :n` without the blank would begin a comment.
  return number.startsWith('-') ? `(${number})` : number;
}

/**
 * The SQL text of one value.
 * @throws RenderError where the text does not fit the type
 */
export function renderValue(param: string, value: ParameterValue): string {
  const { type, text } = value;
  const subject = `:${param}`;
  switch (type) {
    case 'string':
      return quoteLiteral(text, subject);
    case 'number':
      return renderNumber(subject, text);
    case 'boolean':
      return shaped(subject, text, /^(?:true|false)$/, 'true or false');
    case 'date':
      return quoteLiteral(shaped(subject, text, DATE, 'a date like 2026-01-31'), subject);
    case 'timestamp':
      return quoteLiteral(shaped(subject, text, TIMESTAMP, 'a timestamp like 2026-01-31 23:59:00'), subject);
    case 'word':
      return shaped(subject, text, /^(?:default|NULL)$/, 'the word default or NULL');
    default:
      return type satisfies never;
  }
}

/**
 * The statement as it is sent. `values` has a value for every placeholder, by name without the colon.
 * @throws RenderError where a value is missing or cannot be written
 */
export function renderStatement(
  template: StatementTemplate,
  values: ReadonlyMap<string, ParameterValue>,
): string {
  let sql = '';
  for (const part of template.parts) {
    if (typeof part === 'string') sql += part;
    else {
      const value = values.get(part.param);
      if (value === undefined) throw new RenderError(`:${part.param}`, 'has no value in this run');
      const rendered = renderValue(part.param, value);
      sql += part.inQuotes === true ? doubled(rendered) : rendered;
    }
  }
  return sql;
}
