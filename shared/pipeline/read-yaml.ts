/** Validates a YAML file against a shape, and reports all problems with their positions. */
import type { Node, Pair } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

import { defined } from '../run/defined.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { didYouMean } from './nearest.ts';
import type { Problem } from './problem.ts';
import type { Key, Shape } from './shape.ts';
import { parseSize } from './size.ts';

type Path = readonly (string | number)[];

export interface ReadYaml<T> {
  /** Absent where the file cannot be used. */
  readonly settings?: T;
  readonly problems: readonly Problem[];
  /** A problem at a key or value of the file. */
  problemAt(path: Path, message: string, severity?: Problem['severity']): Problem;
}

/** Shapes that hold others. */
type Composed = 'object' | 'one-of' | 'short' | 'map' | 'list' | 'json';

/** Placeholder for an invalid value, so that the enclosing value can still be checked. */
const REFUSED = Symbol('refused');

/** `file` stands in the problems; `name` is what messages call the whole of it. `T` is what `shape` describes. */
export function readYaml<T>(text: string, shape: Shape, file: string, name = file): ReadYaml<T> {
  return new Reader(text, file, name).read(shape);
}

class Reader {
  readonly #text: string;
  readonly #file: string;
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #problems: Problem[] = [];
  /** Offsets of keys (or list items) by path. */
  readonly #offsets = new Map<string, number>();
  #resolve: (node: unknown) => unknown = (node) => node;

  constructor(text: string, file: string, name: string) {
    this.#text = text;
    this.#file = file;
    this.#name = name;
  }

  read<T>(shape: Shape): ReadYaml<T> {
    const document = parseDocument(this.#text, { lineCounter: this.#lines, prettyErrors: false });
    const problemAt: ReadYaml<T>['problemAt'] = (path, message, severity = 'error') =>
      this.#problem(this.#offsetOf(path), message, severity);
    for (const error of document.errors) this.#say(error.pos[0], yamlWords(error.code, error.message));
    for (const warning of document.warnings) this.#say(warning.pos[0], warning.message);
    if (this.#problems.length > 0) return { problems: this.#problems, problemAt };
    this.#resolve = (node) => (isAlias(node) ? node.resolve(document) : node);
    const value = this.#check(document.contents, shape, []);
    const settings = this.#problems.length > 0 ? undefined : (value as T);
    return { ...defined({ settings }), problems: this.#problems, problemAt };
  }

  #problem(offset: number, message: string, severity: Problem['severity'] = 'error'): Problem {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col), severity, message };
  }

  #say(offset: number, message: string): typeof REFUSED {
    this.#problems.push(this.#problem(offset, message));
    return REFUSED;
  }

  #place(path: Path): string {
    if (path.length === 0) return this.#name;
    return path
      .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${part}`))
      .join('');
  }

  #offsetOf(path: Path): number {
    for (let length = path.length; length > 0; length -= 1) {
      const offset = this.#offsets.get(JSON.stringify(path.slice(0, length)));
      if (offset !== undefined) return offset;
    }
    return 0;
  }

  #check(given: unknown, shape: Shape, path: Path): unknown {
    const node = this.#resolve(given) as Node | null | undefined;
    const offset = offsetOfNode(given) ?? this.#offsetOf(path);
    switch (shape.kind) {
      case 'object':
        return this.#object(node, shape.keys, path, offset);
      case 'one-of':
        return this.#oneOf(node, shape.keys, path, offset);
      case 'short':
        return this.#short(node, shape, path, offset);
      case 'map':
        return this.#map(node, shape, path, offset);
      case 'list':
        return shape.orOne === true && (isScalar(node) || (isMap(node) && shape.of.kind === 'object'))
          ? [this.#check(given, shape.of, path)]
          : this.#list(node, shape.of, path, offset);
      case 'json':
        return isMap(node)
          ? this.#json(node, path, offset)
          : this.#say(offset, `${this.#place(path)} must be an object (lines with keys)`);
      case 'text':
      case 'scalar':
      case 'choice':
      case 'duration':
      case 'size':
      case 'whole':
      case 'flag':
        return this.#scalar(node, shape, path, offset);
      default:
        return shape satisfies never;
    }
  }

  #object(
    node: Node | null | undefined,
    keys: Readonly<Record<string, Key>>,
    path: Path,
    offset: number,
  ): unknown {
    const required = Object.keys(keys).filter((name) => keys[name]?.required === true);
    if (!isMap(node) && !(isEmpty(node) && required.length === 0)) {
      const missing = isEmpty(node)
        ? `; it needs ${required.join(' and ')}`
        : required.length === 0 && isScalar(node)
          ? `, or {} for their default values; it is ${node.source ?? ''}`
          : '';
      return this.#say(
        offset,
        `${this.#place(path)} must be a list of keys (${Object.keys(keys).join(', ')})${missing}`,
      );
    }
    const value: Record<string, unknown> = {};
    for (const pair of isMap(node) ? node.items : []) {
      const name = keyText(pair);
      const keyOffset = offsetOfNode(pair.key) ?? offset;
      const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
      if (key === undefined) this.#say(keyOffset, unknownKey(name, keys, this.#place(path)));
      else {
        this.#offsets.set(JSON.stringify([...path, name]), keyOffset);
        const member = this.#check(pair.value, key.shape, [...path, name]);
        if (member !== undefined) value[name] = member;
      }
    }
    for (const name of required) {
      if (value[name] === undefined) this.#say(offset, `${this.#place(path)} needs the key ${name}`);
    }
    return value;
  }

  #oneOf(
    node: Node | null | undefined,
    keys: Readonly<Record<string, Key>>,
    path: Path,
    offset: number,
  ): unknown {
    const names = Object.keys(keys)
      .join(', ')
      .replace(/, (?=[^,]*$)/, ' or ');
    if (!isMap(node) || node.items.length === 0)
      return this.#say(offset, `${this.#place(path)} must have one of the keys ${names}`);
    const known = node.items.filter((pair) => Object.hasOwn(keys, keyText(pair)));
    const [, second] = known;
    if (second !== undefined) {
      const at = offsetOfNode(second.key) ?? offset;
      this.#say(
        at,
        `${this.#place(path)} must have one of the keys ${names}, not several: write each on its own line that begins with "- "`,
      );
    }
    return this.#object(node, keys, path, offset);
  }

  #short(
    node: Node | null | undefined,
    shape: Shape & { kind: 'short' },
    path: Path,
    offset: number,
  ): unknown {
    const text = shape.of.keys[shape.key]?.shape;
    if (!isScalar(node) || node.value === null || text === undefined)
      return this.#object(node, shape.of.keys, path, offset);
    const value = this.#check(node, text, path);
    return value === REFUSED ? REFUSED : { [shape.key]: value };
  }

  #map(node: Node | null | undefined, shape: Shape & { kind: 'map' }, path: Path, offset: number): unknown {
    if (isEmpty(node)) return {};
    if (!isMap(node)) return this.#say(offset, `${this.#place(path)} must have keys, each ${shape.keyWords}`);
    const value: Record<string, unknown> = {};
    for (const pair of node.items) {
      const name = keyText(pair);
      const keyOffset = offsetOfNode(pair.key) ?? offset;
      if (!new RegExp(shape.keyPattern).test(name))
        this.#say(keyOffset, `${JSON.stringify(name)} in ${this.#place(path)} must be ${shape.keyWords}`);
      this.#offsets.set(JSON.stringify([...path, name]), keyOffset);
      const member = this.#check(pair.value, shape.of, [...path, name]);
      if (member !== undefined) Object.defineProperty(value, name, { value: member, enumerable: true });
    }
    return value;
  }

  #list(node: Node | null | undefined, of: Shape, path: Path, offset: number): unknown {
    if (!isSeq(node))
      return this.#say(offset, `${this.#place(path)} must be a list (lines that begin with "- ")`);
    return node.items.map((item, i) => {
      this.#offsets.set(JSON.stringify([...path, i]), offsetOfNode(item) ?? offset);
      return this.#check(item, of, [...path, i]);
    });
  }

  /** Any value, with the place of each part of it. */
  #json(node: unknown, path: Path, offset: number): unknown {
    // What it stands for could hold itself.
    if (isAlias(node))
      return this.#say(offset, `${this.#place(path)} must not use a YAML alias: write the value out`);
    if (isSeq(node))
      return node.items.map((item, i) => this.#jsonMember(item, offsetOfNode(item) ?? offset, [...path, i]));
    if (isMap(node)) {
      const value: Record<string, unknown> = {};
      for (const pair of node.items) {
        const name = keyText(pair);
        const member = this.#jsonMember(pair.value, offsetOfNode(pair.key) ?? offset, [...path, name]);
        Object.defineProperty(value, name, { value: member, enumerable: true });
      }
      return value;
    }
    if (!isScalar(node)) return null;
    const { value, source } = node;
    if (typeof value === 'number' && source !== JSON.stringify(value))
      return this.#say(
        offset,
        `${this.#place(path)} must be a JSON number (${value}) or a quoted string; it is ${source}`,
      );
    return value;
  }

  #jsonMember(node: unknown, offset: number, path: Path): unknown {
    this.#offsets.set(JSON.stringify(path), offset);
    return this.#json(node, path, offset);
  }

  #scalar(
    node: Node | null | undefined,
    shape: Exclude<Shape, { kind: Composed }>,
    path: Path,
    offset: number,
  ): unknown {
    if (!isScalar(node) || node.value === null)
      return this.#say(offset, `${this.#place(path)} must be ${words(shape)}`);
    const { value } = node;
    const text = typeof value === 'string' ? value : (node.source ?? JSON.stringify(value));
    const wrong = (): typeof REFUSED =>
      this.#say(offset, `${this.#place(path)} must be ${words(shape)}; it is ${text}`);
    switch (shape.kind) {
      case 'text':
        if (typeof value !== 'string' || !new RegExp(shape.pattern ?? '', 'u').test(value)) return wrong();
        return value;
      case 'scalar':
        return text;
      case 'choice':
        return shape.values.includes(text)
          ? text
          : this.#say(
              offset,
              `${this.#place(path)} must be ${words(shape)}; it is ${text}${didYouMean(text, shape.values)}`,
            );
      case 'duration': {
        const seconds = parseDuration(text);
        return seconds === undefined || seconds < shape.minSeconds || seconds > shape.maxSeconds
          ? wrong()
          : seconds;
      }
      case 'size':
        return parseSize(text) ?? wrong();
      case 'whole':
        return typeof value === 'number' &&
          Number.isInteger(value) &&
          value >= shape.min &&
          value <= shape.max
          ? value
          : wrong();
      case 'flag':
        return typeof value === 'boolean' ? value : wrong();
      default:
        return shape satisfies never;
    }
  }
}

function yamlWords(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'duplicate key';
  return message.includes('call stack') ? 'this is nested too deeply' : `not YAML: ${message}`;
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

function offsetOfNode(node: unknown): number | undefined {
  const range = (node as Partial<Node> | null | undefined)?.range;
  return range?.[0];
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : String(pair.key);
}

function unknownKey(name: string, keys: Readonly<Record<string, Key>>, place: string): string {
  const names = Object.keys(keys);
  if (name.endsWith(')'))
    return `unknown key ${name} in ${place}: within { } a comma ends a value, so a cron with commas needs quotes`;
  return `unknown key ${name} in ${place}${didYouMean(name, names)}; known keys: ${names.join(', ')}`;
}

function words(shape: Exclude<Shape, { kind: Composed }>): string {
  switch (shape.kind) {
    case 'text':
      return shape.words ?? 'a string';
    case 'scalar':
      return 'a string, number or boolean';
    case 'choice':
      return shape.values.join(', ').replace(/, (?=[^,]*$)/, ' or ');
    case 'duration':
      return `a duration like 90s, 10m, 2h or 14d, from ${formatDuration(shape.minSeconds)} to ${formatDuration(shape.maxSeconds)}`;
    case 'size':
      return 'a size like 500MB, 10GB or 1.5GiB, at least 1B and at most 1000TB';
    case 'whole':
      return `a whole number from ${shape.min} to ${shape.max}`;
    case 'flag':
      return 'true or false';
    default:
      return shape satisfies never;
  }
}
