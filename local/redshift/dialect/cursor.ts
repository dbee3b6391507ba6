/** Reads the nodes of a statement from left to right. */
import { syntaxError } from './errors.ts';
import { isGroup, isMark, isName, isWord, textOf } from './nodes.ts';
import type { Group, Leaf, Node } from './nodes.ts';

export interface QualifiedName {
  /** `a.b.c` gives three, lower case, without quotes. */
  readonly parts: readonly string[];
  /** The last part. */
  readonly name: string;
  readonly nodes: readonly Node[];
}

export class Cursor {
  readonly #nodes: readonly Node[];
  #at: number;

  constructor(nodes: readonly Node[], at = 0) {
    this.#nodes = nodes;
    this.#at = at;
  }

  get position(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#nodes.length;
  }

  peek(ahead = 0): Node | undefined {
    return this.#nodes[this.#at + ahead];
  }

  /** @throws SqlError at the end */
  next(): Node {
    const node = this.#nodes[this.#at];
    if (node === undefined) throw syntaxError(undefined);
    this.#at += 1;
    return node;
  }

  /** True when these words come next. */
  sees(...words: readonly string[]): boolean {
    return words.every((expected, index) => isWord(this.peek(index), expected));
  }

  /** Consumes these words if they come next. */
  take(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false;
    this.#at += words.length;
    return true;
  }

  /** Consumes one of these words, and returns it. */
  takeOneOf(...words: readonly string[]): string | undefined {
    const node = this.peek();
    if (!isWord(node, ...words)) return undefined;
    this.#at += 1;
    return node.value;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.take(word)) throw this.unexpected();
  }

  takeMark(text: string): boolean {
    if (!isMark(this.peek(), text)) return false;
    this.#at += 1;
    return true;
  }

  takeGroup(): Group | undefined {
    const node = this.peek();
    if (!isGroup(node)) return undefined;
    this.#at += 1;
    return node;
  }

  expectGroup(): Group {
    const found = this.takeGroup();
    if (found === undefined) throw this.unexpected();
    return found;
  }

  takeString(): string | undefined {
    const node = this.peek();
    if (node?.kind !== 'string') return undefined;
    this.#at += 1;
    return node.value;
  }

  expectString(): string {
    const value = this.takeString();
    if (value === undefined) throw this.unexpected();
    return value;
  }

  expectName(): Leaf {
    const node = this.next();
    if (!isName(node)) {
      this.#at -= 1;
      throw this.unexpected();
    }
    return node;
  }

  /** `name`, `schema.name` or `database.schema.name`. */
  expectQualifiedName(): QualifiedName {
    const start = this.#at;
    const parts = [this.expectName().value];
    while (isMark(this.peek(), '.') && isName(this.peek(1))) {
      this.#at += 1;
      parts.push(this.expectName().value);
    }
    return { parts, name: parts.at(-1) ?? '', nodes: this.#nodes.slice(start, this.#at) };
  }

  /** Everything that is left; it is consumed. */
  rest(): Node[] {
    const nodes = this.#nodes.slice(this.#at);
    this.#at = this.#nodes.length;
    return nodes;
  }

  /** @throws SqlError if anything is left */
  expectEnd(): void {
    if (!this.atEnd) throw this.unexpected();
  }

  unexpected(): Error {
    return syntaxError(textOf(this.peek()));
  }
}
