/** Reads a step's marker from a fresh session, and what is known of the session in which the step ran. */
import type { Plan } from '../pipeline/plan.ts';
import type { MarkerProbed, StatementEnd } from '../run/run-event.ts';
import type { Failure, Run } from '../run/run.ts';
import { markerQuery, openTransactionsQuery } from '../warehouse/marker.ts';
import type { Ports } from './ports.ts';

export async function probeMarker(
  run: Run,
  plan: Plan,
  failure: Failure,
  end: StatementEnd | undefined,
  ports: Ports,
): Promise<MarkerProbed> {
  const session = run.sessionId === undefined ? 'UNKNOWN' : await ports.warehouse.session(run.sessionId);
  // First the transactions, then the marker: a commit in between is then seen as present.
  const open = run.pid === undefined ? undefined : await count(openTransactionsQuery(run.pid), plan, ports);
  const markers = await count(
    markerQuery({ runId: run.id, birth: run.birth, step: run.step ?? '' }),
    plan,
    ports,
  );
  const later = open === 'later' || markers === 'later';
  return {
    kind: 'MarkerProbed',
    marker: later ? 'later' : markers === undefined ? 'unreadable' : markers > 0 ? 'present' : 'absent',
    session,
    open: later || open === undefined ? 'unreadable' : open > 0 ? 'some' : 'none',
    failure,
    ...(end === undefined ? {} : { end }),
  };
}

/** `later`: the warehouse could not be asked just now. Undefined: it refuses the question. */
async function count(sql: string, plan: Plan, ports: Ports): Promise<number | 'later' | undefined> {
  const asked = await ports.warehouse.ask(sql, plan.warehouse);
  if (!asked.ok) {
    ports.log('warn', 'a probe could not be read', { sql, error: asked.refusal.message });
    return asked.refusal.reason === 'rejected' ? undefined : 'later';
  }
  const value = Number(asked.value[0]?.[0]);
  return Number.isInteger(value) ? value : undefined;
}
