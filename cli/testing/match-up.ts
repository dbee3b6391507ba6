/** Finds a partner for as many rows as possible. Pure. */

interface Sameness<T> {
  /** Rows that can be the same have one key. */
  readonly keyOf: (one: T) => string;
  /** Undefined: rows with one key are the same. */
  readonly isSame: ((from: T, to: T) => boolean) | undefined;
}

/**
 * Partners of `from` in `to`, each in one pair at most. Which pairs are possible is not transitive where values may differ a
 * little, so a partner that was taken is freed again where its first one has another (Kuhn's algorithm).
 */
export function matchUp<T>(from: readonly T[], to: readonly T[], { keyOf, isSame }: Sameness<T>): Map<T, T> {
  const groups = new Map<string, T[]>();
  for (const one of to) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const partners = new Map<T, T>();
  const takenBy = new Map<T, T>();
  const pair = (one: T, other: T): void => {
    partners.set(one, other);
    takenBy.set(other, one);
  };
  const taken = new Map<string, number>();
  for (const one of from) {
    const key = keyOf(one);
    const group = groups.get(key) ?? [];
    if (isSame === undefined) {
      const next = taken.get(key) ?? 0;
      const other = group[next];
      if (other === undefined) continue;
      taken.set(key, next + 1);
      pair(one, other);
    } else findFor(one, group, isSame, takenBy, pair);
  }
  return partners;
}

/** Breadth first over the rows that would have to take another partner, back from the first free one. */
function findFor<T>(
  one: T,
  group: readonly T[],
  isSame: (from: T, to: T) => boolean,
  takenBy: ReadonlyMap<T, T>,
  pair: (one: T, other: T) => void,
): void {
  /** Who came upon a candidate first. */
  const wantedBy = new Map<T, T>();
  const seekers = [one];
  const partnerOf = new Map<T, T>();
  for (const seeker of seekers) {
    for (const other of group) {
      if (wantedBy.has(other) || !isSame(seeker, other)) continue;
      wantedBy.set(other, seeker);
      const holder = takenBy.get(other);
      if (holder !== undefined) {
        partnerOf.set(holder, other);
        seekers.push(holder);
        continue;
      }
      let given: T | undefined = other;
      while (given !== undefined) {
        const taker: T = wantedBy.get(given) ?? one;
        const before = partnerOf.get(taker);
        pair(taker, given);
        given = taker === one ? undefined : before;
      }
      return;
    }
  }
}
