/** The text of a PL/pgSQL body with the queries of late-binding views in the place of their names. */
import { quoteName, quoteString } from '../dialect/nodes.ts';

export interface BodyView {
  readonly schema: string;
  readonly name: string;
  /** Found without its schema. */
  readonly visible: boolean;
  readonly query: string;
}

/** A procedure that the body calls. */
export interface BodyCall {
  readonly schema: string | undefined;
  readonly name: string;
  /** Finds `call name` in the body. */
  readonly pattern: RegExp;
}

interface Token {
  readonly text: string;
  /** A word in lower case, a quoted name without quotes; undefined: no name. */
  readonly name: string | undefined;
  readonly isQuoted: boolean;
  readonly at: number;
}

/** PostgreSQL's own text, as the translator writes it: without comments, and without backslash escapes. */
const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[^]*?\$\1\$|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|\S/gu;

function tokensOf(text: string): Token[] {
  return [...text.matchAll(TOKENS)].map(({ 0: token, index }) => {
    const isQuoted = token.startsWith('"');
    const isWord = /^[\p{L}_]/u.test(token);
    const name = isQuoted
      ? token.slice(1, -1).replaceAll('""', '"')
      : isWord
        ? token.toLowerCase()
        : undefined;
    return { text: token, name, isQuoted, at: index };
  });
}

/** Where a level of parentheses stands in its statement. */
interface Level {
  /** A statement that may have a FROM clause has begun. */
  statement: 'reads' | 'deletes' | undefined;
  inFrom: boolean;
  expectsRelation: boolean;
}

const ENDS_FROM: ReadonlySet<string> = new Set(
  'where group order having limit offset union except intersect qualify set into loop then when values'.split(
    ' ',
  ),
);

/** Words after a relation that are not its alias. */
const NO_ALIAS: ReadonlySet<string> = new Set([
  ...ENDS_FROM,
  ...'join inner left right full cross natural on using'.split(' '),
]);

/** `calls`: of the body and of what it executes from a literal. */
export function withViewsInBody(
  body: string,
  views: readonly BodyView[],
): { readonly text: string; readonly calls: readonly BodyCall[] } {
  return new BodyReader(body, views).read();
}

class BodyReader {
  readonly #body: string;
  readonly #views: readonly BodyView[];
  readonly #tokens: readonly Token[];
  readonly #local: ReadonlySet<string>;
  readonly #calls: BodyCall[] = [];
  #levels: Level[] = [{ statement: undefined, inFrom: false, expectsRelation: false }];
  #out = '';
  #done = 0;

  constructor(body: string, views: readonly BodyView[]) {
    this.#body = body;
    this.#views = views;
    this.#tokens = tokensOf(body);
    this.#local = new Set(
      this.#tokens.flatMap(({ name }, at) =>
        name !== undefined && this.#tokens[at + 1]?.name === 'as' && this.#tokens[at + 2]?.text === '('
          ? [name]
          : [],
      ),
    );
  }

  read(): { text: string; calls: readonly BodyCall[] } {
    for (let at = 0; at < this.#tokens.length; at += 1) at = this.#step(at);
    return { text: this.#out + this.#body.slice(this.#done), calls: this.#calls };
  }

  /** The last token that it used. */
  #step(at: number): number {
    const token = this.#tokens[at];
    const level = this.#levels.at(-1);
    if (token === undefined || level === undefined) return at;
    if (level.expectsRelation && token.name !== undefined && !this.#isQuery(token))
      return this.#relation(at, level);
    switch (token.text) {
      case '(':
        this.#levels.push({
          statement: undefined,
          inFrom: level.expectsRelation,
          expectsRelation: level.expectsRelation,
        });
        level.expectsRelation = false;
        return at;
      case ')':
        if (this.#levels.length > 1) this.#levels.pop();
        return at;
      case ',':
        level.expectsRelation = level.inFrom;
        return at;
      case ';':
        this.#levels = [{ statement: undefined, inFrom: false, expectsRelation: false }];
        return at;
      default:
        return this.#word(at, token, level);
    }
  }

  #isQuery({ name, isQuoted }: Token): boolean {
    return !isQuoted && (name === 'select' || name === 'with');
  }

  #word(at: number, { name, isQuoted }: Token, level: Level): number {
    if (name === undefined || isQuoted) return at;
    const before = this.#tokens[at - 1]?.name;
    if (name === 'select' || name === 'perform' || name === 'update' || name === 'with') {
      Object.assign(level, { statement: 'reads', inFrom: false, expectsRelation: false });
    } else if (name === 'delete') {
      Object.assign(level, { statement: 'deletes', inFrom: false, expectsRelation: false });
    } else if (name === 'from' && level.statement === 'reads' && before !== 'distinct') {
      Object.assign(level, { inFrom: true, expectsRelation: true });
    } else if (name === 'using' && level.statement === 'deletes') {
      Object.assign(level, { inFrom: true, expectsRelation: true });
    } else if (name === 'join') level.expectsRelation = true;
    else if (ENDS_FROM.has(name)) Object.assign(level, { inFrom: false, expectsRelation: false });
    else if (name === 'execute') return this.#execute(at);
    else if (name === 'call') this.#call(at);
    return at;
  }

  /** A name with its schema: its parts, and the place of its last token. */
  #nameAt(at: number): { readonly parts: readonly string[]; readonly last: number } {
    const parts = [this.#tokens[at]?.name ?? ''];
    let last = at;
    while (this.#tokens[last + 1]?.text === '.' && this.#tokens[last + 2]?.name !== undefined) {
      last += 2;
      parts.push(this.#tokens[last]?.name ?? '');
    }
    return { parts, last };
  }

  #relation(at: number, level: Level): number {
    level.expectsRelation = false;
    const { parts, last } = this.#nameAt(at);
    const view = this.#viewNamed(parts);
    if (view !== undefined) {
      const next = this.#tokens[last + 1];
      const aliased = next?.name !== undefined && (next.isQuoted || !NO_ALIAS.has(next.name));
      this.#put(at, last, `(${view.query})${aliased ? '' : ` as ${quoteName(view.name)}`}`);
    }
    return last;
  }

  #viewNamed(parts: readonly string[]): BodyView | undefined {
    const [name = '', schema] = parts.toReversed();
    if (schema === undefined && this.#local.has(name)) return undefined;
    return this.#views.find(
      (view) => view.name === name && (schema === undefined ? view.visible : view.schema === schema),
    );
  }

  #put(first: number, last: number, text: string): void {
    const from = this.#tokens[first];
    const to = this.#tokens[last];
    if (from === undefined || to === undefined) return;
    this.#out += this.#body.slice(this.#done, from.at) + text;
    this.#done = to.at + to.text.length;
  }

  /** The translator lets only literals be executed. */
  #execute(at: number): number {
    const literal = this.#tokens[at + 1]?.text ?? '';
    if (!literal.startsWith("'")) return at;
    const inside = withViewsInBody(literal.slice(1, -1).replaceAll("''", "'"), this.#views);
    this.#calls.push(...inside.calls);
    this.#put(at + 1, at + 1, quoteString(inside.text));
    return at + 1;
  }

  #call(at: number): void {
    const { parts, last } = this.#nameAt(at + 1);
    const [name = '', schema] = parts.toReversed();
    if (this.#tokens[last + 1]?.text !== '(') return;
    const end = this.#tokens[last];
    const begin = this.#tokens[at];
    if (begin === undefined || end === undefined) return;
    const written = this.#body.slice(begin.at, end.at + end.text.length);
    this.#calls.push({
      schema,
      name,
      pattern: new RegExp(`${written.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}(?=\\s*\\()`, 'gi'),
    });
  }
}
