/**
 * Event patterns: the whole language of EventBridge, with the semantics of its engine, aws/event-ruler. A pattern
 * becomes alternatives (one without `$or`), each a list of paths with matchers; an event becomes its leaf fields.
 * An alternative matches when every path finds a field that fits, all of them consistent in the arrays they are in:
 * two fields of one array's elements must come from the same element.
 */
import { JsonError, parseJson, type JsonNode } from './json-text.ts';
import { compileMatcher, type Leaf, type Matcher } from './matchers.ts';

/** Its message is what EventBridge answers as InvalidEventPatternException. */
export class InvalidEventPatternError extends Error {
  override readonly name = 'InvalidEventPatternException';
}

/** Characters; the API model's limit. */
const LONGEST_PATTERN = 4096;
const MOST_ALTERNATIVES = 1000;

/** Names that inside `$or` can only be a mistake: an operator where a field is meant. */
const RESERVED_IN_OR = new Set(
  (
    'exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex ' +
    'not-wildcard not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before ' +
    'in-date-range ip-address-in-range ip-address-not-in-range'
  ).split(' '),
);

/** Path, its steps joined by `.`, to the matchers of which one has to fit. */
type Alternative = ReadonlyMap<string, readonly Matcher[]>;

export class Pattern {
  /** As it was given, JSON text. */
  readonly text: string;
  readonly #alternatives: readonly (readonly (readonly [string, readonly Matcher[]])[])[];

  /** @throws InvalidEventPatternError */
  constructor(text: string) {
    this.text = text;
    if (text.length > LONGEST_PATTERN) {
      throw new InvalidEventPatternError(
        `Event pattern is not valid. Reason: it has ${String(text.length)} characters; at most ${String(LONGEST_PATTERN)} are allowed`,
      );
    }
    try {
      // In the order of their names, as the engine walks them: it decides what `exists: false` sees of an array.
      this.#alternatives = compilePattern(parseJson(text)).map((alternative) =>
        [...alternative].sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      throw new InvalidEventPatternError(
        `Event pattern is not valid. Reason: ${error.message}\n at [Source: (String)"${text.slice(0, 500)}"; ${place(text, error.at)}]`,
      );
    }
  }

  matches(event: EventFields): boolean {
    return this.#alternatives.some((paths) => fits(paths, 0, event, new Map()));
  }
}

/** @throws JsonError with EventBridge's words */
export function compilePattern(root: JsonNode): readonly Alternative[] {
  if (root.kind !== 'object') throw new JsonError('Filter is not an object', root.at);
  return compileObject([new Map()], '', root, false);
}

function place(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line: ${String(before.length)}, column: ${String((before.at(-1) ?? '').length + 1)}`;
}

function compileObject(
  given: readonly Alternative[],
  path: string,
  node: JsonNode & { kind: 'object' },
  inOr: boolean,
): readonly Alternative[] {
  if (node.entries.length === 0) throw new JsonError('Empty objects are not allowed', node.at);
  let alternatives = given;
  for (const { name, value } of node.entries) {
    if (name === '$or') {
      alternatives = compileOr(alternatives, path, value);
      continue;
    }
    if (inOr && RESERVED_IN_OR.has(name)) {
      throw new JsonError(`${name} is Ruler reserved fieldName which cannot be used inside $or.`, value.at);
    }
    const inner = path === '' ? name : `${path}.${name}`;
    if (value.kind === 'object') {
      alternatives = compileObject(alternatives, inner, value, inOr);
    } else if (value.kind === 'array') {
      if (value.items.length === 0) throw new JsonError('Empty arrays are not allowed', value.at);
      const matchers = value.items.map(compileMatcher);
      alternatives = alternatives.map((alternative) => new Map(alternative).set(inner, matchers));
    } else {
      throw new JsonError(`"${name}" must be an object or an array`, value.at);
    }
  }
  return alternatives;
}

function compileOr(given: readonly Alternative[], path: string, node: JsonNode): readonly Alternative[] {
  if (node.kind !== 'array') throw new JsonError('It must be an Array followed with $or.', node.at);
  if (node.items.length < 2) {
    throw new JsonError('There must have at least 2 Objects in $or relationship.', node.at);
  }
  const alternatives = node.items.flatMap((item) => {
    if (item.kind !== 'object') {
      throw new JsonError('Only JSON object is allowed in array of $or relationship.', item.at);
    }
    return compileObject(given, path, item, true);
  });
  if (alternatives.length > MOST_ALTERNATIVES) {
    throw new JsonError(
      `the $or arrays make ${String(alternatives.length)} combinations; at most ${String(MOST_ALTERNATIVES)} are allowed`,
      node.at,
    );
  }
  return alternatives;
}

/** Number of an array in the event to the index of the element a field is in. */
type Membership = ReadonlyMap<number, number>;

interface Field {
  readonly leaf: Leaf;
  readonly membership: Membership;
}

/** An event made ready for matching, once for all rules. */
export class EventFields {
  readonly #fields = new Map<string, Field[]>();
  #arrays = 0;

  /** `text`: the event as JSON. @throws JsonError when it is not an object in JSON */
  constructor(text: string) {
    const root = parseJson(text);
    if (root.kind !== 'object') throw new JsonError('Event must be a JSON object', root.at);
    this.#add('', root, new Map());
  }

  at(path: string): readonly Field[] {
    return this.#fields.get(path) ?? [];
  }

  #add(path: string, node: JsonNode, membership: Membership): void {
    if (node.kind === 'object') {
      // Of a repeated name the last counts.
      for (const [name, value] of new Map(node.entries.map((entry) => [entry.name, entry.value]))) {
        this.#add(path === '' ? name : `${path}.${name}`, value, membership);
      }
    } else if (node.kind === 'array') {
      const array = this.#arrays;
      this.#arrays += 1;
      for (const [index, item] of node.items.entries()) {
        // Plain values of one array do not bind each other or their neighbors.
        const nested = item.kind === 'object' || item.kind === 'array';
        this.#add(path, item, nested ? new Map(membership).set(array, index) : membership);
      }
    } else {
      const fields = this.#fields.get(path) ?? [];
      fields.push({ leaf: node, membership });
      this.#fields.set(path, fields);
    }
  }
}

function fits(
  paths: readonly (readonly [string, readonly Matcher[]])[],
  index: number,
  event: EventFields,
  chosen: Membership,
): boolean {
  const entry = paths[index];
  if (entry === undefined) return true;
  const [path, matchers] = entry;
  let present = false;
  for (const field of event.at(path)) {
    const together = join(chosen, field.membership);
    if (together === undefined) continue;
    present = true;
    const fit = matchers.some((matcher) => matcher.kind === 'value' && matcher.test(field.leaf));
    if (fit && fits(paths, index + 1, event, together)) return true;
  }
  return (
    !present &&
    matchers.some((matcher) => matcher.kind === 'absence') &&
    fits(paths, index + 1, event, chosen)
  );
}

/** Both memberships, unless they are in two elements of one array. */
function join(a: Membership, b: Membership): Membership | undefined {
  if (b.size === 0) return a;
  const together = new Map(a);
  for (const [array, element] of b) {
    if ((together.get(array) ?? element) !== element) return undefined;
    together.set(array, element);
  }
  return together;
}
