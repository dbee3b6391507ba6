/** One page of a list, and the token of the next. */
import { invalid } from '../protocol/errors.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

/** AWS's default and greatest page of lists. */
const PAGE = 100;

/**
 * @param items in the list's order
 * @param keyOf identifies an item, so that a page is found again although the list has grown
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  maxResults: number | undefined,
  token: string | undefined,
): Page<T> {
  const size = maxResults === undefined || maxResults === 0 ? PAGE : maxResults;
  let start = 0;
  if (token !== undefined && token !== '') {
    const last = readToken(token);
    const index = items.findIndex((item) => keyOf(item) === last);
    if (index < 0) throw invalid('Invalid NextToken');
    start = index + 1;
  }
  const found = items.slice(start, start + size);
  const end = found.at(-1);
  if (end === undefined || start + size >= items.length) return { items: found };
  return { items: found, nextToken: makeToken(keyOf(end)) };
}

export function makeToken(content: string): string {
  return Buffer.from(content, 'utf8').toString('base64url');
}

export function readToken(token: string): string {
  return Buffer.from(token, 'base64url').toString('utf8');
}
