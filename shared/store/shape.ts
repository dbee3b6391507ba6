/** Shapes of stored values: each reads one, or refuses it with its place. */
import { defined } from '../run/defined.ts';
import type { Defined } from '../run/defined.ts';

export class MalformedItemError extends Error {
  override name = 'MalformedItemError';
}

/** `place`: of the value, for people; one that ends with a space is the whole. @throws MalformedItemError */
export type Shape<T> = (value: unknown, place: string) => T;

export type Read<S> = S extends Shape<infer T> ? T : never;

function refuse(value: unknown, place: string, expected: string): never {
  const found = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 100);
  throw new MalformedItemError(`${place} is ${found}, expected ${expected}`);
}

export const text: Shape<string> = (value, place) =>
  typeof value === 'string' ? value : refuse(value, place, 'a string');

/** ISO 8601. */
export const instant: Shape<string> = (value, place) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value))
    ? value
    : refuse(value, place, 'an ISO 8601 time');

/** A whole number from 0. */
export const count: Shape<number> = (value, place) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : refuse(value, place, 'a whole number');

export const truth: Shape<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : refuse(value, place, 'true or false');

/** True, or absent. */
export const flag: Shape<true | undefined> = (value, place) =>
  value === undefined || value === true ? value : refuse(value, place, 'true, or absent');

export function one<const T extends string>(...values: readonly T[]): Shape<T> {
  return (value, place) =>
    values.find((known) => known === value) ?? refuse(value, place, `one of ${values.join(', ')}`);
}

export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, place) => (value === undefined ? undefined : shape(value, place));
}

export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, place) =>
    Array.isArray(value)
      ? value.map((member, i) => shape(member, `${place}[${i}]`))
      : refuse(value, place, 'a list');
}

/** Members with any names. */
export function record<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value, place) =>
    Object.fromEntries(
      Object.entries(asObject(value, place)).map(([name, member]) => [
        name,
        shape(member, within(place, name)),
      ]),
    );
}

/** Exactly these members; others that are there are left out. */
export function map<const S extends Readonly<Record<string, Shape<unknown>>>>(
  shapes: S,
): Shape<Defined<{ readonly [K in keyof S]: Read<S[K]> }>> {
  return (value, place) => {
    const object = asObject(value, place);
    const members = Object.entries(shapes).map(([name, shape]) => [
      name,
      shape(object[name], within(place, name)),
    ]);
    return defined(Object.fromEntries(members) as { readonly [K in keyof S]: Read<S[K]> }) as never;
  };
}

function within(place: string, name: string): string {
  return place.endsWith(' ') ? `${place}${name}` : `${place}.${name}`;
}

function asObject(value: unknown, place: string): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : refuse(value, place, 'a map');
}
