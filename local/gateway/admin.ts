/**
 * The door for people and tests, under `/_local/`: status, messages, clock, settle, forget, tables, faults, calls, reload, kill-session, switches,
 * empty-warehouse, reset, stop.
 * JSON in, JSON out; a request it does not understand gets 400 and one sentence.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { messageOf } from '../../shared/errors.ts';
import { BadRequest } from '../bad-request.ts';
import type { LocalClock } from '../clock.ts';
import type { EventFaults } from '../events/event-faults.ts';
import type { CallFaults } from '../faults/call-faults.ts';
import { parseCallFault, parseEventFault } from '../faults/parse.ts';
import { readBody } from '../http.ts';
import { isObject, type JsonObject } from '../json-object.ts';
import type { CallLog } from './call-log.ts';

export interface AdminPorts {
  readonly clock: LocalClock;
  readonly calls: CallLog;
  readonly callFaults: CallFaults;
  readonly eventFaults: EventFaults;
  /** Moves the clock of every process on; resolves when all stand there. */
  advance(ms: number): Promise<void>;
  /** Sets the clock of every process, also back. Ms since the epoch. */
  setClock(now: number): Promise<void>;
  status(): unknown;
  /** Resolves when nothing is under way, or after that many ms. */
  settle(limitMs: number): Promise<unknown>;
  /** Drops what waits for a later time: delayed events, retries, messages of queues, events in archives. */
  forget(): unknown;
  /** What was published to topics. */
  messages(): unknown;
  reload(): Promise<unknown>;
  /** Ends a warehouse session as if its connection was lost. */
  killSession(sessionId: string): Promise<unknown>;
  /** Sets what AWS does not document; what is not named has its default. */
  setSwitches(switches: JsonObject): Promise<unknown>;
  /** All rows of all tables of the warehouse. */
  tables(): Promise<unknown>;
  /** Closes every warehouse session and drops all that sessions made. */
  emptyWarehouse(): Promise<unknown>;
  /** Clears faults; with `data` it also removes all that is stored, and what is under way. */
  reset(data: boolean): Promise<unknown>;
  /** Answered before the stop begins. */
  stop(): void;
}

/** 365 days: further ahead a slip of the keyboard is likelier than a wish. */
const LONGEST_ADVANCE_MS = 365 * 86_400_000;

export function createAdmin(
  ports: AdminPorts,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    try {
      const url = new URL(request.url ?? '/', 'http://local');
      const what = `${request.method ?? 'GET'} ${url.pathname.replace(/^\/_local\//, '')}`;
      const text = (await readBody(request)).toString('utf8');
      sendAdmin(response, 200, await answer(ports, what, url.searchParams, () => parseBody(text)));
    } catch (error) {
      const wrong = error instanceof BadRequest;
      sendAdmin(response, wrong ? 400 : 500, {
        error: messageOf(error),
      });
    }
  };
}

async function answer(
  ports: AdminPorts,
  what: string,
  query: URLSearchParams,
  body: () => JsonObject,
): Promise<unknown> {
  switch (what) {
    case 'GET status':
      return ports.status();
    case 'GET messages':
      return { messages: ports.messages() };
    case 'GET clock':
      return clockView(ports.clock);
    case 'POST clock':
      await changeClock(ports, body());
      return clockView(ports.clock);
    case 'POST settle':
      return ports.settle(limitOf(body()));
    case 'POST forget':
      return ports.forget();
    case 'GET calls': {
      const since = Number(query.get('since') ?? 0);
      if (!Number.isInteger(since) || since < 0)
        throw new BadRequest('since must be a whole number of calls');
      const counts = ports.calls.counts(since);
      return query.has('detail') ? { ...counts, calls: ports.calls.since(since) } : counts;
    }
    case 'GET faults':
      return {
        faults: [
          ...ports.callFaults.list().map((fault) => Object.assign({ target: 'call' }, fault)),
          ...ports.eventFaults.list().map((fault) => Object.assign({ target: 'event' }, fault)),
        ],
      };
    case 'POST faults':
      return addFault(ports, body());
    case 'DELETE faults': {
      const id = query.get('id') ?? undefined;
      return { removed: ports.callFaults.remove(id) + clearEventFaults(ports.eventFaults, id) };
    }
    case 'POST reload':
      return ports.reload();
    case 'POST kill-session': {
      const sessionId = body()['sessionId'];
      if (typeof sessionId !== 'string') throw new BadRequest('sessionId is missing');
      return ports.killSession(sessionId);
    }
    case 'POST switches':
      return ports.setSwitches(body());
    case 'GET tables':
      return ports.tables();
    case 'POST empty-warehouse':
      return ports.emptyWarehouse();
    case 'POST reset':
      return ports.reset(dataOf(body()));
    case 'POST stop':
      setImmediate(() => {
        ports.stop();
      });
      return { stopping: true };
    default:
      throw new BadRequest(
        `unknown request ${what}; known are status, messages, clock, settle, forget, tables, calls, faults, reload, kill-session, switches, empty-warehouse, reset, stop`,
      );
  }
}

function addFault(ports: AdminPorts, input: JsonObject): unknown {
  const target = input['target'] ?? 'call';
  if (target === 'call') {
    const fault = parseCallFault(input);
    ports.callFaults.add(fault);
    return fault;
  }
  if (target !== 'event') throw new BadRequest('target must be call or event');
  const fault = parseEventFault(input);
  return { target, id: ports.eventFaults.set(fault), ...fault };
}

function clearEventFaults(faults: EventFaults, id: string | undefined): number {
  const before = faults.list().length;
  faults.clear(id);
  return before - faults.list().length;
}

async function changeClock(ports: AdminPorts, body: JsonObject): Promise<void> {
  const { now } = body;
  if (now === undefined) return ports.advance(advanceOf(body));
  const time = typeof now === 'string' && ISO_TIME.test(now) ? Date.parse(now) : Number.NaN;
  if (Number.isNaN(time) || Object.hasOwn(body, 'advanceMs'))
    throw new BadRequest('now must be a time like 2026-03-01T00:00:00Z, and advanceMs must not be there');
  return ports.setClock(time);
}

const ISO_TIME = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;

function advanceOf(body: JsonObject): number {
  const ms = body['advanceMs'];
  if (typeof ms !== 'number' || !Number.isInteger(ms) || ms < 0 || ms > LONGEST_ADVANCE_MS) {
    throw new BadRequest(
      `advanceMs must be a whole number of milliseconds from 0 to ${String(LONGEST_ADVANCE_MS)}`,
    );
  }
  return ms;
}

function dataOf({ data = false }: JsonObject): boolean {
  if (typeof data !== 'boolean') throw new BadRequest('data must be true or false');
  return data;
}

function limitOf(body: JsonObject): number {
  const ms = body['limitMs'] ?? 60_000;
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= 600_000))
    throw new BadRequest('limitMs must be a number from 0 to 600000');
  return ms;
}

function clockView(clock: LocalClock): unknown {
  return { now: new Date(clock.now()).toISOString(), offsetMs: clock.offsetMs };
}

function parseBody(text: string): JsonObject {
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadRequest('the body is not JSON');
  }
  if (!isObject(value)) throw new BadRequest('the body must be a JSON object');
  return value;
}

/** An answer of the admin door: one line of JSON. */
export function sendAdmin(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value)}\n`);
}
