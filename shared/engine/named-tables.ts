/** The permanent tables that pipelines name with their schema. */
import type { Plan } from '../pipeline/plan.ts';
import { nameParts } from '../pipeline/table-name.ts';

export interface NamedTable {
  /** `schema.table`, as written in SQL. */
  readonly name: string;
  readonly isWritten: boolean;
}

/**
 * Sorted by name. Excludes tables that a pipeline creates or drops itself, names that depend on the search path (resolved
 * only in the session), and tables of other databases, where privileges are granted differently.
 */
export function tablesOf(plans: readonly Plan[]): NamedTable[] {
  const lineages = plans.flatMap((plan) => plan.steps.map((step) => step.lineage));
  const own = new Set(lineages.flatMap((lineage) => lineage.redefines ?? []));
  const written = new Set(
    lineages.flatMap((lineage) => (lineage.writes === 'everything' ? [] : lineage.writes)),
  );
  const read = lineages.flatMap((lineage) => lineage.reads.concat(lineage.shapes ?? []));
  const named = new Set([...written, ...read]);
  return [...named]
    .filter((name) => nameParts(name).length === 2 && !own.has(name) && !isSystem(name))
    .sort()
    .map((name) => ({ name, isWritten: written.has(name) }));
}

function isSystem(name: string): boolean {
  return /^(?:pg_catalog|information_schema|pg_temp)\./.test(name);
}
