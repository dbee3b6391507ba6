/** What became of a run: that of a file which a batch loads shares the fate of the batch run. */
import type { Run, RunState } from '../../shared/run/run.ts';
import type { RunReader } from './run-reader.ts';

export interface Fate {
  /** Undefined: the run that decides is no longer stored. */
  readonly state: RunState | undefined;
  /** Id of the batch run. */
  readonly batch: string | undefined;
}

/** Id of the batch run that loads the file of the run; undefined if the run loads it itself. */
export function batchIdOf({ life }: Run): string | undefined {
  return life.state === 'ABSORBED' ? life.into : undefined;
}

/** Reads each run that several others share once. */
export class Fates {
  readonly #reader: Pick<RunReader, 'load'>;
  readonly #shared = new Map<string, Promise<Run | undefined>>();

  constructor(reader: Pick<RunReader, 'load'>) {
    this.#reader = reader;
  }

  async of(run: Run): Promise<Fate> {
    const batch = batchIdOf(run);
    return batch === undefined ? { state: run.life.state, batch } : this.inBatch(batch);
  }

  async inBatch(batch: string): Promise<Fate> {
    const loading = this.#shared.get(batch) ?? this.#reader.load(batch);
    this.#shared.set(batch, loading);
    return { state: (await loading)?.life.state, batch };
  }
}
