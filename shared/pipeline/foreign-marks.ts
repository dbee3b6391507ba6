/**
 * Finds syntax of other tools that would be sent unchanged: template marks (`{{ ds }}`, `${day}`), bind marks
 * (`?`, `$1`, `%(day)s`), psql variables, and characters inserted by a word processor.
 */
import { RESERVED } from './code.ts';
import type { Token } from './lexer.ts';
import { isBlank } from './lexer.ts';
import type { StatementProblem } from './statement-facts.ts';

/** In a string literal: only what is hardly ever meant literally. */
const TEMPLATE_MARK =
  /<%[^%]*%>|\$\([A-Za-z_][^()]*\)|^'\$[A-Za-z_]\w*'$|\{\{\s*[A-Za-z_][^{}]*\}\}|\{%[^{}]*%\}|[$#]\{[A-Za-z_][^{}]*\}|%\([A-Za-z_]\w*\)s|\{(?:run_id|event_date|stage)\}/u;

/** @param tokens of one statement, with its blanks */
export function foreignMarks(tokens: readonly Token[]): StatementProblem[] {
  const code = tokens.filter((token) => !isBlank(token));
  const problems = tokens.flatMap(strangeCharacter).slice(0, MOST_TOLD);
  const takesNumbers = /^(?:prepare|create)$/i.test(code[0]?.text ?? '');
  let at = 0;
  while (at < code.length && problems.length < MOST_TOLD) {
    const token = code[at];
    if (token === undefined) break;
    const found =
      token.kind === 'string' || token.kind === 'quoted' ? inQuotes(token) : inCode(code, at, takesNumbers);
    if (found !== undefined) problems.push(found.problem);
    at += found?.tokens ?? 1;
  }
  return problems;
}

/** Of one statement: a whole file may be written for another tool. */
const MOST_TOLD = 20;

/** No mark is of more tokens. */
const LONGEST = 100;

interface Found {
  readonly problem: StatementProblem;
  /** How many tokens it is made of. */
  readonly tokens: number;
}

function inQuotes(token: Token): Found | undefined {
  const mark = TEMPLATE_MARK.exec(token.text)?.[0];
  if (mark === undefined) return undefined;
  const { start: offset } = token;
  if (token.kind === 'quoted')
    return { tokens: 1, problem: { offset, severity: 'error', message: `${mark} ${NO_NAMES}` } };
  const remedy = /^\{\w+\}$/.test(mark)
    ? `is replaced only in a parameter's default: declare a parameter with it, and write :name without quotes`
    : `is sent unchanged, as part of this string literal: ${placeholderFor(mark)}, without quotes`;
  return { tokens: 1, problem: { offset, severity: 'warning', message: `${mark} ${remedy}` } };
}

const NO_NAMES =
  'is not replaced, and names cannot be parameters: choose a schema with session: { set: { search_path: … } }';

/** Suggests the replacement of a foreign placeholder: `{{ params.day }}`, `{{ var("day") }}` and `${day}` all become `:day`. */
function placeholderFor(mark: string): string {
  if (/^\{[%#]/.test(mark) || /^\{\{\s*config\b/i.test(mark)) return 'a step is plain SQL, not a template';
  const inCall = /\(\s*["']([A-Za-z_]\w*)/.exec(mark)?.[1];
  const path = /[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*/.exec(mark)?.[0];
  const name = (inCall ?? path?.split('.').at(-1)?.trim() ?? 'name').toLowerCase();
  return `a placeholder is :${name}, declared under parameters in pipeline.yml`;
}

function inCode(code: readonly Token[], i: number, takesNumbers: boolean): Found | undefined {
  const token = code[i];
  if (token?.kind !== 'mark') return undefined;
  const mark = braces(code, i) ?? bindMark(code, i, takesNumbers);
  if (mark === undefined) return undefined;
  let text = '';
  for (let at = i; at < i + mark; at += 1)
    text += (code[at - 1]?.end === code[at]?.start ? '' : ' ') + (code[at]?.text ?? '');
  const shown = text.trim().slice(0, 60);
  const isName = token.text !== '`' && isInName(code, i, i + mark);
  const message = isName
    ? `${shown} ${NO_NAMES}`
    : token.text === '\\'
      ? `${shown} is a psql command: a step can contain only SQL`
      : token.text === '`'
        ? `${shown} is not valid quoting in Redshift: quote names with "`
        : `${shown} is not replaced: ${placeholderFor(text.trim())}`;
  return { tokens: mark, problem: { offset: token.start, severity: 'error', message } };
}

/** `${schema}.t`, `stage_${env}`, `FROM {{ ref('orders') }}`: what stands between `i` and `end` is a name, or a part of one. */
function isInName(code: readonly Token[], i: number, end: number): boolean {
  const [before, first, last, after] = [code[i - 1], code[i], code[end - 1], code[end]];
  if (before?.text === '.' || after?.text === '.') return true;
  if (before?.kind === 'word' && (before.end === first?.start || TAKES_TABLE.test(before.text))) return true;
  return after?.kind === 'word' && after.start === last?.end;
}

const TAKES_TABLE = /^(?:from|join|into|update|table|copy|truncate|using)$/i;

/** `{{ … }}`, `{% … %}`, `${…}`, `#{…}`, `{…}`: SQL has no braces. How many tokens. */
function braces(code: readonly Token[], i: number): number | undefined {
  const open = code[i]?.text === '{' ? i : i + 1;
  if (code[open]?.text !== '{') return code[i]?.text === '}' ? 1 : undefined;
  if (open > i && !/^[$#]$/.test(code[i]?.text ?? '')) return undefined;
  let depth = 0;
  for (let at = open; at < Math.min(code.length, i + LONGEST); at += 1) {
    if (code[at]?.text === '{') depth += 1;
    else if (code[at]?.text === '}') depth -= 1;
    if (depth === 0) return at - i + 1;
  }
  return open - i + 1;
}

/** `?`, `$1`, `:1`, `$day`, `$(day)`, `%s`, `%day%`, `%(day)s`, `<%= day %>`, `[day]`, `&day`, `@day`, `:'day'`, `\set`: how many tokens. */
function bindMark(code: readonly Token[], i: number, takesNumbers: boolean): number | undefined {
  const [mark, next] = [code[i], code[i + 1]];
  if (mark === undefined) return undefined;
  if (mark.text === '?') return 1;
  if (next === undefined || next.start !== mark.end) return undefined;
  const { kind } = next;
  switch (mark.text) {
    case '\\':
      return kind === 'word' ? 2 : undefined;
    case '$':
      if (kind === 'number') return takesNumbers ? undefined : 2;
      if (kind === 'word') return 2;
      return next.text === '(' ? untilMark(code, i, ')') : undefined;
    case '<':
      return next.text === '%' ? untilMark(code, i, '>') : undefined;
    case '[':
      return isPrefix(code, i) ? untilMark(code, i, ']') : undefined;
    case '`':
      return untilMark(code, i, '`');
    case ':':
      return kind === 'string' || kind === 'quoted' || (kind === 'number' && isPrefix(code, i))
        ? 2
        : undefined;
    case '@':
    case '&':
      return kind === 'word' && isPrefix(code, i) ? 2 : undefined;
    case '%':
      if (!isPrefix(code, i)) return undefined;
      if (kind === 'word') return code[i + 2]?.text === '%' ? 3 : 2;
      return next.text === '(' && code[i + 3]?.text === ')' && /^s$/i.test(code[i + 4]?.text ?? '')
        ? 5
        : undefined;
    default:
      return undefined;
  }
}

/** Up to the next of the marks, or both marks where none follows. */
function untilMark(code: readonly Token[], i: number, mark: string): number {
  const end = code.slice(i + 1, i + LONGEST).findIndex(({ text }) => text === mark);
  return end === -1 ? 2 : end + 2;
}

/** Whether no operand precedes it: then it is not a SQL operator. */
function isPrefix(code: readonly Token[], i: number): boolean {
  const before = code[i - 1];
  if (before === undefined) return true;
  if (before.kind === 'mark') return before.text !== ')' && before.text !== ']';
  return before.kind === 'word' && RESERVED.has(before.text.toUpperCase());
}

/** Typographic quotes, no-break spaces and the like, outside texts and comments. */
function strangeCharacter({ kind, text, start }: Token): StatementProblem[] {
  if (kind !== 'mark' && kind !== 'space') return [];
  const found = /[^\p{ASCII}]/u.exec(text);
  if (found === null || (start === 0 && found[0] === '\uFEFF')) return [];
  const [character] = found;
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  const shown = kind === 'space' ? code : `${character} (${code})`;
  const remedy = kind === 'space' ? 'replace it with a space' : `quote strings with ' and names with "`;
  return [
    { offset: start + found.index, severity: 'error', message: `${shown} is not valid in SQL: ${remedy}` },
  ];
}
