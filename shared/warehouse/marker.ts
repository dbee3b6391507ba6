/** The row that proves a durable step committed: written in the step's own transaction, never read there. */
import { quoteLiteral } from '../pipeline/render.ts';

export interface Marker {
  readonly runId: string;
  /** The run's 16 random bytes, hex. */
  readonly birth: string;
  readonly step: string;
  readonly generation: number;
  readonly attempt: number;
  readonly statementHash: string;
}

/** The last statement of every durable step. */
export function markerInsert(marker: Marker): string {
  const values = [
    quoteLiteral(marker.runId),
    quoteLiteral(marker.birth),
    quoteLiteral(marker.step),
    String(marker.generation),
    String(marker.attempt),
    quoteLiteral(marker.statementHash),
    'GETDATE()',
  ];
  return `INSERT INTO baton.step_marker (run_id, birth, step, generation, attempt, statement_hash, committed_at) VALUES (${values.join(', ')})`;
}
