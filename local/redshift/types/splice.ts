/** Edits of a text at the expressions of its tree. They are put in from the last to the first, in bytes. */
import type { Node } from 'libpg-query';

import type { Extents } from './extents.ts';

export type Edit =
  /** Text around an expression. */
  | { readonly kind: 'wrap'; readonly node: Node; readonly before: string; readonly after: string }
  /** Another text in the place of an operator, or of another single token. */
  | { readonly kind: 'token'; readonly location: number | undefined; readonly text: string }
  /** A list in the place of a star; its texts may still change. */
  | { readonly kind: 'list'; readonly node: Node; readonly texts: readonly string[] }
  /** Another text in the place of bytes. */
  | { readonly kind: 'range'; readonly start: number; readonly end: number; readonly text: string };

const MOST_EDITS = 1e6;

interface Insertion {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** At one place: what closes, then a name of an item, then what opens. */
  readonly rank: number;
}

/** A select item without a name of its own, and the name that PostgreSQL gives it. */
export interface UnnamedItem {
  readonly node: Node;
  readonly name: string;
}

/**
 * @param edits of inner expressions before those of outer ones
 * @param items that keep their names if something in them is edited
 */
export function splice(
  sql: string,
  extents: Extents,
  edits: readonly Edit[],
  items: readonly UnnamedItem[],
): string {
  const insertions = edits.flatMap((edit, order) => insertionsOf(edit, order, extents));
  for (const { node, name } of items) {
    const { start, end } = extents.withParentheses(node);
    if (!insertions.some((each) => each.start >= start && each.end <= end)) continue;
    insertions.push({ start: end, end, text: ` as "${name.replaceAll('"', '""')}"`, rank: edits.length });
  }
  insertions.sort((a, b) => a.start - b.start || a.rank - b.rank);
  const bytes = Buffer.from(sql);
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of insertions) {
    if (start < at) continue;
    parts.push(bytes.subarray(at, start), Buffer.from(text));
    at = end;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts).toString('utf8');
}

/** Text that closes comes before text that opens; of those that open at one place the outer, later, is first. */
function insertionsOf(edit: Edit, order: number, extents: Extents): Insertion[] {
  if (edit.kind === 'token') {
    const { start, end } = extents.tokenAt(edit.location);
    return [{ start, end, text: edit.text, rank: MOST_EDITS }];
  }
  if (edit.kind === 'range') return [{ ...edit, rank: -1 }];
  const { start, end } = extents.of(edit.node);
  if (edit.kind === 'list') return [{ start, end, text: edit.texts.join(', '), rank: MOST_EDITS }];
  return [
    { start, end: start, text: edit.before, rank: MOST_EDITS - order },
    { start: end, end, text: edit.after, rank: order },
  ];
}
