/** Reads a step's marker from a new session, and the state of the session in which the step ran. */
import type { Plan } from '../pipeline/plan.ts';
import type { MarkerProbed } from '../run/run-event.ts';
import type { Run } from '../run/run.ts';
import { markerQuery, openTransactionsQuery } from '../warehouse/marker.ts';
import type { Engine } from './ports.ts';

export async function probeMarker(
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<Pick<MarkerProbed, 'marker' | 'session' | 'open'>> {
  const { id, pid } = { id: undefined, pid: undefined, ...run.session };
  const session = id === undefined ? 'UNKNOWN' : await engine.warehouse.session(id);
  // First the transactions, then the marker: a commit in between is then seen as present.
  const open = pid === undefined ? undefined : await count(openTransactionsQuery(pid), plan, engine);
  const { id: runId, incarnationId: birth, step } = run;
  const markers = await count(markerQuery({ runId, birth, step }), plan, engine);
  const later = open === 'later' || markers === 'later';
  return {
    marker: later ? 'later' : markers === undefined ? 'unreadable' : markers > 0 ? 'present' : 'absent',
    session,
    open: later || open === undefined ? 'unreadable' : open > 0 ? 'some' : 'none',
  };
}

/** `later`: the warehouse could not answer now. Undefined: it rejects the query. */
async function count(sql: string, plan: Plan, engine: Engine): Promise<number | 'later' | undefined> {
  const asked = await engine.warehouse.ask(sql, plan.warehouse);
  if (!asked.ok) {
    engine.log('warn', 'a probe query failed', { sql, error: asked.refusal.message });
    return asked.refusal.reason === 'rejected' ? undefined : 'later';
  }
  const value = Number(asked.value[0]?.[0]);
  return Number.isInteger(value) ? value : undefined;
}
