/**
 * Names of tables: `schema.table`, lower case, quoted only where they must be. Redshift folds the case of quoted
 * names too (unless enable_case_sensitive_identifier is on), so names are compared without case.
 */

const PLAIN = /^[#\p{L}_][\p{L}\p{M}\p{N}_$]*$/u;

/** One part as written in SQL -> normalized. */
export function namePart(written: string): string {
  if (!written.startsWith('"')) return written.toLowerCase();
  const inner = written.slice(1, -1).replaceAll('""', '"');
  return PLAIN.test(inner) && inner === inner.toLowerCase() ? inner : written;
}

/** Splits at the dots that are not inside quotes. */
export function nameParts(name: string): string[] {
  return name.match(/"(?:[^"]|"")*"|[^."]+/g) ?? [];
}

/** What names are compared by. */
export function nameKey(name: string): string {
  return nameParts(name.toLowerCase())
    .map((part) => (part.startsWith('"') ? namePart(part) : part))
    .join('.');
}

export function isQualified(name: string): boolean {
  return nameParts(name).length > 1;
}

/** `#name` is temporary by its spelling. */
export function isHashName(name: string): boolean {
  return /^"?#/.test(name);
}

/**
 * Whether two names may mean one table: `dim` and `mart.dim` may, since the search path decides; `a.dim` and `b.dim`
 * may not.
 */
export function mayBeSame(a: string, b: string): boolean {
  const left = nameParts(nameKey(a)).toReversed();
  const right = nameParts(nameKey(b)).toReversed();
  const shared = Math.min(left.length, right.length);
  return shared > 0 && left.slice(0, shared).every((part, i) => part === right[i]);
}

/** Names that both sides may share; `everything` matches anything. */
export function meeting(reads: readonly string[], writes: readonly string[] | 'everything'): string[] {
  if (writes === 'everything') return [...reads];
  return reads.filter((read) => writes.some((write) => mayBeSame(read, write)));
}

export function uniqueNames(names: Iterable<string>): string[] {
  const found = new Map<string, string>();
  for (const name of names) if (!found.has(nameKey(name))) found.set(nameKey(name), name);
  return [...found.values()].sort();
}
