/**
 * Whether a step that failed with a write conflict (1023) may simply be retried: not if a temporary table that it reads
 * was derived from a table that it writes, since another transaction has changed that table meanwhile.
 */
import type { FileEffect } from './lineage.ts';
import { meeting, nameKey } from './table-name.ts';

/** By step, in order. */
export function conflictRetries(files: readonly FileEffect[]): boolean[] {
  /** Temporary table -> permanent tables that its rows came from. */
  const sources = new Map<string, Set<string>>();
  return files.map((file) => {
    const read = new Set<string>();
    for (const { readsTemp, writesTemp, createsTemp, reads } of file.statements) {
      const from = new Set(reads);
      for (const name of readsTemp) for (const source of sources.get(nameKey(name)) ?? []) from.add(source);
      for (const name of [...readsTemp, ...writesTemp]) {
        for (const source of sources.get(nameKey(name)) ?? []) read.add(source);
      }
      for (const name of createsTemp) sources.set(nameKey(name), new Set(from));
      for (const name of writesTemp) {
        const all = sources.get(nameKey(name)) ?? new Set();
        for (const source of from) all.add(source);
        sources.set(nameKey(name), all);
      }
    }
    const { writes, writesUnknown } = file.effect;
    return meeting([...read], writesUnknown ? 'everything' : writes).length === 0;
  });
}
