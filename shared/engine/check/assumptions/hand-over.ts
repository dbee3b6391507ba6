/** From the end of a statement to the next one: completion events, DescribeStatement beside them, the session, look-ups. */
import type { StatementStatus } from '../../../warehouse/warehouse.ts';
import { arrivalId, arrivalOf, checkedName, expectArrival, type Arrival } from '../arrival.ts';
import type { Engine } from '../../ports.ts';
import { endOf, type Accepted } from '../session.ts';
import { close, differs, holds, mustSubmit, notSeen, openSession, range, type Lab } from './lab.ts';

const ROUNDS = 4;
/** After the last statement's end. */
const EVENT_WAIT_MS = 5_000;
const END_WAIT_MS = 5_000;
const LISTED_WAIT_MS = 3_000;
const FINE_POLL_MS = 25;
/** Longer, and a person would notice it in the time of each step. */
const PROMPT_MS = 2_000;

interface Sent extends Accepted {
  readonly id: string;
  readonly name: string;
}

type Seen = Sent & { readonly end: StatementStatus | undefined; readonly lagMs: number | undefined };

/** @throws Error with the warehouse's words if a statement is not accepted */
export async function handOver({ engine, roleName, note }: Lab): Promise<void> {
  const { sessionId } = await openSession(engine);
  const singles: Seen[] = [];
  const listedAfter: (number | undefined)[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const sent = await send(sessionId, ['SELECT 1'], engine);
    // In two rounds only: it takes time in which the session becomes free.
    if (round < 2) listedAfter.push(await untilListed(sent.name, engine));
    singles.push(await ended(sent, engine));
  }
  const batch = await ended(await send(sessionId, ['SELECT 1', 'SELECT 2'], engine), engine);
  const failed = await ended(await send(sessionId, ['SELECT 1 / 0'], engine), engine);
  await close(sessionId, engine);

  note(nameLookUp(listedAfter));
  note(busyAfterEnd([...singles.slice(1), batch, failed]));
  const rows = batch.end?.rows ?? [];
  note(
    rows.length === 2 && rows.every((count) => count === 1)
      ? holds('row-counts', 'one count for each statement of a transaction')
      : differs('row-counts', `counts of a transaction of two queries of one row: ${JSON.stringify(rows)}`, [
          'resultsCounted',
          'false',
        ]),
  );

  const all = [...singles, batch, failed];
  const arrivals = await Promise.all(all.map(({ id }) => arrivalOf(id, EVENT_WAIT_MS, engine)));
  const arrived = all.flatMap((seen, at) => {
    const arrival = arrivals[at];
    return arrival === undefined ? [] : [{ seen, arrival }];
  });
  const ofSingles = arrivals.slice(0, ROUNDS).filter((arrival) => arrival !== undefined).length;
  note(
    ofSingles === ROUNDS
      ? holds('event', `${ROUNDS} of ${ROUNDS} arrived`)
      : (ofSingles === 0 ? notSeen : differs)(
          'event',
          `${ofSingles} of ${ROUNDS} arrived within ${EVENT_WAIT_MS / 1000} s`,
        ),
  );
  note(kindOfEvent('batch-event', 'FINISHED', arrivals[ROUNDS]));
  note(kindOfEvent('failure-event', 'FAILED', arrivals[ROUNDS + 1]));
  if (arrived.length === 0) return;
  const principals = [...new Set(arrived.map(({ arrival }) => arrival.principal ?? 'none'))];
  note(
    principals.every((principal) => principal.includes(`:assumed-role/${roleName}/`))
      ? holds('event-principal', principals.join(', '))
      : differs('event-principal', principals.join(', ')),
  );
  const delays = arrived.flatMap(({ seen, arrival }) => since(seen, arrival.receivedAt));
  if (delays.length > 0) note(eventDelay(delays));
  const stamps = arrived.flatMap(({ seen, arrival }) => since(seen, arrival.eventAt));
  if (stamps.length > 0) {
    const found = `its time minus the end: ${range(stamps)}`;
    note((stamps.every((ms) => Math.abs(ms) <= PROMPT_MS) ? holds : differs)('event-time', found));
  }
  note(describeAtEvent(arrived));
}

/** The statement's end by DescribeStatement, to a later time. */
function since({ end }: Seen, later: number | undefined): number[] {
  const at = end?.updatedAt?.getTime();
  return at === undefined || later === undefined ? [] : [later - at];
}

async function send(sessionId: string, sqls: readonly string[], engine: Engine): Promise<Sent> {
  const id = arrivalId(engine);
  const name = checkedName(engine.settings.stage, id);
  await expectArrival(id, engine);
  return { id, name, ...(await mustSubmit(sessionId, sqls, engine, name, FINE_POLL_MS)) };
}

async function ended(sent: Sent, engine: Engine): Promise<Seen> {
  const end = await endOf(sent.statementId, END_WAIT_MS, engine, FINE_POLL_MS);
  const at = end?.updatedAt?.getTime();
  return { ...sent, end, lagMs: at === undefined ? undefined : engine.now() - at };
}

/** In ms; undefined: not within the limit. */
async function untilListed(name: string, engine: Engine): Promise<number | undefined> {
  const began = engine.now();
  for (;;) {
    const found = await engine.warehouse.findByName(name);
    const ms = engine.now() - began;
    if (found !== undefined) return ms;
    if (ms > LISTED_WAIT_MS) return undefined;
    await engine.pause(400);
  }
}

function nameLookUp(listed: readonly (number | undefined)[]) {
  const found = listed.filter((ms) => ms !== undefined);
  return found.length === listed.length
    ? holds('name-look-up', `${found.length} of ${listed.length} listed, the look-up took ${range(found)}`)
    : differs(
        'name-look-up',
        `${found.length} of ${listed.length} listed within ${LISTED_WAIT_MS / 1000} s of being accepted`,
      );
}

/** Of statements that were sent when DescribeStatement showed the end of the one before. */
function busyAfterEnd(next: readonly Sent[]) {
  const late = next.filter(({ refusals }) => refusals > 0);
  if (late.length === 0)
    return holds('busy-after-end', `the next statement was accepted at once, ${next.length} times`);
  const most = Math.max(...late.map(({ refusedMs }) => refusedMs));
  return differs(
    'busy-after-end',
    `${late.length} of ${next.length} times the next statement was refused, for up to ${Math.round(most)} ms`,
    ['busyAfterEndMs', String(Math.ceil(most))],
  );
}

function kindOfEvent(
  assumption: 'batch-event' | 'failure-event',
  state: string,
  arrival: Arrival | undefined,
) {
  if (arrival === undefined) return notSeen(assumption, `it did not arrive within ${EVENT_WAIT_MS / 1000} s`);
  const found = `arrived as ${arrival.state ?? 'no state'}, rows ${arrival.rows ?? 'absent'}`;
  return (arrival.state === state ? holds : differs)(assumption, found);
}

function eventDelay(delays: readonly number[]) {
  const found = `received ${range(delays)} after the end`;
  const most = Math.max(...delays);
  return most <= PROMPT_MS
    ? holds('event-delay', found)
    : differs('event-delay', found, ['eventDelayMs', String(Math.round(most))]);
}

function describeAtEvent(arrived: readonly { readonly seen: Seen; readonly arrival: Arrival }[]) {
  const early = arrived.filter(
    ({ arrival }) => arrival.described === undefined || arrival.described === 'RUNNING',
  );
  if (early.length === 0)
    return holds('describe-at-event', `final in ${arrived.length} of ${arrived.length} events`);
  const lags = early.flatMap(({ seen }) => seen.lagMs ?? []);
  return differs(
    'describe-at-event',
    `still running in ${early.length} of ${arrived.length} events` +
      (lags.length === 0 ? '' : `; final ${range(lags)} after the end`),
    lags.length === 0 ? undefined : ['describeLagMs', String(Math.max(0, Math.round(Math.max(...lags))))],
  );
}
