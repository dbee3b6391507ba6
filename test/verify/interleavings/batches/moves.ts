/** Everything that can happen next in a state of the files of a batch. */
import { admit } from '../../../../shared/engine/admit.ts';
import { sweep } from '../../../../shared/engine/sweep.ts';
import type { Run } from '../../../../shared/run/run.ts';
import {
  isActive,
  isAtRest,
  isCancelling,
  isQueued,
  queueOrder,
  underwayOf,
} from '../../../../shared/run/run.ts';
import type { BatchConfiguration, Budgets } from './configurations.ts';
import { Drivers, perform } from './drivers.ts';
import { brokenAtEnd, brokenBySubmission, filesOfManifest, isOver } from './rules.ts';
import type { Call, DriverState, Entry, Job } from './state.ts';
import { FILES, fileNamed, State, STEP_MS } from './state.ts';

export interface Move {
  readonly label: string;
  readonly to: () => Promise<{ readonly state: State; readonly broken?: string }>;
}

/** Lets a test break a port: called before each call. */
export type Sabotage = (state: State, call: Call) => void;

/** Rounds of the quiet play until everything must have ended. */
const LONGEST = 60;

/** The person and the maintenance of the quiet play. */
const NOBODY = 9;

export class Moves {
  readonly #configuration: BatchConfiguration;
  readonly #drivers: Drivers;
  readonly #sabotage: Sabotage | undefined;
  /** Worlds from which the quiet play leads to a right end. */
  readonly #ends = new Set<string>();

  constructor(configuration: BatchConfiguration, sabotage?: Sabotage) {
    this.#configuration = configuration;
    this.#drivers = new Drivers(configuration.plan);
    this.#sabotage = sabotage;
  }

  /** The files have arrived, and nothing else has happened. */
  async start(): Promise<State> {
    const state = new State();
    state.left = this.#configuration.budgets;
    for (const name of FILES) {
      state.put(name);
      await this.#arrive(state);
    }
    return this.#configuration.beginsInMark ? this.#inMark(state) : state;
  }

  /** One driver after the other, undisturbed, until the list is stored. */
  async #inMark(from: State): Promise<State> {
    let state = from;
    while (![...state.store.runs.values()].some(({ batch }) => batch?.phase === 'MARK')) {
      const moves = this.from(state);
      const isNext = ({ label }: Move): boolean =>
        label.startsWith('driver 1: ') ||
        (state.current === 0 && label.startsWith('a driver is woken for batch'));
      const move = moves.find(isNext) ?? moves[0];
      if (move === undefined) throw new Error('no driver does anything');
      ({ state } = await move.to());
    }
    return state;
  }

  from(state: State): Move[] {
    const moves: Move[] = [];
    const add = (label: string, change: (next: State) => Promise<string | void> | string | void): void => {
      moves.push({
        label,
        to: async () => {
          const next = new State(state);
          const broken = await change(next);
          return { state: next, ...(typeof broken === 'string' ? { broken } : {}) };
        },
      });
    };
    this.#ofDrivers(state, add);
    this.#ofWarehouse(state, add);
    this.#ofBeginnings(state, add);
    return moves;
  }

  #ofDrivers(state: State, add: Add): void {
    const { current, left } = state;
    for (const driver of state.drivers) {
      const { number, calls } = driver;
      const takesOver = current !== 0 && current !== number;
      if (!takesOver || left.switches > 0)
        for (const call of calls) {
          add(`driver ${number}: ${call.name}`, (next) => {
            if (takesOver) next.left = less(next.left, 'switches');
            next.current = number;
            return this.#answer(next, driver, call);
          });
          // Of calls side by side the order matters where they take something.
          if (call.name !== 'store.absorb') break;
        }
      if (left.kills > 0 && (current === number || current === 0))
        add(`driver ${number} is killed`, (next) => {
          next.left = less(next.left, 'kills');
          this.#drop(next, number);
        });
    }
  }

  #ofWarehouse(state: State, add: Add): void {
    const running = state.warehouse.running();
    if (running !== undefined && state.current === 0)
      add(`${running.id} ends`, (next) => {
        this.#end(next);
      });
    if (state.arriving.length > 0 && state.current === 0)
      add(`the event of ${state.arriving[0] ?? ''} comes`, (next) => this.#arrive(next));
    if (state.left.overwrites > 0)
      add('b is uploaded again', (next) => {
        next.left = less(next.left, 'overwrites');
        next.put('b 2');
      });
    if (state.left.waits > 0)
      add('100 s pass', (next) => {
        next.left = less(next.left, 'waits');
        next.time += STEP_MS;
      });
  }

  #ofBeginnings(state: State, add: Add): void {
    const number = [1, 2].find((free) => !state.drivers.some((driver) => driver.number === free));
    if (number === undefined || (state.current !== 0 && state.left.switches === 0)) return;
    const begin = (label: string, job: Job, kind?: keyof Budgets): void => {
      add(label, (next) => {
        if (next.current !== 0) next.left = less(next.left, 'switches');
        if (kind !== undefined) next.left = less(next.left, kind);
        return this.#begin(next, number, job);
      });
    };
    const runs = [...state.store.runs.values()];
    for (const run of this.#wakable(state, runs))
      begin(`a driver is woken for ${nameOf(run)}`, { kind: 'woken', runId: run.id });
    for (const { id, name, run, status } of state.warehouse.statements) {
      const item = state.store.runs.get(run);
      const token = item && underwayOf(item)?.token;
      if (status === 'RUNNING' || token === undefined || !name.includes(token.slice(0, 10))) continue;
      begin(`a driver hears of the end of ${id}`, {
        kind: 'event',
        runId: run,
        statementId: `${id} ${name}`,
        status,
      });
    }
    if (state.left.switches > 0 && state.current === 0) begin('the pool is tended', { kind: 'tend' });
    for (const run of runs) {
      const isBatch = run.trigger.kind === 'batch';
      if (!isAtRest(run) && !isCancelling(run) && state.left[isBatch ? 'cancelBatch' : 'cancelFile'] > 0)
        begin(
          `somebody cancels ${nameOf(run)}`,
          { kind: 'cancel', runId: run.id },
          isBatch ? 'cancelBatch' : 'cancelFile',
        );
      if (run.life.state === 'FAILED' && state.left.resumes > 0)
        begin(
          `somebody resumes ${nameOf(run)}`,
          { kind: isBatch ? 'without' : 'resume', runId: run.id },
          'resumes',
        );
    }
  }

  /** The runs that a driver may do something for; of those that wait, the ones with a slot, the oldest and the newest. */
  #wakable({ store }: State, runs: readonly Run[]): Run[] {
    const { holders } = store.pools.get('orders') ?? { holders: {} };
    const waiting = runs.filter(isQueued).sort((a, b) => (queueOrder(a) < queueOrder(b) ? -1 : 1));
    const chosen = new Set([waiting[0], waiting.at(-1)]);
    return runs.filter(
      (run) =>
        isActive(run) ||
        isCancelling(run) ||
        (isAtRest(run) && run.life.pendingActions.length > 0) ||
        (isQueued(run) && (chosen.has(run) || Object.hasOwn(holders, run.id))),
    );
  }

  async #begin(next: State, number: number, job: Job): Promise<string | undefined> {
    next.current = number;
    return this.#goOn(next, { number, job, entries: [], calls: [] });
  }

  async #answer(next: State, driver: DriverState, call: Call): Promise<string | undefined> {
    this.#sabotage?.(next, call);
    const before = next.warehouse.statements.length;
    const answer = await perform(next, call);
    const entry: Entry = {
      call: call.number,
      name: call.name,
      answer,
      now: next.time,
      token: next.nextToken(),
      text: `${call.number}${JSON.stringify(answer) ?? ''}${next.time}zz`,
    };
    const token = entry.token.slice(0, 10);
    const wasSubmitted = next.warehouse.statements.length > before;
    const broken = wasSubmitted ? brokenBySubmission(next) : undefined;
    const entries = [...driver.entries, { ...entry, text: `${entry.text}${token}` }];
    return broken ?? this.#goOn(next, { ...driver, entries });
  }

  async #goOn(next: State, driver: DriverState): Promise<string | undefined> {
    const { calls, error } = await this.#drivers.callsOf(driver.number, driver.job, driver.entries);
    if (error !== undefined) return `a driver ended with ${error}`;
    if (calls.length === 0) {
      this.#drop(next, driver.number);
      return undefined;
    }
    const others = next.drivers.filter(({ number }) => number !== driver.number);
    next.drivers = [...others, { ...driver, calls }].sort((one, other) => one.number - other.number);
    return undefined;
  }

  #drop(next: State, number: number): void {
    next.drivers = next.drivers.filter((driver) => driver.number !== number);
    next.current = 0;
  }

  async #arrive(state: State): Promise<void> {
    const [name = '', ...others] = state.arriving;
    const time = new Date(state.time - 10_000 + state.runIds.size).toISOString();
    const [started] = await admit({ file: fileNamed(name), time }, this.#drivers.over(state, NOBODY));
    const id = started?.run.id ?? '';
    state.arriving = others;
    state.runIds.set(name, id);
    const run = state.store.runs.get(id);
    if (run !== undefined)
      state.store.runs.set(id, { ...run, incarnationId: String(state.runIds.size).repeat(32) });
  }

  #end(state: State): void {
    const statement = state.warehouse.running();
    if (statement === undefined) return;
    state.warehouse.end(
      statement,
      (manifest) => filesOfManifest(state, manifest),
      (object) => {
        const found = state.objects.get(object);
        if (found === undefined) return undefined;
        const isBad = this.#configuration.hasBadFile && found.etag === fileNamed('b 1').etag;
        return { name: `${object} ${found.etag}`, isBad };
      },
    );
  }

  /** Faults stop, all drivers are gone, and the sweep runs: what is broken at the end, or never ends. */
  async quietly(from: State): Promise<string | undefined> {
    const state = new State(from);
    state.drivers = [];
    state.current = 0;
    const passed: string[] = [];
    for (let round = 0; round < LONGEST; round += 1) {
      const key = state.worldKey();
      if (this.#ends.has(key)) break;
      passed.push(key);
      if (isOver(state)) {
        const broken = await this.#brokenAtEnd(state);
        if (broken !== undefined) return broken;
        break;
      }
      if (state.arriving.length > 0) await this.#arrive(state);
      else if (state.warehouse.running() === undefined) await this.#sweepOrHelp(state);
      else this.#end(state);
      if (round === LONGEST - 1)
        return `stuck: ${[...state.store.runs.values()].map((run) => `${nameOf(run)} ${run.life.state}`).join(', ')}`;
    }
    for (const key of passed) this.#ends.add(key);
    return undefined;
  }

  async #sweepOrHelp(state: State): Promise<void> {
    state.time += STEP_MS;
    const engine = this.#drivers.over(state, NOBODY);
    const held = [...state.store.runs.values()].find(
      (run) =>
        (run.life.state === 'NEEDS_DECISION' || (run.life.state === 'FAILED' && run.slot?.held === true)) &&
        run.life.pendingActions.length === 0,
    );
    if (held === undefined) {
      await sweep(engine);
      return;
    }
    const { operate } = await import('../../../../shared/engine/operate.ts');
    await operate({ verb: 'cancel', requestId: `end ${held.id}`, actor: 'somebody', runId: held.id }, engine);
  }

  /** A slot that a killed driver left to a run that has ended is freed with the next run that waits. */
  async #brokenAtEnd(state: State): Promise<string | undefined> {
    const { tendPool } = await import('../../../../shared/engine/slots.ts');
    await tendPool('orders', this.#drivers.over(state, NOBODY));
    return brokenAtEnd(state);
  }
}

type Add = (
  label: string,
  change: (next: State) => Promise<string | undefined | void> | string | void,
) => void;

function less(left: Budgets, kind: keyof Budgets): Budgets {
  return { ...left, [kind]: left[kind] - 1 };
}

function nameOf({ trigger, id }: Run): string {
  return trigger.kind === 's3' ? trigger.file.etag : `${trigger.kind} ${id.slice(-5)}`;
}
