/** Where in the user's statement an error is that PostgreSQL found in the translated one. */
import type { DatabaseError } from 'pg';

import { NOT_FUNCTIONS } from '../../../shared/pipeline/functions.ts';
import { isBlank, tokenize } from '../../../shared/pipeline/lexer.ts';
import type { Token } from '../../../shared/pipeline/lexer.ts';
import { WRITTEN_NAMES } from '../dialect/redshift-error.ts';
import { SHIM } from '../dialect/shim/schema.ts';
import { ownEntry } from '../../own-entry.ts';

/**
 * By the token there: the translator drops, adds and replaces tokens, but keeps their order. Undefined: it cannot be told.
 * @param ran what PostgreSQL was given
 * @param position in it, in characters from 1
 * @returns in characters from 1
 */
function positionIn(user: string, ran: string, position: number): number | undefined {
  if (ran === user) return position;
  const theirs = codeOf(ran);
  const ours = codeOf(user);
  const index = offsetOf(ran, position);
  let at = theirs.findIndex(({ start, end }) => start <= index && index < end);
  if (at === -1) return undefined;
  if (theirs[at]?.text === SHIM) at += 2;
  const keys = keysOf(theirs[at]);
  const found = ours.flatMap((token, place) => (keys.includes(keyOf(token)) ? [place] : []));
  const same = theirs.flatMap((token, place) => (keysOf(token)[0] === keys[0] ? [place] : []));
  // A name that the translator repeats is the user's one; marks and key words it also writes of its own.
  const repeated = found.length === 1 && isName(theirs[at]);
  const place = found.length === same.length ? found[same.indexOf(at)] : repeated ? found[0] : undefined;
  return place === undefined ? undefined : characters(user, ours[place]);
}

const NEAR = /^syntax error at or near "([^]*)"$/;

/**
 * Makes an error one of the user's statement: its position is the user's or none, and a syntax error names a text of the
 * user's, also where the translator had written another one there.
 * @param ran what PostgreSQL was given when it failed
 */
export function placeIn(user: string, ran: string | undefined, error: DatabaseError): void {
  const position = Number(error.position ?? 0);
  const found = ran === undefined || position === 0 ? undefined : positionIn(user, ran, position);
  error.position = found === undefined ? undefined : String(found);
  const near = NEAR.exec(error.message)?.[1];
  if (ran === undefined || near === undefined || user.toLowerCase().includes(near.toLowerCase())) return;
  const next = nextOfUser(user, ran, position);
  error.message = next === undefined ? 'syntax error' : `syntax error at or near "${next.text}"`;
  error.position = next === undefined ? undefined : String(characters(user, next));
}

/** The nearest token from a position on that the user wrote too. */
function nextOfUser(user: string, ran: string, position: number): Token | undefined {
  const index = offsetOf(ran, position);
  const ours = codeOf(user);
  for (const token of codeOf(ran).filter(({ start }) => start >= index)) {
    const at = positionIn(user, ran, Array.from(ran.slice(0, token.start)).length + 1);
    if (at !== undefined) return ours.find(({ start }) => start === offsetOf(user, at));
  }
  return undefined;
}

/** Of the only token with this text, in characters from 1. */
export function positionOf(user: string, text: string): number | undefined {
  const found = codeOf(user).filter((token) => token.text.toLowerCase() === text.toLowerCase());
  return found.length === 1 ? characters(user, found[0]) : undefined;
}

function codeOf(sql: string): Token[] {
  try {
    return tokenize(sql).filter((token) => !isBlank(token));
  } catch {
    return [];
  }
}

function isName(token: Token | undefined): boolean {
  if (token?.kind === 'word') return !NOT_FUNCTIONS.has(token.text.toUpperCase());
  return token?.kind === 'quoted' || token?.kind === 'string' || token?.kind === 'number';
}

/** Quoted or not, a name is the same name. */
function keyOf({ kind, text }: Token): string {
  return (kind === 'quoted' ? text.slice(1, -1) : text).toLowerCase();
}

/** How the user may have written it. */
function keysOf(token: Token | undefined): readonly string[] {
  if (token === undefined) return [];
  const key = keyOf(token);
  return ownEntry(WRITTEN_NAMES, key) ?? [key];
}

/** PostgreSQL counts characters, JavaScript units of UTF-16. */
function offsetOf(sql: string, position: number): number {
  return Array.from(sql)
    .slice(0, position - 1)
    .join('').length;
}

function characters(sql: string, token: Token | undefined): number | undefined {
  return token === undefined ? undefined : Array.from(sql.slice(0, token.start)).length + 1;
}
