/** The syntax tree of a TypeScript source, as plain ESTree nodes: read by the parser that the test runner brings along. */
import { parseAst } from 'vitest/node';

export interface Node {
  readonly type: string;
  /** UTF-16 offsets into the source; `end` is behind the last one. */
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export function parse(text: string): Node {
  return parseAst(text, { lang: 'ts' }) as unknown as Node;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** The nodes directly under this one, in order. */
export function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flatMap((value: unknown) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .filter(isNode);
}

/** This node and all under it. */
export function allIn(node: Node): Node[] {
  return [node, ...childrenOf(node).flatMap(allIn)];
}

/** A child that the grammar promises. */
export function at(node: Node, key: string): Node {
  const child = node[key];
  if (!isNode(child)) throw new Error(`a ${node.type} without ${key}`);
  return child;
}

export function listAt(node: Node, key: string): Node[] {
  const list = node[key];
  return Array.isArray(list) ? (list as unknown[]).filter(isNode) : [];
}

export function stringOf(node: Node): string | undefined {
  return node.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined;
}

export function nameOf(node: Node | undefined): string | undefined {
  return node?.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;
}
