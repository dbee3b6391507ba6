/** Every state of a configuration of batches, breadth first; and from each, without its drivers, the quiet play to its end. */
import type { Explored } from '../explore.ts';
import { Visited } from '../visited.ts';
import type { BatchConfiguration } from './configurations.ts';
import type { Sabotage } from './moves.ts';
import { Moves } from './moves.ts';
import { brokenIn, isOver } from './rules.ts';
import type { State } from './state.ts';

export interface Options {
  readonly sabotage?: Sabotage;
  /** Stops after so many states. */
  readonly most?: number;
  readonly progress?: (states: number, waiting: number, depth: number) => void;
}

interface Reached {
  readonly state: State;
  readonly path: Path | undefined;
}

/** The moves that led here, the last one first. */
interface Path {
  readonly move: number;
  readonly before: Path | undefined;
}

export async function exploreBatches(
  configuration: BatchConfiguration,
  { sabotage, most = Infinity, progress }: Options = {},
): Promise<Explored> {
  const moves = new Moves(configuration, sabotage);
  const visited = new Visited();
  const worlds = new Set<string>();
  let transitions = 0;
  let ends = 0;
  let depth = 0;
  const result = (rule?: string, path?: Path): Explored => ({
    states: visited.size,
    transitions,
    depth,
    ends,
    complete: rule === undefined && visited.size <= most,
    ...(rule === undefined ? {} : { violation: { rule, path: movesOf(path) } }),
  });
  const start = await moves.start();
  visited.add(start.key());
  let level: Reached[] = [{ state: start, path: undefined }];
  for (; level.length > 0; depth += 1) {
    const next: Reached[] = [];
    for (const { state, path } of level) {
      const broken = brokenIn(state, configuration.plan.concurrency);
      if (broken !== undefined) return result(broken, path);
      const world = state.worldKey();
      if (!worlds.has(world)) {
        worlds.add(world);
        if (isOver(state)) ends += 1;
        const atEnd = await moves.quietly(state);
        if (atEnd !== undefined) return result(`without faults from here: ${atEnd}`, path);
      }
      for (const [move, { to }] of moves.from(state).entries()) {
        const reached = await to();
        transitions += 1;
        const way = { move, before: path };
        if (reached.broken !== undefined) return result(reached.broken, way);
        if (visited.add(reached.state.key()) < 0) next.push({ state: reached.state, path: way });
      }
    }
    progress?.(visited.size, next.length, depth);
    if (visited.size > most) return result();
    level = next;
  }
  return result();
}

function movesOf(path: Path | undefined): number[] {
  const moves: number[] = [];
  for (let at = path; at !== undefined; at = at.before) moves.unshift(at.move);
  return moves;
}

/** The moves of a path in words, and what is possible after them. */
export async function walkBatches(
  configuration: BatchConfiguration,
  path: readonly number[],
  sabotage?: Sabotage,
): Promise<{ labels: string[]; state: State; next: string[] }> {
  const moves = new Moves(configuration, sabotage);
  let state = await moves.start();
  const labels: string[] = [];
  for (const number of path) {
    const move = moves.from(state)[number];
    if (move === undefined) throw new Error(`after ${labels.length} moves there is no move ${number}`);
    labels.push(move.label);
    ({ state } = await move.to());
  }
  return { labels, state, next: moves.from(state).map(({ label }) => label) };
}
