/** The side of `run-step`: records an event that a check caused. Loaded for events that concern no run, which are rare. */
import { asObject, at } from '../../events/read.ts';
import { defined } from '../../run/defined.ts';
import type { Engine } from '../ports.ts';
import { idInName, isArrivalId, noteArrival, type Arrival } from './arrival.ts';

/** False: the event is not of a check of this stage. */
export async function recordArrival(event: unknown, engine: Engine): Promise<boolean> {
  const receivedAt = engine.now();
  const found = idIn(event, engine.settings.stage);
  if (found === undefined) return false;
  await noteArrival(found.id, { receivedAt, ...(await seenIn(found.detail, engine)) }, engine);
  return true;
}

function idIn(value: unknown, stage: string): { id: string; detail: Detail } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const event = asObject(value, 'the event');
  // A replayed event proves nothing of today.
  if (at(event, 'replay-name') !== undefined) return undefined;
  const source = at(event, 'source');
  const name = at(event, 'detail.statementName');
  const own = at(event, 'detail.check');
  const detail = (path: string): unknown => at(event, path);
  if (source === 'aws.redshift-data' && typeof name === 'string') {
    const id = idInName(name, stage);
    return id === undefined ? undefined : { id, detail };
  }
  const isOwn = source === 'baton.request' && at(event, 'detail.stage') === stage && isArrivalId(own);
  return isOwn ? { id: own, detail } : undefined;
}

type Detail = (path: string) => unknown;

async function seenIn(detail: Detail, engine: Engine): Promise<Omit<Arrival, 'receivedAt'>> {
  const statementId = textAt(detail, 'detail.statementId');
  const time = Date.parse(textAt(detail, 'time') ?? '');
  const rows = detail('detail.rows');
  const described = statementId === undefined ? undefined : await engine.warehouse.describe(statementId);
  return defined({
    statementId,
    eventAt: Number.isNaN(time) ? undefined : time,
    state: textAt(detail, 'detail.state'),
    principal: textAt(detail, 'detail.principal'),
    rows: typeof rows === 'number' ? rows : undefined,
    described: typeof described === 'object' ? described.status : described,
  });
}

function textAt(detail: Detail, path: string): string | undefined {
  const value = detail(path);
  return typeof value === 'string' ? value.slice(0, 500) : undefined;
}
