/**
 * Looks a name from outside up in a table: what every object inherits (`constructor`, `toString`, `__proto__`) is not an
 * entry of it.
 */
export function ownEntry<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
