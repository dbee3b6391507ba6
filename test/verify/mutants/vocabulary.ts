/** The words of the protocol, read from its types: states, phases, kinds, classes, and the names of attributes. */
import type { Node } from './syntax.ts';
import { allIn, at, isNode, listAt, nameOf, stringOf } from './syntax.ts';

export interface Vocabulary {
  /** Every word of a type or attribute: such a string is no text. */
  readonly words: ReadonlySet<string>;
  /** A word of a union -> the next one of the same union. */
  readonly neighbors: ReadonlyMap<string, string>;
  /** Functions whose last parameter may be left out -> how many they take at most. */
  readonly optionalLast: ReadonlyMap<string, number>;
}

export function vocabularyOf(programs: readonly Node[]): Vocabulary {
  const words = new Set<string>();
  const neighbors = new Map<string, string>();
  const optionalLast = new Map<string, number>();
  const nodes = programs.flatMap(allIn);
  // A word of several unions is at home in the largest.
  const unions = nodes.filter((node) => node.type === 'TSUnionType').map(literalsOf);
  for (const union of unions.sort((a, b) => b.length - a.length)) addUnion(union, neighbors);
  for (const node of nodes) {
    if (node.type === 'TSLiteralType') addWord(at(node, 'literal'), words);
    if (node.type === 'TSPropertySignature') addKey(node, words);
    if (node.type === 'FunctionDeclaration') addOptional(node, optionalLast);
  }
  return { words, neighbors, optionalLast };
}

function literalsOf(union: Node): string[] {
  return listAt(union, 'types').flatMap((type) => {
    const literal = type.type === 'TSLiteralType' ? stringOf(at(type, 'literal')) : undefined;
    return literal === undefined ? [] : [literal];
  });
}

function addUnion(literals: readonly string[], neighbors: Map<string, string>): void {
  for (const [i, word] of literals.entries()) {
    const next = literals[(i + 1) % literals.length];
    if (next !== undefined && next !== word && !neighbors.has(word)) neighbors.set(word, next);
  }
}

function addWord(literal: Node, words: Set<string>): void {
  const word = stringOf(literal);
  if (word !== undefined) words.add(word);
}

function addKey(node: Node, words: Set<string>): void {
  const name = nameOf(at(node, 'key'));
  if (name !== undefined) words.add(name);
}

function addOptional(node: Node, optionalLast: Map<string, number>): void {
  const id = node['id'];
  const name = isNode(id) ? nameOf(id) : undefined;
  const parameters = listAt(node, 'params');
  const last = parameters.at(-1);
  if (name !== undefined && last?.['optional'] === true) optionalLast.set(name, parameters.length);
}
