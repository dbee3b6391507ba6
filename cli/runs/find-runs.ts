/** The newest runs of pipelines, of all states or of one: by an index where a state has one, else among the newest runs. */
import { isAtRest, type Run, type RunState } from '../../shared/run/run.ts';
import type { Fate, Fates } from './fates.ts';
import {
  MissingIndexError,
  type ByState,
  type EveryRun,
  type IndexedState,
  type RunReader,
} from './run-reader.ts';

/** How many of a pipeline's newest runs are looked through for a state that has no index, and past the files of batches. */
export const LOOKED_THROUGH = 500;
export const LOOKED_THROUGH_FILES = 5_000;

export interface FoundRun {
  readonly run: Run;
  readonly fate: Fate;
}

export interface Wanted {
  readonly limit: number;
  readonly state: RunState | undefined;
  /** Also the runs of files that batch runs load; they have the state of their batch run. */
  readonly files: boolean;
  /** Look through every stored run. */
  readonly every: boolean;
  readonly signal: AbortSignal;
}

export interface FoundRuns {
  /** Newest first. */
  readonly found: readonly FoundRun[];
  /** Runs of files that batches load, which were passed over. */
  readonly hidden: number;
  /** Pipelines of which only the newest `LOOKED_THROUGH` runs were looked through, and fewer than wanted found. */
  readonly cut: readonly string[];
}

export type StateReader = RunReader & EveryRun & ByState;

export async function findRuns(
  reader: StateReader,
  pipelines: readonly string[],
  wanted: Wanted,
  fates: Fates,
): Promise<FoundRuns> {
  const search = new Search(reader, wanted, fates);
  const lists = await Promise.all(pipelines.map((pipeline) => search.of(pipeline)));
  const found = new Map(lists.flatMap((list) => list.found).map((one) => [one.run.id, one]));
  return {
    found: [...found.values()]
      .sort((a, b) => b.run.createdAt.localeCompare(a.run.createdAt))
      .slice(0, wanted.limit),
    hidden: lists.reduce((sum, list) => sum + list.hidden, 0),
    cut: pipelines.filter((_, i) => lists[i]?.isCut === true),
  };
}

/**
 * Runs of a pipeline that stopped or ended in a state, newest first. Runs that a version without the index stored last are not in it: those
 * that hold a slot are found by the pool, and come first.
 * @throws MissingIndexError
 */
export async function* restingRuns(
  reader: Pick<StateReader, 'load' | 'loadPool' | 'runsIn'>,
  pipeline: string,
  state: Exclude<IndexedState, 'QUEUED'>,
  atFirst: number,
): AsyncGenerator<readonly Run[]> {
  const { holders } = await reader.loadPool(pipeline);
  const held = await Promise.all(Object.keys(holders).map((id) => reader.load(id)));
  const isIn = (run: Run | undefined): run is Run => run?.life.state === state;
  yield held.filter(isIn);
  // The index lags behind the runs.
  for await (const page of reader.runsIn(pipeline, state, atFirst))
    yield page.filter((run) => isIn(run) && holders[run.id] === undefined);
}

interface Listed {
  readonly found: readonly FoundRun[];
  readonly hidden: number;
  readonly isCut: boolean;
}

class Search {
  readonly #reader: StateReader;
  readonly #wanted: Wanted;
  readonly #fates: Fates;
  #active: Promise<readonly Run[]> | undefined;

  constructor(reader: StateReader, wanted: Wanted, fates: Fates) {
    this.#reader = reader;
    this.#wanted = wanted;
    this.#fates = fates;
  }

  async of(pipeline: string): Promise<Listed> {
    const { files, every } = this.#wanted;
    const own = every ? undefined : await this.#byIndex(pipeline);
    if (own === undefined) return this.#among(pipeline);
    // A file in a batch is in no index of a state: its item does not change with the batch.
    const shared = files ? await this.#among(pipeline) : { found: [], hidden: 0, isCut: false };
    return {
      ...shared,
      found: [
        ...own.map((run) => ({ run, fate: { state: run.life.state, batch: undefined } })),
        ...shared.found,
      ],
    };
  }

  /** Undefined: the state has no index, or the table does not have it yet. */
  async #byIndex(pipeline: string): Promise<readonly Run[] | undefined> {
    const { state, limit } = this.#wanted;
    switch (state) {
      case 'FAILED':
      case 'NEEDS_DECISION':
      case 'PAUSED':
      case 'CANCELLED':
      case 'SUPERSEDED':
        try {
          return await this.#upToLimit(restingRuns(this.#reader, pipeline, state, limit), state);
        } catch (error) {
          if (error instanceof MissingIndexError) return undefined;
          throw error;
        }
      case 'QUEUED':
        return this.#upToLimit(this.#reader.runsIn(pipeline, state, limit), state);
      case 'RUNNING':
      case 'WAITING':
      case 'CANCELLING': {
        // One list for all pipelines.
        this.#active ??= this.#allActive();
        return (await this.#active).filter((run) => run.pipeline === pipeline && run.life.state === state);
      }
      default:
        return undefined;
    }
  }

  async #upToLimit(pages: AsyncIterable<readonly Run[]>, state: RunState): Promise<readonly Run[]> {
    const { limit, signal } = this.#wanted;
    const found: Run[] = [];
    for await (const page of pages) {
      signal.throwIfAborted();
      found.push(...page.filter(({ life }) => life.state === state));
      if (found.length >= limit) break;
    }
    return found;
  }

  async #allActive(): Promise<readonly Run[]> {
    const found: Run[] = [];
    for await (const page of this.#reader.activeRuns()) {
      this.#wanted.signal.throwIfAborted();
      found.push(...page.filter((run) => !isAtRest(run)));
    }
    return found;
  }

  async #among(pipeline: string): Promise<Listed> {
    const { limit, state, files, every, signal } = this.#wanted;
    const found: FoundRun[] = [];
    const most = every ? Infinity : state === undefined ? limit : Math.max(limit, LOOKED_THROUGH);
    let hidden = 0;
    let seen = 0;
    for await (const page of this.#reader.newestRuns(pipeline, Math.min(most, LOOKED_THROUGH))) {
      signal.throwIfAborted();
      for (const run of page) {
        const fate = await this.#fates.of(run);
        if (fate.batch !== undefined && !files) hidden += 1;
        else {
          seen += 1;
          if (state === undefined || fate.state === state) found.push({ run, fate });
        }
      }
      if (found.length >= limit) break;
      if (seen >= most || (!every && hidden >= LOOKED_THROUGH_FILES))
        return { found, hidden, isCut: state !== undefined };
    }
    return { found, hidden, isCut: false };
  }
}
