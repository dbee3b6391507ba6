/** A statement's nodes as the tokens that the compiler's grammar reads: what it finds as a span of tokens is given back as nodes. */
import { Code, UnrecognizedError } from '../../../shared/pipeline/code.ts';
import type { Token } from '../../../shared/pipeline/lexer.ts';
import type { Span } from '../../../shared/pipeline/statements/parts.ts';
import { SqlError, syntaxError } from './errors.ts';
import type { Node } from './nodes.ts';

export class Source {
  readonly code: Code;
  readonly #tokens: Token[] = [];
  /** By the index of the token with which it begins. */
  readonly #nodes = new Map<number, Node>();
  readonly #ends = new Map<number, number>();

  /** @param nodes as they were read */
  constructor(nodes: readonly Node[]) {
    for (const node of nodes) this.#add(node);
    this.code = reading(() => new Code(this.#tokens));
  }

  #add(node: Node): void {
    const at = this.#tokens.length;
    this.#nodes.set(at, node);
    if (node.kind === 'group') {
      const [open, close] = node.tokens ?? [];
      if (open !== undefined) this.#tokens.push(open);
      for (const item of node.items) this.#add(item);
      if (close !== undefined) this.#tokens.push(close);
    } else if (node.token !== undefined) this.#tokens.push(node.token);
    this.#ends.set(at, this.#tokens.length);
  }

  /** The nodes of tokens that the grammar found. */
  nodes({ from, to }: Span): Node[] {
    const found: Node[] = [];
    for (let at = from; at < to; at = this.#ends.get(at) ?? to) {
      const node = this.#nodes.get(at);
      if (node !== undefined) found.push(node);
    }
    return found;
  }

  /** What the grammar reads, or Redshift's error. */
  read<T>(parse: (code: Code) => T): T {
    return reading(() => parse(this.code));
  }
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnrecognizedError)) throw error;
    throw error.near === undefined && !/at the end/.test(error.message)
      ? new SqlError(error.message)
      : syntaxError(error.near);
  }
}
