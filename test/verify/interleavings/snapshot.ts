/**
 * One state of everything, as data: the run's item, its history and pool, the warehouse, what faults are left, and of
 * each driver what it was told and every answer it has had. `textOf` gives one text for all states that nobody inside
 * could tell apart.
 */
import type { StoredRun } from '../../../shared/store/stored-run.ts';
import type { RunEvent } from '../../../shared/run/run-event.ts';
import type { HistoryRow, Pool } from '../../../shared/store/run-store.ts';
import { TOKEN_START } from '../../../shared/warehouse/statement-name.ts';
import type { Plan } from '../../../shared/pipeline/plan.ts';
import type { Durations } from '../../../shared/run/run.ts';
import type { Budgets, Configuration } from './configuration.ts';

export const NOW = Date.parse('2026-11-24T08:00:00.000Z');
export const NOW_ISO = new Date(NOW).toISOString();

/** Steps of time. After the first no claim is young any more, after the second no token is sent any more. */
export const SHORT_MS = 100_000;
export const LONG_MS = 30.5 * 60_000;

export interface Statement {
  id: string;
  name?: string;
  token?: string;
  sessionId: string;
  sqls: readonly string[];
  status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'ABORTED';
  error?: string;
  /** Index of the statement of a group that failed. */
  failed?: number;
  /** Its check returns a row. */
  checkFails?: true;
  committed?: boolean;
  forgotten?: boolean;
  /** Its commit is still on the way, though its session is closed. */
  late?: boolean;
}

export interface Session {
  id: string;
  status: 'AVAILABLE' | 'BUSY' | 'CLOSED';
  /** Session steps (index) that finished in it: their temporary tables are there. */
  filled: number[];
  /** A step took effect in it that was reported failed. */
  isSpoiled?: boolean;
}

export type News =
  | { readonly kind: 'event'; readonly event: RunEvent }
  /** `paused`: a request of its own, since a failed run may have been resumed before. */
  | { readonly kind: 'resume'; readonly paused?: true }
  | { readonly kind: 'cancel' };

export interface Entry {
  /** The call's number, from 0, in the order in which the driver made them. */
  readonly call: number;
  readonly name: string;
  /** Absent: undefined. */
  readonly answer?: unknown;
  /** When it was given. */
  readonly now: string;
  /** What the driver draws after it. */
  token: string;
}

export interface DriverState {
  readonly news: News;
  readonly entries: Entry[];
  /** Steps of time that it has lived through. */
  age: number;
  /** What it asks now: follows from the rest. */
  calls?: readonly unknown[];
}

export interface Snapshot {
  run: StoredRun;
  rows: HistoryRow[];
  pool?: Pool;
  statements: Statement[];
  sessions: Session[];
  /** Steps (index) that have finished at some time. */
  finished: number[];
  /** Generation, step and attempt of all that was executed. */
  executed: string[];
  left: { -readonly [K in keyof Budgets]: number };
  drivers: DriverState[];
  /** Tokens in use are zz + eight letters, the first of them number 1. */
  tokens: number;
}

/** A token that was drawn and not used. */
export const UNUSED = tokenOf(0);

export function tokenOf(n: number): string {
  return `${tokenStart(n)}${'a'.repeat(42)}`;
}

function tokenStart(n: number): string {
  const letters = Array.from(String(n).padStart(8, '0'), (digit) => 'abcdefghij'[Number(digit)]);
  return `zz${letters.join('')}`;
}

/** The run with its names in order: whoever wrote it put them in an order of his own. Equal states shall be equal texts. */
function inOrder<T extends object>(value: T): T {
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted) as T;
}

export interface Canonical {
  readonly text: string;
  /** The same for all states that nobody inside could tell apart. */
  readonly key: string;
  /** All but the drivers, and how many there are. */
  readonly world: string;
  readonly drivers: number;
}

/** What nobody can refer to any more is dropped; names, ids and versions are numbered anew. */
export function canonical(
  state: Snapshot,
  { oldEvents, groups, plan }: Pick<Configuration, 'oldEvents' | 'groups' | 'plan'>,
): Canonical {
  normalize(state, groups ? shortSteps(plan) : undefined);
  dropUnknown(state, oldEvents);
  const { drivers, ...world } = state;
  const renamed = new Renaming(state.run.version);
  const worldText = renamed.apply(JSON.stringify({ ...inOrder(world), tokens: 0 }), true);
  const sorted = drivers.map((driver) => ({ driver, live: liveOf(driver), order: '' }));
  if (sorted.length > 1) {
    for (const one of sorted) one.order = renamed.apply(one.live, false);
    sorted.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
  }
  const live = sorted.map((one) => renamed.apply(one.live, true)).join();
  const whole = sorted.map(({ driver }) => renamed.apply(JSON.stringify(driver), true)).join();
  const text = `${worldText.slice(0, -1)},"drivers":[${whole}],"used":${renamed.tokens.size}}`;
  return { text, key: `${worldText}${live}`, world: worldText, drivers: drivers.length };
}

/** Calls that answer with the run. */
export const RUN_ANSWERS = new Set(['store.load', 'store.save', 'store.record']);

/** Instants that nobody compares with anything. */
const IDLE_INSTANTS = /"(?:createdAt|startedAt|endedAt|timeoutFrom|updatedAt|at|time)":"[^"]*",?/g;

/**
 * What of a driver's past its future depends on: all answers since it last got the run itself, by a read or a write (what
 * went before is in that run), and the calls that it makes now. Nor does it matter when an answer was given: the next
 * decision is made by the time of the next answer. After a write its news are past, too: if it is refused a later write it
 * begins anew with them, as any other driver may that hears them at that moment.
 */
export function liveOf(driver: DriverState): string {
  const known = lives.get(driver);
  if (known !== undefined) return known;
  const live = liveNow(driver);
  lives.set(driver, live);
  return live;
}

/** Once a move is made its drivers change no more. */
const lives = new WeakMap<DriverState, string>();

function liveNow({ news, entries, age, calls }: DriverState): string {
  const from = entries.findLastIndex(
    ({ name, answer }) => RUN_ANSWERS.has(name) && typeof answer === 'object',
  );
  const first = entries[from];
  const since = entries
    .slice(Math.max(from, 0))
    // Of two calls side by side it makes no difference which was answered first, once both are.
    .toSorted((a, b) => a.call - b.call)
    .map(({ call, name, answer, token }) => [call - (first?.call ?? 0), name, answer, token]);
  const heard = first?.name === 'store.load' || news.kind !== 'event' ? news : undefined;
  return JSON.stringify([heard, since, age, calls]).replaceAll(IDLE_INSTANTS, '');
}

export function snapshotOf(text: string): Snapshot {
  const { used, ...state } = JSON.parse(text) as Snapshot & { used: number };
  return { ...state, tokens: used };
}

const VERSION = 1000;

class Renaming {
  readonly tokens = new Map<string, string>();
  readonly #version: number;

  constructor(version: number) {
    this.#version = version;
  }

  /** `learns`: gives a name to what has none yet. */
  apply(text: string, learns: boolean): string {
    return text.replaceAll(/zz[a-j]{8}|"version":\d+/g, (found) => {
      if (found.startsWith('zz'))
        return found === UNUSED.slice(0, TOKEN_START) ? found : this.#token(found, learns);
      return `"version":${Math.max(VERSION - 2, Number(found.slice(10)) - this.#version + VERSION)}`;
    });
  }

  #token(found: string, learns: boolean): string {
    const known = this.tokens.get(found);
    if (known !== undefined) return known;
    if (!learns) return 'zzjjjjjjjj';
    const name = tokenStart(this.tokens.size + 1);
    this.tokens.set(found, name);
    return name;
  }
}

/** A run as it is kept here: what nobody reads is the same in all. */
export function normalRun(stored: StoredRun): StoredRun {
  const run = withoutDurations(stored);
  const next = run.nextCheckAt === undefined ? {} : { nextCheckAt: steppedUp(run.nextCheckAt) };
  return inOrder({
    ...run,
    ...next,
    writerId: 'somebody',
    createdAt: NOW_ISO,
    trigger: { ...run.trigger, time: NOW_ISO },
    ...(run.startedAt === undefined ? {} : { startedAt: NOW_ISO }),
    ...(run.endedAt === undefined ? {} : { endedAt: NOW_ISO }),
    ...(run.timeoutFrom === undefined ? {} : { timeoutFrom: NOW_ISO }),
    ...(run.claimedAt === undefined
      ? {}
      : { claimedAt: run.phase === 'SUBMITTED' ? NOW_ISO : agedAs(run.claimedAt, CLAIM_AGES) }),
    ...(run.submittedAt === undefined ? {} : { submittedAt: agedAs(run.submittedAt, CLAIM_AGES) }),
    ...(run.outcomeUnknownSince === undefined
      ? {}
      : { outcomeUnknownSince: agedAs(run.outcomeUnknownSince, DOUBT_AGES) }),
    ...(run.refusedSince === undefined ? {} : { refusedSince: agedAs(run.refusedSince, REFUSAL_AGES) }),
    ...(run.error === undefined ? {} : { error: { ...run.error, message: worded(run.error.message) } }),
    ...(run.lastStep === undefined
      ? {}
      : {
          lastStep: {
            ...run.lastStep,
            startedAt: NOW_ISO,
            endedAt: NOW_ISO,
            ...(run.lastStep.error === undefined ? {} : { error: worded(run.lastStep.error) }),
          },
        }),
  });
}

/** Of a row only what a rebuild reads. */
export function normalRow({ index, name, generation, attempt, status, rows, kind }: HistoryRow): HistoryRow {
  return {
    index,
    name,
    generation,
    attempt,
    status,
    kind,
    statementHash: '',
    startedAt: NOW_ISO,
    endedAt: NOW_ISO,
    ...(rows === undefined ? {} : { rows }),
  };
}

/** `took`: what the pool says of the steps, always. */
function normalize(state: Snapshot, took: Durations | undefined): void {
  // Durations only suggest the hand-off of later runs.
  const { pool = took && { holders: {}, epoch: 0 } } = state;
  if (pool !== undefined) state.pool = { ...withoutDurations(pool), ...(took && { took }) };
  state.run = normalRun(state.run);
  state.rows = state.rows.map(normalRow);
  state.finished = [...new Set(state.finished)].sort((a, b) => a - b);
  state.executed.sort((a, b) => (a < b ? -1 : 1));
}

function withoutDurations<T extends { readonly took?: unknown }>(known: T): T {
  const { took: _, ...rest } = known;
  return rest as T;
}

/** When the sweep looks again, in whole short steps of time: it sweeps only then. */
function steppedUp(next: number): number {
  const step = SHORT_MS / 1000;
  return NOW / 1000 + Math.max(0, Math.ceil((next - NOW / 1000) / step)) * step;
}

const MINUTE_MS = 60_000;
const AHEAD_MS = 15_000;

/**
 * The ages that the core tells apart (TOKEN_WINDOW_MS, DRIVER_LIFE_MS, REFUSED_LONG_MS, CLAIM_IS_YOUNG_MS), the youngest
 * first: how old something must be, and as how old it is kept then. Pauses of seconds change none.
 */
const CLAIM_AGES = [
  [MINUTE_MS, SHORT_MS],
  [30 * MINUTE_MS, LONG_MS],
  [31.5 * MINUTE_MS, LONG_MS + SHORT_MS],
] as const;
const DOUBT_AGES = [[MINUTE_MS, SHORT_MS]] as const;
const REFUSAL_AGES = [
  [MINUTE_MS, SHORT_MS],
  [2.5 * MINUTE_MS, 2 * SHORT_MS],
] as const;

function agedAs(time: string, ages: readonly (readonly [number, number])[]): string {
  // A driver's own clock may be some seconds ahead by its pauses.
  const age = NOW - Date.parse(time) + AHEAD_MS;
  const keptAs = ages.findLast(([least]) => age >= least)?.[1] ?? 0;
  return new Date(NOW - keptAs).toISOString();
}

/** The core never reads the words of a failure. */
function worded(message: string): string {
  return message === '' ? '' : 'some words';
}

/** Numbers of what is gone begin here. */
const GONE = 900;

/** Of session number 0. */
const FIRST_PID = 100;

/** Of a durable step. */
export function hasMarker({ sqls }: Pick<Statement, 'sqls'>): boolean {
  return sqls.some((sql) => sql.includes('baton.step_marker'));
}

/** All of them are known, and short. */
function shortSteps({ steps }: Plan): Durations {
  return Object.fromEntries(steps.map(({ name }) => [name, 100]));
}

function dropUnknown(state: Snapshot, keepsOldEvents: boolean): void {
  const held = `${JSON.stringify(state.run)}${state.drivers.map((driver) => liveOf(driver)).join()}`;
  const known = new Set(held.match(/zz[a-j]{8}|statement-\d+|session-\d+/g) ?? []);
  const statements: Statement[] = [];
  for (const statement of state.statements) {
    const start = statement.token?.slice(0, TOKEN_START) ?? '';
    const isKnown = known.has(statement.id) || known.has(start);
    const isMarker = statement.committed === true && hasMarker(statement);
    const isUnderWay = statement.status === 'RUNNING' || statement.late === true;
    if (!isKnown && !isMarker && !isUnderWay && !keepsOldEvents) continue;
    // Nobody can name it any more: all that is left of it is its marker, and its event.
    if (!isKnown && !isUnderWay && !keepsOldEvents) delete statement.name;
    if (!isKnown && !isUnderWay) {
      delete statement.error;
      delete statement.failed;
      delete statement.checkFails;
      delete statement.forgotten;
      if (!keepsOldEvents) statement.sessionId = 'session-0';
    }
    statements.push(statement);
  }
  const inUse = new Set(
    statements
      .filter(({ status, late }) => status === 'RUNNING' || late === true)
      .map(({ sessionId }) => sessionId),
  );
  const sessions = state.sessions.filter(({ id }) => known.has(id) || inUse.has(id));
  const living = new Set(sessions.map(({ id }) => id));
  for (const statement of statements) if (!living.has(statement.sessionId)) statement.sessionId = 'session-0';
  // In their order: fakes that are filled in this order give them these numbers.
  const statementIds = new Map<string, string>();
  for (const { id } of statements) statementIds.set(id, `statement-${statementIds.size + 1}`);
  const sessionIds = new Map<string, string>();
  for (const { id } of sessions) sessionIds.set(id, `session-${sessionIds.size + 1}`);
  const idOf = (ids: Map<string, string>, found: string, kind: string): string => {
    const known = found === `${kind}-0` ? found : ids.get(found);
    if (known !== undefined) return known;
    // In what a driver has behind it.
    const gone = `${kind}-${GONE + ids.size}`;
    ids.set(found, gone);
    return gone;
  };
  const again = (text: string): string =>
    text.replaceAll(/statement-\d+|session-\d+|"pid":\d+/g, (found) => {
      if (found.startsWith('st')) return idOf(statementIds, found, 'statement');
      if (found.startsWith('se')) return idOf(sessionIds, found, 'session');
      const session = idOf(sessionIds, `session-${Number(found.slice(6)) - FIRST_PID}`, 'session');
      return `"pid":${FIRST_PID + Number(session.slice('session-'.length))}`;
    });
  state.statements = statements;
  state.sessions = sessions;
  if ([...statementIds, ...sessionIds].every(([before, after]) => before === after)) return;
  state.run = JSON.parse(again(JSON.stringify(state.run))) as StoredRun;
  state.drivers = JSON.parse(again(JSON.stringify(state.drivers))) as DriverState[];
  state.statements = JSON.parse(again(JSON.stringify(statements))) as Statement[];
  state.sessions = JSON.parse(again(JSON.stringify(sessions))) as Session[];
}
