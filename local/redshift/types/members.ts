/** A walk over a statement's tree. */
import type { Node } from 'libpg-query';

/** Every member of every node, in the order of the text. Without recursion: a long expression is a tree as deep. */
export function* membersOf(tree: Node): Generator<readonly [tag: string, value: unknown]> {
  const open: (readonly [string, unknown])[] = [['', tree]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [tag, value] = next;
    if (tag !== '') yield next;
    if (typeof value !== 'object' || value === null) continue;
    const inner = Array.isArray(value)
      ? value.map((item: unknown) => ['', item] as const)
      : Object.entries(value);
    // One by one: a list may have more items than a call may have arguments.
    for (const each of inner.toReversed()) open.push(each);
  }
}
