/**
 * JSON read without loss: numbers keep their text, because EventBridge compares them by it (300 is not 300.0), and
 * every value keeps its place, for messages.
 */

export type JsonNode =
  | { readonly kind: 'object'; readonly entries: readonly JsonEntry[]; readonly at: number }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[]; readonly at: number }
  | { readonly kind: 'string'; readonly value: string; readonly at: number }
  | { readonly kind: 'number'; readonly text: string; readonly at: number }
  | { readonly kind: 'word'; readonly text: 'true' | 'false' | 'null'; readonly at: number };

interface JsonEntry {
  readonly name: string;
  readonly value: JsonNode;
}

/** `at`: offset of the place in the text. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const SPACE = /[ \t\n\r]*/y;
/** Roughly: JSON.parse has the last word on escapes and control characters. */
const STRING = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const DEEPEST = 200;

/** @throws JsonError */
export function parseJson(text: string): JsonNode {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.skipSpace();
  if (reader.at < text.length) throw new JsonError(`Unexpected ${reader.shown()}`, reader.at);
  return value;
}

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skipSpace(): void {
    this.#take(SPACE);
  }

  shown(): string {
    return this.at < this.#text.length ? `character '${this.#text[this.at] ?? ''}'` : 'end of input';
  }

  value(depth: number): JsonNode {
    this.skipSpace();
    if (depth > DEEPEST) throw new JsonError('Nested too deeply', this.at);
    const { at } = this;
    switch (this.#text[at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return { kind: 'string', value: this.#string(), at };
      default: {
        const word = this.#take(WORD);
        if (word === 'true' || word === 'false' || word === 'null') return { kind: 'word', text: word, at };
        const number = this.#take(NUMBER);
        if (number !== undefined) return { kind: 'number', text: number, at };
        throw new JsonError(`Unexpected ${this.shown()}`, at);
      }
    }
  }

  #object(depth: number): JsonNode {
    const { at } = this;
    const entries: JsonEntry[] = [];
    this.at += 1;
    if (this.#sees('}')) return { kind: 'object', entries, at };
    do {
      this.skipSpace();
      if (this.#text[this.at] !== '"') throw new JsonError(`Unexpected ${this.shown()}`, this.at);
      const name = this.#string();
      this.#expect(':');
      entries.push({ name, value: this.value(depth + 1) });
    } while (this.#sees(','));
    this.#expect('}');
    return { kind: 'object', entries, at };
  }

  #array(depth: number): JsonNode {
    const { at } = this;
    const items: JsonNode[] = [];
    this.at += 1;
    if (this.#sees(']')) return { kind: 'array', items, at };
    do items.push(this.value(depth + 1));
    while (this.#sees(','));
    this.#expect(']');
    return { kind: 'array', items, at };
  }

  #string(): string {
    const { at } = this;
    try {
      return JSON.parse(this.#take(STRING) ?? '') as string;
    } catch {
      throw new JsonError('Unfinished or malformed string', at);
    }
  }

  #sees(character: string): boolean {
    this.skipSpace();
    if (this.#text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#sees(character)) {
      throw new JsonError(`Unexpected ${this.shown()}, '${character}' was expected`, this.at);
    }
  }

  #take(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.at += found.length;
    return found;
  }
}
