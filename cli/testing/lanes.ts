/** Runs work side by side: each lane has a local AWS of its own, and takes the next piece when it has ended one. */
import { availableParallelism } from 'node:os';

import { LocalBaton, type LocalOptions } from './local-baton.ts';
import { TestStage } from './test-stage.ts';

/** More would wait for each other: a lane is five processes. */
const MOST_LANES = 4;
/** A second lane takes some seconds to start: fewer pieces of work are sooner done by one. */
const LEAST_PER_LANE = 4;

/** `work` is called with a stage that has seen earlier pieces; the order of pieces is that of their start. */
export async function inLanes<Piece>(
  options: LocalOptions,
  pieces: readonly Piece[],
  work: (stage: TestStage, piece: Piece) => Promise<void>,
): Promise<void> {
  const count = Math.max(
    1,
    Math.min(availableParallelism(), MOST_LANES, Math.floor(pieces.length / LEAST_PER_LANE)),
  );
  const queue = [...pieces];
  const lanes = Array.from({ length: count }, async () => {
    const local = await LocalBaton.start(options);
    try {
      const stage = new TestStage(local);
      for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) await work(stage, piece);
    } catch (error) {
      // The others need not go on.
      queue.length = 0;
      throw error;
    } finally {
      await local.stop();
    }
  });
  const ended = await Promise.allSettled(lanes);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
