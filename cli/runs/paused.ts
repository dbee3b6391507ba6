/** Pipelines that are paused, as `runs` and `doctor` show them. */
import type { Paused } from '../../shared/store/run-store.ts';
import type { StageReader } from './run-reader.ts';
import { countOf } from './units.ts';

interface PausedPipeline extends Paused {
  readonly pipeline: string;
  /** Runs that wait, up to 1,000. */
  readonly waiting: number;
}

export async function pausedPipelines(
  reader: Pick<StageReader, 'loadPool' | 'countQueued'>,
  pipelines: readonly string[],
): Promise<PausedPipeline[]> {
  const found = await Promise.all(
    pipelines.map(async (pipeline) => {
      const { paused } = await reader.loadPool(pipeline);
      return paused === undefined
        ? []
        : [{ pipeline, ...paused, waiting: await reader.countQueued(pipeline) }];
    }),
  );
  return found.flat();
}

/** One line, without the pipeline's name. */
export function pauseLine({ by, at, reason, waiting }: PausedPipeline): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  return `paused by ${by} since ${at.replace(/\.\d+Z$/, 'Z')}${why}; ${countOf(waiting, 'run')} waiting`;
}
