/** A statement of user SQL cut at its placeholders: `:name` outside strings, comments and quoted names. */
import type { Token } from './lexer.ts';
import { isBlank, tokenize, UnclosedTokenError } from './lexer.ts';
import type { Placeholder, StatementTemplate } from './plan.ts';
import { stringValue } from './sql-string.ts';
import type { StatementProblem } from './statement-facts.ts';

export interface ParameterUse {
  readonly name: string;
  readonly offset: number;
}

export interface MadeTemplate {
  readonly template: StatementTemplate;
  readonly uses: readonly ParameterUse[];
  readonly problems: readonly StatementProblem[];
}

/** Tokens that would merge with the value of an adjacent placeholder. */
const CLINGING = new Set(['word', 'quoted', 'string', 'dollar', 'number', 'param']);

/**
 * @param tokens of one statement; blanks around it are left out of the template
 * @param known names that may be meant where a whole string is `':name'`
 */
export function makeTemplate(tokens: readonly Token[], known: ReadonlySet<string>): MadeTemplate {
  const code = tokens.filter((token) => !isBlank(token));
  const names = colonNames(code, known);
  const first = tokens.findIndex((token) => !isBlank(token));
  const last = tokens.findLastIndex((token) => !isBlank(token));
  const maker = new TemplateMaker(known);
  const isUnload = code[0]?.text.toUpperCase() === 'UNLOAD';
  const unloaded = isUnload
    ? code.find((token) => token.kind === 'string' || token.kind === 'dollar')
    : undefined;
  for (let i = first; i <= last; i += 1) {
    const token = tokens[i];
    if (token === undefined) continue;
    if (token.kind === 'param' && !names.has(token))
      maker.placeholder(token, tokens[i - 1], tokens[i + 1], tokens[i - 2]);
    else if (token === unloaded) maker.unloadedQuery(token);
    else maker.text(token);
  }
  return maker.made();
}

/** Statements whose names of roles, users and groups may hold a colon: `sys:dba`, `namespace:user`. */
const ABOUT_USERS = new Set(['GRANT', 'REVOKE', 'ALTER', 'CREATE', 'DROP', 'COMMENT', 'SET', 'SHOW']);

/** What looks like a placeholder and is part of a name or type: `ROLE sys:dba`, `struct<given:varchar(20)>`. */
function colonNames(code: readonly Token[], known: ReadonlySet<string>): ReadonlySet<Token> {
  const found = new Set<Token>();
  const aboutUsers = ABOUT_USERS.has(code[0]?.text.toUpperCase() ?? '');
  let structs = 0;
  for (const [i, token] of code.entries()) {
    const before = code[i - 1];
    const isNamed = before?.kind === 'word' || before?.kind === 'quoted';
    if (token.text === '<' && (structs > 0 || /^(?:struct|array|map)$/i.test(before?.text ?? '')))
      structs += 1;
    else if (token.text === '>' && structs > 0) structs -= 1;
    else if (token.kind === 'param' && isNamed) {
      if (structs > 0) found.add(token);
      else if (aboutUsers && before.end === token.start && !known.has(token.text.slice(1))) found.add(token);
    }
  }
  return found;
}

/**
 * The placeholders in a text that is one statement, for example a `verify:` query.
 * @throws UnclosedTokenError
 */
export function placeholdersOf(sql: string): string[] {
  return makeTemplate(tokenize(sql), new Set()).uses.map(({ name }) => name);
}

class TemplateMaker {
  readonly #known: ReadonlySet<string>;
  readonly #parts: (string | Placeholder)[] = [];
  readonly #uses: ParameterUse[] = [];
  readonly #problems: StatementProblem[] = [];

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  made(): MadeTemplate {
    return { template: { parts: this.#parts }, uses: this.#uses, problems: this.#problems };
  }

  text(token: Token): void {
    this.#append(token.text);
    const quoted = /^'\s*:([A-Za-z_][A-Za-z0-9_]*)\s*'$/.exec(token.text)?.[1];
    if (token.kind === 'string' && quoted !== undefined && this.#known.has(quoted)) {
      this.#problems.push({
        offset: token.start,
        severity: 'warning',
        message: `${token.text} is a string literal, not a placeholder: write :${quoted} without quotes, Baton adds them`,
      });
    }
  }

  placeholder(token: Token, before?: Token, behind?: Token, twoBefore?: Token): void {
    const name = token.text.slice(1);
    const clings = [before, behind].some((other) => other !== undefined && CLINGING.has(other.kind));
    // U&'…' would read the literal's backslashes in another way.
    const unicodePrefix =
      before?.text === '&' && twoBefore?.kind === 'word' && twoBefore.text.toLowerCase() === 'u';
    if (clings || unicodePrefix) {
      this.#problems.push({
        offset: token.start,
        severity: 'error',
        message: `:${name} needs a space around it: its value would merge with the adjacent characters`,
      });
    }
    this.#parts.push({ param: name });
    this.#uses.push({ name, offset: token.start });
  }

  /** The query of an UNLOAD is a literal itself: placeholders inside it are escaped once more. */
  unloadedQuery(token: Token): void {
    if (token.kind === 'dollar') {
      this.text(token);
      for (const name of placeholdersIn(token.text)) {
        if (this.#known.has(name)) {
          this.#problems.push({
            offset: token.start,
            severity: 'error',
            message: `:${name} is not replaced within dollar quotes; put UNLOAD's query between single quotes`,
          });
        }
      }
      return;
    }
    const { text, offsets } = stringValue(token.text);
    let inner: Token[];
    try {
      inner = tokenize(text);
    } catch (error) {
      if (!(error instanceof UnclosedTokenError)) throw error;
      const offset = token.start + (offsets[error.offset] ?? 0);
      this.#problems.push({ offset, severity: 'error', message: `an ${error.message} in UNLOAD's query` });
      return;
    }
    let at = 0;
    for (const [i, part] of inner.entries()) {
      if (part.kind !== 'param') continue;
      const start = offsets[part.start] ?? 0;
      this.#append(token.text.slice(at, start));
      this.placeholder({ ...part, start: token.start + start }, inner[i - 1], inner[i + 1], inner[i - 2]);
      this.#parts[this.#parts.length - 1] = { param: part.text.slice(1), inQuotes: true };
      at = offsets[part.end] ?? 0;
    }
    this.#append(token.text.slice(at));
  }

  #append(text: string): void {
    if (text === '') return;
    const last = this.#parts.at(-1);
    if (typeof last === 'string') this.#parts[this.#parts.length - 1] = last + text;
    else this.#parts.push(text);
  }
}

function placeholdersIn(dollarQuoted: string): string[] {
  return Array.from(dollarQuoted.matchAll(/(?<!:):([A-Za-z_][A-Za-z0-9_]*)/g), ([, name]) => name ?? '');
}

/** Bytes of the statement before its placeholders are filled in. */
export function templateBytes(template: StatementTemplate): number {
  return template.parts.reduce(
    (sum, part) => sum + (typeof part === 'string' ? Buffer.byteLength(part) : part.param.length + 1),
    0,
  );
}
