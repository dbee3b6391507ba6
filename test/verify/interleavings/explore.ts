/**
 * Every state that can be reached, breadth first, so that what breaks a rule is reached by a shortest way. Afterwards,
 * from every state: does the quiet way (no faults any more, nobody hears of anything, only the sweep) lead to an end?
 */
import { startRun } from '../../../shared/engine/start-run.ts';
import { storedRun } from '../../../shared/store/stored-run.ts';
import { World } from '../../fakes/world.ts';
import type { Configuration } from './configuration.ts';
import { Drivers } from './driver.ts';
import type { Quiet, Sabotage } from './moves.ts';
import { isOver, Moves } from './moves.ts';
import { brokenAtEnd, brokenIn } from './rules.ts';
import type { Canonical, Snapshot } from './snapshot.ts';
import { canonical, snapshotOf, NOW } from './snapshot.ts';
import { Visited } from './visited.ts';

interface Violation {
  readonly rule: string;
  /** The moves from the beginning, each by its number among those possible. */
  readonly path: readonly number[];
}

export interface Explored {
  readonly states: number;
  readonly transitions: number;
  /** Moves on the longest of the shortest ways. */
  readonly depth: number;
  /** States in which the run has ended and owes nothing. */
  readonly ends: number;
  readonly violation?: Violation;
  /** True: no state was left unexplored. */
  readonly complete: boolean;
}

export interface Options {
  readonly sabotage?: Sabotage;
  /** Gives up behind so many states. */
  readonly most?: number;
  /** Tells drivers apart by their whole past, and not by what of it their future depends on: many more states. */
  readonly wholePast?: boolean;
  /** Goes on with drivers that can have no effect any more: many more states, too. */
  readonly keepsFutile?: boolean;
  /** Gathers the states in which no driver is at work. */
  readonly worlds?: Set<string>;
  readonly progress?: (states: number, waiting: number, depth: number) => void;
}

export async function explore(configuration: Configuration, options: Options = {}): Promise<Explored> {
  return new Exploration(configuration, options).run();
}

const NOBODY = -1;
const EMPTY = Buffer.alloc(0);

class Exploration {
  readonly #configuration: Configuration;
  readonly #options: Options;
  readonly #visited = new Visited();
  readonly #parents = new Growing();
  readonly #moves = new Growing();
  /** Where the quiet way leads next, by an act and by waiting; NOBODY where it does not. */
  readonly #acts = new Growing();
  readonly #waits = new Growing();
  /** 1 where the act is a sweep. */
  readonly #sweeps = new Growing();
  readonly #depths = new Growing();
  #transitions = 0;
  #ends = 0;

  constructor(configuration: Configuration, options: Options) {
    this.#configuration = configuration;
    this.#options = options;
  }

  async run(): Promise<Explored> {
    const start = await startOf(this.#configuration);
    const moves = new Moves(this.#configuration, new Drivers(this.#configuration.plan, start.run.id), {
      sabotage: this.#options.sabotage,
      keepsFutile: this.#options.keepsFutile,
    });
    let waiting: Buffer[] = [];
    let first = 0;
    const { wholePast, worlds } = this.#options;
    const see = ({ text, key, world, drivers }: Canonical, parent: number, move: number): number => {
      const number = this.#visited.add(wholePast === true ? text : key);
      if (number >= 0) return number;
      if (drivers === 0) worlds?.add(world);
      waiting.push(Buffer.from(text));
      this.#parents.push(parent);
      this.#moves.push(move);
      this.#acts.push(NOBODY);
      this.#waits.push(NOBODY);
      this.#sweeps.push(0);
      this.#depths.push(parent === NOBODY ? 0 : this.#depths.at(parent) + 1);
      return -1 - number;
    };
    see(canonical(start, this.#configuration), NOBODY, 0);
    while (waiting.length > 0) {
      const level = waiting;
      waiting = [];
      for (const [i, bytes] of level.entries()) {
        const number = first + i;
        const rule = await this.#expand(bytes.toString(), number, moves, see);
        if (rule !== undefined) return this.#result({ rule, path: this.#pathTo(number) });
        // Not held for longer than it must be.
        level[i] = EMPTY;
      }
      first += level.length;
      this.#options.progress?.(this.#visited.size, waiting.length, this.#depths.at(first - 1));
      if (this.#visited.size > (this.#options.most ?? Infinity))
        return { ...this.#result(), complete: false };
    }
    return this.#result(this.#stuck());
  }

  /** What is broken in the state, or by a move from it. */
  async #expand(
    text: string,
    number: number,
    moves: Moves,
    see: (state: Canonical, parent: number, move: number) => number,
  ): Promise<string | undefined> {
    const state = snapshotOf(text);
    const isEnd = isOver(state) && state.run.state !== 'FAILED' && state.run.state !== 'PAUSED';
    const broken =
      brokenIn(state, this.#configuration) ??
      (isEnd && state.drivers.length === 0 ? brokenAtEnd(state, this.#configuration) : undefined);
    if (broken !== undefined) return broken;
    if (isEnd) this.#ends += 1;
    const possible = await moves.from(text);
    for (const [i, { label, quiet, to }] of possible.entries()) {
      const next = await to();
      this.#transitions += 1;
      if (next.broken !== undefined) return `${next.broken}, when ${label}`;
      const reached = see(next, number, i);
      if (quiet !== undefined && !isEnd) this.#noteQuiet(number, quiet, reached);
    }
    const goesOn = isEnd || this.#acts.at(number) !== NOBODY || this.#waits.at(number) !== NOBODY;
    return goesOn ? undefined : `nothing goes on any more: ${state.run.state}`;
  }

  #noteQuiet(number: number, quiet: Quiet, reached: number): void {
    if (quiet === 'waits') {
      // Of two times to wait the longer one, where the shorter one changes nothing.
      const known = this.#waits.at(number);
      if (known === NOBODY || known === number) this.#waits.set(number, reached);
      return;
    }
    if (this.#acts.at(number) !== NOBODY) return;
    this.#acts.set(number, reached);
    if (quiet === 'sweeps') this.#sweeps.set(number, 1);
  }

  /** A state from which the quiet way goes round for ever. */
  #stuck(): Violation | undefined {
    // Of each state two: the sweep has looked at it since time passed (odd), or not (even).
    // 0: not looked at; 1: on the way that is being walked; 2: leads to an end.
    const verdicts = new Uint8Array(this.#visited.size * 2);
    for (let from = 0; from < verdicts.length; from += 1) {
      const way: number[] = [];
      let at = from;
      while (at !== NOBODY && verdicts[at] === 0) {
        verdicts[at] = 1;
        way.push(at);
        at = this.#quietly(at);
      }
      if (at !== NOBODY && verdicts[at] === 1)
        return { rule: 'stuck: run quietly, it goes round for ever', path: this.#pathTo(from >> 1) };
      for (const passed of way) verdicts[passed] = 2;
    }
    return undefined;
  }

  #quietly(at: number): number {
    const state = at >> 1;
    const act = this.#acts.at(state);
    const wait = this.#waits.at(state);
    const isSwept = (at & 1) === 1;
    const isSweep = this.#sweeps.at(state) === 1;
    if (act !== NOBODY && !(isSweep && isSwept && wait !== NOBODY))
      return act * 2 + (isSweep || isSwept ? 1 : 0);
    return wait === NOBODY ? NOBODY : wait * 2;
  }

  #pathTo(number: number): number[] {
    const path: number[] = [];
    for (let at = number; this.#parents.at(at) !== NOBODY; at = this.#parents.at(at))
      path.unshift(this.#moves.at(at));
    return path;
  }

  #result(violation?: Violation): Explored {
    let depth = 0;
    for (let i = 0; i < this.#visited.size; i += 1) depth = Math.max(depth, this.#depths.at(i));
    return {
      states: this.#visited.size,
      transitions: this.#transitions,
      depth,
      ends: this.#ends,
      complete: violation === undefined,
      ...(violation === undefined ? {} : { violation }),
    };
  }
}

/** The moves of a path in words, and the last state. */
export async function walk(
  configuration: Configuration,
  path: readonly number[],
  options: Options = {},
): Promise<{ labels: string[]; state: Snapshot; next: string[] }> {
  const start = await startOf(configuration);
  const moves = new Moves(configuration, new Drivers(configuration.plan, start.run.id), options);
  let { text } = canonical(start, configuration);
  const labels: string[] = [];
  for (const i of path) {
    const move = (await moves.from(text))[i];
    if (move === undefined) throw new Error(`behind ${labels.length} moves there is no move ${i}`);
    labels.push(move.label);
    text = (await move.to()).text;
  }
  const next = (await moves.from(text)).map(({ label }) => label);
  return { labels, state: snapshotOf(text), next };
}

/** A run was created, and nothing else has happened. */
async function startOf({ plan, budgets, beside, until }: Configuration): Promise<Snapshot> {
  const world = new World();
  const time = new Date(world.time).toISOString();
  const trigger = { kind: 'request' as const, time, requestId: 'one', actor: 'one' };
  const { run } = await startRun(plan, trigger, {}, world.engine(), plan.steps[until ?? -1]?.name);
  return {
    // Of one length and without letters of a token.
    run: {
      ...storedRun(run),
      incarnationId: '0'.repeat(32),
      ...(beside && { nextCheckAt: NOW / 1000 + 90 }),
    },
    rows: [],
    statements: [],
    sessions: [],
    finished: [],
    executed: [],
    left: { ...budgets },
    drivers: [],
    tokens: 0,
  };
}

/** A list of whole numbers outside of the heap. */
class Growing {
  #values = new Int32Array(1 << 16);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const values = new Int32Array(this.#length * 2);
      values.set(this.#values);
      this.#values = values;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  at(i: number): number {
    return this.#values[i] ?? NOBODY;
  }

  set(i: number, value: number): void {
    this.#values[i] = value;
  }
}
