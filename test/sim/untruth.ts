/** Reports of failures that are not true. */
import type { FakeStatement } from '../fakes/fake-warehouse.ts';
import type { Stage } from './stage.ts';
import { spokenBy } from './warehouse-data.ts';

/**
 * A report of a failure may be wrong: the statement took effect, or will. Where the text is the database's verdict that is
 * survived with a marker alone.
 */
export function untruthOf(
  stage: Stage,
  statement: FakeStatement,
  isOpen: boolean,
): { applied?: true; lateMs?: number } {
  const { random } = stage;
  const hasMarker = isDurable(statement);
  if (stage.quiet || !random.chance(0.8) || !(isOpen || hasMarker)) return {};
  if (hasMarker && isOpen && random.chance(0.5)) {
    if (!stage.swarm.kinds.has('reported failed, applied later')) return {};
    stage.fired('reported failed, applied later');
    return { lateMs: random.below(55_000) };
  }
  const kind = isLasting(statement)
    ? 'reported failed, was applied'
    : 'session step reported failed, was done';
  if (!stage.swarm.kinds.has(kind)) return {};
  stage.fired(kind);
  return { applied: true };
}

/** Durable or opaque. */
export function isLasting(statement: FakeStatement): boolean {
  return isDurable(statement) || statement.sqls[0]?.includes('\nCALL ') === true;
}

function isDurable(statement: FakeStatement): boolean {
  return spokenBy(statement)?.birth !== undefined;
}
