/** Everything that can happen next in a state. */
import type { RunEvent } from '../../../shared/run/run-event.ts';
import type { Run } from '../../../shared/run/run.ts';
import { storedRun } from '../../../shared/store/stored-run.ts';
import { parseStatementName } from '../../../shared/warehouse/statement-name.ts';
import type { Configuration } from './configuration.ts';
import type { Call, Drivers } from './driver.ts';
import type { Fakes } from './fakes-of.ts';
import { fakesOf, readBack } from './fakes-of.ts';
import { Futility } from './futile.ts';
import { brokenBetween, noteEnd, noteSubmission, isStoredAtRest, stepsIn } from './rules.ts';
import type { Canonical, DriverState, News, Snapshot, Statement } from './snapshot.ts';
import {
  canonical,
  hasMarker,
  LONG_MS,
  normalRun,
  RUN_ANSWERS,
  NOW,
  NOW_ISO,
  SHORT_MS,
  snapshotOf,
  tokenOf,
  UNUSED,
} from './snapshot.ts';

export type Quiet = 'acts' | 'sweeps' | 'waits';

export interface Move {
  readonly label: string;
  /** Part of the quiet way: nothing goes wrong any more, nobody hears of anything, and the sweep looks at the run in turns with time that passes. */
  readonly quiet?: Quiet;
  /** The state after it; what it breaks, if it breaks something. */
  readonly to: () => Promise<Canonical & { broken?: string }>;
}

/** Drivers older than this, in steps of time, are taken as dead: a Lambda lives for a minute, here for 100 to 200 s. */
const OLDEST = 1;

/** Lets a test break a port. */
export type Sabotage = (fakes: Fakes) => void;

export interface How {
  readonly sabotage?: Sabotage | undefined;
  /** Goes on with drivers that can have no effect any more. */
  readonly keepsFutile?: boolean | undefined;
}

export class Moves {
  readonly #configuration: Configuration;
  readonly #drivers: Drivers;
  readonly #futility: Futility | undefined;
  readonly #sabotage: Sabotage;

  constructor(
    configuration: Configuration,
    drivers: Drivers,
    { sabotage = () => undefined, keepsFutile = false }: How = {},
  ) {
    this.#configuration = configuration;
    this.#drivers = drivers;
    this.#futility = keepsFutile ? undefined : new Futility(drivers);
    this.#sabotage = sabotage;
  }

  async from(text: string): Promise<Move[]> {
    const state = snapshotOf(text);
    const moves: Move[] = [];
    const add = (
      label: string,
      change: (state: Snapshot) => Promise<string | undefined> | string | undefined | void,
      quiet: Quiet | false = false,
    ): void => {
      moves.push({
        label,
        ...(quiet === false ? {} : { quiet }),
        to: async () => {
          const next = snapshotOf(text);
          const broken = (await change(next)) ?? brokenBetween(state, next);
          await this.#futility?.drop(next);
          return {
            ...canonical(next, this.#configuration),
            ...(typeof broken === 'string' ? { broken } : {}),
          };
        },
      });
    };
    await this.#ofDrivers(state, add);
    this.#ofWarehouse(state, add);
    if (this.#configuration.pause) this.#ofPause(state, add);
    await this.#ofNews(state, add);
    this.#ofTime(state, add);
    return moves;
  }

  async #ofDrivers(state: Snapshot, add: Add): Promise<void> {
    for (const [i, driver] of state.drivers.entries()) {
      const { calls: all } = await this.#drivers.positionOf(driver);
      const calls = areFollowUps(state, all) ? all.slice(0, 1) : all;
      for (const [k, call] of calls.entries()) {
        const who = `driver ${i + 1}: ${call.name}`;
        add(who, (next) => this.#answer(next, i, call, false), i === 0 && k === 0 && 'acts');
        if (call.name === 'warehouse.open' && this.#configuration.slow && !isPending(call))
          add(`${who}, slowly`, (next) => this.#answer(next, i, call, false, true));
        if (call.name === 'warehouse.submit' && state.left.timeouts > 0)
          add(`${who}, its answer lost`, (next) => {
            next.left.timeouts -= 1;
            return this.#answer(next, i, call, true);
          });
      }
      add(`driver ${i + 1} is killed`, (next) => void next.drivers.splice(i, 1));
    }
  }

  #ofWarehouse(state: Snapshot, add: Add): void {
    const idle = state.drivers.length === 0;
    for (const statement of state.statements) {
      const { id } = statement;
      if (statement.late === true)
        add(`the commit of ${id} takes effect`, (next) => this.#land(next, id), idle && 'acts');
      if (statement.status !== 'RUNNING') continue;
      add(`${id} finishes`, (next) => this.#end(next, id, 'FINISHED'), idle && 'acts');
      if (state.left.transient > 0)
        add(`${id} fails for the moment`, (next) => {
          next.left.transient -= 1;
          return this.#end(next, id, 'FAILED', 'ERROR: the cluster is resizing');
        });
      if (state.left.permanent > 0)
        add(`${id} fails for good`, (next) => {
          next.left.permanent -= 1;
          return this.#end(next, id, 'FAILED', 'ERROR: relation "x" does not exist');
        });
      if (state.left.permanent > 0 && isWithCheck(statement, this.#configuration))
        add(`${id} finishes, and its check fails`, (next) => {
          next.left.permanent -= 1;
          const found = next.statements.find((candidate) => candidate.id === id);
          if (found !== undefined) found.checkFails = true;
          return this.#end(next, id, 'FINISHED');
        });
      if (state.left.lies > 0) for (const lie of liesOf(state, id)) this.#lie(add, id, lie);
    }
    if (state.left.deaths === 0) return;
    for (const { id, status } of state.sessions) {
      if (status === 'CLOSED') continue;
      for (const how of this.#deaths(state, id))
        add(`${id} ends${how.words}`, (next) => {
          next.left.deaths -= 1;
          const fakes = fakesOf(next);
          fakes.warehouse.kill(id, { ...how, ...(how.late ? { lateMs: 50_000 } : {}) });
          readBack(next, fakes);
          const inIt = next.statements.find(
            (statement) => statement.sessionId === id && isRunning(state, statement.id),
          );
          if (how.late && inIt !== undefined) inIt.late = true;
          return inIt?.committed === true ? noteEnd(next, this.#configuration.plan, inIt) : undefined;
        });
    }
  }

  /** The statement took effect, and is reported failed. */
  #lie(add: Add, id: string, error: string): void {
    add(`${id} is reported failed (${error}), and took effect`, (next) => {
      next.left.lies -= 1;
      const fakes = fakesOf(next);
      fakes.warehouse.end(id, 'FAILED', { error, applied: true });
      readBack(next, fakes);
      const statement = next.statements.find((candidate) => candidate.id === id);
      const session = next.sessions.find((candidate) => candidate.id === statement?.sessionId);
      if (statement === undefined || session === undefined) return undefined;
      if (!hasMarker(statement)) session.isSpoiled = true;
      return noteEnd(next, this.#configuration.plan, statement);
    });
  }

  #deaths(
    state: Snapshot,
    sessionId: string,
  ): { committed: boolean; forgotten: boolean; late: boolean; words: string }[] {
    const running = state.statements.find(
      (statement) => statement.sessionId === sessionId && statement.status === 'RUNNING',
    );
    if (running === undefined) return [{ committed: false, forgotten: false, late: false, words: '' }];
    const isDurable = hasMarker(running);
    return [false, true].flatMap((forgotten) => {
      const known = forgotten ? 'forgotten' : 'known as lost';
      const ways = [
        { committed: false, forgotten, late: false, words: `, ${running.id} not done and ${known}` },
      ];
      if (isDurable)
        ways.push({ committed: true, forgotten, late: false, words: `, ${running.id} done and ${known}` });
      if (isDurable && this.#configuration.late)
        ways.push({
          committed: true,
          forgotten,
          late: true,
          words: `, ${running.id} done later and ${known}`,
        });
      return ways;
    });
  }

  /** One write each; whom `unpause` wakes is woken at any time anyway. Only a person ends a pause. */
  #ofPause(state: Snapshot, add: Add): void {
    if (isOver(state)) return;
    const { paused, ...pool } = state.pool ?? { holders: {}, epoch: 0 };
    if (paused === undefined)
      add('somebody pauses the pipeline', (next) => {
        next.pool = { ...pool, paused: { by: 'somebody', at: NOW_ISO } };
      });
    else
      add(
        'somebody unpauses the pipeline',
        (next) => {
          next.pool = pool;
        },
        state.drivers.length === 0 && state.run.state === 'QUEUED' && 'acts',
      );
  }

  async #ofNews(state: Snapshot, add: Add): Promise<void> {
    if (state.drivers.length >= this.#configuration.drivers) return;
    const isQuiet = state.drivers.length === 0 && !isUnderWay(state) && (await this.#isDue(state));
    const { run } = state;
    const begin = (news: News) => (next: Snapshot) => this.#begin(next, news);
    if (!isOver(state))
      add('a driver is woken', begin({ kind: 'event', event: { kind: 'Woken' } }), isQuiet && 'sweeps');
    // Told late, it does nothing.
    if (this.#configuration.waits && run.state === 'RUNNING' && run.statementId !== undefined) {
      const event: RunEvent = { kind: 'PassedOn', statementId: run.statementId };
      add(`a driver is told to wait for ${run.statementId}`, begin({ kind: 'event', event }));
    }
    for (const { id, name, status } of state.statements) {
      const tokenStart = parseStatementName(name ?? '')?.tokenStart;
      if (tokenStart === undefined || status === 'RUNNING') continue;
      const event: RunEvent = {
        kind: 'StatementEnded',
        tokenStart,
        statementId: id,
        status,
        at: NOW_ISO,
        rows: 1,
        trusted: true,
      };
      add(`a driver hears of the end of ${id}`, begin({ kind: 'event', event }));
    }
    if (run.state === 'FAILED' || run.state === 'PAUSED')
      add(
        'somebody resumes the run',
        begin({ kind: 'resume', ...(run.state === 'PAUSED' && { paused: true }) }),
        run.pendingActions === undefined && state.drivers.length === 0 && 'acts',
      );
    if (this.#configuration.cancel && !isStoredAtRest(run))
      add('somebody cancels the run', begin({ kind: 'cancel' }));
  }

  /** Would the sweep look at the run? */
  async #isDue(state: Snapshot): Promise<boolean> {
    const fakes = fakesOf(state);
    this.#sabotage(fakes);
    const due = await fakes.store.findDue(NOW / 1000, 10);
    const waiting = await fakes.store.findQueued(state.run.pipeline, 10);
    return due.includes(state.run.id) || waiting.includes(state.run.id);
  }

  #ofTime(state: Snapshot, add: Add): void {
    if (state.statements.some(({ late }) => late === true)) return;
    if (state.drivers.every(({ age }) => age < (this.#configuration.frozen ? OLDEST : 0)))
      add(
        '100 s pass',
        (next) => pass(next, SHORT_MS),
        state.drivers.length === 0 && !isUnderWay(state) && !isOver(state) && 'waits',
      );
    // A claim that is being cancelled is given up when its token is past use: only time brings it on.
    const isGivenUp = state.run.state === 'CANCELLING';
    if ((state.left.pauses > 0 || isGivenUp) && state.drivers.length === 0)
      add(
        '30 minutes pass',
        (next) => {
          if (!isGivenUp) next.left.pauses -= 1;
          return pass(next, LONG_MS);
        },
        isGivenUp && !isUnderWay(state) && 'waits',
      );
  }

  /** A driver begins with reading the run: before that it is nothing but its news. */
  async #begin(next: Snapshot, news: News): Promise<string | undefined> {
    const driver: DriverState = { news, entries: [], age: 0 };
    next.drivers.push(driver);
    const [call] = (await this.#drivers.positionOf(driver)).calls;
    if (call?.name !== 'store.load') throw new Error(`a driver begins with ${call?.name ?? 'nothing'}`);
    return this.#answer(next, next.drivers.length - 1, call, false);
  }

  /** The call of a driver has its effect; the driver has its answer, or hears that it timed out. */
  async #answer(
    next: Snapshot,
    i: number,
    call: Call,
    isLost: boolean,
    isSlow = false,
  ): Promise<string | undefined> {
    const driver = next.drivers[i];
    if (driver === undefined) throw new Error(`there is no driver ${i + 1}`);
    const fakes = fakesOf(next);
    this.#sabotage(fakes);
    fakes.warehouse.opensSlowly = () => isSlow;
    const made = fakes.warehouse.statements.length;
    const answered = await callOn(fakes, call);
    readBack(next, fakes);
    const isRun = RUN_ANSWERS.has(call.name);
    const answer = isLost
      ? LOST
      : isRun && typeof answered === 'object'
        ? normalRun(storedRun(answered as Run))
        : answered;
    next.tokens += 1;
    driver.entries.push({
      call: call.number,
      name: call.name,
      ...(answer === undefined ? {} : { answer }),
      now: NOW_ISO,
      token: tokenOf(next.tokens),
    });
    const entry = driver.entries.at(-1);
    // As it will be after it was stored as text.
    const stored = JSON.parse(JSON.stringify(driver)) as DriverState;
    const { calls, error, usesToken } = await this.#drivers.positionOf(stored);
    if (!usesToken && entry !== undefined) entry.token = UNUSED;
    if (calls.length === 0) next.drivers.splice(i, 1);
    else driver.calls = calls.map(({ name, parameters }) => [name, parameters]);
    if (error !== undefined) return `a driver ended with ${error}`;
    const statement = fakes.warehouse.statements[made];
    return call.name === 'warehouse.submit' && statement !== undefined
      ? noteSubmission(next, this.#configuration.plan, statement.id)
      : undefined;
  }

  #land(next: Snapshot, id: string): undefined {
    const statement = next.statements.find((candidate) => candidate.id === id);
    if (statement === undefined) return;
    delete statement.late;
    statement.committed = true;
    noteEnd(next, this.#configuration.plan, statement);
  }

  #end(next: Snapshot, id: string, status: 'FINISHED' | 'FAILED', error?: string): string | undefined {
    const fakes = fakesOf(next);
    const { length = 1 } = next.statements.find((candidate) => candidate.id === id)?.sqls ?? {};
    const failed =
      error !== undefined && this.#configuration.groups && length > 1 ? { failed: length - 1 } : {};
    fakes.warehouse.end(id, status, error === undefined ? {} : { error, ...failed });
    readBack(next, fakes);
    const statement = next.statements.find((candidate) => candidate.id === id);
    return statement === undefined || status === 'FAILED'
      ? undefined
      : noteEnd(next, this.#configuration.plan, statement);
  }
}

function isPending({ parameters }: Call): boolean {
  const [opening] = parameters as [{ readonly pending?: object }?];
  return opening?.pending !== undefined;
}

const FOLLOW_UPS =
  /^store\.(putHistory|releaseSlot|handSlot|findQueued|loadPool)$|^warehouse\.(describe|runSmall)$/;

/** The follow-ups of a run at rest have nothing to do with each other: only one order of them is explored. The simulator has all. */
function areFollowUps({ run }: Snapshot, calls: readonly Call[]): boolean {
  return isStoredAtRest(run) && calls.every(({ name }) => FOLLOW_UPS.test(name));
}

type Add = (
  label: string,
  change: (state: Snapshot) => Promise<string | undefined> | string | undefined | void,
  quiet?: Quiet | false,
) => void;

const LOST = {
  ok: false,
  refusal: { reason: 'outcome-unknown', class: 'unknown', message: 'TimeoutError: simulated' },
};

async function callOn(fakes: Fakes, { name, parameters }: Call): Promise<unknown> {
  const [port, member] = name.split('.') as ['store' | 'warehouse', string];
  const method: unknown = Reflect.get(fakes[port], member);
  if (typeof method !== 'function') throw new Error(`there is no ${name}`);
  return (await method.apply(fakes[port], parameters)) as unknown;
}

/** Texts of a report that is wrong. Of a verdict on the SQL only a marker tells that it is. */
function liesOf(state: Snapshot, id: string): readonly string[] {
  const statement = state.statements.find((candidate) => candidate.id === id);
  const open = 'ERROR: the cluster is resizing, please try again';
  return statement !== undefined && hasMarker(statement)
    ? [open, 'ERROR: relation "x" does not exist']
    : [open];
}

function isWithCheck({ sqls }: Pick<Statement, 'sqls'>, { groups, plan }: Configuration): boolean {
  return groups && stepsIn({ sqls }, plan).some((index) => plan.steps[index]?.kind === 'check');
}

function isRunning(state: Snapshot, id: string): boolean {
  return state.statements.some((statement) => statement.id === id && statement.status === 'RUNNING');
}

function isUnderWay(state: Snapshot): boolean {
  return state.statements.some(({ status, late }) => status === 'RUNNING' || late === true);
}

/** The run is at its end and owes nothing. */
export function isOver({ run }: Snapshot): boolean {
  return isStoredAtRest(run) && run.pendingActions === undefined;
}

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** Time passes: it stays NOW, and everything else moves into the past. Of an age only what the core tells apart is kept. */
function pass(next: Snapshot, ms: number): undefined {
  const { run } = next;
  const older = (time: string): string => new Date(Date.parse(time) - ms).toISOString();
  next.run = {
    ...run,
    ...(run.nextCheckAt === undefined ? {} : { nextCheckAt: run.nextCheckAt - ms / 1000 }),
    ...(run.claimedAt === undefined ? {} : { claimedAt: older(run.claimedAt) }),
    ...(run.submittedAt === undefined ? {} : { submittedAt: older(run.submittedAt) }),
    ...(run.outcomeUnknownSince === undefined ? {} : { outcomeUnknownSince: older(run.outcomeUnknownSince) }),
    ...(run.refusedSince === undefined ? {} : { refusedSince: older(run.refusedSince) }),
  };
  const shifted = JSON.stringify(next.drivers)
    .replaceAll(INSTANT, (time) => new Date(Date.parse(time) - ms).toISOString())
    .replaceAll(
      /"nextCheckAt":(\d+)/g,
      (_, seconds: string) => `"nextCheckAt":${Number(seconds) - ms / 1000}`,
    );
  next.drivers = JSON.parse(shifted) as DriverState[];
  for (const driver of next.drivers) driver.age += 1;
  return undefined;
}
