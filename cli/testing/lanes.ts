/** Runs work side by side: each lane has a local AWS of its own, and takes the next piece when it has ended one. */
import { availableParallelism } from 'node:os';

import { LocalBaton, type LocalOptions } from './local-baton.ts';
import { TestStage } from './test-stage.ts';

/** More would wait for each other: a lane is five processes. */
const MOST_LANES = 4;
/** A second lane takes some seconds to start: fewer pieces of work are sooner done by one. */
const LEAST_PER_LANE = 4;

export class Lanes {
  readonly #options: LocalOptions;
  readonly #open: TestStage[] = [];

  constructor(options: LocalOptions) {
    this.#options = options;
  }

  /** The pieces begin in their order; each gets a stage that has seen others. Rejects at the first error. */
  async run<Piece>(
    pieces: readonly Piece[],
    work: (stage: TestStage, piece: Piece) => Promise<void>,
  ): Promise<void> {
    const count = Math.min(
      availableParallelism() + 1,
      MOST_LANES,
      Math.floor(pieces.length / LEAST_PER_LANE),
    );
    const queue = [...pieces];
    const lanes = Array.from({ length: Math.max(count, 1, this.#open.length) }, async (_, i) => {
      try {
        if (queue.length === 0) return;
        const stage = (this.#open[i] ??= new TestStage(await LocalBaton.start(this.#options)));
        for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) await work(stage, piece);
      } catch (error) {
        // The others need not go on.
        queue.length = 0;
        throw error;
      }
    });
    const ended = await Promise.allSettled(lanes);
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  /** Takes the pipelines as their folder has them now. */
  async reload(): Promise<void> {
    await Promise.all(this.#open.map(({ local }) => local.reload()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#open.splice(0).map(({ local }) => local.stop()));
  }
}
