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

/** How often the step committed under this run's birth; queried only from a fresh session. */
export function markerQuery(marker: Pick<Marker, 'runId' | 'birth' | 'step'>): string {
  return `SELECT COUNT(*) FROM baton.step_marker WHERE run_id = ${quoteLiteral(marker.runId)} AND birth = ${quoteLiteral(marker.birth)} AND step = ${quoteLiteral(marker.step)}`;
}

/** Open transactions of a session's process. `pid`: as returned by the Data API. */
export function openTransactionsQuery(pid: number): string {
  return `SELECT COUNT(*) FROM svv_transactions WHERE pid = ${Math.trunc(pid)}`;
}
