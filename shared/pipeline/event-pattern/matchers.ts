/**
 * One element of a pattern's array: a value to equal or a match expression. The messages are those of AWS's own
 * compiler (aws/event-ruler, JsonRuleCompiler), which EventBridge hands through.
 */
import { parseCidr } from './cidr.ts';
import { JsonError, type JsonNode } from './json-text.ts';

/** A leaf of an event: text, or a number or word by its text. */
export type Leaf = Exclude<JsonNode, { kind: 'object' | 'array' }>;

/** `absence`: matches when the event has no such field; the others look at a field's value. */
export type Matcher = { readonly kind: 'absence' } | { readonly kind: 'value'; test(leaf: Leaf): boolean };

/** @throws JsonError */
export function compileMatcher(node: JsonNode): Matcher {
  switch (node.kind) {
    case 'string':
      return onText((text) => text === node.value);
    case 'number':
    case 'word':
      return { kind: 'value', test: (leaf) => leaf.kind === node.kind && leaf.text === node.text };
    case 'object':
      return compileExpression(node);
    default:
      throw new JsonError('Match value must be String, number, true, false, or null', node.at);
  }
}

function compileExpression(node: JsonNode & { kind: 'object' }): Matcher {
  const { name, value } = onlyEntry(node, 'Match expression name not found');
  switch (name) {
    case 'exactly': {
      const wanted = textOf(value, 'exact match pattern must be a string');
      return onText((text) => text === wanted);
    }
    case 'prefix':
    case 'suffix':
      return onText(compileEdge(name, value));
    case 'equals-ignore-case': {
      const wanted = fold(textOf(value, 'equals-ignore-case match pattern must be a string'));
      return onText((text) => fold(text) === wanted);
    }
    case 'wildcard':
      return onText(compileWildcard(value));
    case 'cidr':
      return onText(compileCidr(value));
    case 'numeric':
      return compileNumeric(value);
    case 'exists':
      return compileExists(value);
    case 'anything-but':
      return compileAnythingBut(value);
    default:
      throw new JsonError(`Unrecognized match type ${name}`, value.at);
  }
}

function compileEdge(name: 'prefix' | 'suffix', value: JsonNode): (text: string) => boolean {
  const caseless = value.kind === 'object';
  let edge: string;
  if (caseless) {
    const title = name === 'prefix' ? 'Prefix' : 'Suffix';
    const inner = onlyEntry(value, `${title} expression name not found`);
    if (inner.name !== 'equals-ignore-case') {
      throw new JsonError(`Unsupported ${name} pattern: ${inner.name}`, inner.value.at);
    }
    edge = fold(textOf(inner.value, 'equals-ignore-case match pattern must be a string'));
  } else {
    edge = textOf(value, `${name} match pattern must be a string`);
  }
  return (text) => {
    const given = caseless ? fold(text) : text;
    return name === 'prefix' ? given.startsWith(edge) : given.endsWith(edge);
  };
}

function compileExists(value: JsonNode): Matcher {
  if (value.kind === 'word' && value.text === 'true') return { kind: 'value', test: () => true };
  if (value.kind === 'word' && value.text === 'false') return { kind: 'absence' };
  throw new JsonError('exists match pattern must be either true or false.', value.at);
}

function compileCidr(value: JsonNode): (text: string) => boolean {
  const text = textOf(value, 'cidr match pattern must be a string');
  try {
    return parseCidr(text);
  } catch (error) {
    throw new JsonError(error instanceof Error ? error.message : String(error), value.at);
  }
}

/** `*` stands for any characters, none included; `\*` and `\\` for themselves. */
function compileWildcard(value: JsonNode): (text: string) => boolean {
  const pattern = textOf(value, 'wildcard match pattern must be a string');
  const parts: string[] = [];
  let literal = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? '';
    const next = pattern[at + 1];
    if (character === '*') {
      if (next === '*') throw new JsonError(`Consecutive wildcard characters at pos ${String(at)}`, value.at);
      parts.push(literal);
      literal = '';
    } else if (character === '\\') {
      if (next !== '*' && next !== '\\') {
        throw new JsonError(`Invalid escape character at pos ${String(at)}`, value.at);
      }
      literal += next;
      at += 1;
    } else {
      literal += character;
    }
  }
  parts.push(literal);
  return (text) => fitsWildcard(text, parts);
}

/** The first part begins the text, the last ends it, the others follow one another between. */
function fitsWildcard(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return text === first;
  if (text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

const LARGEST_NUMBER = 5e9;

function compileNumeric(value: JsonNode): Matcher {
  if (value.kind !== 'array') throw new JsonError('Value of numeric must be an array.', value.at);
  const tests: ((number: number) => boolean)[] = [];
  const [operator, bound, second, secondBound, ...rest] = value.items;
  const first = operatorOf(operator, value.at, 'Invalid member in numeric match: ');
  if (!['=', '<', '<=', '>', '>='].includes(first)) {
    throw new JsonError(`Unrecognized numeric range operator: ${first}`, value.at);
  }
  const low = boundOf(bound, first === '=' ? 'equals' : first, value.at);
  tests.push(comparison(first, low));
  if (second !== undefined) {
    if (!first.startsWith('>')) throw new JsonError('Too many elements in numeric expression', second.at);
    const upper = operatorOf(second, second.at, 'Bad value in numeric range: ');
    if (upper !== '<' && upper !== '<=') {
      throw new JsonError(`Bad numeric range operator: ${upper}`, second.at);
    }
    const high = boundOf(secondBound, upper, second.at);
    if (rest.length > 0) throw new JsonError('Too many terms in numeric range expression', second.at);
    if (low >= high) throw new JsonError('Bottom must be less than top', second.at);
    tests.push(comparison(upper, high));
  }
  return {
    kind: 'value',
    test: (leaf) => leaf.kind === 'number' && tests.every((test) => test(Number(leaf.text))),
  };
}

function operatorOf(node: JsonNode | undefined, at: number, message: string): string {
  if (node?.kind === 'string') return node.value;
  throw new JsonError(message + (node === undefined ? ']' : 'not a string'), at);
}

function boundOf(node: JsonNode | undefined, operator: string, at: number): number {
  if (node?.kind !== 'number') throw new JsonError(`Value of ${operator} must be numeric`, node?.at ?? at);
  const number = Number(node.text);
  if (Math.abs(number) > LARGEST_NUMBER) {
    throw new JsonError('Value must be between -5.0E9 and 5.0E9, inclusive', node.at);
  }
  return number;
}

function comparison(operator: string, bound: number): (number: number) => boolean {
  switch (operator) {
    case '<':
      return (number) => number < bound;
    case '<=':
      return (number) => number <= bound;
    case '>':
      return (number) => number > bound;
    case '>=':
      return (number) => number >= bound;
    default:
      return (number) => number === bound;
  }
}

/** Matches a field that is there and has none of the values; whatever its type. */
function compileAnythingBut(value: JsonNode): Matcher {
  if (value.kind === 'object') return compileAnythingButExpression(value);
  const list = value.kind === 'array' ? value.items : [value];
  const texts = new Set<string>();
  const numbers = new Set<number>();
  for (const node of list) {
    if (node.kind === 'string') texts.add(node.value);
    else if (node.kind === 'number') numbers.add(Number(node.text));
    else if (value.kind === 'array') {
      throw new JsonError('Inside anything but list, start|null|boolean is not supported.', node.at);
    } else {
      throw new JsonError('Value of anything-but must be an array or single string/number value.', node.at);
    }
  }
  if (texts.size > 0 === numbers.size > 0) {
    throw new JsonError(
      'Inside anything but list, either all values are number or string, mixed type is not supported',
      value.at,
    );
  }
  return {
    kind: 'value',
    test: (leaf) => {
      if (leaf.kind === 'string') return !texts.has(leaf.value);
      return leaf.kind !== 'number' || !numbers.has(Number(leaf.text));
    },
  };
}

function compileAnythingButExpression(node: JsonNode & { kind: 'object' }): Matcher {
  const { name, value } = onlyEntry(node, 'Anything-But expression name not found');
  const compile = Object.hasOwn(anythingButTests, name) ? anythingButTests[name] : undefined;
  if (compile === undefined) throw new JsonError(`Unsupported anything-but pattern: ${name}`, value.at);
  const tests = (value.kind === 'array' ? value.items : [value]).map(compile);
  return {
    kind: 'value',
    test: (leaf) => leaf.kind !== 'string' || !tests.some((test) => test(leaf.value)),
  };
}

const anythingButTests: Readonly<Record<string, (value: JsonNode) => (text: string) => boolean>> = {
  prefix: (value) => {
    const edge = edgeOf(value);
    return (text) => text.startsWith(edge);
  },
  suffix: (value) => {
    const edge = edgeOf(value);
    return (text) => text.endsWith(edge);
  },
  'equals-ignore-case': (value) => {
    const wanted = fold(
      textOf(
        value,
        'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
      ),
    );
    return (text) => fold(text) === wanted;
  },
  wildcard: compileWildcard,
};

function edgeOf(value: JsonNode): string {
  const edge = textOf(value, 'prefix/suffix match pattern must be a string');
  if (edge === '') throw new JsonError('Null prefix/suffix not allowed', value.at);
  return edge;
}

function onText(test: (text: string) => boolean): Matcher {
  return { kind: 'value', test: (leaf) => leaf.kind === 'string' && test(leaf.value) };
}

function textOf(node: JsonNode, message: string): string {
  if (node.kind === 'string') return node.value;
  throw new JsonError(message, node.at);
}

function onlyEntry(
  node: JsonNode & { kind: 'object' },
  missing: string,
): { readonly name: string; readonly value: JsonNode } {
  const [entry, second] = node.entries;
  if (entry === undefined) throw new JsonError(missing, node.at);
  if (second !== undefined) throw new JsonError('Only one key allowed in match expression', second.value.at);
  return entry;
}

function fold(text: string): string {
  return text.toLowerCase();
}
