/** Reading of unknown JSON with the place in every message. */
import { isObject, type JsonObject } from '../json-object.ts';

export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** One JSON object of the template, with the path that leads to it: `Resources.Table.Properties`. */
export class Node {
  readonly place: string;
  readonly value: JsonObject;

  constructor(place: string, value: unknown) {
    if (!isObject(value)) throw new TemplateError(`${place}: expected an object, got ${describe(value)}`);
    this.place = place;
    this.value = value;
  }

  has(key: string): boolean {
    return this.value[key] !== undefined;
  }

  text(key: string): string {
    return this.optionalText(key) ?? this.missing(key);
  }

  optionalText(key: string): string | undefined {
    const value = this.value[key];
    if (value === undefined) return undefined;
    // CloudFormation takes a number or a boolean wherever it wants text.
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value !== 'string') return this.wrong(key, 'text');
    return value;
  }

  number(key: string): number {
    return this.optionalNumber(key) ?? this.missing(key);
  }

  optionalNumber(key: string): number | undefined {
    const value = this.value[key];
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) return this.wrong(key, 'a number');
    return number;
  }

  optionalBoolean(key: string): boolean | undefined {
    const value = this.value[key];
    if (value === undefined) return undefined;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    return this.wrong(key, 'true or false');
  }

  node(key: string): Node {
    return this.optionalNode(key) ?? this.missing(key);
  }

  optionalNode(key: string): Node | undefined {
    const value = this.value[key];
    return value === undefined ? undefined : new Node(`${this.place}.${key}`, value);
  }

  /** An absent list is empty. */
  list(key: string): readonly unknown[] {
    const value = this.value[key];
    if (value === undefined) return [];
    if (!Array.isArray(value)) return this.wrong(key, 'a list');
    return value as readonly unknown[];
  }

  nodes(key: string): readonly Node[] {
    return this.list(key).map((value, index) => new Node(`${this.place}.${key}[${String(index)}]`, value));
  }

  texts(key: string): readonly string[] {
    return this.list(key).map((value) =>
      typeof value === 'string' ? value : this.wrong(key, 'a list of strings'),
    );
  }

  missing(key: string): never {
    throw new TemplateError(`${this.place}: ${key} is missing`);
  }

  wrong(key: string, expected: string): never {
    throw new TemplateError(`${this.place}.${key}: expected ${expected}, got ${describe(this.value[key])}`);
  }
}

export function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
